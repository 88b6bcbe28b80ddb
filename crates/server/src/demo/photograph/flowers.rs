//! Flowers and leaves, close.

use super::light::{Gradient, Rgb, WHITE, bell, hex, ramp, smooth};
use super::mood::Mood;
use super::noise::{Clouds, Dice, speck, split, turns, wave};
use super::{Frame, Subject};

/// Blossoms before a soft garden.
pub(super) struct Flowers {
    /// From the nearest to the farthest.
    blossoms: Vec<Blossom>,
    garden: Gradient,
    clouds: &'static Clouds,
    corner: (f32, f32),
    kind: Kind,
    sharp: f32,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Dahlia,
    Daisy,
    Rose,
    Succulent,
}

struct Blossom {
    x: f32,
    y: f32,
    size: f32,
    squash: f32,
    /// How far out of focus it is.
    blur: f32,
    turn: f32,
    rings: Vec<Ring>,
    heart: f32,
    heart_colour: Rgb,
    seed: u32,
}

/// Petals at one distance from the heart, from the inmost.
struct Ring {
    radius: f32,
    petals: f32,
    offset: f32,
    inner: Rgb,
    outer: Rgb,
    /// How round its petals end.
    round: f32,
}

fn blossom(kind: Kind, petal: (Rgb, Rgb), heart_colour: Rgb, dice: &mut Dice) -> Blossom {
    let (count, heart, petals, round): (usize, f32, f32, f32) = match kind {
        Kind::Dahlia => (dice.count(7, 9), 0.10, dice.range(11.0, 17.0), 1.6),
        Kind::Daisy => (2, 0.27, dice.range(13.0, 19.0), 4.0),
        Kind::Rose => (dice.count(5, 7), 0.05, dice.range(3.0, 5.0), 3.0),
        Kind::Succulent => (dice.count(6, 8), 0.05, dice.range(5.0, 8.0), 1.8),
    };
    let petals = petals.floor();
    let rings = (0..count)
        .map(|index| {
            let t = (index + 1) as f32 / count as f32;
            let radius = match kind {
                Kind::Daisy => 0.92 + 0.08 * t,
                _ => heart + (1.0 - heart) * t.powf(0.85),
            };
            Ring {
                radius,
                petals: match kind {
                    Kind::Dahlia => (petals * (0.5 + 0.5 * t)).floor(),
                    _ => petals,
                },
                offset: match kind {
                    Kind::Rose | Kind::Succulent => 0.382 * index as f32 + dice.range(-0.05, 0.05),
                    _ => 0.5 * index as f32 / petals + dice.range(-0.01, 0.01),
                },
                inner: petal.0.mix(petal.1, 0.55 * t),
                outer: petal.0.mix(petal.1, 0.25 + 0.75 * t),
                round,
            }
        })
        .collect();
    Blossom {
        x: 0.0,
        y: 0.0,
        size: 0.3,
        squash: 1.0,
        blur: 0.0,
        turn: dice.unit(),
        rings,
        heart,
        heart_colour,
        seed: dice.roll() as u32,
    }
}

