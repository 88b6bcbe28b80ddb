//! Patterns of the hand: glazed tiles and woven cloth.

use super::light::{Rgb, WHITE, hex, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, speck, split, wave};
use super::{Frame, Subject};

/// A wall of tiles.
pub(super) struct Tiles {
    kind: usize,
    cells: f32,
    colours: [Rgb; 4],
    grout: Rgb,
    sun: (f32, f32),
    turned: bool,
    clouds: &'static Clouds,
    seed: u32,
    sharp: f32,
    shadow: Option<(f32, f32)>,
}

impl Subject for Tiles {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let cells = dice.range(3.2, 6.5);
        let cream = hex("f3ead8").mix(mood.low, 0.3);
        let [a, b, c, d] = mood.things;
        let mut colours = [cream, c.mix(mood.ink, 0.15), a, b];
        if dice.chance(0.3) {
            colours = [mood.ink.mix(c, 0.5), cream, b, a];
        }
        if dice.chance(0.3) {
            colours[2] = d;
        }
        Self {
            kind: dice.count(0, 5),
            cells,
            colours,
            grout: cream * 0.72,
            sun: (dice.range(-0.3, 0.3), dice.range(0.1, 0.4)),
            turned: dice.chance(0.3),
            clouds: Clouds::get(),
            seed: dice.roll() as u32,
            sharp: frame.height as f32 / cells,
            shadow: dice.chance(0.5).then(|| (dice.range(-0.9, 0.9), dice.range(0.35, 0.75))),
        }
    }

    fn alt_text(&self) -> String {
        let pattern =
            ["circles", "stars", "petals", "diamonds", "waves", "quarter circles"][self.kind];
        let shadow = if self.shadow.is_some() { ", half in the shade" } else { "" };
        format!("A wall of glazed tiles with {pattern}{shadow}")
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let (x, y) = if self.turned { ((x + y) * 0.707 + 0.3, (y - x) * 0.707) } else { (x, y) };
        let ((column, u), (row, v)) = (split(x * self.cells), split(y * self.cells));
        let (au, av) = (u.abs(), v.abs());
        let near = |distance: f32| (distance * self.sharp + 0.5).clamp(0.0, 1.0);
        let centre = (u * u + v * v).sqrt();
        let corner = ((0.5 - au) * (0.5 - au) + (0.5 - av) * (0.5 - av)).sqrt();
        let [ground, first, second, third] = self.colours;
        let mut seen = ground;
        match self.kind {
            0 => {
                seen = seen.mix(first, near(0.40 - centre)).mix(ground, near(0.31 - centre));
                seen = seen
                    .mix(second, near(0.2 - centre))
                    .mix(third, near(0.28 - corner))
                    .mix(first, near(0.12 - corner));
            }
            1 => {
                let square = au.max(av);
                let turned = (au + av) * 0.707;
                seen = seen.mix(first, near(0.32 - square.min(turned)));
                seen = seen
                    .mix(ground, near(0.235 - square.min(turned)))
                    .mix(second, near(0.17 - square.max(turned)));
                seen = seen.mix(third, near(0.16 - (1.0 - au - av) * 0.707));
            }
            2 => {
                // Where circles around neighbouring corners overlap.
                let petal = |a: f32, b: f32| {
                    let one = ((a - 0.5) * (a - 0.5) + (b + 0.5) * (b + 0.5)).sqrt();
                    let other = ((a + 0.5) * (a + 0.5) + (b - 0.5) * (b - 0.5)).sqrt();
                    0.82 - one.max(other)
                };
                let leaf = petal(u, v).max(petal(-u, v));
                seen = seen
                    .mix(first, near(leaf))
                    .mix(third, near(leaf - 0.045))
                    .mix(second, near(0.13 - corner));
            }
            3 => {
                let turned = au + av;
                seen = seen.mix(first, near(0.5 - turned)).mix(ground, near(0.36 - turned));
                seen = seen.mix(second, near(0.24 - turned)).mix(third, near(0.10 - turned));
            }
            4 => {
                let curve = wave(u + 0.25 * (row & 1) as f32) * 0.13;
                let band = (v + curve).abs();
                seen = seen.mix(first, near(0.17 - band)).mix(third, near(0.05 - band));
                let dot = (au - 0.5) * (au - 0.5) + (av - 0.5) * (av - 0.5);
                seen = seen.mix(second, near(0.1 - dot.sqrt()));
            }
            _ => {
                // Each tile is turned as it came out of the box.
                let roll = speck(column, row, self.seed);
                let (u, v) =
                    (if roll < 0.5 { u } else { -u }, if roll * 2.0 % 1.0 < 0.5 { v } else { -v });
                let away = ((u + 0.5) * (u + 0.5) + (v + 0.5) * (v + 0.5)).sqrt();
                let hue = speck(column, row, self.seed ^ 3);
                let piece = if hue < 0.4 {
                    first
                } else if hue < 0.7 {
                    second
                } else {
                    third
                };
                seen = seen
                    .mix(piece, near(0.97 - away))
                    .mix(ground, near(0.64 - away))
                    .mix(piece, near(0.34 - away));
            }
        }
        let edge = 0.5 - au.max(av);
        let fired = 0.93 + 0.12 * speck(column, row, self.seed ^ 9);
        let glaze = self.clouds.at(x * 0.35, y * 0.35);
        let pillow = smooth(0.0, 0.10, edge);
        seen = seen * (fired * (0.90 + 0.10 * pillow) * (1.0 + 0.07 * glaze));
        // The edge that looks at the light catches it.
        let rim = smooth(0.055, 0.02, edge) * ramp(0.02, 0.05, edge + 0.025);
        seen += WHITE * (rim * 0.10 * ramp(0.2, -0.5, u.min(v)));
        let gap = smooth(0.016, 0.006, edge);
        seen = seen.mix(self.grout * (0.85 + 0.2 * glaze), gap);
        let fall = 1.0 + self.sun.0 * (x - 0.5) - self.sun.1 * (y - 0.4);
        seen = seen * (0.92 * fall);
        if let Some((slope, place)) = self.shadow {
            let soft = self.clouds.at(x * 0.5 + 0.4, y * 0.5) * 0.01;
            let dark = smooth(-0.012, 0.012, y - place - slope * (x - 0.5) + soft);
            seen = seen * (1.0 - 0.52 * dark) + self.colours[1] * (0.02 * dark);
        }
        seen
    }
}

