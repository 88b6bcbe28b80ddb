//! Palettes: what the light of an hour does to everything in it.

use super::light::{Gradient, Rgb, hex};

/// The light of an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mood {
    /// As in "under a … sky".
    pub(super) name: &'static str,
    /// The sky from top to horizon.
    pub(super) top: Rgb,
    pub(super) middle: Rgb,
    pub(super) low: Rgb,
    /// The sun, or the moon.
    pub(super) sun: Rgb,
    /// What is near and unlit.
    pub(super) ink: Rgb,
    /// Things in this light.
    pub(super) things: [Rgb; 4],
}

/// Names, then top, middle, low, sun, ink and things.
const MOODS: [(&str, [&str; 9]); 11] = [
    (
        "rose",
        ["7187b5", "dba4b4", "fbdac2", "fff0da", "2d2b46", "d67f88", "f0c3a2", "6f83ad", "8c5a70"],
    ),
    (
        "honey",
        ["4f6f9b", "dda873", "ffd690", "fff2c6", "2b1f22", "d0763a", "efc078", "5d7287", "7e3f2c"],
    ),
    (
        "pale green",
        ["2c6a7c", "86bcb6", "e6efd8", "fdfbe4", "102d36", "3f8c8c", "d9cf9e", "e09a76", "22535c"],
    ),
    (
        "silver",
        ["8595a6", "b6c1ca", "e2e5e3", "ffffff", "2a333b", "8d9ba5", "c9bda8", "56697a", "a5785f"],
    ),
    (
        "lilac",
        ["504f8d", "a88fc4", "f4cdcf", "ffe9dc", "211d3d", "9a6fae", "f0a9a4", "5363a3", "d9c0d8"],
    ),
    (
        "blue",
        ["2f6fb5", "88b7dd", "e2edf2", "fffdf0", "15304a", "d8724f", "f2d6a6", "3c78a8", "e8e4da"],
    ),
    (
        "red",
        ["2b2740", "a64a45", "ffa35a", "ffe0a0", "140e17", "b8432f", "f2a154", "4c4160", "7a2f35"],
    ),
    (
        "golden",
        ["b5aa94", "dfcaa5", "f8ead0", "fff6dc", "46382c", "c58f4e", "ead0a0", "7d8471", "9c5a3c"],
    ),
    (
        "soft green",
        ["8ba79f", "c2cfb0", "f1eed2", "fffbe6", "1c2c22", "6d8f5e", "d8c88a", "4f7269", "b9724c"],
    ),
    (
        "peach",
        ["7fa3b8", "f0bfa0", "ffe3c6", "fff2da", "3b2f38", "e58f6a", "f7d0a4", "6c93a0", "b05a52"],
    ),
    (
        "turquoise",
        ["1f86a3", "7fcbcf", "e8f3e6", "fffdf2", "0e3340", "2a9aa5", "f3d9b0", "ea7f5e", "1d5f78"],
    ),
];

impl Mood {
    /// How many there are by day.
    pub(super) const COUNT: usize = MOODS.len();

    /// The mood of a number below [`Self::COUNT`].
    pub(super) fn of(number: usize) -> Self {
        let (name, colours) = MOODS[number % Self::COUNT];
        let [top, middle, low, sun, ink, a, b, c, d] = colours.map(hex);
        Self { name, top, middle, low, sun, ink, things: [a, b, c, d] }
    }

    /// The night after it.
    pub(super) fn night(self) -> Self {
        let dim = |colour: Rgb, by: f32, blue: &str| colour.mix(hex(blue), 0.75) * by;
        Self {
            top: dim(self.top, 0.14, "28407c"),
            middle: dim(self.middle, 0.22, "2c4f8c"),
            low: dim(self.low, 0.4, "3f6f9c"),
            sun: hex("f4f1e0"),
            ink: self.ink * 0.25,
            ..self
        }
    }

    /// The sky from the top (0) to the horizon (1).
    pub(super) fn sky(&self) -> Gradient {
        Gradient::new(&[(0.0, self.top), (0.55, self.middle), (1.0, self.low)])
    }
}
