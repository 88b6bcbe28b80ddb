//! From light to a print: tone curve, colour cast, vignette and grain.

use std::sync::OnceLock;

use super::light::{Rgb, grey};
use super::noise::{Dice, speck};
use super::{Eye, Frame, Subject};

/// The darkest light that is told from black, and the brightest that is told from white.
const DARK: f32 = 1.0 / 8192.0;
const BRIGHT: f32 = 15.9;

/// Steps of a tone curve: 128 to each doubling of the light, and room for 32 doublings.
const STEPS: usize = 32 << 7;

/// How much of their light neighbours may differ by.
const ALIKE: f32 = 0.03;

/// A square of grain, side by side over the picture.
const GRAIN: usize = 256;

/// A film, loaded for one picture.
pub(super) struct Film {
    curves: [Box<[f32; STEPS]>; 3],
    /// How strongly grain shows, by the brightness of the print from 0 to 255.
    visible: [f32; 256],
    grain: &'static [[f32; GRAIN]],
    offset: (usize, usize),
    vignette: f32,
    /// 0 for black and white.
    saturation: f32,
}

impl Film {
    pub(super) fn new(eye: &Eye, dice: &mut Dice) -> Self {
        let curve = |cast: f32, lift: f32| {
            let mut curve = Box::new([0.0; STEPS]);
            // From the first bit of a step to the middle of it.
            for bits in (DARK.to_bits()..=BRIGHT.to_bits()).step_by(1 << 16) {
                let light = f32::from_bits(bits + (1 << 15));
                curve[step(light)] = eye.tone(light * cast, lift) * 255.0;
            }
            curve
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

    /// The picture of a subject: three bytes a pixel, row by row. Only every other place of every
    /// other row is looked at, and what is between them where they differ.
    pub(super) fn expose<S: Subject>(&self, frame: Frame, subject: &S) -> Vec<u8> {
        let (width, height) = (frame.width, frame.height);
        let mut print = vec![0; 3 * width * height];
        let unit = 1.0 / height as f32;
        let place =
            |column: usize, row: usize| ((column as f32 + 0.5) * unit, (row as f32 + 0.5) * unit);
        let look = |column: usize, row: usize| {
            let (x, y) = place(column, row);
            subject.light(x, y)
        };
        let coarse = |row: usize, cells: &mut [Rgb]| {
            for (column, seen) in cells.iter_mut().enumerate() {
                *seen = look(2 * column, row);
            }
        };
        let mut upper = vec![grey(0.0); width + 2];
        let mut lower = upper.clone();
        let mut above = vec![grey(0.0); width / 2 + 2];
        let mut below = above.clone();
        coarse(0, &mut above);
        for (pair, lines) in print.chunks_mut(6 * width).enumerate() {
            let row = 2 * pair;
            coarse(row + 2, &mut below);
            for (cell, first) in (0..width).step_by(2).enumerate() {
                let (a, b, c, d) = (above[cell], above[cell + 1], below[cell], below[cell + 1]);
                upper[first] = a;
                if alike(a, b, c, d) {
                    upper[first + 1] = (a + b) * 0.5;
                    lower[first] = (a + c) * 0.5;
                    lower[first + 1] = (a + b + c + d) * 0.25;
                } else {
                    upper[first + 1] = look(first + 1, row);
                    lower[first] = look(first, row + 1);
                    lower[first + 1] = look(first + 1, row + 1);
                }
            }
            for (next, line) in lines.chunks_exact_mut(3 * width).enumerate() {
                let light = if next == 0 { &mut upper } else { &mut lower };
                if S::SPARKLES {
                    for (column, seen) in light.iter_mut().enumerate() {
                        let (x, y) = place(column, row + next);
                        *seen += subject.sparks(x, y);
                    }
                }
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
        let grain = &self.grain[(row + self.offset.1) % GRAIN];
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
fn develop(curve: &[f32; STEPS], light: f32) -> f32 {
    curve[step(light.clamp(DARK, BRIGHT))]
}

/// Where an amount of light stands on a tone curve: the upper bits of the number are its logarithm,
/// nearly.
#[inline]
const fn step(light: f32) -> usize {
    (light.to_bits() >> 16) as usize % STEPS
}

/// White noise, softened a little, as grains of silver are.
fn grain() -> &'static [[f32; GRAIN]] {
    static SQUARE: OnceLock<Vec<[f32; GRAIN]>> = OnceLock::new();
    SQUARE.get_or_init(|| {
        let white = |row: usize, column: usize| {
            let (x, y) = ((column % GRAIN) as u32, (row % GRAIN) as u32);
            speck(x, y, 77) + speck(x, y, 78) - 1.0
        };
        let soft = |row: usize, column: usize| {
            let beside = white(row, column + 1) + white(row, column + GRAIN - 1);
            let over = white(row + 1, column) + white(row + GRAIN - 1, column);
            white(row, column) + 0.35 * (beside + over)
        };
        (0..GRAIN).map(|row| std::array::from_fn(|column| soft(row, column))).collect()
    })
}
