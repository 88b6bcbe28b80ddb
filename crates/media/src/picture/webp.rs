//! WebP, lossy and lossless, with opacity and without; of an animation the first frame.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::exif::Orientation;
use super::negative::Negative;
use super::raster::{Raster, Space, flatten};
use super::{Flaw, Limits};

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Negative, Flaw> {
    let parts = Parts::of(bytes, limits)?;
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    limits.check(width, height)?;
    let raster = if decoder.is_animated() {
        parts.first_frame.ok_or(Flaw::Broken)?.on_canvas(width, height)?
    } else {
        still(decoder)?
    };
    Ok(Negative {
        raster,
        shrink: 1,
        width,
        height,
        orientation: parts.exif.map_or_else(Orientation::default, Orientation::of),
        profile: parts.profile.map(<[u8]>::to_vec),
        animated: parts.frames > 1,
    })
}

/// A picture that does not move, on white.
fn still(mut decoder: WebPDecoder<Cursor<&[u8]>>) -> Result<Raster, Flaw> {
    let (width, height) = decoder.dimensions();
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(Flaw::Broken)?];
    decoder.read_image(&mut pixels).map_err(broken)?;
    if decoder.has_alpha() {
        flatten::<4>(&mut pixels);
    }
    Ok(Raster { width, height, space: Space::Rgb, bytes: pixels })
}

fn broken(_: image_webp::DecodingError) -> Flaw {
    Flaw::Broken
}

/// What is in the chunks.
#[derive(Default)]
struct Parts<'b> {
    frames: usize,
    first_frame: Option<Frame<'b>>,
    exif: Option<&'b [u8]>,
    profile: Option<&'b [u8]>,
}

impl<'b> Parts<'b> {
    /// Refuses a file that is shorter than it says, and one with a bitstream of more pixels than
    /// are allowed, whatever size the canvas claims: the decoder believes the bitstream. Of an
    /// animation that holds for all frames together: we decode one, but who looks at it decodes all.
    fn of(bytes: &'b [u8], limits: Limits) -> Result<Self, Flaw> {
        let mut parts = Self::default();
        let (riff, _) = Chunk::first(bytes).ok_or(Flaw::Broken)?;
        let mut rest = riff.content.strip_prefix(b"WEBP").ok_or(Flaw::Broken)?;
        let mut pixels = 0;
        while !rest.is_empty() {
            let (chunk, after) = Chunk::first(rest).ok_or(Flaw::Broken)?;
            match &chunk.kind {
                b"ANMF" => {
                    let (place, chunks) = chunk.content.split_first_chunk().ok_or(Flaw::Broken)?;
                    parts.frames += 1;
                    parts.first_frame.get_or_insert(Frame { place, chunks });
                    let mut rest = chunks;
                    while let Some((chunk, after)) = Chunk::first(rest) {
                        pixels += chunk.check(limits)?;
                        rest = after;
                    }
                    if pixels > limits.pixels {
                        return Err(Flaw::TooManyFrames { limit: limits.pixels });
                    }
                }
                b"EXIF" => parts.exif = Some(chunk.content),
                b"ICCP" => parts.profile = Some(chunk.content),
                _ => {
                    chunk.check(limits)?;
                }
            }
            rest = after;
        }
        Ok(parts)
    }
}

/// A frame of an animation.
struct Frame<'b> {
    place: &'b [u8; 16],
    chunks: &'b [u8],
}

impl Frame<'_> {
    /// The frame where it belongs on a white canvas. What colour the file recommends for that is for
    /// those who have no page to show it on.
    ///
    /// The decoder's own way with animations holds two canvases and a frame with their opacity, all
    /// at once. So it is given the frame as a file of its own.
    fn on_canvas(&self, width: u32, height: u32) -> Result<Raster, Flaw> {
        let number = |at: usize| {
            u32::from_le_bytes([self.place[at], self.place[at + 1], self.place[at + 2], 0])
        };
        let (left, top) = (2 * number(0), 2 * number(3));
        let (columns, rows) = (number(6) + 1, number(9) + 1);
        if left + columns > width || top + rows > height {
            return Err(Flaw::Broken);
        }
        let file = self.alone();
        let decoder = WebPDecoder::new(Cursor::new(&*file)).map_err(broken)?;
        // Before any memory is asked for: there may be another canvas within, and frames on it.
        if decoder.dimensions() != (columns, rows) || decoder.is_animated() {
            return Err(Flaw::Broken);
        }
        let frame = still(decoder)?;
        if (columns, rows) == (width, height) {
            return Ok(frame);
        }
        let [width_bytes, left, columns] = [width, left, columns].map(|side| side as usize * 3);
        let mut canvas = vec![255; width_bytes * height as usize];
        let lines = canvas.chunks_exact_mut(width_bytes).skip(top as usize);
        for (line, pixels) in lines.zip(frame.bytes.chunks_exact(columns)) {
            line[left..left + columns].copy_from_slice(pixels);
        }
        Ok(Raster { width, height, bytes: canvas, ..frame })
    }

    /// A file of nothing but this frame.
    fn alone(&self) -> Vec<u8> {
        let mut header = Vec::new();
        // Opacity beside the bitstream is only looked for if a header announces it.
        if self.chunks.starts_with(b"ALPH") {
            header.extend(b"VP8X\x0a\0\0\0\x10\0\0\0");
            header.extend(&self.place[6..12]);
        }
        let length = (4 + header.len() + self.chunks.len()) as u32;
        [b"RIFF", &length.to_le_bytes()[..], b"WEBP", &header, self.chunks].concat()
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

    /// Looks at the size that a bitstream claims, and answers its pixels.
    fn check(&self, limits: Limits) -> Result<u64, Flaw> {
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
            _ => return Ok(0),
        };
        limits.check(width, height)?;
        Ok(u64::from(width) * u64::from(height))
    }
}
