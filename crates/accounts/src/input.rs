//! What people type, parsed once at the door.
//!
//! Each type says in its refusal what is allowed, as the end of a sentence that begins with the
//! field's name: "must have at least 8 characters".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use url::Url;

/// Names that would stand in the way of a fixed path, now or later, or seem to speak for the site.
const RESERVED: &[&str] = &[
    "about",
    "account",
    "accounts",
    "activity",
    "admin",
    "administrator",
    "api",
    "apple-touch-icon.png",
    "assets",
    "atom",
    "auth",
    "block",
    "blocked",
    "comment",
    "comments",
    "contact",
    "direct",
    "discover",
    "docs",
    "edit",
    "everyone",
    "explore",
    "favicon.ico",
    "feed",
    "follow",
    "followers",
    "following",
    "hashtag",
    "hashtags",
    "health",
    "help",
    "home",
    "humans.txt",
    "inbox",
    "index.html",
    "legal",
    "live",
    "livez",
    "login",
    "logout",
    "manifest.json",
    "manifest.webmanifest",
    "media",
    "messages",
    "metrics",
    "moderation",
    "mute",
    "muted",
    "new",
    "notifications",
    "null",
    "oembed",
    "offline",
    "openapi.json",
    "operations",
    "password",
    "people",
    "post",
    "posts",
    "privacy",
    "profile",
    "readyz",
    "redoc",
    "register",
    "report",
    "reports",
    "requests",
    "robots",
    "robots.txt",
    "root",
    "rpc",
    "rss",
    "saved",
    "search",
    "security",
    "session",
    "sessions",
    "settings",
    "sign_in",
    "sign_up",
    "signin",
    "signup",
    "sitemap",
    "sitemap.xml",
    "static",
    "status",
    "stories",
    "suggestions",
    "support",
    "sw.js",
    "system",
    "tag",
    "tags",
    "terms",
    "tintype",
    "undefined",
    "upload",
    "users",
    "verify",
    "welcome",
    "www",
];

/// Why a text is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(pub &'static str);

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! texts {
    ($($(#[$about:meta])* $Name:ident by $rule:ident;)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $Name(String);

        impl $Name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$Name> for String {
            fn from(text: $Name) -> Self {
                text.0
            }
        }

        impl TryFrom<String> for $Name {
            type Error = Refusal;

            fn try_from(text: String) -> Result<Self, Refusal> {
                $rule(text).map(Self)
            }
        }

        impl FromStr for $Name {
            type Err = Refusal;

            fn from_str(text: &str) -> Result<Self, Refusal> {
                text.to_owned().try_into()
            }
        }
    )*};
}

texts! {
    /// 3 to 30 of a to z, digits, dots and underscores, in lower case; not a reserved name.
    Username by username;
    /// An e-mail address that may well exist, in lower case, at most 254 bytes.
    Email by email;
    /// What somebody is called: up to 100 characters on one line.
    FullName by full_name;
    /// What somebody says of themselves: up to 500 characters.
    Bio by bio;
    /// An absolute http or https address of up to 2,048 bytes.
    WebAddress by web_address;
}

/// A password that may be set: 8 characters to 72 bytes, all of which bcrypt looks at.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(String);

impl Password {
    /// The most bytes that bcrypt looks at.
    pub(crate) const LONGEST: usize = 72;

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl TryFrom<String> for Password {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Refusal> {
        if text.chars().count() < 8 {
            Err(Refusal("must have at least 8 characters"))
        } else if text.len() > Self::LONGEST {
            Err(Refusal("must have at most 72 bytes"))
        } else if text.contains('\0') {
            Err(Refusal("may not contain a NUL character"))
        } else {
            Ok(Self(text))
        }
    }
}

impl FromStr for Password {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        text.to_owned().try_into()
    }
}

/// A field that may be left out: absent, null and blank are all `None`.
/// For `#[serde(default, deserialize_with = "input::optional")]`.
pub fn optional<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<String, Error = Refusal>,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(from)?.filter(|text| !text.trim().is_empty());
    text.map(T::try_from).transpose().map_err(serde::de::Error::custom)
}

/// What becomes of a field that may be empty. In JSON, absent (with `#[serde(default)]`) keeps it,
/// null and blank clear it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is empty from now on.
    Clear,
    /// It is this from now on.
    Set(T),
}

impl<T: Into<String>> Change<T> {
    /// What the field is after the change.
    pub(crate) fn after(self, before: Option<&str>) -> Option<String> {
        match self {
            Self::Keep => before.map(str::to_owned),
            Self::Clear => None,
            Self::Set(text) => Some(text.into()),
        }
    }
}

impl<'de, T: TryFrom<String, Error = Refusal>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        optional(from).map(|text| text.map_or(Self::Clear, Self::Set))
    }
}

/// A text as searches compare it: without case, accents and the likes of full-width letters.
pub(crate) fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;

    // Greek has a small sigma of its own for the end of a word.
    let small =
        |letter: char| letter.to_lowercase().map(|letter| if letter == 'ς' { 'σ' } else { letter });
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(small).collect()
}

fn username(text: String) -> Result<String, Refusal> {
    let text = text.trim().to_ascii_lowercase();
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
    if !(3..=30).contains(&text.len()) || !text.bytes().all(allowed) {
        return Err(Refusal("must be 3 to 30 of the letters a to z, digits, dots and underscores"));
    }
    if RESERVED.contains(&text.as_str()) {
        return Err(Refusal("is reserved; choose another"));
    }
    Ok(text)
}

