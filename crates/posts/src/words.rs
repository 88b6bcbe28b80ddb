//! What people send: parsed once into types that cannot be wrong.
//!
//! Lengths are counted in Unicode scalar values (`char`s): one for a letter, two for a letter with
//! a combining accent, several for a composed emoji. Control characters are refused, line breaks
//! aside where a text may have lines.

use serde::{Deserialize, Deserializer};
use tintype_api::MediaId;
use tintype_api::posts::{MediaKind, PostMedia};
use tintype_platform::objects::ObjectUrls;
use tintype_platform::{Error, Result};

/// Media of one post.
const MOST_MEDIA: usize = 10;

/// Bytes of the longest address of a medium.
const LONGEST_URL: usize = 2048;

macro_rules! texts {
    ($($(#[$about:meta])* $Text:ident: $most:literal, $lines:literal;)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Text(String);

        impl TryFrom<String> for $Text {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                allowed(&text, $most, $lines).map(|()| Self(text))
            }
        }

        impl From<$Text> for String {
            fn from(text: $Text) -> Self {
                text.0
            }
        }

        impl<'de> Deserialize<'de> for $Text {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

texts! {
    /// What an author writes under a post: up to 2,200 characters.
    Caption: 2200, true;
    /// Where a post was taken: up to 255 characters on one line.
    Location: 255, false;
    /// What the pictures show: up to 1,000 characters.
    AltText: 1000, true;
}

/// A field of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Left out: it stays as it is.
    #[default]
    Kept,
    /// Set to a value, or taken away by null.
    Set(Option<T>),
}

impl<T> Field<T> {
    /// The same with another type of value.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Kept => Field::Kept,
            Self::Set(value) => Field::Set(value.map(into)),
        }
    }

    /// Makes the change to `place`.
    pub fn write(self, place: &mut Option<T>) {
        if let Self::Set(value) = self {
            *place = value;
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Set)
    }
}

/// What somebody says under a post, without blanks around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentText(String);

impl CommentText {
    /// Characters of the longest comment.
    pub const MOST: usize = 2200;

    /// Characters of the longest comment in the trusted dialect.
    pub const MOST_TRUSTED: usize = 1000;

    /// Takes the `content` of a body, of up to `most` characters; none at all is refused.
    pub fn parse(content: Option<&str>, most: usize) -> Result<Self> {
        let text = content.unwrap_or_default().trim();
        if text.is_empty() {
            return Err(Error::invalid("content", "Comment content is required"));
        }
        allowed(text, most, true)
            .map_err(|rule| Error::invalid("content", format!("Comment content {rule}")))?;
        Ok(Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CommentText> for String {
    fn from(text: CommentText) -> Self {
        text.0
    }
}

/// A picture or film of a post that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewMedia {
    /// An upload of the author.
    Upload(MediaId),
    /// What is at an address, which may be that of an upload.
    At(MediaUrl),
}

/// The address of a picture or film: `http` or `https`, up to 2,048 bytes, or the path of an upload
/// on this site. Never fetched here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaUrl(String);

impl MediaUrl {
    /// The medium at this address; what it is is told by the extension of its path.
    pub fn into_media(self) -> PostMedia {
        let path = self.0.split(['?', '#']).next().unwrap_or_default();
        let extension = path.rsplit('/').next().and_then(|file| file.rsplit_once('.'));
        let is_film = extension.is_some_and(|(_, extension)| {
            ["mp4", "mov", "webm"].iter().any(|film| extension.eq_ignore_ascii_case(film))
        });
        PostMedia::elsewhere(self.0, if is_film { MediaKind::Video } else { MediaKind::Image })
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a path on this site.
    pub fn is_path(&self) -> bool {
        self.0.starts_with('/')
    }
}

impl TryFrom<String> for MediaUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > LONGEST_URL {
            return Err(format!("must be at most {LONGEST_URL} bytes long"));
        }
        // The parser would drop blanks and line breaks silently; what is stored is what was sent.
        let is_plain = !text.chars().any(|character| character.is_control() || character == ' ');
        if is_plain && text.starts_with(ObjectUrls::PATH) {
            return Ok(Self(text));
        }
        let url = url::Url::parse(&text).ok().filter(|_| is_plain);
        match url {
            Some(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                Ok(Self(text))
            }
            _ => Err("must be an http or https address".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for MediaUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// The media of a new post: uploads, then what is at the addresses in `field`, together 1 to 10.
pub fn media(
    field: &'static str,
    urls: Option<Vec<MediaUrl>>,
    uploads: Option<Vec<MediaId>>,
) -> Result<Vec<NewMedia>> {
    let uploads = uploads.unwrap_or_default().into_iter().map(NewMedia::Upload);
    let media: Vec<_> =
        uploads.chain(urls.unwrap_or_default().into_iter().map(NewMedia::At)).collect();
    if media.is_empty() {
        return Err(Error::invalid(field, "At least one media URL is required"));
    }
    if media.len() > MOST_MEDIA {
        return Err(Error::invalid(
            field,
            format!("A post may have at most {MOST_MEDIA} pictures and films"),
        ));
    }
    Ok(media)
}

fn allowed(text: &str, most: usize, lines: bool) -> Result<(), String> {
    if text.chars().count() > most {
        return Err(format!("must be at most {most} characters long"));
    }
    let forbidden = |character: char| {
        character.is_control() && !(lines && matches!(character, '\n' | '\r' | '\t'))
    };
    if text.contains(forbidden) {
        return Err("may not contain control characters".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Caption::try_from("é".repeat(2200)).is_ok());
        assert!(Caption::try_from("é".repeat(2201)).is_err());
        assert!(Location::try_from("가".repeat(255)).is_ok());
        assert!(Location::try_from("가".repeat(256)).is_err());
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(Caption::try_from("two\nlines\tand a tab".to_owned()).is_ok());
        assert!(Location::try_from("two\nlines".to_owned()).is_err());
        for text in ["\0", "a\u{1b}[31m", "\u{7f}", "\u{85}"] {
            assert!(Caption::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        assert!(Caption::try_from("👩\u{200d}👩\u{200d}👧 \u{feff}".to_owned()).is_ok());
    }

    #[test]
    fn a_comment_is_trimmed_and_not_empty() {
        let parse = |text| CommentText::parse(text, CommentText::MOST);
        assert_eq!(parse(Some("  hello\n")).unwrap().as_str(), "hello");
        for empty in [None, Some(""), Some(" \n\t\u{3000}")] {
            assert_eq!(parse(empty).unwrap_err().message(), "Comment content is required");
        }
        assert!(CommentText::parse(Some(&"x".repeat(1001)), CommentText::MOST_TRUSTED).is_err());
        let padded = format!("  {}  ", "x".repeat(1000));
        assert!(CommentText::parse(Some(&padded), CommentText::MOST_TRUSTED).is_ok());
    }

    #[test]
    fn only_web_addresses_are_media() {
        let url = |text: &str| MediaUrl::try_from(text.to_owned());
        for good in [
            "https://a.example/x.jpg",
            "http://localhost:9000/b/ü.png",
            "HTTP://A.B/c?d#e",
            "/media/images/1/x_large.jpg",
        ] {
            assert_eq!(url(good).unwrap().into_media().url, good);
        }
        for bad in [
            "",
            "a.jpg",
            "/a.jpg",
            "/media/a b",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "file:///etc",
            "ftp://a.example/x",
            "https://",
            "http://a b/",
            " https://a.example/",
            "https://a.example/\n",
            "https://a.example/\0",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
        assert!(url(&format!("https://a.example/{}", "x".repeat(2048))).is_err());
    }

    #[test]
    fn films_are_known_by_their_extension() {
        let kind = |text: &str| MediaUrl::try_from(text.to_owned()).unwrap().into_media().kind;
        assert_eq!(kind("https://a.example/x.MP4?size=1"), MediaKind::Video);
        assert_eq!(kind("https://a.example/x.mov#t=1"), MediaKind::Video);
        assert_eq!(kind("https://a.example/mp4"), MediaKind::Image);
        assert_eq!(kind("https://mp4.webm/x.jpg?a=.mp4"), MediaKind::Image);
    }
}
