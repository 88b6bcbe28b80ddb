//! Stars over hills: the Milky Way, or northern lights.

use super::light::{BLACK, Gradient, Rgb, bell, hex, ramp, smooth};
use super::mood::Mood;
use super::mountains::plant;
use super::noise::{Clouds, Dice, Skyline, range_of_hills, scramble, split};
use super::{Frame, Subject};

/// See the module.
pub(super) struct Night {
    mood: Mood,
    sky: Gradient,
    way: Option<Way>,
    aurora: Vec<Curtain>,
    hills: [Skyline; 2],
    lake: Option<f32>,
    tent: Option<(f32, f32)>,
    clouds: &'static Clouds,
    corner: (f32, f32),
    brightness: f32,
    seed: u32,
}

struct Way {
    across: (f32, f32),
    middle: f32,
    width: f32,
    warm: Rgb,
    cool: Rgb,
}

struct Curtain {
    foot: Skyline,
    /// How bright it is.
    light: Skyline,
    tall: f32,
    low: Rgb,
    high: Rgb,
}

/// The starry night, with or without the Milky Way.
pub(super) struct Stars(Night);

/// Northern lights.
pub(super) struct Aurora(Night);

impl Subject for Stars {
    const SPARKLES: bool = true;

    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        Self(Night::new(mood, dice, frame, false))
    }

    fn alt_text(&self) -> String {
        let tent = if self.0.tent.is_some() { ", a lit tent in front" } else { "" };
        format!("The Milky Way over dark hills{}{tent}", self.0.mirrored())
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        self.0.light(x, y)
    }

    #[inline]
    fn sparks(&self, x: f32, y: f32) -> Rgb {
        self.0.stars(x, y)
    }
}

impl Subject for Aurora {
    const SPARKLES: bool = true;

    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self {
        Self(Night::new(mood, dice, frame, true))
    }

    fn alt_text(&self) -> String {
        let tent = if self.0.tent.is_some() { ", a lit tent in front" } else { "" };
        format!("Northern lights over a dark ridge{}{tent}", self.0.mirrored())
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        self.0.light(x, y)
    }

    #[inline]
    fn sparks(&self, x: f32, y: f32) -> Rgb {
        self.0.stars(x, y)
    }
}

impl Night {
    fn new(mood: Mood, dice: &mut Dice, frame: Frame, northern: bool) -> Self {
        let mood = mood.night();
        let scale = frame.height as f32;
        let seed = dice.roll() as u32;
        let lake = dice.chance(0.35).then(|| dice.range(0.76, 0.84));
        let ground = lake.unwrap_or(dice.range(0.82, 0.92));
        let tall = dice.range(0.05, 0.16);
        let far = Skyline::new(frame.width, scale, |x| {
            let peak = 1.0 - 1.6 * range_of_hills(x * 1.3 + 4.0, seed ^ 2, 7).abs();
            ground - 0.02 - tall * (0.5 + 0.6 * peak)
        });
        let mut near = Skyline::new(frame.width, scale, |x| {
            ground + 0.01 - 0.05 * range_of_hills(x * 1.7, seed, 4)
        });
        if dice.chance(0.6) {
            plant(&mut near, dice.range(0.05, 0.11), seed);
        }
        let tilt = dice.range(0.7, 1.5) * if dice.chance(0.5) { 1.0 } else { -1.0 };
        let across = (tilt.sin(), tilt.cos());
        let through = (frame.aspect * dice.range(0.35, 0.65), dice.range(0.2, 0.5));
        let way = (!northern).then(|| Way {
            across,
            middle: through.0 * across.0 + through.1 * across.1,
            width: dice.range(0.22, 0.36),
            warm: mood.things[1].mix(hex("f3d9b8"), 0.6),
            cool: mood.middle.mix(hex("8fb0ea"), 0.6) * 1.2,
        });
        let colours =
            dice.pick(&[("3df59a", "7a4be0"), ("4cf0b4", "3a6cf0"), ("7df27a", "d05a9a")]);
        let aurora = (0..if northern { dice.count(2, 3) } else { 0 })
            .map(|index| {
                let seed = seed ^ (index as u32 + 17);
                let level = dice.range(0.36, 0.62) - 0.1 * index as f32;
                let lean = dice.range(-0.25, 0.25);
                let tall = dice.range(0.2, 0.42);
                let strength = dice.range(0.55, 1.0) / (1.0 + 0.5 * index as f32);
                let fold = move |x: f32| {
                    level + lean * (x - 0.5) + 0.16 * range_of_hills(x * 1.1, seed, 2)
                };
                Curtain {
                    foot: Skyline::new(frame.width, scale, fold),
                    light: Skyline::new(frame.width, scale, |x| {
                        let rays = 0.62
                            + 0.55 * range_of_hills(x * 26.0, seed ^ 5, 3)
                            + 0.5 * range_of_hills(x * 4.0, seed ^ 6, 2);
                        let wide = smooth(-0.55, 0.35, range_of_hills(x * 0.9 + 3.0, seed ^ 7, 2));
                        strength * rays.clamp(0.1, 1.4) * wide
                    }),
                    tall,
                    low: hex(colours.0),
                    high: hex(colours.1),
                }
            })
            .collect();
        Self {
            sky: mood.sky(),
            way,
            aurora,
            hills: [near, far],
            lake,
            tent: (lake.is_none() && dice.chance(0.45))
                .then(|| (frame.aspect * dice.range(0.2, 0.8), ground + 0.045)),
            clouds: Clouds::get(),
            corner: (dice.unit(), dice.unit()),
            brightness: dice.range(0.7, 1.3),
            seed,
            mood,
        }
    }

