//! A horizon, a low sun and its glitter.

use super::light::{Gradient, Rgb, WHITE, grey, ramp, smooth};
use super::mood::Mood;
use super::mountains::Sun;
use super::noise::{Clouds, Dice, Skyline, range_of_hills};
use super::{Frame, Subject};

/// See the module.
pub(super) struct Sea {
    mood: Mood,
    sky: Gradient,
    horizon: f32,
    sun: Sun,
    clouds: &'static Clouds,
    corner: (f32, f32),
    cover: f32,
    swell: f32,
    deep: Rgb,
    islands: Option<Skyline>,
    boat: Option<(f32, f32)>,
    shore: Option<Skyline>,
    sand: Rgb,
}

impl Subject for Sea {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let horizon = dice.range(0.34, 0.62);
        let sun = Sun {
            x: frame.aspect * dice.range(0.2, 0.8),
            y: horizon - dice.range(-0.01, 0.2),
            radius: dice.range(0.02, 0.05),
            glow: dice.range(6.0, 20.0),
            colour: mood.sun,
            edge: frame.height as f32,
        };
        let seed = dice.roll() as u32;
        let islands = dice.chance(0.35).then(|| {
            let (from, tall) = (dice.range(-0.2, 0.5), dice.range(0.08, 0.2));
            Skyline::new(frame.width, frame.height as f32, |x| {
                let hills = range_of_hills(x * 2.3, seed, 7) + from;
                horizon + 0.002 - tall * hills.max(-0.02)
            })
        });
        let boat = (islands.is_none() && dice.chance(0.4))
            .then(|| (frame.aspect * dice.range(0.15, 0.85), dice.range(0.035, 0.09)));
        let shore = dice.chance(0.35).then(|| {
            let level = dice.range(0.78, 0.92);
            Skyline::new(frame.width, frame.height as f32, |x| {
                level
                    - 0.05 * range_of_hills(x * 1.4, seed ^ 9, 3)
                    - 0.008 * range_of_hills(x * 9.0, seed, 3)
            })
        });
        Self {
            sky: mood.sky(),
            horizon,
            sun,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            cover: dice.range(-0.35, 0.45),
            swell: dice.range(0.5, 1.3),
            deep: mood.ink.mix(mood.top, dice.range(0.3, 0.65)),
            islands,
            boat,
            shore,
            sand: mood.things[1].mix(mood.ink, 0.35),
            mood,
        }
    }

    fn alt_text(&self) -> String {
        let what = match (&self.islands, &self.boat) {
            (Some(_), _) => "Islands on the horizon of a calm sea",
            (_, Some(_)) => "A small sailing boat on a calm sea",
            _ => "The sea and a long horizon",
        };
        let beach = if self.shore.is_some() { ", foam running up the beach" } else { "" };
        format!("{what} under a {} sky{beach}", self.mood.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        if y <= self.horizon {
            return self.above(x, y);
        }
        let mut seen = self.water(x, y);
        if let Some(shore) = &self.shore {
            let lap = 0.01 * self.clouds.at(x * 0.8 + self.corner.1, y * 0.5);
            let (depth, cover) = shore.below(x, y + lap);
            if depth > -0.05 {
                let foam = self.clouds.fine(x * 0.9, y * 2.2 + self.corner.0);
                let fringe = smooth(-0.05, 0.0, depth) * smooth(-0.1, 0.6, foam);
                seen = seen.mix(WHITE * 0.85, fringe * 0.75);
                let wet = smooth(0.12, 0.0, depth);
                let grain = self.clouds.at(x * 3.0, y * 3.0);
                let sand = self.sand * (1.0 + 0.12 * grain);
                let sand = sand.mix(self.sky.at(0.75) * 0.7, wet * 0.55);
                let lace = smooth(0.012, 0.0, depth) * 0.8;
                seen = seen.mix(sand.mix(WHITE * 0.9, lace), cover);
            }
        }
        seen
    }
}

