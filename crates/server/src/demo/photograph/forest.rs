//! Trunks in mist, and light that falls between them.

use super::light::{Rgb, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice};
use super::{Frame, Subject};

/// See the module.
pub(super) struct Forest {
    mood: Mood,
    /// From the nearest to the farthest.
    rows: Vec<Row>,
    clouds: &'static Clouds,
    corner: (f32, f32),
    sun: (f32, f32),
    shafts: f32,
    leaves: Rgb,
    ground: Rgb,
    scale: f32,
    autumn: bool,
}

/// Trees at one distance: for each column how much is trunk, and how far to its lit side.
struct Row {
    columns: Vec<(f32, f32)>,
    lean: f32,
    bend: f32,
    foot: f32,
    colour: Rgb,
    lit: Rgb,
    haze: f32,
}

impl Subject for Forest {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let count = dice.count(4, 6);
        let autumn = dice.chance(0.5);
        let dense = dice.range(0.8, 1.25);
        let sun = (frame.aspect * dice.range(-0.1, 1.1), -dice.range(0.15, 0.5));
        let scale = frame.height as f32;
        let lean = dice.range(-0.05, 0.05);
        let rows = (0..count)
            .map(|index| {
                let far = index as f32 / (count - 1) as f32;
                let mut columns = vec![(0.0_f32, 0.5); frame.width + 1];
                let mut x = -0.1;
                let mut seeds = Dice::new(dice.roll());
                while x < 2.4 {
                    let width = (0.055 - 0.043 * far.powf(0.6)) * seeds.range(0.55, 1.25);
                    x += width + (0.26 - 0.2 * far) * seeds.range(0.25, 1.7) / dense;
                    let soft = 1.0 / scale + 0.001 * far;
                    let from = ((x - width).max(0.0) * scale) as usize;
                    for column in
                        from..columns.len().min(((x + width).max(0.0) * scale) as usize + 1)
                    {
                        let off = (column as f32 + 0.5) / scale - x;
                        let cover = ramp(0.5 * width + soft, 0.5 * width - soft, off.abs());
                        if cover > columns[column].0 {
                            columns[column] = (cover, 0.5 + off / width);
                        }
                    }
                }
                Row {
                    columns,
                    lean: lean + dice.range(-0.02, 0.02),
                    bend: dice.range(-0.03, 0.03),
                    foot: 0.95 - 0.25 * far.powf(0.7),
                    colour: mood.ink * 0.8,
                    lit: mood.things[3].mix(mood.ink, 0.45),
                    haze: 0.04 + 0.86 * far.powf(0.75),
                }
            })
            .collect();
        let green = super::light::hex(dice.pick(&["54713f", "3f6a55", "7a8a48"]));
        let rust = super::light::hex(dice.pick(&["b8642c", "c98a35", "a3482e"]));
        let leaves = if autumn { rust } else { green };
        Self {
            rows,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            sun,
            shafts: dice.range(0.35, 0.9),
            leaves: leaves.mix(mood.middle, 0.2),
            ground: leaves.mix(mood.ink, 0.6),
            scale,
            autumn,
            mood,
        }
    }

    fn alt_text(&self) -> String {
        let season = if self.autumn { "An autumn forest" } else { "A forest" };
        format!("{season} in mist, {} light falling between the trunks", self.mood.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        // Light spreads from a sun above the picture.
        let (right, down) = (x - self.sun.0, y - self.sun.1);
        let angle = right / down;
        let beam = self.clouds.at(angle * 0.22 + self.corner.0, self.corner.1);
        let glow = 1.0 / (1.0 + 0.9 * (right * right + down * down));
        let shaft = smooth(-0.15, 0.55, beam) * glow * self.shafts;
        let air = self.mood.low.mix(self.mood.middle, ramp(0.0, 1.1, y) * 0.7);
        let haze = air.mix(self.mood.sun, 0.15 + 0.5 * glow);
        let mut seen = haze * (0.7 + 0.4 * glow);
        let floor = self.clouds.at(x * 0.5 + self.corner.1, y * 1.6);
        let bark = self.clouds.at(x * 3.1 + self.corner.1, y * 0.4);
        for (index, row) in self.rows.iter().enumerate().rev() {
            if index == 1 || index == 3 {
                seen = self.leaves(x, y, index as f32, glow, haze.mix(seen, 0.5), seen);
            }
            let foot = row.foot + 0.05 * floor * (1.0 - row.haze);
            let earth = smooth(foot - 0.02 - 0.05 * row.haze, foot + 0.05, y);
            if earth > 0.0 {
                let ground = self.ground * (0.75 + 0.55 * floor + 0.6 * shaft);
                seen = seen.mix(ground.mix(haze, row.haze * 0.9), earth);
            }
            let place = (x + row.lean * y + row.bend * y * (1.0 - y)).max(0.0) * self.scale - 0.5;
            let column = (place.max(0.0) as usize).min(row.columns.len() - 2);
            let ((a, side), (b, _)) = (row.columns[column], row.columns[column + 1]);
            let cover = (a + (b - a) * (place - column as f32).clamp(0.0, 1.0))
                * ramp(foot + 0.015, foot, y);
            if cover > 0.0 {
                let toward = if right > 0.0 { 1.0 - side } else { side };
                let lit = toward * toward * (0.55 + 0.7 * bark + 0.5 * shaft).max(0.0);
                let trunk = row.colour.mix(row.lit, lit);
                seen = seen.mix(trunk.mix(haze, row.haze), cover);
            }
            seen += self.mood.sun * (shaft * 0.11 * (0.4 + row.haze));
        }
        seen
    }
}

impl Forest {
    /// Leaves hang in from above, in small tufts.
    #[inline]
    fn leaves(&self, x: f32, y: f32, far: f32, glow: f32, haze: Rgb, seen: Rgb) -> Rgb {
        let wide = self.clouds.at(x * 0.3 + self.corner.0 + 0.3 * far, y * 0.4 + self.corner.1);
        let high = wide + (0.30 - y) * 2.0 - 0.12 * far;
        if high < -0.25 {
            return seen;
        }
        let (u, v) = (x * 2.3 + 0.2 * far, y * 2.6 + self.corner.0);
        let tuft = self.clouds.at(u, v);
        let hang = 0.9 * tuft + high - 0.3;
        let light =
            (0.55 + 0.9 * (tuft - self.clouds.at(u + 0.015, v - 0.02)) + 0.9 * glow).max(0.15);
        let foliage = (self.leaves * light).mix(haze, 0.12 + 0.17 * far);
        seen.mix(foliage, smooth(0.0, 0.22, hang) * (0.95 - 0.12 * far))
    }
}
