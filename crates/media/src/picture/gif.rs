//! GIF: the first frame, on white.

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::exif::Orientation;
use super::negative::Negative;
use super::raster::{Raster, Space};
use super::{Flaw, Limits};

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Negative, Flaw> {
    let size: &[u8; 4] = bytes.get(6..10).and_then(<[u8]>::first_chunk).ok_or(Flaw::Broken)?;
    if !bytes.starts_with(b"GIF8") {
        return Err(Flaw::Broken);
    }
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]));
    let (width, height) = (side(size[0], size[1]), side(size[2], size[3]));
    limits.check(width, height)?;
    let frames = frames(bytes)?;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    // The bound on pixels is kept below, before anything is decoded.
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut decoder = options.read_info(bytes).map_err(broken)?;
    let frame = decoder.next_frame_info().map_err(broken)?.ok_or(Flaw::Broken)?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (columns, rows) = (usize::from(frame.width), usize::from(frame.height));
    limits.check(frame.width.into(), frame.height.into())?;
    let mut pixels = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut pixels).map_err(broken)?;

    // A frame may cover a part of the canvas, or reach beyond it.
    let stride = width as usize * 3;
    let mut canvas = vec![255; stride * height as usize];
    for (row, pixels) in pixels.chunks_exact(columns * 4).enumerate().take(rows) {
        let Some(line) = canvas.chunks_exact_mut(stride).nth(top + row) else { break };
        let Some(line) = line.get_mut(left * 3..) else { break };
        for (on, pixel) in line.chunks_exact_mut(3).zip(pixels.chunks_exact(4)) {
            if pixel[3] != 0 {
                on.copy_from_slice(&pixel[..3]);
            }
        }
    }
    Ok(Negative {
        raster: Raster { width, height, space: Space::Rgb, bytes: canvas },
        shrink: 1,
        width,
        height,
        orientation: Orientation::Upright,
        profile: decoder.icc_profile().map(<[u8]>::to_vec),
        animated: frames > 1,
    })
}

fn broken(_: gif::DecodingError) -> Flaw {
    Flaw::Broken
}

/// How many frames there are, by the blocks alone. A file without its end is broken, even if the
/// frame that we want is there.
fn frames(bytes: &[u8]) -> Result<usize, Flaw> {
    let mut frames = 0;
    let mut at = 13 + colours(*bytes.get(10).ok_or(Flaw::Broken)?);
    loop {
        at = match bytes.get(at) {
            Some(0x2C) => {
                frames += 1;
                // Place and flags, own colours, the size of codes.
                let flags = *bytes.get(at + 9).ok_or(Flaw::Broken)?;
                blocks(bytes, at + 11 + colours(flags))?
            }
            Some(0x21) => blocks(bytes, at + 2)?,
            Some(0x3B) => return Ok(frames),
            _ => return Err(Flaw::Broken),
        };
    }
}

/// The length of the table of colours that `flags` announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Where the blocks that begin at `at` are over: each has its length before it, the last is empty.
fn blocks(bytes: &[u8], mut at: usize) -> Result<usize, Flaw> {
    loop {
        match bytes.get(at) {
            Some(0) => return Ok(at + 1),
            Some(&length) => at += 1 + usize::from(length),
            None => return Err(Flaw::Broken),
        }
    }
}
