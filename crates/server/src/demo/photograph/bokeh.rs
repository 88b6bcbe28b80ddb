//! Lights out of focus, and the same through a wet window.

use super::light::{BLACK, Gradient, Rgb, WHITE, bell, hex, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, scramble, split};
use super::{Frame, Subject};

/// What is soft, drawn small.
struct Plate {
    cells: Vec<Rgb>,
    width: usize,
    height: usize,
    scale: f32,
}

impl Plate {
    fn new(frame: Frame, coarse: usize, light: impl Fn(f32, f32) -> Rgb) -> Self {
        let (width, height) = (frame.width / coarse + 2, frame.height / coarse + 2);
        let scale = frame.height as f32 / coarse as f32;
        let cell =
            |place: usize| light((place % width) as f32 / scale, (place / width) as f32 / scale);
        Self { cells: (0..width * height).map(cell).collect(), width, height, scale }
    }

    /// Adds the disc of a point of light; `rim` is how much brighter its edge is.
    fn disc(&mut self, (x, y): (f32, f32), radius: f32, colour: Rgb, rim: f32) {
        let span = |middle: f32, last: usize| {
            let from = ((middle - radius) * self.scale).max(0.0) as usize;
            let to = ((middle + radius) * self.scale).max(0.0) as usize + 1;
            from.min(last)..to.min(last)
        };
        let (columns, rows) = (span(x, self.width), span(y, self.height));
        let soft = 0.7 / self.scale + 0.06 * radius;
        for row in rows {
            let line = row * self.width;
            let down = row as f32 / self.scale - y;
            for column in columns.clone() {
                let right = column as f32 / self.scale - x;
                let away = (right * right + down * down).sqrt();
                let cover = ramp(radius, radius - soft, away);
                let edge = 1.0 + rim * smooth(0.6, 0.95, away / radius);
                self.cells[line + column] += colour * (cover * edge);
            }
        }
    }

    #[inline]
    fn at(&self, x: f32, y: f32) -> Rgb {
        let (x, y) = (
            (x * self.scale).clamp(0.0, self.width as f32 - 1.01),
            (y * self.scale).clamp(0.0, self.height as f32 - 1.01),
        );
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let place = row * self.width + column;
        let above = self.cells[place].mix(self.cells[place + 1], right);
        let below = self.cells[place + self.width].mix(self.cells[place + self.width + 1], right);
        above.mix(below, down)
    }
}

/// What the lights are.
#[derive(Clone, Copy, PartialEq)]
enum Lights {
    Street,
    Leaves,
    Fairy,
}

fn plate(mood: Mood, dice: &mut Dice, frame: Frame, coarse: usize, kind: Lights) -> Plate {
    let clouds = Clouds::get();
    let corner = (dice.unit(), dice.unit());
    let (top, low) = match kind {
        Lights::Leaves => {
            (mood.things[2].mix(mood.things[0], 0.3) * 0.55, mood.low.mix(mood.middle, 0.5) * 0.75)
        }
        Lights::Street => {
            (mood.ink.mix(mood.top, 0.25) * 0.5, mood.ink.mix(mood.things[0], 0.3) * 0.6)
        }
        Lights::Fairy => (mood.ink * 0.8, mood.ink.mix(mood.things[3], 0.5) * 0.7),
    };
    let wash = Gradient::new(&[(0.0, top), (0.5, top.mix(low, 0.6)), (1.0, low.mix(top, 0.25))]);
    let mut plate = Plate::new(frame, coarse, |x, y| {
        let cloud = clouds.at(x * 0.13 + corner.0, y * 0.13 + corner.1);
        wash.at(y + 0.3 * cloud) * (0.85 + 0.55 * cloud)
    });
    let colours: Vec<Rgb> = match kind {
        Lights::Street => vec![
            hex("ffb75e"),
            hex("ffd9a0"),
            mood.things[0],
            mood.middle,
            mood.low,
            hex("ff7a4a"),
            mood.top,
        ],
        Lights::Leaves => vec![mood.low, mood.sun, mood.things[1], mood.middle],
        Lights::Fairy => vec![hex("ffcf8a"), hex("ffe2b5"), mood.things[1]],
    };
    let base = dice.range(0.028, 0.06);
    for _ in 0..dice.count(45, 90) {
        let x = frame.aspect * dice.range(-0.05, 1.05);
        let y = match kind {
            Lights::Street => 0.55 + 0.22 * (dice.unit() + dice.unit() + dice.unit() - 1.5) * 1.6,
            _ => dice.range(-0.05, 1.05),
        };
        let size = base * (0.35 + 1.1 * dice.unit().powi(2) + 0.5 * dice.unit());
        let strength =
            (0.05 + 0.5 * dice.unit().powi(2)) * if kind == Lights::Leaves { 0.6 } else { 1.0 };
        plate.disc((x, y), size, dice.pick(&colours) * strength, dice.range(0.1, 0.6));
    }
    if kind == Lights::Fairy {
        // A string of them, hanging through.
        for strand in 0..dice.count(2, 3) {
            let (height, sag) = (dice.range(0.1, 0.7), dice.range(0.05, 0.3));
            let near = dice.range(0.5, 1.2);
            for bulb in 0..9 {
                let t = bulb as f32 / 8.0 + dice.range(-0.02, 0.02);
                let y = height + sag * (1.0 - (2.0 * t - 1.0).powi(2)) + 0.05 * strand as f32;
                plate.disc((t * frame.aspect, y), base * near, colours[0] * 0.32, 0.5);
            }
        }
    }
    plate
}

