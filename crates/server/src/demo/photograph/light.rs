//! Colours as amounts of light, which add and mix as light does.

use std::ops::{Add, AddAssign, Mul};

/// Linear light; white paper is 1 of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rgb {
    pub(super) r: f32,
    pub(super) g: f32,
    pub(super) b: f32,
}

pub(super) const WHITE: Rgb = grey(1.0);
pub(super) const BLACK: Rgb = grey(0.0);

/// As much of each colour.
pub(super) const fn grey(light: f32) -> Rgb {
    Rgb { r: light, g: light, b: light }
}

/// The colour of six hexadecimal digits, as web pages write it.
pub(super) fn hex(digits: &str) -> Rgb {
    let number = u32::from_str_radix(digits, 16).expect("colours are written in this program");
    let linear = |shift: u32| {
        let encoded = (number >> shift & 255) as f32 / 255.0;
        if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
    };
    Rgb { r: linear(16), g: linear(8), b: linear(0) }
}

impl Rgb {
    /// This at 0, `other` at 1.
    #[inline]
    pub(super) fn mix(self, other: Self, t: f32) -> Self {
        self * (1.0 - t) + other * t
    }
}

impl Add for Rgb {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self { r: self.r + other.r, g: self.g + other.g, b: self.b + other.b }
    }
}

impl AddAssign for Rgb {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<f32> for Rgb {
    type Output = Self;
    #[inline]
    fn mul(self, by: f32) -> Self {
        Self { r: self.r * by, g: self.g * by, b: self.b * by }
    }
}

/// A surface of this colour in light of that one.
impl Mul for Rgb {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self { r: self.r * other.r, g: self.g * other.g, b: self.b * other.b }
    }
}

/// 0 up to `from`, 1 from `to` on, straight between them.
#[inline]
pub(super) fn ramp(from: f32, to: f32, x: f32) -> f32 {
    ((x - from) / (to - from)).clamp(0.0, 1.0)
}

/// 0 up to `from`, 1 from `to` on, without a corner.
#[inline]
pub(super) fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let t = ramp(from, to, x);
    t * t * (3.0 - 2.0 * t)
}

/// A bell: 1 at 0, nearly 0 from 1 on. Much cheaper than that of Gauss.
#[inline]
pub(super) fn bell(x: f32) -> f32 {
    let t = (1.0 - x * x).max(0.0);
    t * t
}

/// Colours along a line from 0 to 1.
pub(super) struct Gradient(Vec<Rgb>);

impl Gradient {
    const STEPS: usize = 256;

    /// Of stops by rising place; eased at each, so that no band shows.
    pub(super) fn new(stops: &[(f32, Rgb)]) -> Self {
        let colour = |step: usize| {
            let at = step as f32 / Self::STEPS as f32;
            let next = stops.iter().position(|(place, _)| *place > at).unwrap_or(stops.len());
            if next == 0 || next == stops.len() {
                return stops[next.saturating_sub(1)].1;
            }
            let ((from, low), (to, high)) = (stops[next - 1], stops[next]);
            let t = ramp(from, to, at);
            low.mix(high, 0.5 * t + 0.5 * t * t * (3.0 - 2.0 * t))
        };
        Self((0..=Self::STEPS + 1).map(colour).collect())
    }

    #[inline]
    pub(super) fn at(&self, t: f32) -> Rgb {
        let place = t.clamp(0.0, 1.0) * Self::STEPS as f32;
        let step = place as usize;
        self.0[step].mix(self.0[step + 1], place - step as f32)
    }
}
