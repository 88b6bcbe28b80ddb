//! What objects are called, so that nobody finds one who was not shown its address.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use tintype_api::UserId;
use tintype_api::media::Urls;
use tintype_platform::postgres::types as postgres;
use tintype_platform::{Error, Result};

use crate::sniff::FileType;

/// Where what was put at a signed address waits to be looked at.
const PENDING: &str = "pending/";

pub(crate) const FILE_TYPES: [FileType; 6] =
    [FileType::Jpeg, FileType::Png, FileType::Gif, FileType::Webp, FileType::Mp4, FileType::Mov];

/// What an upload is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Image,
    Video,
    Avatar,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Image, Self::Video, Self::Avatar];

    /// The folder of its objects.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Image => "images/",
            Self::Video => "videos/",
            Self::Avatar => "profiles/",
        }
    }

    /// What follows the token in the names of its objects.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Image => &[
                "_thumbnail.jpg",
                "_small.jpg",
                "_medium.jpg",
                "_large.jpg",
                "_original.jpg",
                "_original.png",
                "_original.gif",
                "_original.webp",
            ],
            Self::Video => &[".mp4", ".mov", "_poster.jpg"],
            Self::Avatar => &["_small.jpg", "_medium.jpg", "_large.jpg"],
        }
    }
}

/// 128 random bits, in 22 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Token([u8; 16]);

impl Token {
    const LENGTH: usize = 22;

    #[expect(clippy::disallowed_methods, reason = "what nobody can guess keeps pictures private")]
    pub(crate) fn new() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|cause| Error::internal(cause.to_string()))?;
        Ok(Self(bytes))
    }

    /// Where what was put at a signed address waits.
    pub(crate) fn pending(self) -> String {
        format!("{PENDING}{self}")
    }

    /// The token of an object that waits.
    pub(crate) fn of_pending(name: &str) -> Option<Self> {
        name.strip_prefix(PENDING)?.parse().ok()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no token.
#[derive(Debug)]
pub(crate) struct NotAToken;

impl FromStr for Token {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken)?;
        bytes.try_into().map(Self).map_err(|_| NotAToken)
    }
}

impl ToSql for Token {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl FromSql for Token {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|NotAToken| FromSqlError::InvalidType)
    }
}

impl postgres::ToSql for Token {
    fn to_sql(
        &self,
        of: &postgres::Type,
        to: &mut postgres::Buffer,
    ) -> postgres::Outcome<postgres::IsNull> {
        postgres::ToSql::to_sql(&self.to_string(), of, to)
    }

    postgres::accepts!(TEXT);
    postgres::to_sql_checked!();
}

impl<'r> postgres::FromSql<'r> for Token {
    fn from_sql(of: &postgres::Type, bytes: &'r [u8]) -> postgres::Outcome<Self> {
        let text = <&str as postgres::FromSql<'r>>::from_sql(of, bytes)?;
        text.parse().map_err(|NotAToken| format!("{text:?} is no token").into())
    }

    postgres::accepts!(TEXT);
}

/// What the names of all objects of one upload have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stem {
    pub(crate) kind: Kind,
    pub(crate) owner: UserId,
    pub(crate) token: Token,
}

impl Stem {
    /// The names of its objects.
    pub(crate) fn urls(self, file_type: FileType, has_poster: bool) -> Urls {
        let name = |ending: &str| format!("{self}{ending}");
        match self.kind {
            Kind::Image => Urls::Image {
                thumbnail: name("_thumbnail.jpg"),
                small: name("_small.jpg"),
                medium: name("_medium.jpg"),
                large: name("_large.jpg"),
                original: name(&format!("_original.{}", file_type.extension())),
            },
            Kind::Video => Urls::Video {
                video: name(&format!(".{}", file_type.extension())),
                poster: has_poster.then(|| name("_poster.jpg")),
            },
            Kind::Avatar => Urls::Avatar {
                small: name("_small.jpg"),
                medium: name("_medium.jpg"),
                large: name("_large.jpg"),
            },
        }
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", self.kind.folder(), self.owner, self.token)
    }
}

