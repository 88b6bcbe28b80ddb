//! People made of soft shapes, in the light of one lamp.

mod hair;

use super::light::{Rgb, WHITE, bell, hex, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, wave};
use super::{Frame, Subject};

/// Steps of the outline of a head from crown to chin.
const STEPS: usize = 128;

/// See the module.
pub(super) struct Portrait {
    middle: f32,
    /// The crown of the head, half its width, its height.
    crown: f32,
    half: f32,
    tall: f32,
    outline: Vec<f32>,
    /// Where, from the middle, light ends and shade begins: the outline of a profile.
    profile: Vec<f32>,
    skin: Rgb,
    shade: Rgb,
    hair: Rgb,
    /// Of brows and beards.
    fur: Rgb,
    style: Style,
    cloth: Rgb,
    collar: Collar,
    wall: [Rgb; 2],
    disc: Option<(f32, f32, f32, Rgb)>,
    light: f32,
    fringe: f32,
    part: f32,
    lips: Rgb,
    glasses: Option<Rgb>,
    beard: bool,
    earring: Option<Rgb>,
    stripes: Option<Rgb>,
    plaster: bool,
    clouds: &'static Clouds,
    corner: (f32, f32),
    sharp: f32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    Short,
    Bob,
    Long,
    Bun,
    Curls,
    Bald,
    Cap,
    Scarf,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Collar {
    Round,
    Pointed,
    Tall,
}

impl Subject for Portrait {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let plaster = dice.chance(0.08);
        let (half, tall) = (dice.range(0.142, 0.162), dice.range(0.40, 0.43));
        let jaw = dice.range(0.16, 0.34);
        let outline = outline(half, jaw);
        let profile = profile(dice);
        let skins =
            ["f0c8a8", "e3b08a", "f6d8c0", "c98d62", "a86c46", "7d4a30", "5a3424", "d8a27c"];
        let skin = if plaster { hex("eee8de") } else { hex(dice.pick(&skins)) };
        let hairs = [
            "1d1714", "2b1d16", "4a2d1c", "7a4a26", "b98444", "d9b878", "8f3f22", "a8a39d",
            "17181d",
        ];
        let style = if plaster {
            dice.pick(&[Style::Short, Style::Bun, Style::Curls])
        } else {
            dice.pick(&[
                Style::Short,
                Style::Short,
                Style::Bob,
                Style::Long,
                Style::Long,
                Style::Bun,
                Style::Curls,
                Style::Bald,
                Style::Cap,
                Style::Scarf,
            ])
        };
        let fur = if plaster { skin * 0.82 } else { hex(dice.pick(&hairs)) };
        let hair = match style {
            Style::Cap | Style::Scarf => mood.things[dice.count(0, 3)],
            _ => fur,
        };
        let light = if dice.chance(0.5) { 1.0 } else { -1.0 };
        let wall = dice.pick(&[
            [mood.top, mood.middle],
            [mood.things[2], mood.things[2].mix(mood.low, 0.5)],
            [mood.things[0], mood.things[0].mix(mood.low, 0.45)],
            [mood.ink.mix(mood.top, 0.3), mood.top],
            [mood.things[3], mood.things[3].mix(mood.middle, 0.5)],
            [mood.middle, mood.low],
            [mood.things[1], mood.low],
        ]);
        let cloth = if plaster {
            skin * 0.9
        } else {
            dice.pick(&[
                mood.things[0],
                mood.things[1],
                mood.things[2],
                mood.things[3],
                mood.ink,
                hex("eee6d8"),
                hex("2f3640"),
            ])
        };
        let bearded = matches!(style, Style::Short | Style::Bald | Style::Cap) && dice.chance(0.35);
        let lips = dice.range(0.25, 0.6);
        let red = hex("b0353a");
        Self {
            middle: 0.5 * frame.aspect + light * dice.range(-0.02, 0.02),
            crown: dice.range(0.17, 0.21),
            half,
            tall,
            outline,
            profile,
            shade: (skin * skin * 0.42).mix(mood.top * 0.35, 0.28),
            lips: if plaster { skin * 0.8 } else { skin.mix(red, lips) * 0.8 },
            skin,
            hair,
            fur,
            style,
            cloth,
            collar: dice.pick(&[Collar::Round, Collar::Pointed, Collar::Tall]),
            wall,
            disc: dice.chance(0.35).then(|| {
                (
                    0.5 * frame.aspect + light * dice.range(-0.08, 0.08),
                    dice.range(0.36, 0.46),
                    dice.range(0.28, 0.36),
                    dice.pick(&[mood.sun * 0.9, mood.low, mood.things[1], mood.things[0]]),
                )
            }),
            light,
            fringe: dice.range(0.15, 0.3),
            part: dice.range(-0.7, 0.7),
            glasses: (!plaster && dice.chance(0.22))
                .then(|| dice.pick(&[hex("1b1b1e"), hex("6a4526"), hex("c9a24a")])),
            beard: bearded && !plaster,
            earring: (matches!(style, Style::Bun | Style::Scarf | Style::Bob)
                && !plaster
                && dice.chance(0.7))
            .then(|| dice.pick(&[hex("d9a63c"), hex("e8e4dc"), mood.things[0]])),
            stripes: (!plaster && dice.chance(0.25))
                .then(|| dice.pick(&[hex("f2ecdf"), mood.ink, mood.things[1]])),
            plaster,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            sharp: frame.height as f32,
        }
    }

