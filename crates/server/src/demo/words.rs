//! What the people of the demo are called and what they say.

use super::photograph::Genre;

const FIRST: &[&str] = &[
    "Ada", "Bruno", "Carla", "Dario", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya",
    "Luca", "Mira", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Sami", "Tara",
];

const LAST: &[&str] = &[
    "Albers",
    "Bergmann",
    "Costa",
    "Daguerre",
    "Eriksen",
    "Fontana",
    "Grimaldi",
    "Hashimoto",
    "Ivanov",
    "Jansen",
];

/// First and last name of the person with this number: all different up to 200.
pub(super) fn name(number: usize) -> (&'static str, &'static str) {
    (FIRST[number % FIRST.len()], LAST[number / FIRST.len() % LAST.len()])
}

pub(super) const BIOS: &[&str] = &[
    "Light, mostly.",
    "Black and white, some days in colour.",
    "Walks, birds, bread.",
    "I photograph what stands still long enough.",
    "Film on weekdays, phone on Sundays.",
    "Rivers and railway stations.",
    "Trying to see one good thing a day.",
    "Cook. Cyclist. Collector of shadows.",
];

/// What is said of pictures of one kind.
pub(super) struct Words {
    pub(super) captions: &'static [&'static str],
    pub(super) tags: &'static [&'static str],
    pub(super) places: &'static [&'static str],
}

/// What is said of pictures of this genre.
pub(super) const fn of(genre: Genre) -> &'static Words {
    match genre {
        Genre::Mountains | Genre::Overcast => &HEIGHTS,
        Genre::Sea | Genre::Coast => &WATER,
        Genre::Dunes => &DESERT,
        Genre::Forest | Genre::Leaf | Genre::Flowers => &GARDEN,
        Genre::Stars | Genre::Aurora => &NIGHT,
        Genre::City | Genre::Bokeh | Genre::Rain => &TOWN,
        Genre::Stairs | Genre::Arches | Genre::Facade => &WALLS,
        Genre::Tiles | Genre::Weave | Genre::Stone => &HANDWORK,
        Genre::StillLife => &TABLE,
        Genre::Portrait => &FACES,
    }
}

const HEIGHTS: Words = Words {
    captions: &[
        "The fog lifted for about a minute",
        "Up before the birds for this",
        "Counted the ridges, lost count",
        "The long way home",
        "My knees hated it, my eyes did not",
        "Above it all, for once",
        "Not a sound up here",
    ],
    tags: &["fog", "mountains", "hiking", "morninglight", "überall"],
    places: &["Triglav, Slovenia", "Lake Orta", "High Tatras", "Dolomites", "Isle of Skye"],
};

const WATER: Words = Words {
    captions: &[
        "Nobody at the harbour but the gulls",
        "Everything was blue and then it was not",
        "The sea does this every October",
        "Held my breath for this one",
        "Last roll of the summer",
        "Salt on the lens",
        "Stayed until it was gone",
    ],
    tags: &["sea", "horizon", "harbour", "goldenhour", "slowsunday"],
    places: &["Gdańsk harbour", "Valparaíso", "Naxos", "Comporta", "Hvar", "Kamakura"],
};

const DESERT: Words = Words {
    captions: &[
        "Sand in everything I own",
        "Lines that were gone by evening",
        "Walked an hour for this shadow",
        "It hums when the wind turns",
        "Half light, half not",
    ],
    tags: &["desert", "dunes", "shadow", "minimal"],
    places: &["Merzouga, Morocco", "Sossusvlei", "Dune du Pilat", "Huacachina"],
};

const GARDEN: Words = Words {
    captions: &[
        "A tree I have passed a thousand times",
        "First warm day on the allotment",
        "It smelled of rain here",
        "On my knees in the wet grass for this",
        "Found while looking for something else",
        "Sunday, slowly",
        "Grew this one myself",
    ],
    tags: &["botanical", "autumn", "春", "macro", "garden", "forest"],
    places: &["Kew", "Białowieża", "Sintra", "Kyoto", "Botanical garden, Palermo"],
};

const NIGHT: Words = Words {
    captions: &[
        "Thirty seconds, eleven layers of clothes",
        "Far from any lamp",
        "It danced for ten minutes and then it was over",
        "Could not feel my fingers, did not care",
        "Held my breath for this one",
        "The tripod froze to the ground",
    ],
    tags: &["nightsky", "longexposure", "stars", "north"],
    places: &["Tromsø", "Abisko", "Lofoten", "Atacama", "Teide"],
};

const TOWN: Words = Words {
    captions: &[
        "Waiting for the late train",
        "Two minutes after the rain",
        "Old lens, new street",
        "Missed the tram, got this",
        "The city, thinking",
        "All of this from the kitchen window",
        "Nobody looks up at this hour",
    ],
    tags: &["citylights", "bluehour", "rain", "bokeh", "straßenbahn", "35mm"],
    places: &["Kreuzberg, Berlin", "Porto", "Osaka", "Rotterdam", "Chicago"],
};

const WALLS: Words = Words {
    captions: &[
        "Found this behind the market",
        "Came back three times for the shadow",
        "Somebody painted this wall overnight",
        "Ten past four, every day",
        "The roof of the swimming hall is next",
        "Nothing but a wall and the sun",
    ],
    tags: &["architecture", "lightandshadow", "facade", "minimal", "geometry"],
    places: &["Lisbon", "Marrakesh", "Ljubljana", "Calpe", "Procida", "Trieste"],
};

const HANDWORK: Words = Words {
    captions: &[
        "Somebody made this by hand",
        "My grandmother's, I think",
        "Could look at this all day",
        "Closer",
        "Flea market, two euros",
        "Patterns everywhere once you start",
    ],
    tags: &["pattern", "texture", "handmade", "detail", "colour"],
    places: &["Lisbon", "Fez", "Harris", "Carrara", "Porto"],
};

const TABLE: Words = Words {
    captions: &[
        "My grandmother's kitchen window",
        "Before anybody else was up",
        "Rearranged it eleven times",
        "It smelled of oranges here",
        "The light does the work",
        "Then we ate it",
    ],
    tags: &["stilllife", "windowlight", "ceramics", "kitchen", "slowsunday"],
    places: &["At home", "Studio", "Ravenna", "The kitchen"],
};

const FACES: Words = Words {
    captions: &[
        "She would not look at the camera",
        "My oldest friend, one lamp",
        "Keep still, I said, and for once they did",
        "Between two jokes",
        "Five minutes before the bus",
        "Eyes closed on purpose",
    ],
    tags: &["portrait", "onelight", "studio", "faces"],
    places: &["Studio", "At home", "Backstage"],
};

pub(super) const COMMENTS: &[&str] = &[
    "This light!",
    "I know that corner",
    "How long did you wait for it?",
    "The second one stays with me",
    "Wonderful",
    "What film is this?",
    "I can hear the gulls",
    "Print this one, please",
    "So quiet",
    "You make me want to go there",
    "The colours are unreal",
    "Teach me",
];
