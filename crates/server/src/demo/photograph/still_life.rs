//! Fruit, vases and cups on a table by a window.

mod things;

use super::light::{Rgb, WHITE, bell, hex, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, turns, wave};
use super::{Frame, Subject};
use things::{STEPS, Thing, fruit, vessel};

/// See the module.
pub(super) struct StillLife {
    /// From the nearest to the farthest.
    things: Vec<Thing>,
    sprigs: Vec<Leaf>,
    stems: Vec<(f32, f32, f32, f32, f32)>,
    stem: Rgb,
    wall: Rgb,
    table: Rgb,
    edge: f32,
    light: f32,
    window: Option<(f32, f32)>,
    shade: Rgb,
    sun: Rgb,
    clouds: &'static Clouds,
    sharp: f32,
    words: String,
}

struct Leaf {
    x: f32,
    y: f32,
    along: (f32, f32),
    length: f32,
    width: f32,
    colour: Rgb,
}

/// These names as people would say them, each once.
fn listed(names: &[&str]) -> String {
    let mut listed = Vec::new();
    for name in names {
        if !listed.contains(name) {
            listed.push(*name);
        }
    }
    match listed.as_slice() {
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
        [] => String::new(),
    }
}

impl Subject for StillLife {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let edge = dice.range(0.6, 0.7);
        let light = if dice.chance(0.6) { -1.0 } else { 1.0 };
        let mut words = Vec::new();
        let mut things = Vec::new();
        let (mut tall, name) = vessel(mood, dice, true);
        words.push(name);
        let middle = 0.5 * frame.aspect;
        tall.x = middle + dice.range(-0.07, 0.07) * frame.aspect;
        tall.foot = edge + dice.range(0.07, 0.11);
        let top = tall.foot - tall.tall;
        let spread: [f32; 4] = [0.17, -0.19, 0.29, -0.31];
        let first = if dice.chance(0.5) { 1.0 } else { -1.0 };
        let mut foot = tall.foot;
        let mut beside = vec![(tall.x, tall.widest)];
        let main = tall.x;
        things.push(tall);
        for (index, away) in spread.iter().enumerate().take(dice.count(1, 4)) {
            let (mut thing, name) =
                if dice.chance(0.65) { fruit(mood, dice) } else { vessel(mood, dice, false) };
            let x = main + first * away * frame.aspect.clamp(0.75, 1.3) + dice.range(-0.02, 0.02);
            foot += dice.range(0.025, 0.05);
            let taken =
                beside.iter().any(|(other, wide)| (x - other).abs() < 0.7 * (wide + thing.widest));
            if taken || (x - middle).abs() > 0.5 * frame.aspect - thing.widest - 0.02 {
                continue;
            }
            beside.push((x, thing.widest));
            (thing.x, thing.foot) = (x, foot.min(0.94) + 0.01 * index as f32);
            things.push(thing);
            words.push(name);
        }
        things.reverse();
        let mut sprigs = Vec::new();
        let mut stems = Vec::new();
        let green = dice.pick(&[hex("6f8a6a"), hex("8a9a78"), hex("c2a878"), hex("4f7364")]);
        if words[0] != "a bottle" && dice.chance(0.7) {
            for stalk in 0..dice.count(3, 6) {
                let lean = dice.range(-0.5, 0.5) + 0.04 * stalk as f32;
                let long = dice.range(0.2, 0.34).min(top - 0.03);
                let bow = lean * dice.range(0.1, 0.5);
                stems.push((main, top + 0.02, lean, bow, long));
                let leaves = dice.count(5, 9);
                for leaf in 0..leaves {
                    let t = 0.3 + 0.7 * leaf as f32 / leaves as f32;
                    let side = if leaf % 2 == 0 { 1.0 } else { -1.0 };
                    let angle = lean * 0.9 + side * dice.range(0.7, 1.2);
                    let length = dice.range(0.026, 0.042) * (1.25 - 0.5 * t);
                    let along = (angle.sin(), -angle.cos());
                    let x = main + lean * t * long + bow * t * t * long;
                    sprigs.push(Leaf {
                        x: x + along.0 * length * 0.8,
                        y: top + 0.02 - t * long + along.1 * length * 0.8,
                        along,
                        length,
                        width: length * dice.range(0.35, 0.55),
                        colour: green * dice.range(0.65, 1.25),
                    });
                }
            }
        }
        let listed = listed(&words);
        let sprig = if stems.is_empty() { "" } else { " with a few sprigs" };
        let wall = dice.pick(&[
            mood.middle,
            mood.low,
            mood.top,
            mood.things[2],
            mood.things[3].mix(mood.low, 0.3),
            hex("d8d2c6"),
            hex("3c4448"),
        ]);
        Self {
            things,
            sprigs,
            stems,
            stem: green * 0.6,
            wall: wall * 0.75,
            table: dice.pick(&[
                hex("c9a982"),
                hex("8a6244"),
                hex("e6ded0"),
                mood.things[1],
                mood.ink.mix(mood.things[3], 0.5),
            ]),
            edge,
            light,
            window: dice
                .chance(0.55)
                .then(|| (middle + light * dice.range(-0.1, 0.15), dice.range(0.28, 0.4))),
            shade: mood.ink,
            sun: WHITE.mix(mood.sun, 0.7),
            clouds: Clouds::get(),
            sharp: frame.height as f32,
            words: format!("Still life: {listed}{sprig} on a table"),
        }
    }

    fn alt_text(&self) -> String {
        self.words.clone()
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let mut seen = self.room(x, y);
        if !self.stems.is_empty() && y < self.things[self.things.len() - 1].top() + 0.03 {
            seen = self.branch(x, y, seen);
        }
        for thing in self.things.iter().rev() {
            if y > thing.top() - thing.mouth - 0.01
                && y < thing.foot + 0.03
                && (x - thing.x).abs() < thing.widest + 0.03
            {
                seen = self.thing(thing, x, y, seen);
            }
        }
        seen
    }
}

