//! PNG in every colour type and depth.

use std::io::Cursor;

use png::{ColorType, Decoder, InterlaceInfo, Transformations};

use super::exif::Orientation;
use super::negative::Negative;
use super::raster::{Raster, Space, flatten};
use super::{Flaw, Limits};

/// What the decoder may take for anything but pixels, in bytes: rows, and a colour profile that is
/// unpacked. A profile that needs more is left out.
const MEMORY: usize = 8 << 20;

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Negative, Flaw> {
    let chunks = Chunks::of(bytes)?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MEMORY });
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(broken)?;
    let (width, height) = header.size();
    limits.check(width, height)?;

    let mut reader = decoder.read_info().map_err(broken)?;
    let (color_type, _) = reader.output_color_type();
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(Flaw::Broken)?];
    let stride = pixels.len() / height as usize;
    // Row by row, and no further than the last: what may follow it in the compressed data is
    // nothing to us, and can be unpacked to a thousand times its length.
    if reader.info().interlaced {
        let mut row = vec![0; stride];
        let bits = (stride / width as usize * 8) as u8;
        for _ in 0..interlaced_rows(width, height) {
            match reader.read_row(&mut row).map_err(broken)? {
                Some(InterlaceInfo::Adam7(pass)) => {
                    png::expand_interlaced_row(&mut pixels, stride, &row, &pass, bits);
                }
                _ => return Err(Flaw::Broken),
            }
        }
    } else {
        for row in pixels.chunks_exact_mut(stride) {
            reader.read_row(row).map_err(broken)?.ok_or(Flaw::Broken)?;
        }
    }
    let space = match color_type {
        ColorType::Grayscale => Space::Gray,
        ColorType::GrayscaleAlpha => {
            flatten::<2>(&mut pixels);
            Space::Gray
        }
        ColorType::Rgb => Space::Rgb,
        ColorType::Rgba => {
            flatten::<4>(&mut pixels);
            Space::Rgb
        }
        ColorType::Indexed => return Err(Flaw::Broken),
    };
    Ok(Negative {
        raster: Raster { width, height, space, bytes: pixels },
        shrink: 1,
        width,
        height,
        orientation: chunks.exif.map_or_else(Orientation::default, Orientation::of),
        profile: reader.info().icc_profile.as_deref().map(<[u8]>::to_vec),
        animated: chunks.frames > 1,
    })
}

fn broken(_: png::DecodingError) -> Flaw {
    Flaw::Broken
}

/// How many rows the seven passes of an interlaced picture have.
fn interlaced_rows(width: u32, height: u32) -> u32 {
    // First column and row of each pass, and the distance to the next.
    const PASSES: [(u32, u32, u32, u32); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let passes = PASSES.iter().filter(|(left, ..)| *left < width);
    passes.map(|(_, top, _, down)| height.saturating_sub(*top).div_ceil(*down)).sum()
}

/// What is in the chunks that the decoder has no eye for.
struct Chunks<'b> {
    /// How many frames an animation has.
    frames: u32,
    exif: Option<&'b [u8]>,
}

impl<'b> Chunks<'b> {
    /// A file without its last chunk is broken, even if all pixels are there.
    fn of(bytes: &'b [u8]) -> Result<Self, Flaw> {
        let mut chunks = Self { frames: 0, exif: None };
        let mut rest = bytes.get(8..).ok_or(Flaw::Broken)?;
        loop {
            let (length, after) = rest.split_first_chunk::<4>().ok_or(Flaw::Broken)?;
            let (kind, after) = after.split_first_chunk::<4>().ok_or(Flaw::Broken)?;
            let length = u32::from_be_bytes(*length) as usize;
            let (content, after) = after.split_at_checked(length).ok_or(Flaw::Broken)?;
            // Behind the checksum.
            rest = after.get(4..).ok_or(Flaw::Broken)?;
            match kind {
                b"acTL" => {
                    let count = content.first_chunk().copied().unwrap_or_default();
                    chunks.frames = u32::from_be_bytes(count);
                }
                b"eXIf" => chunks.exif = Some(content),
                b"IEND" => return Ok(chunks),
                _ => {}
            }
        }
    }
}
