//! Ridge behind ridge in mist, sometimes over a lake, sometimes with balloons.

use super::light::{Gradient, Rgb, WHITE, grey, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, Skyline, range_of_hills, speck};
use super::{Frame, Subject};

/// See the module.
pub(super) struct Mountains {
    mood: Mood,
    sky: Gradient,
    /// From the nearest to the farthest.
    ridges: Vec<Ridge>,
    sun: Sun,
    lake: Option<f32>,
    clouds: &'static Clouds,
    corner: (f32, f32),
    cloudy: f32,
    forest: bool,
    snow: f32,
}

struct Ridge {
    line: Skyline,
    /// The line without trees and crags, which mist does not care about.
    foot: Skyline,
    colour: Rgb,
    lit: Rgb,
    /// How much mist stands at its foot, and how high.
    mist: f32,
    depth: f32,
    relief: f32,
    snow: f32,
}

/// A light in the sky and the glow around it.
pub(super) struct Sun {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) radius: f32,
    pub(super) glow: f32,
    pub(super) colour: Rgb,
    pub(super) edge: f32,
}

impl Sun {
    /// How strong the glow is, 1 near the disc.
    #[inline]
    pub(super) fn glow(&self, x: f32, y: f32) -> f32 {
        let (right, down) = (x - self.x, y - self.y);
        1.0 / (1.0 + (right * right + down * down) * self.glow)
    }

    #[inline]
    pub(super) fn disc(&self, x: f32, y: f32) -> f32 {
        let (right, down) = (x - self.x, y - self.y);
        let square = right * right + down * down;
        if square > 1.1 * self.radius * self.radius {
            return 0.0;
        }
        ((self.radius - square.sqrt()) * self.edge + 0.5).clamp(0.0, 1.0)
    }
}

impl Subject for Mountains {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let count = dice.count(4, 7);
        let horizon = dice.range(0.32, 0.55);
        let lake = dice.chance(0.4).then(|| dice.range(0.66, 0.8));
        let forest = dice.chance(0.6);
        let ground = lake.unwrap_or(1.0);
        let seed = dice.roll() as u32;
        let rough = dice.range(0.6, 1.0);
        let snow = if dice.chance(0.4) { dice.range(0.5, 1.0) } else { 0.0 };
        let sun = Sun {
            x: frame.aspect * dice.range(0.15, 0.85),
            y: horizon - dice.range(0.0, 0.26),
            radius: dice.range(0.018, 0.05),
            glow: dice.range(5.0, 16.0),
            colour: mood.sun,
            edge: frame.height as f32,
        };
        let ridges = (0..count)
            .map(|index| {
                // 0 the nearest, 1 the farthest.
                let far = index as f32 / (count - 1) as f32;
                let base = ground + 0.03
                    - (ground + 0.03 - horizon) * far.powf(0.75)
                    - if index == 0 { 0.07 } else { 0.0 };
                let height = (0.05 + 0.13 * far * (1.4 - far)) * (0.6 + 0.8 * rough);
                let stretch = 1.1 + 1.6 * far + speck(index as u32, 1, seed);
                let seed = seed.wrapping_add(index as u32 * 77);
                let octaves = if far > 0.3 { 8 } else { 6 };
                let at = |x: f32, octaves: u32| {
                    let hills = range_of_hills(x * stretch + 7.0, seed, octaves);
                    let peaks = 1.0
                        - 1.7 * range_of_hills(x * stretch * 0.8 + 3.0, seed ^ 5, octaves).abs();
                    base - height * (hills * 0.6 + peaks * 0.7 * far)
                };
                let scale = frame.height as f32;
                let mut line = Skyline::new(frame.width, scale, |x| at(x, octaves));
                let foot = Skyline::new(frame.width, scale, |x| {
                    at(x, 2).mul_add(0.5, 0.25 * (at(x - 0.04, 2) + at(x + 0.04, 2)))
                });
                if forest && far < 0.35 {
                    plant(&mut line, 0.05 - 0.09 * far, seed);
                }
                let haze = 0.92 * far.powf(0.8);
                Ridge {
                    line,
                    foot,
                    colour: mood.ink.mix(mood.middle.mix(mood.top, 0.3), haze),
                    lit: mood.ink.mix(mood.middle, 0.25 + 0.6 * haze) * 1.15,
                    mist: (0.3 + 0.6 * far) * if index == 0 { 0.35 } else { 1.0 },
                    depth: 0.1 + 0.22 * (1.0 - far) * (base - horizon).abs() + 0.08,
                    relief: if forest && far < 0.35 { 0.0 } else { 0.5 * (1.0 - 0.5 * far) },
                    snow: if far > 0.45 { snow * (1.0 - 0.3 * far) } else { 0.0 },
                }
            })
            .collect();
        Self {
            sky: mood.sky(),
            ridges,
            sun,
            lake,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            cloudy: dice.range(-0.3, 0.8),
            forest,
            snow,
            mood,
        }
    }

    fn alt_text(&self) -> String {
        let what = if self.snow > 0.0 { "Snowy mountain ridges" } else { "Misty mountain ridges" };
        let lake = if self.lake.is_some() { " reflected in a lake" } else { "" };
        let trees = if self.forest { ", conifers in front" } else { "" };
        format!("{what} under a {} sky{lake}{trees}", self.mood.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let Some(shore) = self.lake else { return self.land(x, y) };
        if y <= shore {
            return self.land(x, y);
        }
        let out = y - shore;
        let near = 1.0 / (out + 0.03);
        let ripple = self.clouds.at(x * 0.06 * near + self.corner.0, 0.12 * near + self.corner.1);
        let shift = ripple * out * 0.10;
        let mirrored = self.land(x + 0.4 * shift, shore - out * 0.92 - shift);
        let steep = ramp(0.0, 0.4, out);
        let edge = smooth(0.012, 0.0, out) * 0.5;
        mirrored
            .mix(self.mood.ink.mix(self.mood.top, 0.5), 0.12 + 0.3 * steep)
            .mix(self.mood.low, edge * 0.3)
            * (0.93 + 0.1 * ripple)
    }
}

