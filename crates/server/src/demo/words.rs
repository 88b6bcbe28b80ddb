//! What the people of the demo are called and what they say.

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

pub(super) const CAPTIONS: &[&str] = &[
    "The fog lifted for about a minute",
    "First frost on the allotment",
    "Nobody at the harbour but the gulls",
    "Bread, third try, and it finally rose",
    "The long way home",
    "My grandmother's kitchen window",
    "Waiting for the late train",
    "Two minutes after the rain",
    "Found this staircase behind the market",
    "Old lens, new street",
    "The lake does this every October",
    "She would not look at the camera",
    "Everything was blue and then it was not",
    "A tree I have passed a thousand times",
    "Last roll of the summer",
    "Sunday, slowly",
    "The roof of the swimming hall",
    "Somebody painted this wall overnight",
    "It smelled of oranges here",
    "Held my breath for this one",
];

pub(super) const TAGS: &[&str] = &[
    "morninglight",
    "35mm",
    "blackandwhite",
    "streetphotography",
    "bread",
    "harbour",
    "fog",
    "autumn",
    "portrait",
    "architecture",
    "straßenbahn",
    "überall",
    "春",
    "slowsunday",
    "lake",
];

pub(super) const PLACES: &[&str] = &[
    "Lisbon",
    "Gdańsk harbour",
    "Kyoto",
    "Kreuzberg, Berlin",
    "Lake Orta",
    "Valparaíso",
    "Tromsø",
    "Marrakesh",
    "Porto",
    "Ljubljana",
];

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
