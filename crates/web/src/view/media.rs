//! Pictures and films as templates write them.

use std::fmt::Write as _;

use tintype_api::media::{Upload, Urls};
use tintype_api::posts::{MediaKind, Post, PostMedia};

use super::text;

/// Sides of a picture of which nothing is known.
const UNKNOWN: (u32, u32) = (1080, 1080);

/// What stands in the place of a picture until it comes, where nothing is known of it.
const GREY: &str = "#8d857c";

/// The frame that holds all pictures of a post: as the first of them, within what a page bears.
pub(crate) struct Frame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) slides: Vec<Slide>,
}

/// One picture or film.
pub(crate) struct Slide {
    pub(crate) number: usize,
    pub(crate) is_film: bool,
    pub(crate) src: String,
    pub(crate) srcset: String,
    /// A picture of a film.
    pub(crate) poster: String,
    pub(crate) alt: String,
    /// The colour of the whole, seen from afar.
    pub(crate) colour: String,
    pub(crate) blurhash: String,
}

impl Frame {
    pub(crate) fn of(post: &Post) -> Self {
        let (width, height) = post.media.first().map_or(UNKNOWN, sides);
        // Neither a tower nor a ribbon.
        let (width, height) = if u64::from(width) * 5 < u64::from(height) * 4 {
            (1080, 1350)
        } else if u64::from(width) * 100 > u64::from(height) * 191 {
            (1080, 566)
        } else {
            (1080, (1080.0 * f64::from(height) / f64::from(width)).round() as u32)
        };
        let count = post.media.len();
        let slide = |(index, media): (usize, &PostMedia)| slide(post, media, index, count);
        Self { width, height, slides: post.media.iter().enumerate().map(slide).collect() }
    }

    pub(crate) fn is_carousel(&self) -> bool {
        self.slides.len() > 1
    }
}

fn sides(media: &PostMedia) -> (u32, u32) {
    let upload = media.upload.as_deref();
    let sides = upload.map(|upload| (upload.width, upload.height));
    sides.filter(|(width, height)| *width > 0 && *height > 0).unwrap_or(UNKNOWN)
}

fn slide(post: &Post, media: &PostMedia, index: usize, count: usize) -> Slide {
    let upload = media.upload.as_deref();
    let (srcset, poster) = match upload.map(|upload| &upload.urls) {
        Some(Urls::Image { .. }) => (upload.map(srcset).unwrap_or_default(), String::new()),
        Some(Urls::Video { poster, .. }) => (String::new(), poster.clone().unwrap_or_default()),
        _ => Default::default(),
    };
    let blurhash = upload.and_then(|upload| upload.blurhash.clone()).unwrap_or_default();
    Slide {
        number: index + 1,
        is_film: media.kind == MediaKind::Video,
        src: media.url.clone(),
        srcset,
        poster,
        alt: alt(post, media, index, count),
        colour: average(&blurhash).unwrap_or_else(|| GREY.to_owned()),
        blurhash,
    }
}

/// What a picture shows: in its author's words, or else what can be said without having seen it.
fn alt(post: &Post, media: &PostMedia, index: usize, count: usize) -> String {
    let said = media.upload.as_deref().and_then(|upload| upload.alt_text.as_deref());
    let said = said.or(post.alt_text.as_deref().filter(|_| index == 0));
    if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
        return said.to_owned();
    }
    let what = if media.kind == MediaKind::Video { "Film" } else { "Photo" };
    let place = if count > 1 { format!(" {} of {count}", index + 1) } else { String::new() };
    match post.caption.as_deref() {
        Some(caption) => format!("{what}{place}: {}", text::brief(caption, 80)),
        None => format!("{what}{place}"),
    }
}

/// The sizes of a picture that keep its shape, for pages to choose from.
fn srcset(upload: &Upload) -> String {
    let Urls::Image { small, medium, large, .. } = &upload.urls else { return String::new() };
    let mut set = String::new();
    let longer = upload.width.max(upload.height).max(1);
    let mut widest = 0;
    for (url, most) in [(small, 320), (medium, 640), (large, 1080)] {
        let width = if longer > most { upload.width * most / longer } else { upload.width };
        if width > widest && url.bytes().all(|byte| !matches!(byte, b' ' | b',')) {
            widest = width;
            if !set.is_empty() {
                set.push_str(", ");
            }
            let _ = write!(set, "{url} {width}w");
        }
    }
    set
}

