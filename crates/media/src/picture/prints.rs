//! Prints: a negative in every size that is wanted.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::exif::Orientation;
use super::negative::Negative;
use super::raster::{Raster, Space};
use super::{Fit, Flaw, Picture, Rendition, Size, blurhash, icc};

/// Of JPEG, as in the document of the media service.
const QUALITY: u8 = 85;

/// The size that the blurred impression is taken from: it has twelve components, for which this is
/// plenty.
const IMPRESSION: u32 = 32;

/// Makes all prints of a negative.
pub(super) fn make(negative: &Negative, sizes: &[Size]) -> Result<Picture, Flaw> {
    let all_cut = !sizes.is_empty() && sizes.iter().all(|size| size.fit == Fit::Cover);
    let fit = if all_cut { Fit::Cover } else { Fit::Inside };
    let impression = Size { name: "", width: IMPRESSION, height: IMPRESSION, fit };
    let frame = |size| Frame::new(size, negative.width, negative.height, negative.orientation);
    let frames: Vec<Frame> = sizes.iter().chain([&impression]).map(frame).collect();

    // The finest first, so that each can be made from the next finer one: that is a small fraction
    // of the pixels.
    let mut order: Vec<usize> = (0..frames.len()).collect();
    order.sort_by(|&a, &b| frames[b].detail().total_cmp(&frames[a].detail()));
    let mut resizer = Resizer::new();
    let mut made: Vec<(usize, Raster)> = Vec::with_capacity(frames.len());
    for index in order {
        let frame = &frames[index];
        let finer = made.iter().rev().find(|&&(finer, _)| frame.can_be_made_from(&frames[finer]));
        let print = if let Some((finer, raster)) = finer {
            let finer = &frames[*finer];
            frame.print(finer, raster, finer.scale(), &mut resizer)?
        } else {
            let whole = Frame::whole(negative.width, negative.height);
            let scale = 1.0 / negative.shrink as f64;
            frame.print(&whole, &negative.raster, (scale, scale), &mut resizer)?
        };
        made.push((index, print));
    }
    made.sort_by_key(|(index, _)| *index);

    let profile = negative.profile.as_deref();
    let profile = profile.and_then(|profile| icc::fitting(profile, negative.raster.space));
    let mut prints = made.into_iter().map(|(_, print)| upright(print, negative.orientation));
    let renditions = sizes.iter().zip(&mut prints).map(|(size, print)| {
        let jpeg = jpeg(&print, profile)?;
        Ok(Rendition { name: size.name, width: print.width, height: print.height, jpeg })
    });
    let renditions = renditions.collect::<Result<Vec<_>, Flaw>>()?;
    let impression = prints.next().expect("the impression is made after all sizes");
    let (mut width, mut height) = (negative.width, negative.height);
    if negative.orientation.is_sideways() {
        (width, height) = (height, width);
    }
    Ok(Picture {
        width,
        height,
        animated: negative.animated,
        blurhash: blurhash::of(&impression),
        renditions,
    })
}

/// How fine the finest print of a picture is: a fraction of the stored pixels in one direction, at
/// most 1. A decoder may leave out what is finer.
pub(super) fn detail(sizes: &[Size], width: u32, height: u32, orientation: Orientation) -> f64 {
    let frames = sizes.iter().map(|size| Frame::new(size, width, height, orientation));
    frames.map(|frame| frame.detail()).fold(0.0, f64::max)
}

/// A part of the stored picture, and how many pixels it becomes.
#[derive(Clone, Copy, Debug)]
struct Frame {
    left: f64,
    top: f64,
    across: f64,
    down: f64,
    width: u32,
    height: u32,
}

impl Frame {
    /// All of a picture, as it is.
    fn whole(width: u32, height: u32) -> Self {
        let (across, down) = (f64::from(width), f64::from(height));
        Self { left: 0.0, top: 0.0, across, down, width, height }
    }