impl StillLife {
    /// Wall and table, and what falls on them.
    #[inline]
    fn room(&self, x: f32, y: f32) -> Rgb {
        let rough = self.clouds.fine(x * 0.5, y * 0.5);
        let from = if self.light < 0.0 { x } else { 1.2 - x };
        let wash = 1.18 - 0.55 * from - 0.25 * (y - 0.3).abs();
        let mut wall = self.wall * (wash.max(0.25) * (1.0 + 0.05 * rough));
        if let Some((middle, high)) = self.window {
            // Four panes of sun, leaning.
            let (u, v) = ((x - middle - 0.35 * self.light * (y - high)) / 0.26, (y - high) / 0.24);
            let pane = |t: f32| smooth(1.0, 0.93, t.abs()) * smooth(0.025, 0.075, t.abs());
            wall += self.wall * self.sun * (0.75 * pane(u) * pane(v));
        }
        let line = ((y - self.edge) * self.sharp * 0.5 + 0.5).clamp(0.0, 1.0);
        let depth = (y - self.edge).max(0.0);
        let grain = self.clouds.at(x * 0.25, y * 2.8);
        let lit = (1.08 - 0.35 * from + 0.5 * depth) * (1.0 + 0.07 * grain + 0.03 * rough);
        let mut table = self.table * lit.max(0.2);
        wall = wall * (1.0 - 0.28 * smooth(0.05, 0.0, self.edge - y));
        let mut dark: f32 = 1.0;
        for thing in &self.things {
            // The shadow lies away from the window and grows soft with distance.
            let right = -self.light * (x - thing.x);
            let down = y - thing.foot + 0.004;
            if right > -1.3 * thing.widest && down.abs() < 0.12 {
                let long = thing.widest + thing.tall * 1.1;
                let t = right / long;
                let width = thing.widest * 0.34 + 0.03 * t.max(0.0);
                let across = (down + 0.12 * right.max(0.0)) / width;
                let fall = ramp(1.0, 0.15, t)
                    * bell((across * 0.75).min(1.0))
                    * smooth(-1.0, -0.5, right / thing.widest);
                dark *= 1.0 - 0.55 * fall;
                let touch = bell((right / thing.widest / 0.95).clamp(-1.0, 1.0))
                    * bell((down / (thing.widest * 0.25)).clamp(-1.0, 1.0));
                dark *= 1.0 - 0.45 * touch;
            }
        }
        table = table * dark + self.shade * (0.12 * (1.0 - dark));
        wall.mix(table, line)
    }