/// A woven check, close.
pub(super) struct Weave {
    threads: f32,
    sett: Vec<Rgb>,
    turn: (f32, f32),
    fold: f32,
    twill: u32,
    clouds: &'static Clouds,
    corner: (f32, f32),
    name: &'static str,
}

impl Subject for Weave {
    fn new(mood: Mood, dice: &mut Dice, _: Frame) -> Self {
        let [a, b, c, d] = mood.things;
        let wools = [a, b, c, d, mood.ink, hex("efe6d6").mix(mood.low, 0.3)];
        let mut sett = Vec::new();
        let ground = dice.pick(&wools);
        for _ in 0..dice.count(3, 5) {
            let colour = dice.pick(&wools);
            sett.extend(std::iter::repeat_n(ground, dice.count(2, 12)));
            sett.extend(std::iter::repeat_n(colour, dice.count(1, 8)));
        }
        let mirrored: Vec<Rgb> = sett.iter().rev().copied().collect();
        sett.extend(mirrored);
        let angle = dice.range(-0.5, 0.5);
        Self {
            threads: dice.range(46.0, 80.0),
            sett,
            turn: (angle.cos(), angle.sin()),
            fold: dice.range(0.15, 0.5),
            twill: dice.pick(&[2, 2, 1]),
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            name: mood.name,
        }
    }

    fn alt_text(&self) -> String {
        let weave = if self.twill == 2 { "twill" } else { "linen" };
        format!("Checked {weave} in {} tones, lying in soft folds", self.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let (across, along) =
            (x * self.turn.0 + y * self.turn.1, y * self.turn.0 - x * self.turn.1);
        let (u, v) = (across * 0.22 + self.corner.0, along * 0.07 + self.corner.1);
        let fold = self.clouds.at(u, v);
        let slope = self.clouds.at(u + 0.02, v + 0.006) - fold;
        let shift = 0.05 * self.fold * fold;
        let ((warp, right), (weft, down)) = (
            split((across + shift + 2.0) * self.threads),
            split((along + 0.5 * shift + 2.0) * self.threads),
        );
        let over = if self.twill == 2 { (warp + weft) & 3 < 2 } else { (warp + weft) & 1 == 0 };
        let wool = |thread: u32| self.sett[thread as usize % self.sett.len()];
        let (colour, round, length) =
            if over { (wool(warp), right, down) } else { (wool(weft), down, right) };
        let twist = wave(length * 2.0 + round * 1.2) * 0.06;
        let body =
            1.0 - 2.1 * round * round - 0.5 * length * length * (2 - self.twill) as f32 + twist;
        colour * (body * (0.95 + 1.5 * self.fold * slope * 4.0).clamp(0.25, 1.6))
    }
}
