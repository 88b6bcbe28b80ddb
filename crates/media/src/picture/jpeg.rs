//! JPEG: baseline and progressive, gray, colour and ink.

pub(super) mod scaled;
#[cfg(feature = "turbojpeg")]
pub(super) mod turbo;

use memchr::memchr;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::exif::Orientation;
use super::negative::Negative;
use super::raster::{Raster, Space};
use super::{Flaw, Limits, Size, prints};

/// The most scans that a file may have. Each goes over all pixels however few bytes it has, so many
/// are a way to keep a processor busy; encoders make at most a dozen.
const SCANS: usize = 100;

/// Makes of a photograph one of `1 / shrink` of its size, by 2, 4 or 8; none of what it cannot read.
pub(super) type Shrinking = fn(bytes: &[u8], shrink: usize) -> Option<Raster>;

/// Those that are built in, the fastest first.
pub(super) const SHRINKING: &[Shrinking] = &[
    #[cfg(feature = "turbojpeg")]
    turbo::read,
    scaled::read,
];

pub(super) fn read(bytes: &[u8], sizes: &[Size], limits: Limits) -> Result<Negative, Flaw> {
    read_by(SHRINKING, bytes, sizes, limits)
}

/// The same with these in place of those that are built in.
pub(super) fn read_by(
    shrinking: &[Shrinking],
    bytes: &[u8],
    sizes: &[Size],
    limits: Limits,
) -> Result<Negative, Flaw> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(SCANS);
    let (width, height) = size(bytes).ok_or(Flaw::Broken)?;
    limits.check(width, height)?;
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let info = decoder.info().ok_or(Flaw::Broken)?;
    if (u32::from(info.width), u32::from(info.height)) != (width, height) {
        return Err(Flaw::Broken);
    }
    let whole = Whole::of(bytes)?;

    let stored = decoder.input_colorspace().ok_or(Flaw::Broken)?;
    let (wanted, space) = match (stored, info.components) {
        (ColorSpace::Luma, 1) => (ColorSpace::Luma, Space::Gray),
        (ColorSpace::YCbCr, 3) => (ColorSpace::YCbCr, Space::YCbCr),
        // YCCK is always of Adobe's making, which the decoder presumes.
        (ColorSpace::RGB, 3) | (ColorSpace::YCCK, 4) => (ColorSpace::RGB, Space::Rgb),
        // Ink as such: whether it means how much or how little is not the decoder's to know.
        (ColorSpace::CMYK, 4) => (ColorSpace::CMYK, Space::Rgb),
        _ => return Err(Flaw::Broken),
    };
    let orientation =
        decoder.exif().map_or_else(Orientation::default, |exif| Orientation::of(exif));
    let profile = decoder.icc_profile();
    let negative = |raster, shrink| Negative {
        raster,
        shrink,
        width,
        height,
        orientation,
        profile,
        animated: false,
    };
    let shrink = shrink(prints::detail(sizes, width, height, orientation));
    if shrink > 1
        && matches!(space, Space::Gray | Space::YCbCr)
        && let Some(raster) = shrinking.iter().find_map(|read| read(bytes, shrink))
    {
        return Ok(negative(raster, shrink));
    }

    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(Flaw::Broken)?];
    decoder.decode_into(&mut pixels).map_err(broken)?;
    if wanted == ColorSpace::CMYK {
        light(&mut pixels, whole.adobe);
    }
    Ok(negative(Raster { width, height, space, bytes: pixels }, 1))
}

/// How much smaller a picture may be decoded if that much of its detail is wanted: half, a quarter
/// or an eighth, or as it is.
fn shrink(detail: f64) -> usize {
    [8, 4, 2].into_iter().find(|&shrink| detail * shrink as f64 <= 1.0).unwrap_or(1)
}

fn broken(_: DecodeErrors) -> Flaw {
    Flaw::Broken
}

/// The size that the first header of a frame tells.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let frame = |&(marker, _): &(u8, _)| matches!(marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF);
    let (_, content) = Segments(bytes).find(frame)?;
    let &[_, high, low, wide, narrow, ..] = content else { return None };
    let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
    Some((side(wide, narrow), side(high, low)))
}

/// Makes red, green and blue of cyan, magenta, yellow and black, in place. Plainly: what ink really
/// looks like would take its profile, and that is not kept. Adobe stores ink as what it lets through.
fn light(pixels: &mut Vec<u8>, adobe: bool) {
    let through = |ink: u8| u32::from(if adobe { ink } else { 255 - ink });
    let count = pixels.len() / 4;
    for pixel in 0..count {
        let black = through(pixels[pixel * 4 + 3]);
        for channel in 0..3 {
            let ink = through(pixels[pixel * 4 + channel]);
            pixels[pixel * 3 + channel] = ((ink * black + 127) / 255) as u8;
        }
    }
    pixels.truncate(count * 3);
}

/// What the segments of a whole file say.
struct Whole {
    /// Whether Adobe's segment is there.
    adobe: bool,
}

impl Whole {
    /// The decoder makes up what is missing. Half a photograph is rather refused, so that whoever
    /// sends it learns that it did not arrive.
    fn of(bytes: &[u8]) -> Result<Self, Flaw> {
        let mut whole = Self { adobe: false };
        let mut scans = 0;
        for (marker, content) in Segments(bytes) {
            match marker {
                0xDA => scans += 1,
                0xEE => whole.adobe |= content.starts_with(b"Adobe"),
                0xD9 if (1..=SCANS).contains(&scans) => return Ok(whole),
                0xD9 => break,
                _ => {}
            }
        }
        Err(Flaw::Broken)
    }
}

/// The segments of a file, as markers and what they hold; what is compressed between them is left
/// out. Ends early if the file does.
struct Segments<'b>(&'b [u8]);

impl<'b> Iterator for Segments<'b> {
    type Item = (u8, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = memchr(0xFF, self.0)?;
            let (marker, rest) = self.0.get(at + 1..)?.split_first()?;
            match marker {
                // Fill before a marker.
                0xFF => self.0 = &self.0[at + 1..],
                // A byte of data that looks like a marker, and restarts within the data.
                0x00 | 0xD0..=0xD7 => self.0 = rest,
                0x01 | 0xD8 | 0xD9 => {
                    self.0 = rest;
                    return Some((*marker, &[]));
                }
                _ => {
                    let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
                    let content = rest.get(2..length)?;
                    self.0 = &rest[length..];
                    return Some((*marker, content));
                }
            }
        }
    }
}