    fn alt_text(&self) -> String {
        if self.plaster {
            return "A plaster bust in soft light from one side".to_owned();
        }
        let hair = match self.style {
            Style::Short => "with short hair",
            Style::Bob => "with a bob",
            Style::Long => "with long hair",
            Style::Bun => "with a bun",
            Style::Curls => "with curls",
            Style::Bald => "with a shaved head",
            Style::Cap => "in a woollen cap",
            Style::Scarf => "in a headscarf",
        };
        let more = match (self.glasses.is_some(), self.beard) {
            (true, true) => ", bearded and with glasses",
            (true, false) => ", with glasses",
            (false, true) => ", bearded",
            (false, false) => "",
        };
        format!("Portrait of someone {hair}{more}, eyes closed, in light from one side")
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        // To the right, and towards the shade.
        let right = x - self.middle;
        let dim = -self.light * right;
        let t = (y - self.crown) / self.tall;
        let mut seen = self.room(x, y, dim);
        let near = right.abs() < 0.36 && y > 0.02;
        if near {
            seen = self.back_hair(right, dim, y, t, seen);
        }
        seen = self.body(right, dim, y, seen);
        if near && t < 1.25 {
            seen = self.head(right, dim, y, t, seen);
        }
        seen
    }
}

/// Half the width of a head from crown to chin.
fn outline(half: f32, jaw: f32) -> Vec<f32> {
    let width = |step: usize| {
        let t = step as f32 / STEPS as f32;
        let round = (1.0 - (2.0 * t - 1.0).abs().powf(2.25)).max(0.0).sqrt();
        half * round * (1.0 - jaw * smooth(0.46, 0.98, t))
    };
    (0..=STEPS).map(width).collect()
}

/// Where light ends and shade begins, from crown to chin.
fn profile(dice: &mut Dice) -> Vec<f32> {
    let nose = dice.range(0.24, 0.36);
    let base = dice.range(-0.02, 0.1);
    let edge = |step: usize| {
        let t = step as f32 / STEPS as f32;
        let bridge = ramp(0.40, 0.605, t) * smooth(0.645, 0.605, t);
        let brow = 0.07 * bell((t - 0.385) / 0.07);
        let lips = 0.07 * bell((t - 0.715) / 0.03) + 0.07 * bell((t - 0.768) / 0.035);
        let chin = 0.12 * bell((t - 0.90) / 0.08);
        base + nose * bridge + brow + lips + chin + 0.10 * bell((t - 0.2) / 0.2)
    };
    (0..=STEPS).map(edge).collect()
}

impl Portrait {
    #[inline]
    fn cover(&self, inside: f32) -> f32 {
        (inside * self.sharp + 0.5).clamp(0.0, 1.0)
    }

    #[inline]
    fn room(&self, x: f32, y: f32, dim: f32) -> Rgb {
        let rough = self.clouds.at(x * 0.2 + self.corner.0, y * 0.2 + self.corner.1);
        let (right, down) = (x - self.middle + 0.12 * self.light, y - 0.42);
        let pool = 1.0 / (1.0 + 2.6 * (right * right + down * down));
        let mut wall = self.wall[0]
            .mix(self.wall[1], (pool + 0.05 * rough - 0.2 + 0.25 * dim).clamp(0.0, 1.0));
        wall = wall * (0.62 + 0.38 * pool);
        if let Some((x0, y0, radius, colour)) = self.disc {
            let away = ((x - x0).powi(2) + (y - y0).powi(2)).sqrt();
            wall = wall.mix(colour * (0.85 + 0.2 * (0.5 - y)), self.cover(radius - away));
        }
        wall
    }

