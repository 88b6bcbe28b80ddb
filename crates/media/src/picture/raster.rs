//! Pixels in memory.

/// Opaque pixels of eight bits, row by row without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) space: Space,
    /// As many as there are pixels, times [`Space::channels`].
    pub(super) bytes: Vec<u8>,
}

/// What the channels of a pixel stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Gray,
    Rgb,
    /// As in JPEG, full range. Photographs stay in it all the way: resizing is linear, so it does
    /// not care, and two conversions are saved.
    YCbCr,
}

impl Space {
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb | Self::YCbCr => 3,
        }
    }
}

impl Raster {
    /// The pixels as red, green, blue and full opacity.
    pub(super) fn rgba(&self) -> Vec<u8> {
        let pixels = self.bytes.chunks_exact(self.space.channels());
        pixels
            .flat_map(|pixel| match (self.space, pixel) {
                (Space::Rgb, &[red, green, blue]) => [red, green, blue, 255],
                (Space::YCbCr, &[y, cb, cr]) => {
                    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
                    let [red, green, blue] =
                        [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
                            .map(|value| value.round().clamp(0.0, 255.0) as u8);
                    [red, green, blue, 255]
                }
                (_, pixel) => [pixel[0], pixel[0], pixel[0], 255],
            })
            .collect()
    }
}

/// Puts pixels of `CHANNELS` channels, of which the last is opacity, on white. In place, because a
/// large picture with its opacity is as much memory as is to be spent.
pub(super) fn flatten<const CHANNELS: usize>(bytes: &mut Vec<u8>) {
    let pixels = bytes.len() / CHANNELS;
    for pixel in 0..pixels {
        let from = pixel * CHANNELS;
        let to = pixel * (CHANNELS - 1);
        let opacity = bytes[from + CHANNELS - 1];
        for channel in 0..CHANNELS - 1 {
            bytes[to + channel] = on_white(bytes[from + channel], opacity);
        }
    }
    bytes.truncate(pixels * (CHANNELS - 1));
}

fn on_white(value: u8, opacity: u8) -> u8 {
    let opacity = u32::from(opacity);
    ((u32::from(value) * opacity + 255 * (255 - opacity) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_transparent_becomes_white() {
        let mut pixels = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128];
        flatten::<4>(&mut pixels);
        assert_eq!(pixels, [10, 20, 30, 255, 255, 255, 127, 177, 227]);
        let mut pixels = vec![7, 255, 7, 0, 0, 51];
        flatten::<2>(&mut pixels);
        assert_eq!(pixels, [7, 255, 204]);
    }

    #[test]
    fn every_space_has_its_colours() {
        let raster = |space, bytes| Raster { width: 1, height: 1, space, bytes };
        assert_eq!(raster(Space::Gray, vec![9]).rgba(), [9, 9, 9, 255]);
        assert_eq!(raster(Space::Rgb, vec![1, 2, 3]).rgba(), [1, 2, 3, 255]);
        assert_eq!(raster(Space::YCbCr, vec![76, 85, 255]).rgba(), [254, 0, 0, 255]);
    }
}
