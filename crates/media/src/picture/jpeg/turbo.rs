//! Decodes a JPEG at a half, a quarter or an eighth of its size by libjpeg-turbo, in assembly.

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use crate::picture::raster::{Raster, Space};

/// The picture at `1 / shrink` of its size, which is rounded up. `shrink` is 2, 4 or 8. For data
/// that is not in order there is no answer.
pub(in crate::picture) fn read(bytes: &[u8], shrink: usize) -> Option<Raster> {
    let mut decompressor = Decompressor::new().ok()?;
    let factor = ScalingFactor::new(1, shrink);
    decompressor.set_scaling_factor(factor).ok()?;
    let header = decompressor.read_header(bytes).ok()?;
    let (space, format) = match header.subsamp {
        Subsamp::Gray => (Space::Gray, PixelFormat::GRAY),
        _ => (Space::Rgb, PixelFormat::RGB),
    };
    let (width, height) = (factor.scale(header.width), factor.scale(header.height));
    let pitch = width * space.channels();
    let mut pixels = vec![0; pitch * height];
    let image = Image { pixels: &mut *pixels, width, pitch, height, format };
    decompressor.decompress(bytes, image).ok()?;
    Some(Raster { width: width as u32, height: height as u32, space, bytes: pixels })
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, Encoder};

    use super::super::scaled;
    use super::*;

    /// Soft waves of colour, 203 × 131 pixels.
    fn waves(space: ColorType) -> Vec<u8> {
        let (width, height) = (203_u16, 131_u16);
        let channels = if space == ColorType::Luma { 1 } else { 3 };
        let mut pixels = Vec::new();
        for at in 0..u32::from(width) * u32::from(height) {
            let (x, y) = ((at % u32::from(width)) as f32, (at / u32::from(width)) as f32);
            let wave =
                |phase: f32| (128.0 + 100.0 * ((x + phase) / 17.0).sin() * (y / 23.0).cos()) as u8;
            pixels.extend([wave(0.0), wave(9.0), wave(30.0)].iter().take(channels));
        }
        let mut jpeg = Vec::new();
        Encoder::new(&mut jpeg, 95).encode(&pixels, width, height, space).unwrap();
        jpeg
    }

    #[test]
    fn both_decoders_see_the_same_picture() {
        for (space, shrink) in [(ColorType::Rgb, 2), (ColorType::Rgb, 8), (ColorType::Luma, 4)] {
            let jpeg = waves(space);
            let turbo = read(&jpeg, shrink).unwrap();
            let scaled = scaled::read(&jpeg, shrink).unwrap();
            assert_eq!((turbo.width, turbo.height), (scaled.width, scaled.height));
            let (turbo, scaled) = (turbo.rgba(), scaled.rgba());
            let apart: u32 =
                turbo.iter().zip(&scaled).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            let apart = f64::from(apart) / turbo.len() as f64;
            assert!(apart < 3.0, "{apart} of 255 on average at 1/{shrink}");
        }
    }

    #[test]
    fn what_is_cut_short_has_no_answer() {
        let jpeg = waves(ColorType::Rgb);
        for length in [0, 1, 20, jpeg.len() / 2] {
            assert!(read(&jpeg[..length], 2).is_none(), "{length} bytes");
        }
    }
}
