//! Photographs that nobody took: drawn from a number, the same each time.
//!
//! A picture is a subject, which answers how much light comes from each place, and a film, which
//! turns light into a print. Everybody in the demo has an [`Eye`]: a few subjects that they go
//! back to, a few moods, and one film, so that their pictures look like one person's.
//!
//! Nothing here may take long, or the first start of the demo does: what varies with the column
//! alone is in tables, what is soft is drawn small, and clouds are looked up, not computed.

mod film;
mod light;
mod mood;
mod noise;

mod aerial;
mod architecture;
mod bokeh;
mod city;
mod dunes;
mod flowers;
mod forest;
mod mountains;
mod night;
mod ornament;
mod portrait;
mod sea;
mod still_life;
mod stone;

use film::Film;
use light::Rgb;
use mood::Mood;
use noise::Dice;

/// Calls `$method` on the scene `$scene` for the subject of its genre.
macro_rules! genres {
    ($($(#[$doc:meta])* $genre:ident: $subject:ty,)*) => {
        /// What a picture shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Genre {
            $($genre,)*
        }

        impl Genre {
            /// Each of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$genre,)*];
        }

        impl Scene {
            fn text(&self, frame: Frame) -> String {
                match self.genre {
                    $(Genre::$genre => self.subject::<$subject>(frame).alt_text(),)*
                }
            }

            fn picture(&self, frame: Frame) -> Vec<u8> {
                match self.genre {
                    $(Genre::$genre => self.print::<$subject>(frame),)*
                }
            }
        }
    };
}

genres! {
    Mountains: mountains::Mountains,
    Sea: sea::Sea,
    Dunes: dunes::Dunes,
    Forest: forest::Forest,
    Stars: night::Stars,
    Aurora: night::Aurora,
    City: city::City,
    Bokeh: bokeh::Bokeh,
    Rain: bokeh::Rain,
    Overcast: aerial::Overcast,
    Coast: aerial::Coast,
    Stone: stone::Stone,
    Tiles: ornament::Tiles,
    Weave: ornament::Weave,
    Stairs: architecture::Stairs,
    Arches: architecture::Arches,
    Facade: architecture::Facade,
    StillLife: still_life::StillLife,
    Flowers: flowers::Flowers,
    Leaf: flowers::Leaf,
    Portrait: portrait::Portrait,
}

/// A picture that can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    genre: Genre,
    seed: u64,
    eye: Eye,
}

/// How somebody sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Eye {
    genres: Vec<Genre>,
    moods: Vec<usize>,
    /// What the film makes of grey.
    cast: Rgb,
    /// How light black is printed.
    shadows: Rgb,
    contrast: f32,
    saturation: f32,
    grain: f32,
    vignette: f32,
    mono: bool,
}

/// How large a picture is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    width: usize,
    height: usize,
    /// Width over height: places are from 0 to this across and from 0 to 1 down.
    aspect: f32,
}

/// A kind of picture, all its dice thrown.
trait Subject: Sized {
    /// Whether it has [sparks](Subject::sparks).
    const SPARKLES: bool = false;

    /// The same dice give the same subject in every frame of one shape.
    fn new(mood: Mood, dice: &mut Dice, frame: Frame) -> Self;

    /// What it shows, for those who do not see it.
    fn alt_text(&self) -> String;

    /// The light from a place. What is as small as a pixel may be missed.
    fn light(&self, x: f32, y: f32) -> Rgb;

    /// Light that comes on top, in points that must not be missed.
    fn sparks(&self, _x: f32, _y: f32) -> Rgb {
        light::BLACK
    }
}

impl Scene {
    /// A picture of an eye that shows this.
    pub(crate) fn of(genre: Genre, eye: &Eye, seed: u64) -> Self {
        Self { genre, seed, eye: eye.clone() }
    }

    /// A picture of an eye; `seed` says which.
    pub(crate) fn new(eye: &Eye, seed: u64) -> Self {
        Self::of(eye.favourite(seed), eye, seed)
    }

    /// What kind of picture it is.
    #[cfg(test)]
    pub(crate) const fn genre(&self) -> Genre {
        self.genre
    }

    /// What it shows at this size, for those who do not see it.
    pub(crate) fn alt_text(&self, width: u32, height: u32) -> String {
        // What fits depends on the shape, but pixels need not be made for that.
        let aspect = Frame::new(width.max(1), height.max(1)).aspect;
        let text = self.text(Frame { aspect, ..Frame::new(8, 8) });
        if self.eye.mono { format!("{text}, in black and white") } else { text }
    }

