//! Pictures: from a file as it came to the sizes that are shown.
//!
//! A file is read into a `Negative` (pixels as they are stored, flattened on
//! white) and printed in every size. What its header says is looked at before anything is
//! decoded, and nothing of the file but pixels and a colour profile gets into a print.
//!
//! Memory, besides the file, for *n* pixels: a photograph of a camera or a phone that is decoded at
//! half its size or less takes ¾ *n* bytes, other JPEGs 3 *n*, progressive ones 6 *n*, PNG 3 *n* or
//! 4 *n*, GIF and WebP up to 7 *n*, and lossy WebP with opacity, which is worst, 10½ *n*. Of an
//! animation only the first frame is decoded. The prints themselves take a few megabytes.

mod blurhash;
mod exif;
mod gif;
mod icc;
mod jpeg;
mod negative;
mod png;
mod prints;
mod raster;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Flaw;
use crate::sniff::FileType;

/// What a post's picture is shown in.
///
/// The first fills its square, cut from the middle; the others keep their form.
pub const SIZES: [Size; 4] = [
    Size { name: "thumbnail", width: 150, height: 150, fit: Fit::Cover },
    Size { name: "small", width: 320, height: 320, fit: Fit::Inside },
    Size { name: "medium", width: 640, height: 640, fit: Fit::Inside },
    Size { name: "large", width: 1080, height: 1080, fit: Fit::Inside },
];

/// What somebody's profile picture is shown in: squares, cut from the middle.
pub const AVATARS: [Size; 3] = [
    Size { name: "small", width: 50, height: 50, fit: Fit::Cover },
    Size { name: "medium", width: 150, height: 150, fit: Fit::Cover },
    Size { name: "large", width: 320, height: 320, fit: Fit::Cover },
];

/// A size that a picture is wanted in, in pixels of the upright picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// What it is called in addresses and answers.
    pub name: &'static str,
    /// The width to fill or to stay inside.
    pub width: u32,
    /// The height to fill or to stay inside.
    pub height: u32,
    /// Which of the two.
    pub fit: Fit,
}

/// How a picture comes to its size. Neither enlarges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Filled and cut from the middle. Of a picture that is too small for that, the largest piece
    /// of the same form.
    Cover,
    /// As large as fits, in its own form.
    Inside,
}

/// What a file may cost before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height; of an animated WebP also those of all its frames together.
    pub pixels: u64,
}

impl Default for Limits {
    /// 50 megapixels.
    fn default() -> Self {
        Self { pixels: 50_000_000 }
    }
}

/// A picture that was read, and its renditions in the order in which they were asked for.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Width in pixels when it stands upright.
    pub width: u32,
    /// Height in pixels when it stands upright.
    pub height: u32,
    /// Whether the file moves; the renditions are of its first frame.
    pub animated: bool,
    /// A blurred impression of it in some thirty characters, see <https://blurha.sh>: 4×3
    /// components, 3×4 of a picture that is higher than wide. If every size is cut, so is this.
    pub blurhash: String,
    /// One for each size.
    pub renditions: Vec<Rendition>,
}

/// A picture in one size, upright.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// The name of its [`Size`].
    pub name: &'static str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// A baseline JPEG of quality 85 without metadata, but for the colour profile of the original.
    pub jpeg: Vec<u8>,
}

/// Makes the renditions of a picture.
///
/// Takes tens of milliseconds of one processor for a photograph of 12 megapixels, so it belongs on a
/// thread that may be busy. A file that is cut short is [`Flaw::Broken`], even if something could be
/// shown; so are films.
pub fn develop(
    bytes: &[u8],
    file_type: FileType,
    sizes: &[Size],
    limits: Limits,
) -> Result<Picture, Flaw> {
    // The decoders are others' code and read what strangers send. They are not known to panic; if
    // one does, that is one picture and not a thread.
    catch_unwind(AssertUnwindSafe(|| {
        let negative = match file_type {
            FileType::Jpeg => jpeg::read(bytes, sizes, limits)?,
            FileType::Png => png::read(bytes, limits)?,
            FileType::Gif => gif::read(bytes, limits)?,
            FileType::Webp => webp::read(bytes, limits)?,
            FileType::Mp4 | FileType::Mov => return Err(Flaw::Broken),
        };
        prints::make(&negative, sizes)
    }))
    .unwrap_or(Err(Flaw::Broken))
}

impl Limits {
    /// Refuses what is too large, and what has no pixels at all.
    fn check(self, width: u32, height: u32) -> Result<(), Flaw> {
        match u64::from(width) * u64::from(height) {
            0 => Err(Flaw::Broken),
            pixels if pixels > self.pixels => {
                Err(Flaw::TooManyPixels { width, height, limit: self.pixels })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