    #[inline]
    fn branch(&self, x: f32, y: f32, seen: Rgb) -> Rgb {
        let mut seen = seen;
        for (from, top, lean, bow, long) in &self.stems {
            let t = (top - y) / long;
            if (0.0..1.0).contains(&t) {
                let away = (x - from - lean * t * long - bow * t * t * long).abs();
                seen = seen.mix(self.stem, ((0.0022 - away) * self.sharp + 0.5).clamp(0.0, 1.0));
            }
        }
        for leaf in &self.sprigs {
            let (right, down) = (x - leaf.x, y - leaf.y);
            if right.abs() > leaf.length || down.abs() > leaf.length {
                continue;
            }
            let along = (right * leaf.along.0 + down * leaf.along.1) / leaf.length;
            let across = (right * leaf.along.1 - down * leaf.along.0) / leaf.width;
            let inside = 1.0 - along * along - across.abs() * (0.75 + 0.25 * across.abs());
            if inside > 0.0 {
                let cover = (inside * leaf.width * self.sharp * 0.6).min(1.0);
                let half = if across * self.light > 0.0 { 1.12 } else { 0.82 };
                let rib = 1.0 - 0.25 * smooth(0.12, 0.0, across.abs());
                seen = seen.mix(leaf.colour * (half * rib * (1.0 - 0.2 * along)), cover);
            }
        }
        seen
    }

    #[inline]
    fn thing(&self, thing: &Thing, x: f32, y: f32, behind: Rgb) -> Rgb {
        let right = x - thing.x;
        // Looked at a little from above, the foot is an ellipse.
        let sag =
            0.24 * (1.0 - (right / thing.widest).powi(2)).max(0.0).sqrt() * thing.profile[4].0;
        let up = (thing.foot + sag - y) / (thing.tall + sag);
        let rim = thing.profile[STEPS].0;
        let mut seen = behind;
        if (0.0..=1.0).contains(&up) {
            let place = up * (STEPS - 1) as f32;
            let step = place as usize;
            let (one, two) = (thing.profile[step], thing.profile[step + 1]);
            let part = place - step as f32;
            let (radius, slope) = (one.0 + (two.0 - one.0) * part, one.1 + (two.1 - one.1) * part);
            let u = right / radius.max(1e-4);
            let edge = (radius - right.abs()) * self.sharp
                / (1.0 + (slope / thing.tall).abs()).sqrt()
                + 0.5;
            if edge > 0.0 {
                let u = u.clamp(-1.0, 1.0);
                let toward = (1.0 - u * u).sqrt();
                let tilt = slope / thing.tall;
                let norm = 1.0 / (1.0 + tilt * tilt).sqrt();
                let (nx, ny, nz) = (u * norm, tilt * norm, toward * norm);
                // The window is to one side, above and before.
                let facing = self.light * nx * 0.72 - ny * 0.42 + nz * 0.5;
                let wrap = ((facing + 0.28) / 1.28).max(0.0);
                let mut skin = thing.colour;
                if let Some((line, glaze)) = thing.glaze {
                    let drip = 0.03 * self.clouds.at(u * 0.2 + thing.x, 0.3);
                    skin = skin.mix(glaze, smooth(line - 0.006, line + 0.006, up + drip));
                }
                let spot = self.clouds.at(u.abs().mul_add(0.05, right * 1.6) + thing.x, y * 1.6);
                skin = skin * (1.0 + 0.06 * spot);
                if thing.peel {
                    skin = skin * (1.0 + 0.07 * self.clouds.at(right * 7.0, y * 7.0));
                }
                let from_table = self.table * (0.20 * (0.6 - up).max(0.0) * (1.0 - toward * 0.4));
                let back = smooth(0.75, 1.0, -self.light * nx) * 0.10;
                let mut colour = skin * self.sun * (wrap * wrap.sqrt() * 1.12)
                    + skin * (self.wall * 0.16 + WHITE * 0.045)
                    + skin * from_table
                    + self.wall * (back * 0.5);
                let glint = self.light * nx * 0.58 - ny * 0.36 + nz * 0.73;
                let glint = (1.0 - (1.0 - glint.min(1.0)) * thing.rough).max(0.0);
                colour += self.sun * (thing.shine * glint * glint);
                colour = colour * (1.0 - 0.4 * smooth(0.10, 0.0, up) * (1.0 - 0.5 * up));
                seen = seen.mix(colour, edge.min(1.0));
            }
        }
        if thing.mouth > 0.0 {
            let (u, v) = (right / rim, (y - thing.top()) / thing.mouth);
            let square = u * u + v * v;
            if square < 1.2 {
                let sharp = self.sharp * thing.mouth * 0.7;
                let lip = ((1.0 - square) * sharp + 0.5).clamp(0.0, 1.0);
                let hole = ((0.80 - square) * sharp + 0.5).clamp(0.0, 1.0);
                let inner =
                    thing.colour * (0.10 + 0.30 * ramp(-0.8, 0.9, -self.light * u + 0.4 * v));
                let bright = 0.72
                    + 0.4 * wave(turns(u, v) + if self.light < 0.0 { 0.75 } else { 0.25 }).abs();
                seen = seen.mix(thing.colour * bright, lip).mix(inner, hole);
            }
        }
        seen
    }
}
