//! Walls, steps and arches, and where the sun falls on them.

use super::light::{Gradient, Rgb, WHITE, hex, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, split};
use super::{Frame, Subject};

/// Steps, a shadow climbing them.
pub(super) struct Stairs {
    /// Where each step begins, from the bottom up, ending above the picture.
    steps: Vec<f32>,
    tread: Rgb,
    riser: Rgb,
    shade: Rgb,
    edge: f32,
    slope: f32,
    wall: Option<(f32, f32, Rgb)>,
    clouds: &'static Clouds,
    sharp: f32,
    name: &'static str,
}

impl Subject for Stairs {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let mut steps = vec![1.06];
        let (mut high, shrink) = (dice.range(0.11, 0.19), dice.range(0.88, 0.96));
        while *steps.last().unwrap_or(&0.0) > 0.0 && steps.len() < 60 {
            let next = steps[steps.len() - 1] - high;
            steps.push(next);
            high = (high * shrink).max(0.03);
        }
        let stone =
            dice.pick(&[mood.things[1], mood.things[0], mood.low, hex("e9dfd0"), mood.things[3]]);
        let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
        Self {
            steps,
            tread: stone.mix(mood.sun, 0.45),
            riser: stone.mix(mood.ink, 0.25),
            shade: mood.ink.mix(mood.top, 0.5),
            edge: frame.aspect * dice.range(0.3, 0.7),
            slope: side * dice.range(0.5, 1.4),
            wall: dice.chance(0.6).then(|| {
                let left = dice.chance(0.5);
                let place = frame.aspect * dice.range(0.14, 0.26);
                (
                    if left { place } else { frame.aspect - place },
                    if left { -1.0 } else { 1.0 },
                    mood.things[dice.count(0, 3)],
                )
            }),
            clouds: Clouds::get(),
            sharp: frame.height as f32,
            name: mood.name,
        }
    }

    fn alt_text(&self) -> String {
        format!("Stone steps in {} light, a shadow running up across them", self.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let rough = self.clouds.fine(x * 0.8, y * 0.8);
        if let Some((place, side, colour)) = self.wall {
            let inside = (x - place) * side;
            if inside > -0.5 / self.sharp {
                let plaster = colour * (0.95 + 0.10 * rough + 0.1 * (0.5 - y));
                let shadow = smooth(-0.012, 0.012, (y - 0.35) - 0.9 * self.slope * (x - place));
                let corner = 0.75 + 0.25 * smooth(0.0, 0.06, inside);
                return plaster.mix(self.shade, shadow * 0.62) * corner;
            }
        }
        let step = self.steps.partition_point(|start| *start > y).max(1);
        let (bottom, top) = (self.steps[step - 1], self.steps.get(step).copied().unwrap_or(-0.1));
        let up = (bottom - y) / (bottom - top);
        let pixel = 1.0 / (self.sharp * (bottom - top));
        // The riser below, the tread above it.
        let flat = ramp(0.58 - pixel, 0.58 + pixel, up);
        let shift = 0.5 * (up - 0.58).max(0.0) * (bottom - top) * 2.0 + 0.04 * up.min(0.58);
        let edge = self.edge + self.slope * ((0.6 - bottom) * 0.55 + shift);
        let dark = smooth(-0.006, 0.006, (x - edge) * self.slope.signum() + 0.004 * rough);
        let tread = self.tread * (0.93 + 0.09 * rough + 0.10 * (up - 0.58));
        let nosing = smooth(0.49, 0.57, up) * (1.0 - flat);
        let riser = self.riser * (0.80 + 0.10 * rough + 0.16 * up) + self.tread * (0.25 * nosing);
        let foot = 1.0 - 0.45 * smooth(0.10, 0.0, up) - 0.15 * smooth(0.86, 1.0, up) * flat;
        let lit = riser.mix(tread, flat) * foot;
        let cool = (riser * 0.34).mix(tread * 0.42, flat) * foot + self.shade * 0.16;
        lit.mix(cool, dark)
    }
}

/// Arch behind arch, and the sky at the end.
pub(super) struct Arches {
    /// From the nearest: half the width, the height of the spring line, the colour, the middle.
    rings: Vec<(f32, f32, Rgb, f32)>,
    sky: Gradient,
    wall: Rgb,
    sun: Rgb,
    moon: (f32, f32, f32),
    floor: f32,
    side: f32,
    clouds: &'static Clouds,
    sharp: f32,
    name: &'static str,
}

