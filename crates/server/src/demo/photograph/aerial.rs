//! From above: a sea of clouds, and a coast.

use super::light::{Gradient, Rgb, WHITE, bell, hex, ramp, smooth};
use super::mood::Mood;
use super::mountains::Sun;
use super::noise::{Clouds, Dice, Skyline, range_of_hills, turns, wave};
use super::{Frame, Subject};

/// Above the clouds.
pub(super) struct Overcast {
    mood: Mood,
    sky: Gradient,
    sun: Sun,
    /// From the nearest to the farthest.
    banks: Vec<Bank>,
    peak: Option<Skyline>,
    clouds: &'static Clouds,
    corner: (f32, f32),
}

struct Bank {
    crest: Skyline,
    fluff: f32,
    zoom: f32,
    haze: f32,
}

impl Subject for Overcast {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let horizon = dice.range(0.36, 0.55);
        let count = dice.count(6, 8);
        let seed = dice.roll() as u32;
        let scale = frame.height as f32;
        let banks = (0..count)
            .map(|index| {
                let far = index as f32 / (count - 1) as f32;
                let base = 1.02 - (1.0 - horizon) * far.powf(0.6);
                let seed = seed.wrapping_add(index as u32 * 13);
                let stretch = 1.2 + 3.5 * far;
                Bank {
                    crest: Skyline::new(frame.width, scale, |x| {
                        let billow = range_of_hills(x * stretch, seed, 3).abs();
                        base - (0.16 - 0.13 * far) * billow
                            - 0.05 * (1.0 - far) * range_of_hills(x * 0.8, seed ^ 4, 2)
                    }),
                    fluff: 0.085 - 0.07 * far,
                    zoom: 0.32 + 0.75 * far,
                    haze: far.powf(1.3),
                }
            })
            .collect();
        let peak = dice.chance(0.35).then(|| {
            let middle = frame.aspect * dice.range(0.25, 0.75);
            let tall = dice.range(0.1, 0.2);
            Skyline::new(frame.width, scale, |x| {
                let away = (x - middle).abs() / 0.2;
                horizon + 0.02
                    - tall
                        * (1.15 / (1.0 + away * away) - 0.15
                            + 0.16 * range_of_hills(x * 7.0, seed, 6))
            })
        });
        Self {
            sky: mood.sky(),
            sun: Sun {
                x: frame.aspect * dice.range(0.15, 0.85),
                y: horizon - dice.range(0.02, 0.16),
                radius: dice.range(0.018, 0.035),
                glow: dice.range(5.0, 12.0),
                colour: mood.sun,
                edge: scale,
            },
            banks,
            peak,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            mood,
        }
    }

    fn alt_text(&self) -> String {
        let peak = if self.peak.is_some() { ", one peak standing out" } else { "" };
        format!("A sea of clouds from above under a {} sky{peak}", self.mood.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let glow = self.sun.glow(x, y);
        let mut seen = WHITE * 0.0;
        let mut open = 1.0;
        let shade = self.mood.middle.mix(self.mood.top, 0.65) * 0.72;
        for bank in &self.banks {
            let depth = y - bank.crest.at(x);
            if depth < -bank.fluff {
                continue;
            }
            let (u, v) = (
                x * bank.zoom * 0.55 + self.corner.0,
                depth * bank.zoom * 0.9 + self.corner.1 + bank.haze * 3.1,
            );
            let cloud = self.clouds.fine(u, v);
            let solid = smooth(-bank.fluff, bank.fluff, depth + bank.fluff * cloud * 1.4);
            let toward = self.clouds.at(u + (self.sun.x - x) * 0.014, v - 0.016);
            let bright = 0.46 + 2.1 * (cloud - toward) + 0.25 * cloud - 0.9 * depth + 0.5 * glow;
            let lit = self.mood.low.mix(self.mood.sun, 0.45 + 0.5 * glow);
            let colour = shade.mix(lit, bright.clamp(0.0, 1.0));
            let colour =
                colour.mix(self.mood.low, bank.haze * 0.55) + self.mood.sun * (glow * glow * 0.16);
            seen += colour * (open * solid);
            open *= 1.0 - solid;
            if open < 0.01 {
                return seen;
            }
        }
        let mut sky = self.sky.at(y * 1.9) + self.mood.sun * (glow * glow * 0.6);
        sky = sky.mix(self.sun.colour * 1.6, self.sun.disc(x, y));
        if let Some(peak) = &self.peak {
            let (depth, cover) = peak.below(x, y);
            let rock = self.mood.ink.mix(self.mood.middle, 0.45 + 2.0 * depth.max(0.0));
            sky = sky.mix(rock, cover);
        }
        seen + sky * open
    }
}

/// A beach and the sea, straight down.
pub(super) struct Coast {
    across: (f32, f32),
    edge: f32,
    bend: f32,
    water: Gradient,
    sand: Rgb,
    parasols: Vec<Parasol>,
    clouds: &'static Clouds,
    corner: (f32, f32),
    sharp: f32,
}

struct Parasol {
    x: f32,
    y: f32,
    size: f32,
    stripes: f32,
    colours: [Rgb; 2],
}

