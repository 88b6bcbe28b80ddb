//! Captions and comments as their writers mean them: hashtags, mentions and links.
//!
//! A hashtag is `#` and a run of letters, marks, digits and underscores with a letter among them,
//! in any script. It is known by its folded form (NFKC, lower case), so that `#Café` is found
//! whichever way its accent was typed. A mention is `@` and a username: 3 to 30 of a–z, digits,
//! dots and underscores, dots at the end being punctuation. Neither begins inside a word, so an
//! e-mail address is no mention; and nothing inside a link is either.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Hashtags of one text that count, and mentions: what comes after them is plain text.
pub const MOST: usize = 30;

/// Characters of the longest hashtag, folded.
const LONGEST_TAG: usize = 100;

/// A stretch of a text that is more than words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where it is, in bytes, its `#` or `@` included.
    pub range: Range<usize>,
    /// What it is.
    pub what: What,
}

/// What a [`Mark`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A hashtag, folded and without `#`.
    Hashtag(String),
    /// A username, in lower case and without `@`; whether there is such an account is not asked.
    Mention(String),
    /// An address that begins with `http://` or `https://`.
    Link,
}

/// Everything in `text` that is more than words, in order.
pub fn marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut before = None;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let inside_a_word = before.is_some_and(is_word);
        let rest = &text[at..];
        let found = match character {
            _ if inside_a_word => None,
            '#' | '＃' => hashtag(rest),
            '@' | '＠' => mention(rest),
            'h' | 'H' => link(rest),
            _ => None,
        };
        let length = match found {
            Some((length, what)) => {
                marks.push(Mark { range: at..at + length, what });
                length
            }
            None => character.len_utf8(),
        };
        before = text[at..at + length].chars().next_back();
        at += length;
    }
    marks
}

/// The hashtags of `text`, folded, each once, the first [`MOST`].
pub fn hashtags(text: &str) -> Vec<String> {
    once(marks(text).into_iter().filter_map(|mark| match mark.what {
        What::Hashtag(tag) => Some(tag),
        _ => None,
    }))
}

/// The usernames that `text` mentions, each once, the first [`MOST`].
pub fn mentions(text: &str) -> Vec<String> {
    once(marks(text).into_iter().filter_map(|mark| match mark.what {
        What::Mention(username) => Some(username),
        _ => None,
    }))
}

/// The folded form of a hashtag written with or without its `#`; `None` if it cannot be one.
pub fn fold(tag: &str) -> Option<String> {
    let tag = tag.strip_prefix(['#', '＃']).unwrap_or(tag);
    let folded: String = tag
        .chars()
        .filter(|character| !is_joiner(*character))
        .nfkc()
        .collect::<String>()
        .to_lowercase()
        .nfkc()
        .take(LONGEST_TAG + 1)
        .collect();
    let fits = folded.chars().count() <= LONGEST_TAG
        && !folded.starts_with(is_combining_mark)
        && folded.chars().all(is_word)
        && folded.chars().any(char::is_alphabetic);
    fits.then_some(folded)
}

fn hashtag(rest: &str) -> Option<(usize, What)> {
    let sign = rest.chars().next()?.len_utf8();
    let body = &rest[sign..];
    let end = body.find(|character| !is_word(character) && !is_joiner(character));
    // A joiner joins what stands on both sides of it; at the end it belongs to what follows.
    let body = body[..end.unwrap_or(body.len())].trim_end_matches(is_joiner);
    if body.starts_with(is_joiner) {
        return None;
    }
    Some((sign + body.len(), What::Hashtag(fold(body)?)))
}

fn mention(rest: &str) -> Option<(usize, What)> {
    let sign = rest.chars().next()?.len_utf8();
    let body = &rest[sign..];
    let is_of_names = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    let run = &body[..body.bytes().take_while(is_of_names).count()];
    let name = run.trim_end_matches('.');
    // `@user@host` is an address on another network, and `@josé` is not `@jos`.
    let goes_on = name.len() == run.len()
        && body[run.len()..].starts_with(|next| matches!(next, '@' | '＠') || continues_name(next));
    let fits = (3..=30).contains(&name.len()) && !goes_on;
    fits.then(|| (sign + name.len(), What::Mention(name.to_ascii_lowercase())))
}