impl Sea {
    #[inline]
    fn water(&self, x: f32, y: f32) -> Rgb {
        let out = y - self.horizon;
        let near = 1.0 / (out + 0.012);
        let near = near + 3.0 * (1.0 - out);
        let (u, v) = (x * near * 0.05, near * 0.35);
        let wave = self.clouds.at(u + self.corner.0, v + self.corner.1);
        let chop = self.clouds.at(u * 4.3 + self.corner.1, v * 4.1);
        let slope = (0.5 * wave + 0.62 * chop) * self.swell;
        let lift = (0.10 + 0.5 * out + 0.16 * slope).max(0.0);
        let mirrored = self.sky.at(1.0 - 1.3 * lift);
        let mirror = (0.78 - 0.75 * ramp(0.0, 0.55, out) + 0.22 * slope).clamp(0.08, 0.95);
        let mut seen = self.deep.mix(mirrored, mirror);
        // Glitter: facets that happen to face the sun.
        let aside = (x - self.sun.x) / (0.05 + 0.30 * out);
        let path = 1.0 / (1.0 + aside * aside * (1.0 + 0.5 * aside * aside));
        let spark = smooth(0.10, 0.75, slope + 0.35 * path);
        seen += self.mood.sun * (path * (0.20 + 1.25 * spark));
        // The distance is as hazy as the sky above it.
        let haze = smooth(0.05, 0.0, out) * 0.6;
        let glow = self.sun.glow(x, self.horizon);
        let mut seen = seen.mix(self.sky.at(0.97) + self.mood.sun * (glow * glow * 0.5), haze);
        if let Some((boat, tall)) = self.boat {
            let dark = ramp(0.6 * tall, 0.0, out)
                * ramp(0.3 * tall, 0.1 * tall, (x - boat + slope * 0.01).abs());
            seen = seen.mix(self.mood.ink, dark * 0.5);
        }
        seen
    }

    #[inline]
    fn above(&self, x: f32, y: f32) -> Rgb {
        if let Some((boat, tall)) = self.boat
            && let Some(seen) = self.sail(x - boat, self.horizon + 0.06 * tall - y, tall)
        {
            return seen;
        }
        let glow = self.sun.glow(x, y);
        let high = self.horizon - y;
        let mut sky = self.sky.at(1.0 - high * 1.5);
        let flat = 1.0 / (high + 0.18);
        let (u, v) = (x * flat * 0.07 + self.corner.0, flat * 0.22 + self.corner.1);
        let cloud = self.clouds.at(u, v);
        let thick = smooth(-0.1, 0.7, cloud + self.cover) * smooth(0.0, 0.12, high);
        let toward = self.clouds.at(u + (self.sun.x - x) * 0.02, v + 0.03);
        let bright = (0.55 + 0.9 * (cloud - toward)).clamp(0.0, 1.0);
        let lit = self.mood.low.mix(self.mood.sun, 0.5 * glow) * (0.75 + 0.4 * bright);
        let shade = self.mood.middle.mix(self.mood.top, 0.55);
        sky = sky.mix(shade.mix(lit, bright.max(glow * 0.8)), thick * 0.85);
        sky += self.mood.sun * (glow * glow * 0.6 * (1.0 - 0.5 * thick));
        sky = sky.mix(self.sun.colour * 1.8, self.sun.disc(x, y) * (1.0 - 0.8 * thick));
        if let Some(islands) = &self.islands {
            let (depth, cover) = islands.below(x, y);
            let far = self.mood.ink.mix(self.mood.middle, 0.55 + 0.2 * ramp(0.0, 0.08, depth));
            sky = sky.mix(far + self.mood.sun * (glow * glow * 0.2), cover);
        }
        sky
    }

    /// A boat with two sails, `right` of its mast and `up` from the water.
    #[inline]
    fn sail(&self, right: f32, up: f32, tall: f32) -> Option<Rgb> {
        let (u, v) = (right / tall, up / tall);
        if u.abs() > 0.6 || v > 1.15 {
            return None;
        }
        let hull = v > 0.0 && v < 0.12 && u.abs() < 0.36 + 0.35 * v;
        let main = v > 0.17 && u > 0.015 && u < 0.36 * (1.06 - v);
        let jib = v > 0.17 && u < -0.015 && u > -0.32 * (0.92 - v);
        if hull {
            Some(self.mood.ink)
        } else if main || jib {
            let shade = if main { 0.92 } else { 0.74 };
            Some(self.mood.low.mix(grey(0.9), 0.5) * (shade - 0.3 * u.abs()))
        } else {
            None
        }
    }
}