    /// What of a stored picture of `width` and `height` is shown in `size` when it is upright.
    fn new(size: &Size, width: u32, height: u32, orientation: Orientation) -> Self {
        let (mut wide, mut high) = (size.width, size.height);
        if orientation.is_sideways() {
            (wide, high) = (high, wide);
        }
        let (across, down) = (f64::from(width), f64::from(height));
        let ratio = (f64::from(wide) / across, f64::from(high) / down);
        match size.fit {
            Fit::Inside => {
                let scale = ratio.0.min(ratio.1).min(1.0);
                let scaled = |side: f64| (side * scale).round().max(1.0) as u32;
                Self { width: scaled(across), height: scaled(down), ..Self::whole(width, height) }
            }
            Fit::Cover => {
                // In pixels of the picture, so that nothing is shifted by a fraction of one.
                let scale = ratio.0.max(ratio.1);
                let part = |side: u32, stored: u32| {
                    ((f64::from(side) / scale).round() as u32).clamp(1, stored)
                };
                let (columns, rows) = (part(wide, width), part(high, height));
                Self {
                    left: f64::from((width - columns) / 2),
                    top: f64::from((height - rows) / 2),
                    across: f64::from(columns),
                    down: f64::from(rows),
                    width: wide.min(columns),
                    height: high.min(rows),
                }
            }
        }
    }

    fn scale(&self) -> (f64, f64) {
        (f64::from(self.width) / self.across, f64::from(self.height) / self.down)
    }

    fn detail(&self) -> f64 {
        let (across, down) = self.scale();
        across.max(down)
    }

    /// Whether `finer` has everything that this one shows, and no less fine.
    fn can_be_made_from(&self, finer: &Self) -> bool {
        let ((across, down), (finer_across, finer_down)) = (self.scale(), finer.scale());
        finer.left <= self.left
            && finer.top <= self.top
            && finer.left + finer.across >= self.left + self.across
            && finer.top + finer.down >= self.top + self.down
            && finer_across >= across
            && finer_down >= down
    }

    /// Makes this one from the pixels of `finer`, which are at this scale.
    fn print(
        &self,
        finer: &Self,
        raster: &Raster,
        (across, down): (f64, f64),
        resizer: &mut Resizer,
    ) -> Result<Raster, Flaw> {
        let (width, height) = (f64::from(raster.width), f64::from(raster.height));
        let left = (self.left - finer.left) * across;
        let top = (self.top - finer.top) * down;
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
                left,
                top,
                (self.across * across).min(width - left),
                (self.down * down).min(height - top),
            );
        let (width, height) = (self.width, self.height);
        let bytes = match raster.space {
            Space::Gray => resize::<U8>(raster, width, height, &options, resizer),
            Space::Rgb | Space::YCbCr => resize::<U8x3>(raster, width, height, &options, resizer),
        };
        let bytes = bytes.ok_or(Flaw::Broken)?;
        Ok(Raster { width, height, space: raster.space, bytes })
    }
}

/// Makes pixels of this kind smaller. The kind is known here so that the compiler need not make the
/// resizing of all kinds that there are.
fn resize<P: PixelTrait>(
    from: &Raster,
    width: u32,
    height: u32,
    options: &ResizeOptions,
    resizer: &mut Resizer,
) -> Option<Vec<u8>> {
    let source = TypedImageRef::<P>::from_buffer(from.width, from.height, &from.bytes).ok()?;
    let mut bytes = vec![0; width as usize * height as usize * from.space.channels()];
    let mut print = TypedImage::<P>::from_buffer(width, height, &mut bytes).ok()?;
    resizer.resize_typed(&source, &mut print, options).ok()?;
    Some(bytes)
}

/// Turns a print. Late, because a print has few pixels.
fn upright(print: Raster, orientation: Orientation) -> Raster {
    if orientation == Orientation::Upright {
        return print;
    }
    let Raster { mut width, mut height, space, bytes } = print;
    let bytes = orientation.apply(&bytes, width as usize, space.channels());
    if orientation.is_sideways() {
        (width, height) = (height, width);
    }
    Raster { width, height, space, bytes }
}

fn jpeg(print: &Raster, profile: Option<&[u8]>) -> Result<Vec<u8>, Flaw> {
    let side = |side: u32| u16::try_from(side).map_err(|_| Flaw::Broken);
    let (width, height) = (side(print.width)?, side(print.height)?);
    let mut jpeg = Vec::with_capacity(print.bytes.len() / 8);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if let Some(profile) = profile {
        encoder.add_icc_profile(profile).map_err(|_| Flaw::Broken)?;
    }
    let color = match print.space {
        Space::Gray => ColorType::Luma,
        Space::Rgb => ColorType::Rgb,
        Space::YCbCr => ColorType::Ycbcr,
    };
    encoder.encode(&print.bytes, width, height, color).map_err(|_| Flaw::Broken)?;
    Ok(jpeg)
}