impl Subject for Arches {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let count = dice.count(4, 7);
        let colour = mood.things[dice.count(0, 3)];
        let far = dice.pick(&[mood.low, mood.things[1], mood.middle]);
        let floor = dice.range(0.80, 0.9);
        let narrow = (0.40 * frame.aspect).min(0.36);
        let drift = dice.range(-0.5, 0.5) * narrow;
        let tall = dice.range(0.30, 0.44);
        let rings = (0..count)
            .map(|index| {
                let t = index as f32 / count as f32;
                let half = narrow * (1.0 - 0.72 * t.powf(0.85));
                let spring = floor - (floor - tall) * (1.0 - 0.55 * t);
                let hue = (mood.ink.mix(colour, 0.45 + 0.55 * t)).mix(far, t * 0.75);
                (half, spring, hue * (0.62 + 0.5 * t), 0.5 * frame.aspect + drift * t)
            })
            .collect();
        Self {
            rings,
            sky: mood.sky(),
            wall: colour.mix(far, 0.25),
            sun: mood.sun,
            moon: (
                0.5 * frame.aspect + drift * dice.range(0.7, 1.1),
                floor - dice.range(0.2, 0.3),
                dice.range(0.03, 0.06),
            ),
            floor,
            side: if dice.chance(0.5) { 1.0 } else { -1.0 },
            clouds: Clouds::get(),
            sharp: frame.height as f32,
            name: mood.name,
        }
    }

    fn alt_text(&self) -> String {
        format!("{} arches one behind the other, a {} sky at the end", self.rings.len(), self.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let rough = self.clouds.fine(x * 0.7, y * 0.7);
        let mut seen = self.wall * (0.98 + 0.08 * rough - 0.25 * (y - 0.3));
        for (index, (half, spring, colour, middle)) in self.rings.iter().enumerate() {
            let last = index + 1 == self.rings.len();
            let (right, up) = (x - middle, (spring - y).max(0.0));
            let inside = half - (right * right + up * up).sqrt();
            let cover = (inside * self.sharp + 0.5).clamp(0.0, 1.0);
            if cover <= 0.0 {
                break;
            }
            let behind = if last {
                let square = (x - self.moon.0).powi(2) + (y - self.moon.1).powi(2);
                let disc = ((self.moon.2 - square.sqrt()) * self.sharp + 0.5).clamp(0.0, 1.0);
                (self.sky.at(0.35 + y * 0.7) + self.sun * (0.25 / (1.0 + 60.0 * square)))
                    .mix(self.sun * 1.4, disc)
            } else {
                // The inside of the arch: one side looks at the light.
                let facing = 0.5 + 0.5 * self.side * right / half;
                let deep = smooth(0.0, 0.10, inside);
                *colour * ((0.62 + 0.62 * facing) * (0.86 + 0.14 * deep) * (1.0 + 0.07 * rough))
            };
            seen = seen.mix(behind, cover);
        }
        if y > self.floor {
            let depth = (y - self.floor) / (1.0 - self.floor);
            let ground = self.wall.mix(self.rings[0].2, 0.5) * (0.75 + 0.06 * rough);
            let (half, _, _, middle) = self.rings[self.rings.len() - 1];
            let spread = half * (1.0 + 1.6 * depth);
            let drift = self.side * -0.25 * depth;
            let patch = smooth(
                spread + 0.012 + 0.03 * depth,
                spread - 0.03 * depth,
                (x - middle - drift).abs(),
            );
            let lit = ground.mix(self.sun * 0.9, 0.55);
            seen = ground.mix(lit, patch * (0.9 - 0.4 * depth))
                * (0.8 + 0.2 * smooth(0.0, 0.08, depth));
        }
        seen
    }
}

/// Windows and shutters of an old house.
pub(super) struct Facade {
    wall: Rgb,
    shutter: Rgb,
    trim: Rgb,
    glass: Gradient,
    shade: Rgb,
    cells: (f32, f32),
    offset: (f32, f32),
    slope: f32,
    edge: f32,
    clouds: &'static Clouds,
    sharp: f32,
    seed: u32,
    name: &'static str,
}

