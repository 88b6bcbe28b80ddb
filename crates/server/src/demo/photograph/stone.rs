//! Agate and marble, cut and polished.

use super::light::{Gradient, Rgb, WHITE, grey, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, wave};
use super::{Frame, Subject};

/// See the module.
pub(super) struct Stone {
    bands: Gradient,
    vein: Rgb,
    veins: f32,
    many: f32,
    zoom: f32,
    warp: f32,
    turn: (f32, f32),
    clouds: &'static Clouds,
    corner: (f32, f32),
    marble: bool,
    name: &'static str,
}

impl Subject for Stone {
    fn new(mood: Mood, dice: &mut Dice, _: Frame) -> Self {
        let marble = dice.chance(0.4);
        let gold = Rgb { r: 0.75, g: 0.5, b: 0.16 };
        let [first, second, third, fourth] = mood.things;
        let bands = if marble {
            let pale = mood.low.mix(WHITE, 0.4);
            Gradient::new(&[
                (0.0, pale),
                (0.3, pale.mix(third, 0.12)),
                (0.55, pale.mix(third, 0.5)),
                (0.8, third.mix(mood.ink, 0.2)),
                (1.0, mood.ink.mix(third, 0.3)),
            ])
        } else {
            Gradient::new(&[
                (0.0, mood.ink.mix(third, 0.4)),
                (0.2, third),
                (0.34, mood.low),
                (0.42, first),
                (0.6, second),
                (0.68, WHITE * 0.85),
                (0.8, fourth),
                (1.0, mood.ink.mix(fourth, 0.5)),
            ])
        };
        let angle = dice.range(0.0, std::f32::consts::TAU);
        Self {
            bands,
            vein: if dice.chance(0.5) { gold } else { WHITE * 0.9 },
            veins: dice.range(0.5, 1.0),
            many: dice.range(2.0, 5.0),
            zoom: dice.range(0.13, 0.24),
            warp: dice.range(0.06, 0.13),
            turn: (angle.cos(), angle.sin()),
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            marble,
            name: mood.name,
        }
    }

    fn alt_text(&self) -> String {
        if self.marble {
            format!("Polished marble with {} veins", self.name)
        } else {
            format!("The bands of a cut agate in {} tones", self.name)
        }
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let (u, v) = (x * self.turn.0 + y * self.turn.1, y * self.turn.0 - x * self.turn.1);
        let (u, v) = (u * self.zoom + self.corner.0, v * self.zoom + self.corner.1);
        let (here, there) = (self.clouds.at(u, v), self.clouds.at(u + 0.37, v + 0.61));
        let cut = self.clouds.at(u * 0.8 + self.warp * here, v * 0.8 + self.warp * there);
        let fine = self.clouds.at(u * 4.0 + 0.3 * here, v * 4.0 + 0.3 * there);
        let mut seen = if self.marble {
            let smoke = cut + 0.4 * there + 0.14 * fine;
            self.bands.at(0.38 + 0.6 * smoke)
        } else {
            let at = cut * self.many + 0.06 * fine;
            let tone = self.bands.at(0.5 + 0.5 * wave(at * 0.5));
            tone * (0.94 + 0.10 * wave(at * 7.0 + 0.5 * here))
        };
        let thin = (cut + 0.25 * here - 0.1).abs() + 0.012 * fine.abs();
        seen =
            seen.mix(self.vein, smooth(0.022, 0.004, thin) * self.veins * smooth(-0.3, 0.3, there));
        // A window shines in the polish.
        seen + grey(0.035) * smooth(0.1, 0.9, 1.0 - y + 0.3 * x)
    }
}