fn email(text: String) -> Result<String, Refusal> {
    let text = text.trim().to_lowercase();
    let odd = |letter: char| {
        letter.is_control() || letter.is_whitespace() || "<>()[],;:\\\"".contains(letter)
    };
    let plausible = text.split_once('@').is_some_and(|(local, domain)| {
        let labels = || domain.split('.');
        let label_is_good = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        (1..=64).contains(&local.len())
            && !domain.contains('@')
            && labels().count() >= 2
            && labels().all(label_is_good)
    });
    if !plausible || text.len() > 254 || text.contains(odd) {
        return Err(Refusal("must be an e-mail address of at most 254 characters"));
    }
    Ok(text)
}

fn full_name(text: String) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.contains(char::is_control) {
        return Err(Refusal("must be at most 100 characters on one line"));
    }
    Ok(text.to_owned())
}

fn bio(text: String) -> Result<String, Refusal> {
    let text = text.trim();
    let odd = |letter: char| letter.is_control() && !"\n\r\t".contains(letter);
    if text.is_empty() || text.chars().count() > 500 || text.contains(odd) {
        return Err(Refusal("must be at most 500 characters without control characters"));
    }
    Ok(text.to_owned())
}

fn web_address(text: String) -> Result<String, Refusal> {
    let text = text.trim();
    let refused = Refusal("must be an http or https address of at most 2048 characters");
    // The parser forgives line breaks and spaces that a browser's would read otherwise.
    if text.len() > 2048
        || text.contains(|letter: char| letter.is_control() || letter.is_whitespace())
    {
        return Err(refused);
    }
    let url = Url::parse(text).map_err(|_| refused)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refused);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usernames_are_folded_and_reserved_ones_refused() {
        for (typed, kept) in
            [("Anna", "anna"), ("a.b_9", "a.b_9"), (" bob ", "bob"), ("...", "...")]
        {
            assert_eq!(typed.parse::<Username>().unwrap().as_str(), kept);
        }
        for refused in
            ["", "ab", "me", "ME", "admin", "Requests", "jörg", "a b", "a-b", "a\0bc", "\u{212a}im"]
        {
            assert!(refused.parse::<Username>().is_err(), "{refused:?}");
        }
        assert!("a".repeat(30).parse::<Username>().is_ok());
        assert!("a".repeat(31).parse::<Username>().is_err());
        let reserved = "admin".parse::<Username>().unwrap_err();
        assert_eq!(reserved.to_string(), "is reserved; choose another");
    }

    #[test]
    fn emails_are_plausible_and_in_lower_case() {
        assert_eq!("Anna@Example.COM".parse::<Email>().unwrap().as_str(), "anna@example.com");
        for good in
            ["a@b.co", "first.last+tag@sub.example.org", "o'neil@example.ie", "jörg@bücher.example"]
        {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for refused in [
            "",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a@b@c.de",
            "a b@c.de",
            "a@b..c",
            "a@-b.c",
            "a@b.c\n.d",
            "<a@b.co>",
        ] {
            assert!(refused.parse::<Email>().is_err(), "{refused:?}");
        }
        assert!(format!("{}@{}.example", "a".repeat(64), "b".repeat(63)).parse::<Email>().is_ok());
        assert!(format!("a@{}.example", "b.".repeat(130)).parse::<Email>().is_err());
    }

    #[test]
    fn passwords_count_characters_below_and_bytes_above() {
        assert!("sevenle".parse::<Password>().is_err());
        assert!("äöüßäöüß".parse::<Password>().is_ok());
        assert!("a".repeat(72).parse::<Password>().is_ok());
        assert!("a".repeat(73).parse::<Password>().is_err());
        assert!("ä".repeat(37).parse::<Password>().is_err());
        assert!("eightlet\0".parse::<Password>().is_err());
        assert_eq!(format!("{:?}", "a secret word".parse::<Password>().unwrap()), "Password(…)");
    }

    #[test]
    fn only_http_addresses_are_web_addresses() {
        for good in ["http://example.com", "https://example.com/a?b=c#d", "HTTPS://EXAMPLE.com"] {
            assert!(good.parse::<WebAddress>().is_ok(), "{good}");
        }
        for refused in [
            "",
            "example.com",
            "javascript:alert(1)",
            "ftp://a.b",
            "http://",
            "//a.b",
            "http://a b",
            "java\nscript:x",
        ] {
            assert!(refused.parse::<WebAddress>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_change_tells_absent_from_cleared() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            name: Change<FullName>,
        }
        let read = |text| serde_json::from_str::<Body>(text).map(|body| body.name);
        assert_eq!(read("{}").unwrap(), Change::Keep);
        assert_eq!(read(r#"{"name":null}"#).unwrap(), Change::Clear);
        assert_eq!(read(r#"{"name":"  "}"#).unwrap(), Change::Clear);
        assert_eq!(read(r#"{"name":" Anna "}"#).unwrap(), Change::Set("Anna".parse().unwrap()));
        assert!(read(r#"{"name":"a\u0007"}"#).is_err());
        assert!(read(r#"{"name":7}"#).is_err());
    }

    #[test]
    fn folding_takes_away_case_and_accents() {
        assert_eq!(folded("José ÅNGSTRÖM"), "jose angstrom");
        assert_eq!(folded("Ａｎｎａ"), "anna");
        assert_eq!(folded("ΣΊΣΥΦΟΣ"), folded("σίσυφος"));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_and_what_is_kept_parses_to_itself(text: String) {
            if let Ok(name) = text.parse::<Username>() {
                prop_assert_eq!(name.as_str().parse::<Username>().unwrap(), name);
            }
            if let Ok(email) = text.parse::<Email>() {
                prop_assert_eq!(email.as_str().parse::<Email>().unwrap(), email);
            }
            if let Ok(address) = text.parse::<WebAddress>() {
                prop_assert_eq!(address.as_str().parse::<WebAddress>().unwrap(), address);
            }
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
        }
    }
}
