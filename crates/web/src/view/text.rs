//! Captions and comments with their links.

use tintype_posts::caption::{What, marks};

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Just words.
    Words(String),
    /// A hashtag: as it was typed, and folded.
    Tag(String, String),
    /// A mention: as it was typed, and the username.
    Mention(String, String),
    /// An address: what is shown of it, and all of it.
    Link(String, String),
}

/// `text` in pieces, in order.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    /// Characters of an address that are shown.
    const SHOWN: usize = 40;
    let mut pieces = Vec::new();
    let mut at = 0;
    for mark in marks(text) {
        if mark.range.start > at {
            pieces.push(Piece::Words(text[at..mark.range.start].to_owned()));
        }
        at = mark.range.end;
        let typed = text[mark.range].to_owned();
        pieces.push(match mark.what {
            What::Hashtag(tag) => Piece::Tag(typed, tag),
            What::Mention(name) => Piece::Mention(typed, name),
            What::Link => {
                let bare = typed.split_once("://").map_or(&*typed, |(_, rest)| rest);
                let bare = bare.trim_end_matches('/');
                let shown = if bare.chars().count() > SHOWN {
                    bare.chars().take(SHOWN - 1).chain(['…']).collect()
                } else {
                    bare.to_owned()
                };
                Piece::Link(shown, typed)
            }
        });
    }
    if at < text.len() {
        pieces.push(Piece::Words(text[at..].to_owned()));
    }
    pieces
}

/// The beginning of `text` on one line, of up to `most` characters.
pub(crate) fn brief(text: &str, most: usize) -> String {
    let mut words = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if count + length + 1 > most {
            if words.is_empty() {
                words = word.chars().take(most.saturating_sub(1)).collect();
            }
            words.push('…');
            return words;
        }
        if !words.is_empty() {
            words.push(' ');
            count += 1;
        }
        words.push_str(word);
        count += length;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_words() {
        let found = pieces("By @Ann. #Sea https://a.example/ javascript:alert(1)");
        let owned = |text: &str| text.to_owned();
        assert_eq!(
            found,
            [
                Piece::Words(owned("By ")),
                Piece::Mention(owned("@Ann"), owned("ann")),
                Piece::Words(owned(". ")),
                Piece::Tag(owned("#Sea"), owned("sea")),
                Piece::Words(owned(" ")),
                Piece::Link(owned("a.example"), owned("https://a.example/")),
                Piece::Words(owned(" javascript:alert(1)")),
            ]
        );
    }

    #[test]
    fn a_beginning_ends_between_words() {
        assert_eq!(brief("one two\nthree", 20), "one two three");
        assert_eq!(brief("one two three", 9), "one two…");
        assert_eq!(brief("abcdefghij", 5), "abcd…");
    }
}