impl Subject for Flowers {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let kind =
            dice.pick(&[Kind::Dahlia, Kind::Dahlia, Kind::Daisy, Kind::Rose, Kind::Succulent]);
        let (deep, tip, heart) = match kind {
            Kind::Dahlia | Kind::Rose => {
                let (deep, tip) = dice.pick(&[
                    ("8e1f3f", "e6779a"),
                    ("c2441f", "f8b26a"),
                    ("6a2a6f", "d8a5dd"),
                    ("d9785a", "fbe0c8"),
                    ("e0b04a", "fdf0c4"),
                    ("b7a9b8", "fbf6f2"),
                ]);
                (hex(deep), hex(tip), hex(deep) * 0.7)
            }
            Kind::Daisy => {
                (hex("dcdcd2"), hex("fdfcf6"), hex(dice.pick(&["e8b022", "d9952a", "5a3a22"])))
            }
            Kind::Succulent => {
                let (deep, tip) =
                    dice.pick(&[("54806e", "b9d6b4"), ("5d8a8c", "c6dcd4"), ("6c7f62", "d8b0a4")]);
                (hex(tip), hex(deep), hex(tip))
            }
        };
        let deep = deep.mix(mood.things[0], 0.15);
        let count = match kind {
            Kind::Daisy => dice.count(3, 6),
            Kind::Succulent => dice.count(2, 4),
            _ => dice.count(1, 3),
        };
        let mut blossoms = Vec::new();
        for index in 0..count {
            let mut one = blossom(kind, (deep, tip), heart, dice);
            let main = index == 0;
            let fill = if kind == Kind::Daisy { 0.7 } else { 1.0 };
            one.size = fill * if main { dice.range(0.34, 0.46) } else { dice.range(0.17, 0.3) };
            let wander = if main { 0.12 } else { 0.5 };
            one.x = frame.aspect * (0.5 + dice.range(-wander, wander));
            one.y = 0.5 + dice.range(-wander, wander) * if main { 0.7 } else { 1.0 };
            one.squash = dice.range(0.86, 1.0);
            one.blur = if main { 0.0 } else { dice.range(0.02, 0.07) };
            blossoms.push(one);
        }
        let leaf = hex(dice.pick(&["3e5c3c", "4c6b58", "2f4a40", "66784a"]));
        let dark = dice.chance(0.4);
        let garden = if dark {
            Gradient::new(&[(0.0, leaf * 0.12), (0.6, leaf * 0.35), (1.0, leaf * 0.7)])
        } else {
            Gradient::new(&[
                (0.0, leaf * 0.5),
                (0.5, leaf.mix(mood.low, 0.35)),
                (1.0, mood.low.mix(leaf, 0.25)),
            ])
        };
        Self {
            blossoms,
            garden,
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            kind,
            sharp: frame.height as f32,
        }
    }

    fn alt_text(&self) -> String {
        let (one, many) = match self.kind {
            Kind::Dahlia => ("A dahlia", "dahlias"),
            Kind::Daisy => ("A daisy", "daisies"),
            Kind::Rose => ("A rose", "roses"),
            Kind::Succulent => ("A succulent", "succulents"),
        };
        if self.blossoms.len() == 1 {
            format!("{one}, close, before a soft garden")
        } else {
            format!("{one}, close, with other {many} out of focus behind it")
        }
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        for blossom in &self.blossoms {
            let (right, down) = (x - blossom.x, (y - blossom.y) / blossom.squash);
            let away = (right * right + down * down).sqrt() / blossom.size;
            if away > 1.08 + blossom.blur {
                continue;
            }
            if let Some((petal, cover)) = self.petal(blossom, right, down, away) {
                if cover > 0.996 {
                    return petal;
                }
                return self.garden(x, y).mix(petal, cover);
            }
        }
        self.garden(x, y)
    }
}

impl Flowers {
    #[inline]
    fn garden(&self, x: f32, y: f32) -> Rgb {
        let wide = self.clouds.at(x * 0.11 + self.corner.0, y * 0.11 + self.corner.1);
        let soft = self.clouds.at(x * 0.05 + self.corner.1, y * 0.05 + self.corner.0);
        self.garden.at(0.5 + 0.55 * wide + 0.5 * soft - 0.15 * (y - 0.5))
    }

    #[inline]
    fn petal(&self, blossom: &Blossom, right: f32, down: f32, away: f32) -> Option<(Rgb, f32)> {
        let angle = turns(right, down) + blossom.turn;
        let soft = blossom.blur + 0.8 / (self.sharp * blossom.size);
        if away < blossom.heart && self.kind == Kind::Daisy {
            return Some((blossom.floret(right / blossom.size, down / blossom.size, away), 1.0));
        }
        let lit = 1.0 - 0.22 * (right + down) / blossom.size;
        let mut inner = 0.0;
        let last = blossom.rings.len() - 1;
        for (index, ring) in blossom.rings.iter().enumerate() {
            if away > ring.radius + soft {
                inner = ring.radius;
                continue;
            }
            let (number, across) = split((angle + ring.offset) * ring.petals);
            let t = (2.0 * across).abs();
            let wobble = speck(number & 31, index as u32, blossom.seed);
            let curve = if ring.round < 2.0 { t * t * (0.45 + 0.55 * t) } else { t * t * t * t };
            let depth = if ring.round > 3.5 { 0.30 } else { 0.36 };
            let reach = ring.radius * (1.0 - depth * curve - 0.05 * wobble);
            let cover = ramp(-soft, soft, reach - away);
            if cover <= 0.0 || (index < last && cover < 0.5) {
                inner = reach;
                continue;
            }
            // Dark where the petal above lies on it, light towards its tip.
            let below =
                if self.kind == Kind::Daisy { blossom.heart } else { (inner * 0.92).max(0.0) };
            let along = ((away - below) / (reach - below).max(0.02)).clamp(0.0, 1.0);
            let shaded = 0.30 + 0.70 * smooth(0.0, 0.75, along);
            let crease = match self.kind {
                Kind::Rose => 1.0 - 0.25 * t * t,
                Kind::Succulent => 0.82 + 0.22 * (1.0 - t) + 0.08 * ramp(0.85, 1.0, along),
                _ => 0.80 + 0.24 * smooth(0.0, 0.35, t) - 0.22 * t * t,
            };
            let side = 1.0 + 0.14 * across * 2.0 * wave(angle + 0.1);
            let fibres = if self.kind == Kind::Succulent {
                0.0
            } else {
                0.05 * (1.0 - blossom.blur * 14.0).max(0.0)
            };
            let fibre = 1.0 + fibres * wave(across * 7.0 + 0.3 * wobble);
            let colour = ring.inner.mix(ring.outer, along * along);
            let tipped =
                if self.kind == Kind::Succulent { smooth(0.86, 1.0, along) * 0.35 } else { 0.0 };
            let colour = colour.mix(Rgb { r: 0.62, g: 0.16, b: 0.2 }, tipped);
            let shade = shaded * crease * side * fibre * (0.92 + 0.14 * wobble) * lit;
            let fill = colour * colour * (0.35 * (1.0 - shaded));
            return Some((colour * shade + fill, if index == last { cover } else { 1.0 }));
        }
        None
    }
}