/// What a square says of its post by a mark in its corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    None,
    Hidden,
    Film,
    Several,
}

impl Mark {
    /// The icon, and what it means; nothing for a picture like any other.
    pub(crate) const fn icon(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::None => None,
            Self::Hidden => Some(("eye-off", "Hidden")),
            Self::Film => Some(("film", "Film")),
            Self::Several => Some(("several", "Several pictures")),
        }
    }
}

/// A post as a square among others.
pub(crate) struct Tile {
    pub(crate) href: String,
    pub(crate) src: String,
    pub(crate) srcset: String,
    pub(crate) alt: String,
    pub(crate) colour: String,
    /// Whether there is no picture: a film of which there is none.
    pub(crate) is_bare: bool,
    pub(crate) mark: Mark,
    pub(crate) likes: String,
    pub(crate) comments: String,
}

impl Tile {
    pub(crate) fn of(post: &Post) -> Self {
        let first = post.media.first();
        let upload = first.and_then(|media| media.upload.as_deref());
        let is_film = first.is_some_and(|media| media.kind == MediaKind::Video);
        let (src, srcset) = match upload.map(|upload| &upload.urls) {
            Some(Urls::Image { thumbnail, medium, .. }) => (
                medium.clone(),
                upload.map(|upload| squares(upload, thumbnail)).unwrap_or_default(),
            ),
            Some(Urls::Video { poster, .. }) => (poster.clone().unwrap_or_default(), String::new()),
            _ if is_film => Default::default(),
            _ => (first.map(|media| media.url.clone()).unwrap_or_default(), String::new()),
        };
        let blurhash = upload.and_then(|upload| upload.blurhash.as_deref()).unwrap_or_default();
        Self {
            href: format!("/p/{}", post.id),
            is_bare: src.is_empty(),
            src,
            srcset,
            alt: first.map(|media| alt(post, media, 0, post.media.len())).unwrap_or_default(),
            colour: average(blurhash).unwrap_or_else(|| GREY.to_owned()),
            mark: if post.hidden {
                Mark::Hidden
            } else if is_film {
                Mark::Film
            } else if post.media.len() > 1 {
                Mark::Several
            } else {
                Mark::None
            },
            likes: super::figures::brief(post.likes),
            comments: super::figures::brief(post.comments),
        }
    }
}

/// The sizes of a picture that is cut to a square: what counts is its shorter side.
fn squares(upload: &Upload, thumbnail: &str) -> String {
    let Urls::Image { small, medium, large, .. } = &upload.urls else { return String::new() };
    let mut set = format!("{thumbnail} 150w");
    let (longer, shorter) =
        (upload.width.max(upload.height).max(1), upload.width.min(upload.height));
    let mut widest = 150;
    for (url, most) in [(small, 320), (medium, 640), (large, 1080)] {
        let width = if longer > most { shorter * most / longer } else { shorter };
        if width > widest {
            widest = width;
            let _ = write!(set, ", {url} {width}w");
        }
    }
    set
}

/// The average colour that a `BlurHash` begins with, as `#rrggbb`.
fn average(blurhash: &str) -> Option<String> {
    const DIGITS: &[u8] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    let digits = blurhash.as_bytes().get(2..6)?;
    let mut value: usize = 0;
    for digit in digits {
        value = value * 83 + DIGITS.iter().position(|known| known == digit)?;
    }
    (value < 1 << 24).then(|| format!("#{value:06x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_colour_is_read_from_a_blurhash() {
        assert_eq!(average("LEHV6nWB2yk8pyo0adR*.7kCMdnj").as_deref(), Some("#979695"));
        assert_eq!(average(""), None);
        assert_eq!(average("LE\"\"\"\"WB"), None);
        assert_eq!(average("LE~~~~"), None);
    }
}