fn link(rest: &str) -> Option<(usize, What)> {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| {
        rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let link =
        rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>']);
    (link.len() > scheme.len()).then_some((link.len(), What::Link))
}

fn is_word(character: char) -> bool {
    // A variation selector is a mark by its class, but it dresses an emoji, not a letter.
    let selects_variation = matches!(character, '\u{fe00}'..='\u{fe0f}');
    character == '_'
        || character.is_alphanumeric()
        || (is_combining_mark(character) && !selects_variation)
}

/// Invisible, and part of the spelling in Persian and in the scripts of India.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether a name that ends before `next` was cut in two by it. Scripts written without spaces or
/// with particles (`@minho님`) follow a name directly; accented Latin, Greek and Cyrillic do not.
fn continues_name(next: char) -> bool {
    is_combining_mark(next) || (next.is_alphanumeric() && next < '\u{590}')
}

fn once(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in all {
        if kept.len() < MOST && !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashtags_are_what_people_expect() {
        for (text, tags) in [
            ("Sunset #Beach #sun_set2024", &["beach", "sun_set2024"][..]),
            ("#a,#b;(#c)#d", &["a", "b", "c", "d"]),
            ("#Beach #beach #BEACH", &["beach"]),
            ("#2024 #_ #1_2 # # #! #", &[]),
            ("#4ever", &["4ever"]),
            ("C# is no#tag &#39;", &[]),
            ("##twice ###thrice", &["twice", "thrice"]),
            (
                "＃全角 #日本語 #한국어 #ไทยแลนด์ #हिन्दी #русский",
                &["全角", "日本語", "한국어", "ไทยแลนด์", "हिन्दी", "русский"],
            ),
            ("#Cafe\u{301} #Café", &["café"]),
            ("#ＦＵＬＬ #ﬁne", &["full", "fine"]),
            ("#می\u{200c}خواهم", &["میخواهم"]),
            ("#love❤\u{fe0f}#you", &["love", "you"]),
            ("#\u{fe0f}\u{20e3}key", &[]),
            ("see https://example.com/#part and #this", &["this"]),
            ("#ﷺ", &[]),
            ("line\n#next", &["next"]),
        ] {
            assert_eq!(hashtags(text), tags, "{text}");
        }
    }

    #[test]
    fn mentions_are_what_people_expect() {
        for (text, names) in [
            ("with @Alice and @bob.b_2!", &["alice", "bob.b_2"][..]),
            ("thanks @alice.", &["alice"]),
            ("@alice... @bob..!", &["alice", "bob"]),
            ("mail me@example.com or a.b@c.example", &[]),
            ("@al @... @", &[]),
            ("@abcdefghijklmnopqrstuvwxyz0123", &["abcdefghijklmnopqrstuvwxyz0123"]),
            ("@abcdefghijklmnopqrstuvwxyz01234", &[]),
            ("(@alice)@bob", &["alice", "bob"]),
            ("@alice@mastodon.example", &[]),
            ("@josé @jose\u{301}", &[]),
            ("@minho님 안녕, @alice你好", &["minho", "alice"]),
            ("＠alice", &["alice"]),
            ("https://site.example/@alice", &[]),
            ("@alice @ALICE", &["alice"]),
        ] {
            assert_eq!(mentions(text), names, "{text}");
        }
    }

    #[test]
    fn marks_tell_where_they_are() {
        let text = "Go #Up, @alice: https://a.example/x.";
        let found: Vec<&str> = marks(text).into_iter().map(|mark| &text[mark.range]).collect();
        assert_eq!(found, ["#Up", "@alice", "https://a.example/x"]);
    }

    #[test]
    fn only_the_first_thirty_count_and_none_over_a_hundred_characters() {
        let many: Vec<String> = (0..40).map(|number| format!("#t{number}")).collect();
        assert_eq!(hashtags(&many.join(" ")).len(), MOST);
        let longest = "x".repeat(LONGEST_TAG);
        assert_eq!(hashtags(&format!("#{longest}")), [longest.as_str()]);
        assert_eq!(hashtags(&format!("#{longest}x")), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s)([#@＃h.:/_ a-z0-9é\u{301}\u{200c}한ß]|.){0,200}") {
            let mut end = 0;
            for mark in marks(&text) {
                prop_assert!(mark.range.start >= end && !mark.range.is_empty());
                end = mark.range.end;
                let piece = &text[mark.range];
                match mark.what {
                    What::Hashtag(tag) => {
                        let folded = fold(piece);
                        prop_assert_eq!(folded.as_ref(), Some(&tag));
                        prop_assert!(tag.chars().all(is_word));
                        prop_assert_eq!(fold(&tag), Some(tag));
                    }
                    What::Mention(name) => {
                        prop_assert!((3..=30).contains(&name.len()) && !name.ends_with('.'));
                        prop_assert_eq!(piece[piece.len() - name.len()..].to_lowercase(), name);
                    }
                    What::Link => prop_assert!(piece.to_lowercase().starts_with("http")),
                }
            }
        }

        #[test]
        fn a_folded_tag_is_its_own_folded_form(text in "\\PC{0,20}") {
            if let Some(folded) = fold(&text) {
                prop_assert_eq!(fold(&folded), Some(folded));
            }
        }
    }
}