/// Lights out of focus.
pub(super) struct Bokeh {
    plate: Plate,
    kind: Lights,
}

impl Subject for Bokeh {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let kind = dice.pick(&[Lights::Street, Lights::Leaves, Lights::Fairy]);
        Self { plate: plate(mood, dice, frame, 2, kind), kind }
    }

    fn alt_text(&self) -> String {
        match self.kind {
            Lights::Street => "Street lights at night, out of focus",
            Lights::Leaves => "Sunlight through leaves, out of focus",
            Lights::Fairy => "Strings of small lamps, out of focus",
        }
        .to_owned()
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        self.plate.at(x, y)
    }
}

/// A window in the rain.
pub(super) struct Rain {
    plate: Plate,
    clouds: &'static Clouds,
    seed: u32,
    heavy: f32,
    night: bool,
}

impl Subject for Rain {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let night = dice.chance(0.7);
        let kind = if night { Lights::Street } else { Lights::Leaves };
        Self {
            plate: plate(mood, dice, frame, 4, kind),
            clouds: Clouds::get(),
            seed: dice.roll() as u32,
            heavy: dice.range(0.45, 0.9),
            night,
        }
    }

    fn alt_text(&self) -> String {
        let beyond = if self.night { "street lights" } else { "green" };
        format!("Raindrops on a window, {beyond} blurred behind it")
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let wobble = self.clouds.at(x * 0.2, y * 0.2);
        for (cells, least, seed) in
            [(8.0, 0.75, 1), (15.0, 0.6, 2), (34.0, 0.35, 3), (70.0, 0.35, 4)]
        {
            if let Some(seen) = self.drop(x, y, cells, least, seed, wobble) {
                return seen;
            }
        }
        let mist = 0.02 + 0.01 * wobble;
        self.plate.at(x, y) * 0.9 + WHITE * mist
    }
}

impl Rain {
    /// At most one drop to a cell; within it the street stands on its head.
    #[inline]
    fn drop(&self, x: f32, y: f32, cells: f32, rare: f32, seed: u32, wobble: f32) -> Option<Rgb> {
        let (row, down) = split(y * cells + 0.5 * wobble);
        // No row stands exactly below the one before.
        let (column, right) =
            split(x * cells + 0.3 * wobble + (row.wrapping_mul(97) & 31) as f32 / 31.0);
        let roll = scramble(column, row, self.seed ^ seed);
        if (roll & 255) as f32 > 255.0 * (1.0 - rare * (1.4 - self.heavy)) {
            return None;
        }
        let part = |shift: u32| (roll >> shift & 63) as f32 / 63.0;
        let radius = 0.12 + 0.2 * part(8);
        let free = 0.47 - radius * 1.15;
        let (u, v) = (
            (right - free * (2.0 * part(14) - 1.0)) / radius,
            (down - free * (2.0 * part(20) - 1.0)) / (radius * 1.15),
        );
        // Heavier below.
        let u = u * (1.0 - 0.16 * v);
        let square = u * u + v * v;
        if square > 1.0 {
            return None;
        }
        let size = radius / cells;
        let bend = 2.0 + 7.0 * square * square;
        let seen = self.plate.at(x - u * size * bend * 1.6, y - v * size * bend * 1.6 - 0.05);
        let rim = smooth(0.55, 1.0, square);
        let shade = 1.0 - 0.65 * rim * ramp(0.6, -0.6, v);
        let shine = bell(((u + 0.32) * (u + 0.32) + (v + 0.4) * (v + 0.4)) * 9.0);
        let edge = ramp(1.0, 0.86, square);
        let inside =
            seen * (shade * 1.12) + WHITE * (0.35 * shine + 0.06 * rim * ramp(0.0, 0.8, v));
        Some((self.plate.at(x, y) * 0.9).mix(inside, edge) + BLACK)
    }
}