    fn subject<S: Subject>(&self, frame: Frame) -> S {
        let mut dice = Dice::new(self.seed);
        let mood = Mood::of(dice.pick(&self.eye.moods));
        S::new(mood, &mut dice, frame)
    }

    fn print<S: Subject>(&self, frame: Frame) -> Vec<u8> {
        let subject: S = self.subject(frame);
        let film = Film::new(&self.eye, &mut Dice::new(self.seed));
        film.expose(frame, &subject)
    }
}

/// The picture of a scene: rows of three bytes a pixel.
pub(crate) fn draw(scene: &Scene, width: u32, height: u32) -> Vec<u8> {
    scene.picture(Frame::new(width.max(1), height.max(1)))
}

impl Frame {
    fn new(width: u32, height: u32) -> Self {
        Self {
            width: width as usize,
            height: height as usize,
            aspect: width as f32 / height as f32,
        }
    }
}

impl Eye {
    /// The eye of the person with this number.
    pub(crate) fn of(number: u64) -> Self {
        let mut dice = Dice::new(number ^ 0x0e7e);
        let mut genres = Genre::ALL.to_vec();
        let kept = dice.count(2, 3).min(genres.len());
        while genres.len() > kept {
            genres.remove(dice.count(0, genres.len() - 1));
        }
        let moods = (0..dice.count(2, 3)).map(|_| dice.count(0, Mood::COUNT - 1)).collect();
        let warmth = dice.range(-1.0, 1.0);
        let fade = dice.range(0.0, 0.045);
        Self {
            genres,
            moods,
            cast: Rgb {
                r: 1.0 + 0.05 * warmth,
                g: 1.0 + 0.015 * dice.range(-1.0, 1.0),
                b: 1.0 - 0.05 * warmth,
            },
            shadows: Rgb {
                r: fade + dice.range(0.0, 0.012),
                g: fade,
                b: fade + dice.range(0.0, 0.02),
            },
            contrast: dice.range(0.05, 0.4),
            saturation: dice.range(0.85, 1.15),
            grain: dice.range(0.4, 2.4),
            vignette: dice.range(0.05, 0.3),
            mono: dice.chance(0.07),
        }
    }

    /// One of the kinds of picture that it goes back to; `seed` says which.
    pub(crate) fn favourite(&self, seed: u64) -> Genre {
        Dice::new(seed ^ 0xfa7e).pick(&self.genres)
    }

    /// How light, from 0 to 1, this much light is printed; black is printed as `black`.
    fn tone(&self, light: f32, black: f32) -> f32 {
        // What is too bright for paper loses its colour slowly, not at once.
        let kept = light / (1.0 + light.powi(4)).powf(0.25) * 1.09;
        let encoded =
            if kept < 0.003_130_8 { 12.92 * kept } else { 1.055 * kept.powf(1.0 / 2.4) - 0.055 };
        let encoded = encoded.clamp(0.0, 1.0);
        let curved = encoded * encoded * (3.0 - 2.0 * encoded);
        black + (1.0 - black) * (encoded + (curved - encoded) * self.contrast)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_scene_is_the_same_picture() {
        for genre in Genre::ALL {
            let scene = Scene::of(*genre, &Eye::of(7), 3);
            assert_eq!(draw(&scene, 40, 50), draw(&scene, 40, 50), "{genre:?}");
        }
    }

    #[test]
    fn any_size_can_be_drawn() {
        for genre in Genre::ALL {
            for (seed, (width, height)) in
                [(1, 1), (1, 2), (3, 500), (500, 3), (2, 2), (17, 31), (64, 33)]
                    .into_iter()
                    .enumerate()
            {
                let scene = Scene::of(*genre, &Eye::of(seed as u64), seed as u64);
                let bytes = 3 * width as usize * height as usize;
                assert_eq!(draw(&scene, width, height).len(), bytes, "{genre:?}");
            }
        }
    }

    #[test]
    fn seeds_and_genres_give_different_pictures() {
        let mut seen = BTreeSet::new();
        for genre in Genre::ALL {
            for seed in 0..6 {
                let scene = Scene::of(*genre, &Eye::of(11), seed);
                assert!(seen.insert(draw(&scene, 24, 30)), "{genre:?} {seed}");
                // None is all black, all white or all of one tone.
                let picture = draw(&scene, 24, 30);
                let (least, most) = (picture.iter().min().unwrap(), picture.iter().max().unwrap());
                assert!(most - least > 25, "{genre:?} {seed}: {least} to {most}");
                assert!(!scene.alt_text(24, 30).is_empty());
            }
        }
    }
}