impl Subject for Facade {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let cells = (dice.range(1.5, 3.2), dice.range(1.3, 2.4));
        let wall = dice.pick(&[
            mood.things[0],
            mood.things[1],
            mood.low,
            mood.middle,
            hex("e8d2b4"),
            mood.things[3],
        ]);
        let shutter = dice.pick(&[
            mood.things[2],
            mood.ink.mix(mood.things[2], 0.5),
            hex("3f6b62"),
            hex("7a3b32"),
            hex("e9e4d8"),
        ]);
        let cells = (cells.0, cells.1.min(cells.0));
        Self {
            wall,
            shutter,
            trim: hex("f4efe4").mix(wall, 0.15),
            glass: Gradient::new(&[
                (0.0, mood.top * 0.55),
                (0.6, mood.middle * 0.5),
                (1.0, mood.ink),
            ]),
            shade: mood.ink.mix(mood.top, 0.45),
            cells,
            offset: (0.5 - 0.5 * frame.aspect * cells.0, dice.range(-0.3, 0.3)),
            slope: dice.range(0.4, 1.3) * if dice.chance(0.5) { 1.0 } else { -1.0 },
            edge: dice.range(0.3, 0.95),
            clouds: Clouds::get(),
            sharp: frame.height as f32,
            seed: dice.roll() as u32,
            name: mood.name,
        }
    }

    fn alt_text(&self) -> String {
        format!("The windows and shutters of an old house in {} light", self.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let rough = self.clouds.fine(x * 0.6, y * 0.6);
        let (place_u, place_v) =
            (x * self.cells.0 + self.offset.0 - 0.5, y * self.cells.1 + self.offset.1 - 0.5);
        let ((column, u), (row, v)) = (split(place_u), split(place_v));
        let (pu, pv) = (self.sharp / self.cells.0, self.sharp / self.cells.1);
        let boxed = |half_u: f32, half_v: f32, up: f32| {
            let across = ((half_u - u.abs()) * pu + 0.5).clamp(0.0, 1.0);
            across * ((half_v - (v - up).abs()) * pv + 0.5).clamp(0.0, 1.0)
        };
        let mut seen = self.wall * (0.94 + 0.10 * rough + 0.08 * (0.5 - y));
        let roll = super::noise::scramble(column, row, self.seed);
        let open = roll & 3 != 0;
        // What stands out throws a soft shadow down to one side.
        let (su, sv) = (u - 0.02 * self.slope.signum(), v - 0.025);
        let span = if open { 0.42 } else { 0.23 };
        let cast =
            smooth(span + 0.02, span - 0.02, su.abs()) * smooth(0.36, 0.32, (sv - 0.0).abs());
        seen = seen * (1.0 - 0.38 * cast);
        let frame = boxed(0.225, 0.345, 0.0);
        if frame > 0.0 {
            let pane = boxed(0.19, 0.31, 0.0);
            let bars = ((u.abs() - 0.012) * pu).clamp(0.0, 1.0)
                * (((v + 0.06).abs() - 0.014) * pv).clamp(0.0, 1.0);
            let tilt = ((roll >> 4 & 15) as f32 / 15.0 - 0.5) * 0.3;
            let glass = self.glass.at(0.55 + 0.9 * v + 0.4 * u + tilt + 0.1 * rough);
            let recess =
                smooth(0.0, 0.05, 0.31 + v) * smooth(0.0, 0.035, 0.19 - u * self.slope.signum());
            let window = self.trim.mix(glass * (0.45 + 0.55 * recess), pane * bars);
            seen = seen.mix(window, frame);
        }
        let sill = boxed(0.25, 0.022, 0.365);
        seen = seen.mix(self.trim * (1.0 - 3.0 * (v - 0.35)), sill);
        // Shutters stand open beside the window, or are closed over it.
        let shifted = if open { u.abs() - 0.32 } else { u.abs() - 0.105 };
        let leaf = ((0.095 - shifted.abs()) * pu + 0.5).clamp(0.0, 1.0)
            * ((0.335 - v.abs()) * pv + 0.5).clamp(0.0, 1.0);
        if leaf > 0.0 {
            let (_, slat) = split(v * 26.0);
            let inner = smooth(0.076, 0.07, shifted.abs()) * smooth(0.31, 0.30, v.abs());
            let shade = 0.88 + 0.05 * rough - inner * (0.16 - 0.42 * slat);
            seen = seen.mix(self.shutter * shade, leaf);
        }
        // The house across the street.
        let shadow = smooth(-0.01, 0.01, (y - self.edge) + self.slope * (x - 0.4) + 0.004 * rough);
        seen = seen * WHITE.mix(self.shade, shadow * 0.62);
        seen + self.shade * (shadow * 0.06) + WHITE * (0.02 * ramp(0.6, 0.0, y))
    }
}
