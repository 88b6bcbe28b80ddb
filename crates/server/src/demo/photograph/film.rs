//! From light to a print: tone curve, colour cast, vignette and grain.

use super::light::{Rgb, grey};
use super::noise::{Dice, speck};
use super::{Eye, Frame};

/// Steps of the tone curve in each doubling of the light.
const FINE: u32 = 7;

/// The darkest light that is told from black, as a power of two, and the brightest.
const DARK: i32 = -13;
const BRIGHT: i32 = 4;

/// How much of their light neighbours may differ by.
const ALIKE: f32 = 0.02;

/// A square of grain, side by side over the picture.
const GRAIN: usize = 256;

/// A film, loaded for one picture.
pub(super) struct Film {
    curves: [Vec<f32>; 3],
    /// How strongly grain shows, by the brightness of the print from 0 to 255.
    visible: [f32; 256],
    grain: Vec<f32>,
    offset: (usize, usize),
    vignette: f32,
    /// 0 for black and white.
    saturation: f32,
}

impl Film {
    pub(super) fn new(eye: &Eye, dice: &mut Dice) -> Self {
        let curve = |cast: f32, lift: f32| {
            let steps = ((BRIGHT - DARK) as u32) << FINE;
            let print = |step: u32| {
                let bits =
                    (((127 + DARK) as u32) << 23) + (step << (23 - FINE)) + (1 << (22 - FINE));
                eye.tone(f32::from_bits(bits) * cast, lift) * 255.0
            };
            (0..steps).map(print).collect()
        };
        let amount = eye.grain;
        Self {
            curves: [
                curve(eye.cast.r, eye.shadows.r),
                curve(eye.cast.g, eye.shadows.g),
                curve(eye.cast.b, eye.shadows.b),
            ],
            visible: std::array::from_fn(|level| {
                let tone = level as f32 / 127.5 - 1.0;
                amount * (1.0 - 0.7 * tone * tone) + 0.5
            }),
            grain: grain(),
            offset: (dice.count(0, GRAIN - 1), dice.count(0, GRAIN - 1)),
            vignette: eye.vignette,
            saturation: if eye.mono { 0.0 } else { eye.saturation },
        }
    }

    /// The picture of a subject: three bytes a pixel, row by row. Unless it is `fine`, only every
    /// other place of every other row is looked at, and what is between them where they differ.
    pub(super) fn expose(
        &self,
        frame: Frame,
        fine: bool,
        light: impl Fn(f32, f32) -> Rgb,
    ) -> Vec<u8> {
        let (width, height) = (frame.width, frame.height);
        let mut print = vec![0; 3 * width * height];
        let unit = 1.0 / height as f32;
        let look = |column: usize, row: usize| {
            light((column as f32 + 0.5) * unit, (row as f32 + 0.5) * unit)
        };
        let mut upper = vec![grey(0.0); width + 2];
        let mut lower = upper.clone();
        if fine {
            for (row, line) in print.chunks_exact_mut(3 * width).enumerate() {
                for (column, seen) in upper[..width].iter_mut().enumerate() {
                    *seen = look(column, row);
                }
                self.print(frame, row, &upper[..width], line);
            }
            return print;
        }
        let coarse = |row: usize, cells: &mut [Rgb]| {
            for (column, seen) in cells.iter_mut().enumerate() {
                *seen = look(2 * column, row);
            }
        };
        let mut above = vec![grey(0.0); width / 2 + 2];
        let mut below = above.clone();
        coarse(0, &mut above);
        for (pair, lines) in print.chunks_mut(6 * width).enumerate() {
            let row = 2 * pair;
            coarse(row + 2, &mut below);
            for (cell, place) in (0..width).step_by(2).enumerate() {
                let (a, b, c, d) = (above[cell], above[cell + 1], below[cell], below[cell + 1]);
                upper[place] = a;
                if alike(a, b, c, d) {
                    upper[place + 1] = (a + b) * 0.5;
                    lower[place] = (a + c) * 0.5;
                    lower[place + 1] = (a + b + c + d) * 0.25;
                } else {
                    upper[place + 1] = look(place + 1, row);
                    lower[place] = look(place, row + 1);
                    lower[place + 1] = look(place + 1, row + 1);
                }
            }
            for (next, line) in lines.chunks_exact_mut(3 * width).enumerate() {
                let light = if next == 0 { &upper } else { &lower };
                self.print(frame, row + next, &light[..width], line);
            }
            std::mem::swap(&mut above, &mut below);
        }
        print
    }

    /// Prints one row.
    fn print(&self, frame: Frame, row: usize, light: &[Rgb], line: &mut [u8]) {
        let unit = 1.0 / frame.height as f32;
        let corner = 4.0 / (frame.aspect * frame.aspect + 1.0);
        let down = (row as f32 + 0.5) * unit - 0.5;
        let grain = &self.grain[(row + self.offset.1) % GRAIN * GRAIN..][..GRAIN];
        let mut right = 0.5 * unit - 0.5 * frame.aspect;
        for (column, (seen, bytes)) in light.iter().zip(line.chunks_exact_mut(3)).enumerate() {
            let from_centre = (right * right + down * down) * corner;
            right += unit;
            let fall = 1.0 - self.vignette * from_centre * (0.4 + 0.6 * from_centre);
            let grey = 0.25 * seen.r + 0.6 * seen.g + 0.15 * seen.b;
            let [r, g, b] = [seen.r, seen.g, seen.b]
                .map(|light| fall * (grey + (light - grey) * self.saturation));
            let grain = grain[(column + self.offset.0) % GRAIN];
            let green = develop(&self.curves[1], g);
            let noise = grain * self.visible[green as usize & 255] + 0.5;
            bytes[0] = (develop(&self.curves[0], r) + noise) as u8;
            bytes[1] = (green + noise) as u8;
            bytes[2] = (develop(&self.curves[2], b) + noise) as u8;
        }
    }
}

/// Whether nothing can be seen between four neighbours that they do not show themselves.
#[inline]
fn alike(a: Rgb, b: Rgb, c: Rgb, d: Rgb) -> bool {
    let apart = |p: Rgb, q: Rgb| (p.r - q.r).abs() + (p.g - q.g).abs() + (p.b - q.b).abs();
    let most = apart(a, d).max(apart(b, c)).max(apart(a, b));
    most < ALIKE * (a.r + a.g + a.b + d.r + d.g + d.b) + 0.002
}

#[inline]
fn develop(curve: &[f32], light: f32) -> f32 {
    const LEAST: f32 = 0.000_123;
    let bits = light.max(LEAST).to_bits();
    let step = (bits >> (23 - FINE)) as usize - (((127 + DARK) as usize) << FINE);
    curve[step.min(curve.len() - 1)]
}

/// White noise, softened a little, as grains of silver are.
fn grain() -> Vec<f32> {
    let white = |row: usize, column: usize| {
        let (x, y) = ((column % GRAIN) as u32, (row % GRAIN) as u32);
        speck(x, y, 77) + speck(x, y, 78) - 1.0
    };
    let soft = |place: usize| {
        let (row, column) = (place / GRAIN, place % GRAIN);
        let beside = white(row, column + 1)
            + white(row + 1, column)
            + white(row, column + GRAIN - 1)
            + white(row + GRAIN - 1, column);
        white(row, column) + 0.35 * beside
    };
    (0..GRAIN * GRAIN).map(soft).collect()
}