impl Subject for Coast {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let angle = dice.range(-0.9, 0.9);
        let across = (angle.sin(), -angle.cos());
        let middle = (0.5 * frame.aspect, 0.5);
        let edge = across.0 * middle.0 + across.1 * middle.1 + dice.range(-0.12, 0.18);
        let shallow = hex(dice.pick(&["7fd6cf", "8ad3dc", "a3dcc8"])).mix(mood.middle, 0.2);
        let deep = hex(dice.pick(&["0f6f8c", "12597f", "1a7f8e"])).mix(mood.top, 0.25);
        let sand =
            hex(dice.pick(&["ecd3a8", "e8d8bd", "dcb98c", "f0d2b6"])).mix(mood.things[1], 0.2);
        let mut parasols: Vec<Parasol> = Vec::new();
        if dice.chance(0.75) {
            for _ in 0..dice.count(8, 40) {
                let (x, y) = (frame.aspect * dice.unit(), dice.unit());
                let inland = edge - (x * across.0 + y * across.1);
                let size = dice.range(0.026, 0.034);
                let apart = |other: &Parasol| (other.x - x).hypot(other.y - y) > 0.09;
                let colours = [mood.things[dice.count(0, 3)], dice.pick(&[WHITE * 0.9, mood.low])];
                let stripes = dice.pick(&[0.0, 4.0, 6.0]);
                if inland > 0.16 && parasols.iter().all(apart) {
                    parasols.push(Parasol { x, y, size, stripes, colours });
                }
            }
        }
        Self {
            across,
            edge,
            bend: dice.range(0.05, 0.14),
            water: Gradient::new(&[
                (0.0, shallow.mix(sand, 0.45)),
                (0.15, shallow),
                (0.5, shallow.mix(deep, 0.6)),
                (1.0, deep),
            ]),
            sand,
            parasols,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            sharp: frame.height as f32,
        }
    }

    fn alt_text(&self) -> String {
        match self.parasols.len() {
            0 => "A beach and clear water from above".to_owned(),
            1 => "A beach from above with a single parasol".to_owned(),
            many => format!("A beach from above with {many} parasols by clear water"),
        }
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let wide = self.clouds.at(x * 0.16 + self.corner.0, y * 0.16 + self.corner.1);
        let fine = self.clouds.at(x * 0.9 + self.corner.1, y * 0.9 + self.corner.0);
        let out =
            x * self.across.0 + y * self.across.1 - self.edge + self.bend * wide + 0.012 * fine;
        if out < 0.0 {
            return self.beach(x, y, -out, fine);
        }
        let light = self.clouds.at(x * 0.7 + 0.25 * wide, y * 0.7 + 0.2 * wide);
        let caustic = (1.0 - 3.2 * light.abs()).max(0.0);
        let mut seen = self.water.at(out * 1.25 + 0.06 * wide) * (1.0 + 0.06 * fine);
        seen += WHITE * (caustic * caustic * 0.09 * ramp(0.5, 0.05, out));
        // Two or three waves come in, each torn to lace behind its edge.
        for (place, strength) in [(0.0, 1.0), (0.1, 0.8), (0.235, 0.45)] {
            let behind = out - place - 0.022 * self.bend * 10.0 * light;
            if behind > -0.01 && behind < 0.1 {
                let edge = smooth(-0.006, 0.0, behind) * smooth(0.014, 0.004, behind);
                let lace = smooth(0.2, 0.02, light.abs())
                    * smooth(0.085, 0.0, behind)
                    * smooth(-0.002, 0.006, behind);
                let torn = smooth(-0.5, 0.2, fine);
                seen = seen.mix(
                    WHITE * 0.92,
                    ((edge + lace * 0.75) * strength * (0.35 + 0.65 * torn)).min(1.0),
                );
            }
        }
        seen
    }
}

impl Coast {
    #[inline]
    fn beach(&self, x: f32, y: f32, inland: f32, fine: f32) -> Rgb {
        for parasol in &self.parasols {
            let (right, down) = (x - parasol.x, y - parasol.y);
            let square = right * right + down * down;
            if square < parasol.size * parasol.size {
                let part = turns(right, down);
                let stripe = smooth(-0.15, 0.15, wave(part * parasol.stripes));
                let away = square.sqrt() / parasol.size;
                let cloth =
                    parasol.colours[0].mix(parasol.colours[1], stripe * smooth(0.05, 0.12, away));
                let shade = 0.92 - 0.28 * away * wave(part + 0.3);
                let cover = ((1.0 - away) * parasol.size * self.sharp + 0.5).min(1.0);
                return self.sand.mix(cloth * shade, cover);
            }
        }
        let print = self.clouds.at(x * 2.3, y * 2.3);
        let wet = smooth(0.085, 0.03, inland + 0.012 * fine);
        let mut sand = self.sand * (1.0 + 0.05 * print + 0.05 * fine);
        sand = sand.mix(self.sand * self.sand * 0.75, wet * 0.7);
        sand = sand.mix(WHITE * 0.9, smooth(0.008, 0.0, inland) * 0.8);
        for parasol in &self.parasols {
            let (right, down) = (x - parasol.x - 0.022, y - parasol.y - 0.028);
            let away = (right * right + down * down) / (parasol.size * parasol.size * 1.25);
            if away < 1.0 {
                sand = sand * (1.0 - 0.45 * bell(away * away));
            }
        }
        sand
    }
}