impl Mountains {
    #[inline]
    fn land(&self, x: f32, y: f32) -> Rgb {
        let glow = self.sun.glow(x, y);
        let haze = self.mood.low.mix(self.mood.sun, glow * 0.7);
        let mut seen = grey(0.0);
        let mut open = 1.0;
        for ridge in &self.ridges {
            let (depth, cover) = ridge.line.below(x, y);
            if cover <= 0.0 {
                continue;
            }
            let mut colour = ridge.colour;
            if ridge.relief > 0.0 {
                let (u, v) = (self.corner.0 + x * 0.5, self.corner.1 + y * 0.45 + x * 0.12);
                let slope = self.clouds.fine(u, v) - self.clouds.at(u + 0.012, v - 0.012);
                let bright = (0.35 + 1.5 * slope).clamp(0.0, 1.0);
                if ridge.snow > 0.0 {
                    let high = 0.16 - depth + 0.12 * slope;
                    let snowy = smooth(0.0, 0.08, high) * ridge.snow;
                    let lit =
                        self.mood.low.mix(WHITE, 0.4).mix(self.mood.top, 0.75 - 0.75 * bright);
                    colour = colour.mix(lit, snowy * 0.85);
                }
                colour = colour.mix(ridge.lit, bright * ridge.relief);
            }
            let mist = smooth(-0.02, ridge.depth, y - ridge.foot.at(x)) * ridge.mist;
            colour = colour.mix(haze, mist) + self.mood.sun * (glow * glow * 0.12);
            seen += colour * (open * cover);
            open *= 1.0 - cover;
            if open < 0.004 {
                return seen;
            }
        }
        seen + self.air(x, y, glow) * open
    }

    #[inline]
    fn air(&self, x: f32, y: f32, glow: f32) -> Rgb {
        let mut sky = self.sky.at(y * 1.7);
        let cloud = self.clouds.at(x * 0.22 + self.corner.1, y * 0.6 + self.corner.0);
        let veil = smooth(0.05, 0.85, cloud + 0.4 * self.cloudy) * 0.5 * ramp(0.65, 0.25, y);
        sky = sky.mix(self.mood.low.mix(WHITE, 0.25), veil);
        sky += self.mood.sun * (glow * glow * 0.55);
        sky.mix(self.sun.colour * 1.7, self.sun.disc(x, y) * (1.0 - 0.5 * veil))
    }
}

/// Sets conifers on a line, up to `tall` high.
pub(super) fn plant(line: &mut Skyline, tall: f32, seed: u32) {
    line.change(|x, ground| {
        let mut top: f32 = 0.0;
        for (layer, width) in [(1_u32, 0.011), (2, 0.016), (3, 0.007)] {
            let scaled = x / width + layer as f32 * 0.37;
            let cell = scaled.floor();
            for near in [-1.0, 0.0, 1.0] {
                let tree = cell + near;
                let roll = speck(tree as i32 as u32, layer, seed);
                let middle = tree + 0.3 + 0.4 * speck(tree as i32 as u32, layer + 9, seed);
                let away = (scaled - middle).abs() * width;
                let height = tall * (0.35 + 0.75 * roll * roll) * (width / 0.012).min(1.3);
                // Branches stand out in steps.
                let jag = 1.0 + 0.35 * (away * 2400.0).sin().abs();
                top = top.max(height - away * 5.2 * jag);
            }
        }
        ground - top
    });
}
