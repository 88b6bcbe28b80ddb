//! WebP, lossy and lossless, with opacity and without; of an animation the first frame.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::exif::Orientation;
use super::negative::Negative;
use super::raster::{Raster, Space, flatten};
use super::{Flaw, Limits};

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Negative, Flaw> {
    let parts = Parts::of(bytes, limits)?;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    limits.check(width, height)?;
    if decoder.is_animated() {
        // What the file recommends is for those who have no page to show it on.
        decoder.set_background_color([0; 4]).map_err(broken)?;
    }
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(Flaw::Broken)?];
    decoder.read_image(&mut pixels).map_err(broken)?;
    if decoder.has_alpha() {
        flatten::<4>(&mut pixels);
    }
    Ok(Negative {
        raster: Raster { width, height, space: Space::Rgb, bytes: pixels },
        shrink: 1,
        width,
        height,
        orientation: parts.exif.map_or_else(Orientation::default, Orientation::of),
        profile: parts.profile.map(<[u8]>::to_vec),
        animated: parts.frames > 1,
    })
}

fn broken(_: image_webp::DecodingError) -> Flaw {
    Flaw::Broken
}

/// What is in the chunks.
#[derive(Default)]
struct Parts<'b> {
    frames: usize,
    exif: Option<&'b [u8]>,
    profile: Option<&'b [u8]>,
}

impl<'b> Parts<'b> {
    /// Refuses a file that is shorter than it says, and one with a bitstream of more pixels than
    /// are allowed, whatever size the canvas claims: the decoder believes the bitstream.
    fn of(bytes: &'b [u8], limits: Limits) -> Result<Self, Flaw> {
        let mut parts = Self::default();
        let (riff, _) = Chunk::first(bytes).ok_or(Flaw::Broken)?;
        let mut rest = riff.content.strip_prefix(b"WEBP").ok_or(Flaw::Broken)?;
        while !rest.is_empty() {
            let (chunk, after) = Chunk::first(rest).ok_or(Flaw::Broken)?;
            match &chunk.kind {
                b"ANMF" => {
                    parts.frames += 1;
                    // After the place of the frame.
                    let mut rest = chunk.content.get(16..).ok_or(Flaw::Broken)?;
                    while let Some((chunk, after)) = Chunk::first(rest) {
                        chunk.check(limits)?;
                        rest = after;
                    }
                }
                b"EXIF" => parts.exif = Some(chunk.content),
                b"ICCP" => parts.profile = Some(chunk.content),
                _ => chunk.check(limits)?,
            }
            rest = after;
        }
        Ok(parts)
    }
}

struct Chunk<'b> {
    kind: [u8; 4],
    content: &'b [u8],
}

impl<'b> Chunk<'b> {
    /// The chunk that `bytes` begin with, and what follows it.
    fn first(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let (kind, rest) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (content, rest) = rest.split_at_checked(length)?;
        // Chunks begin at even places; the last one's padding is often forgotten.
        let rest = rest.get(length % 2..).unwrap_or_default();
        Some((Self { kind: *kind, content }, rest))
    }

    /// Looks at the size that a bitstream claims.
    fn check(&self, limits: Limits) -> Result<(), Flaw> {
        let (width, height) = match &self.kind {
            b"VP8 " => {
                let size = self.content.get(6..10).ok_or(Flaw::Broken)?;
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
                (side(size[0], size[1]), side(size[2], size[3]))
            }
            b"VP8L" => {
                let size = self.content.get(1..5).and_then(<[u8]>::first_chunk);
                let size = u32::from_le_bytes(*size.ok_or(Flaw::Broken)?);
                ((size & 0x3FFF) + 1, (size >> 14 & 0x3FFF) + 1)
            }
            _ => return Ok(()),
        };
        limits.check(width, height)
    }
}
