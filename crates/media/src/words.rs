//! What people say about their uploads.

use serde::{Deserialize, Deserializer};

/// What a picture shows, for those who do not see it: up to 1,000 characters, trimmed; empty is
/// none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AltText(pub(crate) Option<String>);

impl AltText {
    const LONGEST: usize = 1000;

    /// The text as a client has sent it; the error ends a sentence that begins with the field.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.chars().count() > Self::LONGEST {
            return Err("must be at most 1000 characters long");
        }
        let forbidden =
            |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
        if text.contains(forbidden) {
            return Err("may not contain control characters");
        }
        Ok(Self((!text.is_empty()).then(|| text.to_owned())))
    }
}

impl<'de> Deserialize<'de> for AltText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Self::read(text.as_deref().unwrap_or_default()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        let longest = "ä".repeat(AltText::LONGEST);
        assert_eq!(AltText::read(&format!(" {longest}\n")).unwrap().0, Some(longest.clone()));
        assert_eq!(AltText::read(" \n ").unwrap().0, None);
        assert_eq!(AltText::read("two\nlines").unwrap().0.as_deref(), Some("two\nlines"));
        for refused in [format!("{longest}a"), "a\0b".to_owned(), "a\u{1b}[2Jb".to_owned()] {
            assert!(AltText::read(&refused).is_err());
        }
        assert_eq!(serde_json::from_str::<AltText>("null").unwrap(), AltText::default());
    }
}
