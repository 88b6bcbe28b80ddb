//! What stands on the table.

use super::super::light::{Rgb, bell, hex, ramp, smooth};
use super::super::mood::Mood;
use super::super::noise::{Dice, wave};

/// Steps of a profile from bottom to top.
pub(super) const STEPS: usize = 96;

/// A solid of revolution: half its width and how it slopes, from bottom to top.
pub(super) struct Thing {
    pub(super) x: f32,
    pub(super) foot: f32,
    pub(super) tall: f32,
    pub(super) widest: f32,
    pub(super) profile: Vec<(f32, f32)>,
    pub(super) colour: Rgb,
    pub(super) glaze: Option<(f32, Rgb)>,
    pub(super) shine: f32,
    pub(super) rough: f32,
    /// The mouth of a vessel, half its height.
    pub(super) mouth: f32,
    pub(super) peel: bool,
}

impl Thing {
    pub(super) fn top(&self) -> f32 {
        self.foot - self.tall
    }
}

fn profile(radius: impl Fn(f32) -> f32) -> Vec<(f32, f32)> {
    (0..=STEPS)
        .map(|step| {
            let t = step as f32 / STEPS as f32;
            let (from, to) = ((t - 0.01).max(0.0), (t + 0.01).min(1.0));
            (radius(t), (radius(to) - radius(from)) / (to - from))
        })
        .collect()
}

pub(super) fn fruit(mood: Mood, dice: &mut Dice) -> (Thing, &'static str) {
    let (name, colour, wide, tall, lean) = dice.pick(&[
        ("an orange", "e8882a", 0.5, 0.94, 0.0),
        ("a lemon", "edc63e", 0.42, 1.0, 0.0),
        ("an apple", "b8352c", 0.52, 0.92, 0.10),
        ("a pear", "b9b04a", 0.40, 1.3, -0.32),
        ("a plum", "54305a", 0.46, 0.95, 0.0),
        ("a peach", "eaa070", 0.5, 0.92, 0.05),
    ]);
    let size = dice.range(0.12, 0.15);
    let lemon = name == "a lemon";
    let outline = move |t: f32| {
        let c = 2.0 * t - 1.0;
        let round = (1.0 - c * c).max(0.0).sqrt();
        let neck = if lean < -0.2 { 1.0 - 0.55 * smooth(0.35, 0.85, t) } else { 1.0 + lean * c };
        wide * size * (if lemon { round.powf(1.25) + 0.08 * bell(c * 1.0) } else { round }) * neck
    };
    let thing = Thing {
        x: 0.0,
        foot: 0.0,
        tall: tall * size,
        widest: wide * size,
        profile: profile(outline),
        colour: hex(colour).mix(mood.middle, 0.12),
        glaze: None,
        shine: if name == "a peach" { 0.05 } else { 0.28 },
        rough: 26.0,
        mouth: 0.0,
        peel: matches!(name, "an orange" | "a lemon"),
    };
    (thing, name)
}

pub(super) fn vessel(mood: Mood, dice: &mut Dice, slim: bool) -> (Thing, &'static str) {
    let kind = if slim { dice.count(0, 2) } else { dice.count(1, 4) };
    let (name, wide, tall): (_, f32, f32) = match kind {
        0 => ("a bottle", 0.065, 0.42),
        1 => ("a round vase", 0.11, 0.27),
        2 => ("a tall vase", 0.085, 0.38),
        3 => ("a cup", 0.07, 0.105),
        _ => ("a bowl", 0.14, 0.11),
    };
    let (wide, tall) = (wide * dice.range(0.9, 1.15), tall * dice.range(0.9, 1.12));
    let neck = dice.range(0.28, 0.42);
    let outline = move |t: f32| {
        wide * match kind {
            0 => {
                0.96 - (0.96 - 0.3) * smooth(0.5, 0.72, t) - 0.2 * smooth(0.04, 0.0, t)
                    + 0.05 * smooth(0.955, 0.965, t)
            }
            1 => {
                let belly = (1.0 - ((t - 0.42) / 0.6).powi(2)).max(0.0).sqrt();
                belly.max(neck + 0.25 * smooth(0.82, 1.0, t) * (t - 0.6))
            }
            2 => {
                0.62 + 0.38 * wave(0.02 + t * 0.42) - 0.5 * smooth(0.55, 0.88, t) * (1.0 - neck)
                    + 0.25 * smooth(0.9, 1.0, t)
            }
            3 => 0.80 + 0.2 * t.powf(0.5) - 0.22 * smooth(0.14, 0.0, t),
            _ => (1.0 - (1.0 - t).powi(2)).max(0.0).sqrt().max(0.42 * ramp(0.2, 0.0, t)),
        }
    };
    let clays = [
        hex("efe7da"),
        hex("d9cbb4"),
        hex("b9694a"),
        hex("5d7f86"),
        hex("2f3a44"),
        mood.things[0],
        mood.things[2],
        mood.things[3],
    ];
    let colour = dice.pick(&clays);
    let mouth = outline(1.0) * 0.24;
    let thing = Thing {
        x: 0.0,
        foot: 0.0,
        tall,
        widest: wide,
        profile: profile(outline),
        colour,
        glaze: dice.chance(0.4).then(|| (dice.range(0.3, 0.7), dice.pick(&clays))),
        shine: if dice.chance(0.5) { dice.range(0.25, 0.6) } else { 0.04 },
        rough: dice.range(14.0, 50.0),
        mouth,
        peel: false,
    };
    (thing, name)
}