impl Blossom {
    /// Florets in a spiral, as sunflowers have them.
    #[inline]
    fn floret(&self, u: f32, v: f32, away: f32) -> Rgb {
        let t = away / self.heart;
        let angle = turns(u, v);
        // Where spirals of 13 and of 21 cross, a floret stands.
        let ring = 7.0 * t.sqrt();
        let one = wave(13.0 * angle + ring);
        let two = wave(21.0 * angle - ring * 1.6);
        let floret = 0.72 + 0.28 * one * two;
        let dome = 1.0 - 0.35 * (u + v) / self.heart - 0.45 * t * t * t;
        let colour = self
            .heart_colour
            .mix(self.heart_colour * self.heart_colour, smooth(0.75, 0.2, t) * 0.5);
        colour * (floret * dome).max(0.1) + WHITE * (0.03 * bell(t))
    }
}

/// A leaf with the sun behind it.
pub(super) struct Leaf {
    lamina: Rgb,
    vein: Rgb,
    shade: Rgb,
    turn: (f32, f32),
    centre: f32,
    many: f32,
    sweep: f32,
    curve: f32,
    clouds: &'static Clouds,
    corner: (f32, f32),
    sharp: f32,
    name: &'static str,
}

impl Subject for Leaf {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        let (name, lamina, vein) = dice.pick(&[
            ("green", "4f8a3c", "cfe39a"),
            ("dark green", "1f5240", "7fb58c"),
            ("yellow", "c9982c", "f7e3a0"),
            ("red", "9c2f2b", "f0a27c"),
            ("bluish", "3f7a78", "bfe0d0"),
        ]);
        let angle = dice.range(-1.1, 1.1);
        Self {
            lamina: hex(lamina).mix(mood.middle, 0.1),
            vein: hex(vein),
            shade: hex(lamina) * 0.25 + mood.ink * 0.2,
            turn: (angle.cos(), angle.sin()),
            centre: dice.range(-0.22, 0.22),
            many: dice.range(6.0, 12.0),
            sweep: dice.range(0.5, 1.1),
            curve: dice.range(-0.3, 0.3),
            clouds: Clouds::get(),
            corner: (0.5 * frame.aspect, 0.5),
            sharp: frame.height as f32,
            name,
        }
    }

    fn alt_text(&self) -> String {
        format!("The veins of a {} leaf, the sun behind it", self.name)
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        let (x, y) = (x - self.corner.0, y - self.corner.1);
        let (along, across) =
            (x * self.turn.0 + y * self.turn.1, y * self.turn.0 - x * self.turn.1);
        let across = across - self.centre - self.curve * along * along;
        let (wide, fine) =
            (self.clouds.at(along * 0.3, across * 0.3), self.clouds.at(along * 1.7, across * 1.7));
        let away = across.abs();
        let side = if across > 0.0 { 0.37 } else { 0.0 };
        let run = along - self.sweep * away * (1.0 - 0.25 * away) + 0.012 * wide;
        let (number, phase) = split(run * self.many + side + 50.0);
        let soft = self.many * 1.2 / self.sharp;
        let main = smooth(0.016 + 0.004 * wide, 0.004, away);
        let thick = 0.055 * (1.0 - 0.7 * away);
        let second = smooth(thick + soft, thick * 0.3, phase.abs());
        // Between two veins the net of the third order.
        let (_, net) = split(away * 26.0 + 2.2 * fine + 0.2 * number as f32);
        let (_, cross) = split(run * self.many * 3.0 + 1.3 * fine);
        let mesh = smooth(0.16, 0.02, net.abs()).max(0.6 * smooth(0.2, 0.02, cross.abs()));
        let swell = 1.0 - 1.9 * phase * phase + 0.5 * phase;
        let glow = 1.05 - 0.5 * (x * x + y * y) + 0.22 * wide;
        let mut seen = self.shade.mix(self.lamina, (0.55 + 0.45 * swell) * glow.max(0.2));
        seen = seen * (1.0 + 0.10 * fine);
        seen = seen.mix(self.vein, 0.16 * mesh * glow.max(0.0));
        seen = seen.mix(self.vein, second * 0.62 * glow.clamp(0.3, 1.0));
        seen.mix(self.vein, main * 0.9) * (0.9 + 0.25 * glow)
    }
}