    #[inline]
    fn body(&self, right: f32, dim: f32, y: f32, seen: Rgb) -> Rgb {
        let away = right.abs();
        let chin = self.crown + self.tall;
        let mut seen = seen;
        let flare = if self.collar == Collar::Tall { 0.0 } else { 0.04 };
        let neck = 0.075 + flare * smooth(chin - 0.02, chin + 0.13, y).powi(2);
        let base = chin + 0.075;
        if away < neck + 0.01 && y > chin - 0.12 {
            let lit = smooth(0.06, -0.05, dim + 0.02)
                * 0.9
                * smooth(chin - 0.02, chin + 0.07, y + 0.5 * dim.min(0.0) + 0.02);
            let skin = self.shade.mix(self.skin, lit);
            seen = seen.mix(skin, self.cover(neck - away));
        }
        // Shoulders slope from the neck and round off.
        let out = away / 0.40;
        let line = base + 0.035 + 0.10 * out * out + 0.30 * smooth(0.78, 1.12, out).powi(2)
            - 0.03 * bell(away / 0.13);
        let mut inside = y - line;
        match self.collar {
            Collar::Round => {
                let down = (y - base + 0.005) / 0.06;
                inside = inside.min(0.05 * ((right / 0.1).powi(2) + down * down.abs() - 0.75));
            }
            Collar::Pointed => {
                inside = inside.max(-1.0).min(0.7 * (away - 0.105 + 0.62 * (y - base)));
            }
            Collar::Tall => {
                let tube = (0.092 - away).min(y - chin - 0.022);
                inside = inside.max(tube);
            }
        }
        let cover = self.cover(inside * 0.9);
        if cover > 0.0 {
            let side = smooth(0.34, -0.34, dim);
            let fold = self.clouds.at(right * 0.35 + self.corner.0, y * 0.5 + self.corner.1);
            let mut cloth = self.cloth;
            if let Some(stripe) = self.stripes {
                let bow = y + 0.35 * right * right + 0.01 * fold;
                cloth = cloth.mix(stripe, smooth(-0.1, 0.1, wave(bow * 17.0) - 0.45));
            }
            let knit = self.clouds.at(right * 5.0, y * 5.0);
            let under = 1.0 - 0.5 * bell((away / 0.17).min(1.0)) * smooth(0.12, 0.0, y - chin);
            let roll = if self.collar == Collar::Tall {
                1.0 - 0.25 * bell((y - chin - 0.062) / 0.012) * smooth(0.1, 0.09, away)
            } else {
                1.0
            };
            let shade = (0.30 + 0.78 * side + 0.14 * fold + 0.04 * knit) * under * roll;
            let rim = smooth(0.03, 0.0, inside) * 0.18 * side;
            seen = seen.mix(cloth * shade.max(0.06) + cloth * rim + self.wall[0] * 0.025, cover);
        }
        seen
    }

    #[inline]
    fn head(&self, right: f32, dim: f32, y: f32, t: f32, seen: Rgb) -> Rgb {
        let away = right.abs();
        let mut seen = seen;
        // Ears.
        let hidden = matches!(
            self.style,
            Style::Bob | Style::Long | Style::Curls | Style::Cap | Style::Scarf
        );
        if !hidden {
            let (u, v) = ((away - self.half * 0.99) / 0.026, (t - 0.52) / 0.095);
            let ear = (1.0 - u * u - v * v) * 0.014;
            let cover = self.cover(ear);
            if cover > 0.0 {
                let lit = smooth(0.05, -0.1, dim);
                let inner = 1.0 - 0.3 * bell(u * 1.6) * bell(v * 1.4);
                seen = seen.mix(self.shade.mix(self.skin * 0.92, lit) * inner, cover);
            }
        }
        if let Some(gold) = self.earring {
            let (u, v) = (away - self.half * 1.0, (t - 0.665) * self.tall);
            let ring = 0.012 - (u * u + v * v).sqrt();
            seen = seen.mix(
                gold * (0.5 + 0.7 * smooth(0.01, -0.01, u * self.light * right.signum() + v)),
                self.cover(ring),
            );
        }
        if t > -0.12 {
            let place = t.clamp(0.0, 1.0) * (STEPS - 1) as f32;
            let step = place as usize;
            let part = place - step as f32;
            let radius = self.outline[step] + (self.outline[step + 1] - self.outline[step]) * part;
            let end = if (0.0..=1.0).contains(&t) { radius - away } else { -1.0 };
            let cover = self.cover(end * 0.85);
            if cover > 0.0 {
                seen = seen.mix(self.face(right, dim, t, radius), cover);
            }
            seen = self.hair_front(right, dim, y, t, radius, seen);
        } else {
            seen = self.hair_front(right, dim, y, t, 0.0, seen);
        }
        seen
    }