    fn mirrored(&self) -> &'static str {
        if self.lake.is_some() { ", mirrored in still water" } else { "" }
    }

    #[inline]
    fn light(&self, x: f32, y: f32) -> Rgb {
        if let Some(shore) = self.lake
            && y > shore
        {
            let out = y - shore;
            let near = 1.0 / (out + 0.03);
            let ripple = self.clouds.at(x * 0.05 * near + self.corner.0, 0.14 * near);
            let seen = self.land(x, shore - out * 1.6 - ripple * 0.12 * out);
            return seen * (0.55 + 0.1 * ripple) + self.mood.top * 0.15;
        }
        self.land(x, y)
    }

    #[inline]
    fn land(&self, x: f32, y: f32) -> Rgb {
        let (depth, cover) = self.hills[0].below(x, y);
        let mut seen = if cover < 1.0 {
            let (deep, behind) = self.hills[1].below(x, y);
            let far = self.mood.ink.mix(self.mood.middle, 0.25 + 0.5 * ramp(0.0, 0.14, deep));
            if behind < 1.0 { self.heaven(x, y).mix(far, behind) } else { far }
        } else {
            self.mood.ink
        };
        if cover > 0.0 {
            let soil = self.clouds.at(x * 1.1, y * 3.0);
            let ground = self
                .mood
                .ink
                .mix(self.mood.middle, 0.10 + 0.12 * soil.max(0.0) * ramp(0.0, 0.1, depth));
            seen = seen.mix(ground, cover);
        }
        if let Some((tent, foot)) = self.tent {
            let (u, v) = ((x - tent) / 0.065, (foot - y) / 0.065);
            let warm = 1.0 / (1.0 + 6.0 * (u * u + (v - 0.3) * (v - 0.3)));
            seen += hex_warm() * (warm * warm * 0.35);
            if v > 0.0 && v < 1.0 && u.abs() < 1.15 * (1.0 - v) {
                let fold = if u.abs() < 0.02 + 0.25 * (0.7 - v).max(0.0) { 1.25 } else { 0.85 };
                seen = hex_warm() * (fold * (0.35 + 0.75 * (1.0 - v) * (1.0 - 0.5 * u.abs())));
            }
        }
        seen
    }

    #[inline]
    fn heaven(&self, x: f32, y: f32) -> Rgb {
        let mut sky = self.sky.at(y * 1.15 - 0.05);
        if let Some(way) = &self.way {
            let away = (x * way.across.0 + y * way.across.1 - way.middle) / way.width;
            if away.abs() < 1.3 {
                let along = x * way.across.1 - y * way.across.0;
                let (u, v) = (along * 0.4 + self.corner.0, away * 0.12 + self.corner.1);
                let dust = self.clouds.fine(u, v);
                let lane = self.clouds.at(u * 1.3 + 0.5, v * 1.2 + 0.3);
                let broad = bell(away / 1.3);
                let core = bell((away + 0.12 * lane) / 0.55);
                let dark =
                    smooth(0.0, 0.55, lane + 0.6 * bell(away / 0.4) - 0.35) * bell(away / 0.7);
                let haze = (broad * (0.16 + 0.14 * dust) + core * (0.3 + 0.35 * dust)).max(0.0)
                    * (1.0 - 0.75 * dark);
                sky += way.cool.mix(way.warm, core * 0.8) * (haze * 0.75);
            }
        }
        for curtain in &self.aurora {
            let (depth, _) = curtain.foot.below(x, y);
            let up = -depth / curtain.tall;
            if up > -0.12 {
                let rise = smooth(-0.12, 0.05, up);
                let fall = 1.0 / (1.0 + up.max(0.0) * (1.4 + 3.2 * up.max(0.0)));
                let light = curtain.light.at(x) * rise * fall;
                sky += curtain.low.mix(curtain.high, smooth(0.1, 1.1, up)) * (light * 0.7);
            }
        }
        sky
    }

    /// The stars above the hills, more where the Milky Way is.
    #[inline]
    fn stars(&self, x: f32, y: f32) -> Rgb {
        if self.hills.iter().any(|hills| y > hills.at(x)) {
            return BLACK;
        }
        let mut dense = 0.35;
        if let Some(way) = &self.way {
            let away = (x * way.across.0 + y * way.across.1 - way.middle) / way.width;
            dense += 0.5 * bell((away / 1.3).clamp(-1.0, 1.0));
        }
        let fade = ramp(0.95, 0.55, y);
        self.twinkle(x, y, 46.0, dense) * fade
            + self.twinkle(x + 3.3, y + 1.7, 110.0, dense * 0.8) * (0.5 * fade)
    }

    /// At most one star to a cell, most of them faint.
    #[inline]
    fn twinkle(&self, x: f32, y: f32, cells: f32, dense: f32) -> Rgb {
        let ((column, right), (row, down)) = (split(x * cells), split(y * cells));
        let roll = scramble(column, row, self.seed);
        if (roll & 255) as f32 > 255.0 * dense {
            return BLACK;
        }
        let place = |shift: u32| (roll >> shift & 63) as f32 / 63.0 * 0.6 - 0.3;
        let (right, down) = (right - place(8), down - place(14));
        let bright = ((roll >> 20 & 255) as f32 / 255.0).powi(4);
        let spread = (right * right + down * down) * (420.0 - 300.0 * bright);
        let light = self.brightness * (0.10 + 1.6 * bright) / (1.0 + spread * spread);
        let hue = (roll >> 28) as f32 / 15.0;
        Rgb { r: 0.8 + 0.35 * hue, g: 0.92, b: 1.15 - 0.35 * hue } * light
    }
}

/// Lamplight through cloth.
const fn hex_warm() -> Rgb {
    Rgb { r: 1.0, g: 0.52, b: 0.16 }
}
