//! A skyline when the lights go on, mostly by the water.

use super::light::{Gradient, Rgb, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, speck};
use super::{Frame, Subject};

/// See the module.
pub(super) struct City {
    mood: Mood,
    sky: Gradient,
    /// From the nearest to the farthest.
    blocks: Vec<Block>,
    shore: f32,
    clouds: &'static Clouds,
    corner: (f32, f32),
    moon: Option<(f32, f32, f32)>,
    warm: Rgb,
    scale: f32,
}

struct Block {
    houses: Vec<House>,
    /// Which house stands in a column.
    columns: Vec<u16>,
    colour: Rgb,
    lights: f32,
    haze: f32,
}

#[derive(Clone, Copy)]
struct House {
    left: f32,
    top: f32,
    wide: f32,
    high: f32,
    lit: f32,
    seed: u32,
    face: f32,
}

impl Subject for City {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let shore = dice.range(0.62, 0.85);
        let count = dice.count(3, 4);
        let scale = frame.height as f32;
        let dusk = mood.night();
        let dark = dice.range(0.45, 1.0);
        let mood = Mood {
            top: mood.top.mix(dusk.top, 0.4 + 0.6 * dark),
            middle: mood.middle.mix(dusk.middle, dark),
            low: mood.low.mix(dusk.low, 0.7 * dark),
            ..mood
        };
        let blocks = (0..count)
            .map(|index| {
                let far = index as f32 / (count - 1) as f32;
                let mut seeds = Dice::new(dice.roll());
                let tall = 0.16 + 0.3 * far;
                let centre = frame.aspect * dice.range(0.2, 0.8);
                let mut houses = Vec::new();
                let mut columns = vec![0; frame.width];
                let mut x = -0.05;
                while x < frame.aspect {
                    let width = (0.035 + 0.06 * (1.0 - far)) * seeds.range(0.6, 1.5);
                    let central = 1.0 / (1.0 + 5.0 * (x - centre).powi(2));
                    let height =
                        tall * (0.25 + 0.75 * seeds.unit().powi(2)) * (0.45 + 0.65 * central);
                    let top = (shore - height).max(0.06);
                    let mut stand = |left: f32, right: f32, top: f32, lit: f32, seed: u32| {
                        let from = (left.max(0.0) * scale) as usize;
                        let to = ((right.max(0.0) * scale) as usize).min(columns.len());
                        columns[from.min(to)..to].fill(houses.len() as u16);
                        houses.push(House {
                            left,
                            top,
                            wide: 1.0 / (0.0046 + 0.003 * speck(seed, 3, 1)) / (1.0 + 0.7 * far),
                            high: 1.0 / (0.008 + 0.005 * speck(seed, 4, 1)) / (1.0 + 0.7 * far),
                            lit,
                            seed,
                            face: 0.85 + 0.3 * speck(seed, 5, 1),
                        });
                    };
                    let seed = seeds.roll() as u32;
                    let lit = seeds.range(0.08, 0.5);
                    stand(x, x + width, top, lit, seed);
                    if seeds.chance(0.4) {
                        // A setback, and sometimes a mast on it.
                        let (inset, step) = (width * seeds.range(0.12, 0.3), height * 0.12);
                        stand(x + inset, x + width - inset, top - step, lit, seed ^ 1);
                        if seeds.chance(0.4) {
                            let middle = x + 0.5 * width;
                            let mast = top - step - height * seeds.range(0.1, 0.3);
                            stand(middle - 0.0018, middle + 0.0018, mast, 0.0, seed);
                        }
                    }
                    x += width + if seeds.chance(0.3) { seeds.range(0.0, 0.03) } else { 0.0 };
                }
                Block {
                    houses,
                    columns,
                    colour: mood.ink.mix(mood.middle.mix(mood.top, 0.35), 0.05 + 0.6 * far),
                    lights: 1.3 - 0.75 * far,
                    haze: 0.2 + 0.25 * far,
                }
            })
            .collect();
        Self {
            sky: mood.sky(),
            blocks,
            shore,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            moon: dice.chance(0.35).then(|| {
                (
                    frame.aspect * dice.range(0.15, 0.85),
                    dice.range(0.1, 0.25),
                    dice.range(0.02, 0.04),
                )
            }),
            warm: super::light::hex(dice.pick(&["ffc27a", "ffd9a0", "ffb060"])),
            scale,
            mood,
        }
    }

    fn alt_text(&self) -> String {
        let moon = if self.moon.is_some() { ", the moon above" } else { "" };
        format!(
            "A city skyline by the water at dusk, windows lit, under a {} sky{moon}",
            self.mood.name
        )
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        if y < self.shore {
            return self.town(x, y);
        }
        let out = y - self.shore;
        let near = 1.0 / (out + 0.04);
        let wave = self.clouds.at(x * 0.05 * near + self.corner.0, 0.35 * near + self.corner.1);
        let chop = self.clouds.at(x * 0.25 * near, 1.1 * near);
        let shift = (wave + 0.8 * chop) * out * 0.45;
        let one = self.town(x + 0.05 * shift, self.shore - (out + shift).abs() * 1.05);
        let mirrored = one.mix(self.mood.low, 0.05);
        let deep = self.mood.ink.mix(self.mood.top, 0.4);
        mirrored.mix(deep, 0.2 + 0.5 * ramp(0.0, 0.5, out) + 0.12 * chop)
            * (1.0 - 0.5 * smooth(0.006, 0.0, out))
    }
}

impl City {
    #[inline]
    fn town(&self, x: f32, y: f32) -> Rgb {
        let column = (x * self.scale) as usize;
        for block in &self.blocks {
            let house = &block.houses[block.columns[column.min(block.columns.len() - 1)] as usize];
            if y < house.top {
                continue;
            }
            let haze = smooth(0.0, 0.5, y - house.top + 0.1) * block.haze;
            let wall = block.colour.mix(self.mood.low, haze) * house.face;
            let (u, v) = ((x - house.left) * house.wide, (y - house.top) * house.high);
            let (column, row) = (u as u32, v as u32);
            let (right, down) = (u - column as f32, v - row as f32);
            let pane = ramp(0.16, 0.24, right)
                * ramp(0.86, 0.78, right)
                * ramp(0.22, 0.3, down)
                * ramp(0.85, 0.77, down);
            if pane > 0.0 && y < self.shore - 0.012 {
                let roll = speck(column, row, house.seed);
                if roll < house.lit {
                    let bright = 0.35 + 0.9 * speck(column, row, house.seed ^ 7);
                    return wall.mix(self.warm * (bright * block.lights), pane * 0.9);
                }
                return wall.mix(self.mood.top, pane * 0.18);
            }
            return wall;
        }
        let mut sky = self.sky.at(y / self.shore);
        let cloud = self.clouds.at(x * 0.2 + self.corner.0, y * 0.7 + self.corner.1);
        sky = sky.mix(self.mood.low, smooth(0.0, 0.8, cloud) * 0.3 * ramp(0.0, 0.3, y));
        if let Some((right, down, radius)) = self.moon {
            let square = (x - right).powi(2) + (y - down).powi(2);
            let disc = ((radius - square.sqrt()) * self.scale + 0.5).clamp(0.0, 1.0);
            let spots = self.clouds.at((x - right) * 2.0, (y - down) * 2.0);
            sky += self.mood.sun * (0.25 / (1.0 + square * 180.0)) * 0.5;
            sky = sky.mix(self.mood.sun * (0.95 + 0.12 * spots), disc);
        }
        sky
    }
}
