//! Hair, and what is worn on it.

use super::super::light::{Rgb, WHITE, bell, ramp, smooth};
use super::super::noise::wave;
use super::{Portrait, Style};

impl Portrait {
    #[inline]
    fn strands(&self, right: f32, y: f32, dim: f32, t: f32) -> Rgb {
        let strand = self.clouds.at(right * 2.6 + 0.15 * t + self.corner.1, y * 0.22);
        let shine = bell((t - 0.12 + 0.25 * right.abs()) / 0.16) * smooth(0.08, -0.14, dim);
        let body = 0.62 + 0.45 * smooth(0.16, -0.16, dim) + 0.16 * strand;
        self.hair * body
            + (self.hair * 0.8 + WHITE * 0.06) * (0.5 * shine * (0.7 + 0.5 * strand).max(0.0))
    }

    #[inline]
    pub(super) fn back_hair(&self, right: f32, dim: f32, y: f32, t: f32, seen: Rgb) -> Rgb {
        let away = right.abs();
        let inside = match self.style {
            Style::Bob | Style::Long => {
                let long = if self.style == Style::Long { 1.5 } else { 0.93 };
                let c = ((0.42 - t) / 0.52).max(0.0);
                let width =
                    self.half * (1.22 + 0.10 * ramp(0.4, long, t)) * (1.0 - c * c).max(0.0).sqrt()
                        - smooth(0.98, 1.0, c);
                let hem = (long - t + 0.02 * wave(right * 6.0)) * self.tall;
                (width - away).min(hem)
            }
            Style::Curls => {
                let rough = self.clouds.at(right * 0.9 + self.corner.0, y * 0.9);
                let down = y - self.crown - 0.40 * self.tall;
                1.62 * self.half - (right * right * 1.05 + down * down).sqrt() + 0.03 * rough
            }
            Style::Bun => {
                let down = y - self.crown + 0.035;
                0.068 - (right * right + down * down).sqrt()
            }
            Style::Scarf => {
                let c = ((0.45 - t) / 0.53).max(0.0);
                let width = self.half
                    * (1.20 + 0.25 * smooth(0.75, 1.25, t))
                    * (1.0 - c * c).max(0.0).sqrt()
                    - smooth(0.98, 1.0, c);
                (width - away).min((1.28 - t) * self.tall)
            }
            _ => return seen,
        };
        let cover = self.cover(inside);
        if cover <= 0.0 {
            return seen;
        }
        let hair = if self.style == Style::Curls {
            let curl = self.clouds.fine(right * 1.5 + self.corner.0, y * 1.5);
            self.hair * (0.75 + 0.55 * curl + 0.5 * smooth(0.2, -0.2, dim)).max(0.25)
        } else {
            self.strands(right, y, dim, t) * 0.8
        };
        seen.mix(hair, cover)
    }

    #[inline]
    pub(super) fn hair_front(
        &self,
        right: f32,
        dim: f32,
        y: f32,
        t: f32,
        radius: f32,
        seen: Rgb,
    ) -> Rgb {
        let side = right / self.half;
        let away = side.abs();
        // The skull, a little larger for the hair on it.
        let dome = ((0.45 - t) / 0.51).max(0.0);
        let skull = |more: f32| {
            let left = 1.0 - dome * dome / (1.0 + 0.6 * more);
            if left > 0.0 { self.half * (1.0 + more) * left.sqrt() - right.abs() } else { -1.0 }
        };
        let line = match self.style {
            Style::Bald => return seen,
            Style::Short => {
                let swoop = 0.07 * (side - self.part).abs() - 0.03;
                let temple = smooth(0.72, 0.96, away) * 0.32;
                let top = self.fringe - swoop + temple;
                skull(0.085).min((top - t) * self.tall).min(0.56 * self.tall - (t * self.tall))
            }
            Style::Bob | Style::Long => {
                let fall = (side - self.part * 0.4).abs();
                let top =
                    0.10 + self.fringe * 0.3 + 0.28 * fall * fall + 0.5 * smooth(0.74, 1.0, away);
                let side_lock = (away - 0.80 + 0.10 * bell((t - 0.6) / 0.4)) * self.half;
                skull(0.22).min(((top - t) * self.tall).max(if t < 0.92 {
                    side_lock
                } else {
                    -1.0
                }))
            }
            Style::Bun => {
                let top = 0.17 + 0.05 * side * self.part.signum() + 0.22 * smooth(0.62, 1.0, away);
                skull(0.06).min((top - t) * self.tall)
            }
            Style::Curls => {
                let rough = self.clouds.at(right * 1.0 + self.corner.0, y * 1.0);
                let top = 0.20 + 0.30 * smooth(0.68, 1.0, away) + 0.05 * rough;
                skull(0.55).min((top - t) * self.tall)
            }
            Style::Cap => {
                let top = 0.27 - 0.03 * side * side;
                skull(0.07).min((top - t) * self.tall)
            }
            Style::Scarf => {
                let (u, v) = (right / (self.half * 0.87), (t - 0.55) / 0.43);
                let free = 1.0 - (u * u + v * v).sqrt();
                skull(0.22).min(-free * 0.1).min((1.05 - t) * self.tall).max(if t > 0.9 {
                    (0.2 * self.half)
                        .min(-free * 0.1)
                        .min((1.16 - t) * self.tall)
                        .min((1.15 - away) * self.half)
                } else {
                    -1.0
                })
            }
        };
        let cover = self.cover(line);
        if cover <= 0.0 {
            // Hair throws its shadow on the skin below it.
            let close = smooth(-0.03, 0.0, line) * ramp(0.0, 0.01, radius - right.abs());
            return seen * (1.0 - 0.32 * close);
        }
        let hair = match self.style {
            Style::Curls => {
                let curl = self.clouds.fine(right * 1.5 + self.corner.0, y * 1.5);
                self.hair * (0.8 + 0.55 * curl + 0.5 * smooth(0.2, -0.2, dim)).max(0.25)
            }
            Style::Cap => {
                let rib = wave(right * 34.0 / (1.0 + 2.0 * dome)) * 0.10;
                let band = if t > 0.13 { 1.12 + rib } else { 0.95 + 0.7 * rib };
                let seam = 1.0 - 0.4 * bell((t - 0.13) / 0.015);
                self.hair * ((0.35 + 0.75 * smooth(0.17, -0.17, dim)) * band * seam)
            }
            Style::Scarf => {
                let fold = self.clouds.at(right * 0.9 + 0.6 * t, y * 0.35 + self.corner.0);
                self.hair * (0.32 + 0.75 * smooth(0.17, -0.17, dim) + 0.22 * fold).max(0.1)
            }
            _ => self.strands(right, y, dim, t),
        };
        seen.mix(hair, cover)
    }
}