/// The name of one object of an upload, read from a client or from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) stem: Stem,
    /// What follows the token.
    pub(crate) ending: &'static str,
}

impl Name {
    /// `None` for what no object of an upload is called, such as a way out of the store.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| text.starts_with(kind.folder()))?;
        let (owner, file) = text.strip_prefix(kind.folder())?.split_once('/')?;
        let (token, ending) = file.split_at_checked(Token::LENGTH)?;
        let stem = Stem { kind, owner: owner.parse().ok()?, token: token.parse().ok()? };
        let ending = kind.endings().iter().find(|known| **known == ending)?;
        let name = Self { stem, ending };
        // `007` is the owner 7 as well, and only one name is the object's.
        (name.to_string() == text).then_some(name)
    }

    pub(crate) fn content_type(self) -> &'static str {
        let extension = self.ending.rsplit_once('.').map_or("", |(_, extension)| extension);
        let mut types = FILE_TYPES.into_iter();
        let found = types.find(|file_type| file_type.extension() == extension);
        found.unwrap_or(FileType::Jpeg).content_type()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.stem, self.ending)
    }
}

/// The names of all objects of an upload.
pub(crate) fn objects(urls: &Urls) -> Vec<String> {
    let names: Vec<&String> = match urls {
        Urls::Image { thumbnail, small, medium, large, original } => {
            vec![thumbnail, small, medium, large, original]
        }
        Urls::Video { video, poster } => std::iter::once(video).chain(poster).collect(),
        Urls::Avatar { small, medium, large } => vec![small, medium, large],
    };
    names.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use tintype_api::testkit::user;

    use super::*;

    #[test]
    fn every_name_reads_back_with_its_type() {
        let token = Token::new().unwrap();
        assert_ne!(token, Token::new().unwrap());
        for (kind, file_type, last) in [
            (Kind::Image, FileType::Jpeg, "image/jpeg"),
            (Kind::Image, FileType::Png, "image/png"),
            (Kind::Image, FileType::Gif, "image/gif"),
            (Kind::Image, FileType::Webp, "image/webp"),
            (Kind::Avatar, FileType::Png, "image/jpeg"),
        ] {
            let stem = Stem { kind, owner: user(7), token };
            let names = objects(&stem.urls(file_type, false));
            for name in &names {
                let read = Name::read(name).unwrap();
                assert_eq!((read.stem, read.to_string()), (stem, name.clone()));
            }
            assert_eq!(Name::read(names.last().unwrap()).unwrap().content_type(), last);
        }
        for (file_type, content_type) in
            [(FileType::Mp4, "video/mp4"), (FileType::Mov, "video/quicktime")]
        {
            let stem = Stem { kind: Kind::Video, owner: user(7), token };
            let names = objects(&stem.urls(file_type, true));
            let types = names.iter().map(|name| Name::read(name).unwrap().content_type());
            assert_eq!(types.collect::<Vec<_>>(), [content_type, "image/jpeg"]);
        }
        assert_eq!(Token::of_pending(&token.pending()), Some(token));
    }

    #[test]
    fn what_is_no_name_is_no_name() {
        let token = Token([7; 16]);
        for text in [
            format!("images/7/{token}_huge.jpg"),
            format!("images/07/{token}_large.jpg"),
            format!("images/+7/{token}_large.jpg"),
            format!("images/0/{token}_large.jpg"),
            format!("images/7/{token}_large.jpg/"),
            format!("images//{token}_large.jpg"),
            format!("images/../images/7/{token}_large.jpg"),
            format!("videos/7/{token}_large.jpg"),
            format!("profiles/7/{token}_thumbnail.jpg"),
            format!("/images/7/{token}_large.jpg"),
            token.pending(),
            "images/7/ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ_large.jpg".to_owned(),
            "images/7/short_large.jpg".to_owned(),
            "../../etc/passwd".to_owned(),
            String::new(),
        ] {
            assert_eq!(Name::read(&text), None, "{text}");
        }
    }
}