    #[inline]
    fn face(&self, right: f32, dim: f32, t: f32, radius: f32) -> Rgb {
        let place = t * (STEPS - 1) as f32;
        let step = place as usize;
        let edge = self.profile[step]
            + (self.profile[step + 1] - self.profile[step]) * (place - step as f32);
        let across = dim / self.half;
        let u = right / radius.max(0.01);
        // Soft on forehead and cheek, crisp along the nose.
        let soft = 0.05 + 0.20 * bell((t - 0.2) / 0.22) + 0.10 * smooth(0.7, 1.0, t);
        let dark = smooth(-soft, soft, across - edge);
        let round = 1.0 - 0.16 * u * u - 0.10 * smooth(0.75, 1.0, t);
        let lit = self.skin * (round * (1.02 - 0.14 * smooth(-0.2, -1.0, across)));
        let bounce = smooth(0.6, 1.0, u * -self.light) * 0.30;
        let cool = self.shade * (0.85 + 0.35 * (1.0 - t)) + self.wall[1] * self.skin * bounce * 0.5;
        let mut seen = lit.mix(cool, dark);
        let side = right.abs() / self.half;
        // Cheeks, warm.
        let cheek = bell((side - 0.55) / 0.42) * bell((t - 0.63) / 0.13);
        if !self.plaster {
            seen = seen.mix(seen * Rgb { r: 1.1, g: 0.72, b: 0.66 }, cheek * 0.45);
        }
        if t > 0.33 && t < 0.56 {
            // Lids sit in the shade of the brow; lashes close them.
            let socket = bell((side - 0.43) / 0.3) * bell((t - 0.455) / 0.07);
            seen = seen * (1.0 - 0.2 * socket);
            let (e, bow) = ((side - 0.43) / 0.20, (side - 0.43) / 0.20);
            let lash = t - 0.487 + 0.020 * bow * bow;
            let line = (0.0065 * (1.0 - e * e).max(0.0)).sqrt() * 0.10;
            let lashes = self.cover((line - lash.abs()) * self.tall) * ramp(1.0, 0.8, e * e);
            let ink = if self.plaster { self.skin * 0.6 } else { self.shade * 0.25 };
            seen = seen.mix(ink, lashes * 0.9);
            let b = (side - 0.45) / 0.26;
            let brow = t - 0.385 + 0.018 * (1.0 - b * b) + 0.012 * b;
            let thick = 0.013 * (1.0 - b * b).max(0.0) * (1.15 - 0.4 * b);
            let brows = self.cover((thick - brow.abs()) * self.tall) * ramp(1.0, 0.85, b * b);
            let fur = self.fur.mix(self.shade, 0.35);
            seen = seen.mix(fur, brows * if self.plaster { 0.35 } else { 0.85 });
        }
        if t > 0.6 && t < 0.85 {
            // Under the nose, and the mouth.
            let nostril = bell((side - 0.12) / 0.11) * bell((t - 0.628) / 0.018);
            seen = seen * (1.0 - 0.35 * nostril);
            let m = side / 0.33;
            let width = (1.0 - m * m).max(0.0);
            let upper = (t - 0.738) + 0.006 * m - 0.002;
            let full = width * if upper < 0.0 { 0.024 } else { 0.034 };
            let mouth = self.cover((full - upper.abs()) * self.tall) * ramp(0.0, 0.2, width);
            let tone = if upper < 0.0 { 0.78 } else { 1.08 - 7.0 * upper };
            let light = 1.0 - 0.52 * dark;
            seen = seen.mix(self.lips * (tone * light), mouth * 0.85);
            let parting =
                self.cover((0.0035 * width - upper.abs()) * self.tall) * ramp(0.0, 0.3, width);
            seen = seen.mix(self.lips * 0.3, parting * 0.8);
        }
        if self.beard && t > 0.5 {
            let m = side / 0.30;
            let free = smooth(1.15, 0.75, (m * m + ((t - 0.742) / 0.042).powi(2)).sqrt());
            let line = t - 0.60 + 0.10 * bell(side / 0.5) * 0.9 + 0.18 * smooth(0.55, 0.95, side)
                - 0.055 * (1.0 - side);
            let rough = self.clouds.at(right * 3.0, t * 1.6);
            let beard = smooth(0.0, 0.035, line - 0.055 + 0.012 * rough) * (1.0 - free);
            let fur = self.fur.mix(self.shade, 0.2) * (0.75 + 0.6 * (1.0 - dark) + 0.2 * rough);
            seen = seen.mix(fur, beard * 0.92);
        }
        if let Some(metal) = self.glasses {
            let (u, v) = ((side - 0.45) * self.half, (t - 0.47) * self.tall);
            let lens = 0.047 - (u * u + v * v * 1.25).sqrt();
            let rim = self.cover(0.0038 - lens.abs());
            let bridge = self.cover(0.0032 - ((t - 0.455) * self.tall + 4.0 * right * right).abs())
                * smooth(0.02, 0.018, right.abs());
            let arm =
                self.cover(0.003 - ((t - 0.455) * self.tall).abs()) * smooth(0.75, 0.77, side);
            if lens > 0.0 {
                seen += WHITE * (0.05 * smooth(0.0, 0.03, u - v));
            }
            seen = seen.mix(metal * (1.0 - 0.4 * dark), rim.max(bridge).max(arm));
        }
        seen
    }
}
