//! Dunes: one side in the sun, the other in shade.

use super::light::{Gradient, Rgb, ramp, smooth};
use super::mood::Mood;
use super::mountains::Sun;
use super::noise::{Clouds, Dice, Skyline, range_of_hills, wave};
use super::{Frame, Subject};

/// See the module.
pub(super) struct Dunes {
    mood: Mood,
    sky: Gradient,
    sun: Sun,
    /// From the nearest to the farthest.
    crests: Vec<Dune>,
    lit: Rgb,
    shade: Rgb,
    clouds: &'static Clouds,
    corner: (f32, f32),
    ripples: f32,
}

struct Dune {
    crest: Skyline,
    /// How the crest slopes, above 0 towards the sun.
    slope: Skyline,
    haze: f32,
    skew: f32,
    near: f32,
}

impl Subject for Dunes {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let count = dice.count(3, 5);
        let horizon = dice.range(0.28, 0.5);
        let seed = dice.roll() as u32;
        let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
        let skew = dice.range(0.5, 1.3);
        let scale = frame.height as f32;
        let crests = (0..count)
            .map(|index| {
                let far = index as f32 / (count - 1) as f32;
                let base = 0.86 - (0.84 - horizon) * far.powf(0.8);
                let height = 0.24 - 0.19 * far;
                let stretch = 0.55 + 1.3 * far;
                let seed = seed.wrapping_add(index as u32 * 31);
                let crest = move |x: f32| {
                    let warped = x * stretch + 0.15 * range_of_hills(x * 0.7, seed ^ 3, 2);
                    let ridge = range_of_hills(warped + 5.0, seed, 2).abs();
                    base - height
                        * (0.75 - 1.5 * ridge / (0.35 + ridge)
                            + 0.25 * range_of_hills(x * 0.9, seed ^ 8, 2))
                };
                Dune {
                    crest: Skyline::new(frame.width, scale, crest),
                    slope: Skyline::new(frame.width, scale, |x| {
                        side * (crest(x + 0.004) - crest(x - 0.004)) / 0.008 / height
                    }),
                    haze: 0.75 * far.powf(1.4),
                    skew: -side * skew * (1.0 - 0.4 * far),
                    near: 1.0 - far,
                }
            })
            .collect();
        let sand = mood.things[1].mix(mood.things[0], dice.range(0.1, 0.5));
        Self {
            sky: mood.sky(),
            sun: Sun {
                x: frame.aspect * (0.5 + side * dice.range(0.1, 0.35)),
                y: horizon - dice.range(0.08, 0.2),
                radius: dice.range(0.02, 0.04),
                glow: dice.range(5.0, 12.0),
                colour: mood.sun,
                edge: scale,
            },
            crests,
            lit: sand.mix(mood.sun, 0.35) * mood.sun.mix(mood.low, 0.5),
            shade: sand.mix(mood.ink, 0.62).mix(mood.top, 0.22),
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            ripples: dice.range(0.3, 1.0),
            mood,
        }
    }

    fn alt_text(&self) -> String {
        format!("Dunes, half in the sun and half in shade, under a {} sky", self.mood.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let glow = self.sun.glow(x, y);
        let haze = self.mood.low.mix(self.mood.sun, glow * 0.6);
        let mut seen = Rgb { r: 0.0, g: 0.0, b: 0.0 };
        let mut open = 1.0;
        for dune in &self.crests {
            let (depth, cover) = dune.crest.below(x, y);
            if cover <= 0.0 {
                continue;
            }
            let warp = self.clouds.at(x * 0.2 + self.corner.0, y * 0.25 + self.corner.1);
            let along = x + dune.skew * depth + 0.35 * warp * depth;
            let slope = dune.slope.at(along.abs());
            let lit = smooth(-0.5, 0.6, slope);
            let fall = ramp(0.75, 0.0, depth);
            let phase = y * (30.0 + 90.0 * (1.0 - y)) + x * 9.0 + 2.6 * warp;
            let ripple = wave(phase) * 0.055 * self.ripples * dune.near * ramp(0.02, 0.2, depth);
            let colour = self
                .shade
                .mix(self.lit, (lit * (0.62 + 0.38 * fall) + ripple * (0.4 + lit)).max(0.0));
            let colour = colour.mix(haze, dune.haze + 0.12 * glow);
            seen += colour * (open * cover);
            open *= 1.0 - cover;
            if open < 0.004 {
                return seen;
            }
        }
        let sky = self.sky.at(y * 1.8) + self.mood.sun * (glow * glow * 0.5);
        seen + sky.mix(self.sun.colour * 1.6, self.sun.disc(x, y)) * open
    }
}
