//! Cursors and limits: how every list is read a page at a time.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, Result};

/// How many items a page holds: 1 to 100, 20 when the client does not say.
///
/// A number out of range is clamped; what is not a number is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit(u16);

impl Limit {
    /// The largest page.
    pub const MAX: Self = Self(100);

    /// `count` clamped to what a page may hold.
    pub fn clamped(count: i64) -> Self {
        Self(count.clamp(1, 100) as u16)
    }

    /// This limit, at most `most`.
    #[must_use]
    pub fn at_most(self, most: u16) -> Self {
        Self(self.0.min(most))
    }

    /// As a number of items.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::clamped(Whole::deserialize(deserializer)?.0))
    }
}

/// A whole number in a query string, however large: what exceeds 64 bits saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Whole, E> {
                Ok(Whole(i64::try_from(value).unwrap_or(i64::MAX)))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Whole, E> {
                let digits = text.strip_prefix('-').unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(E::custom("must be a whole number"));
                }
                let saturated = if text.starts_with('-') { i64::MIN } else { i64::MAX };
                Ok(Whole(text.parse().unwrap_or(saturated)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Where a list goes on: a few numbers, as opaque text for the client.
///
/// `list` names the kind of list, so that a cursor of one cannot be read by another; a checksum
/// finds what was cut off or typed over. It is no secret and no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor<const N: usize> {
    list: u8,
    values: [u64; N],
}

impl<const N: usize> Cursor<N> {
    /// A cursor of the kind of list that `list` stands for.
    pub fn new(list: u8, values: [u64; N]) -> Self {
        Self { list, values }
    }

    /// Reads the text of a client; anything but an unbroken cursor of this kind of list is refused.
    pub fn read(list: u8, text: &str) -> Result<[u64; N]> {
        let broken = || {
            Error::new(
                crate::error::Kind::Refused,
                "broken_cursor",
                "The cursor is broken; use the one that the last page gave, or none",
            )
        };
        // No cursor of ours is longer than this; a longer text is not worth decoding.
        if text.len() > 16 + N * 16 {
            return Err(broken());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
        let [found, high, low, rest @ ..] = bytes.as_slice() else { return Err(broken()) };
        if *found != list || checksum(list, rest) != u16::from_be_bytes([*high, *low]) {
            return Err(broken());
        }
        let mut values = [0; N];
        let mut rest = rest;
        for value in &mut values {
            let (read, tail) = read_varint(rest).ok_or_else(broken)?;
            (*value, rest) = (read, tail);
        }
        if rest.is_empty() { Ok(values) } else { Err(broken()) }
    }
}

impl<const N: usize> fmt::Display for Cursor<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = Vec::with_capacity(N * 8);
        for value in self.values {
            write_varint(&mut body, value);
        }
        let mut bytes = vec![self.list];
        bytes.extend(checksum(self.list, &body).to_be_bytes());
        bytes.extend(body);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The query parameters of a list, as the documents name them together.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where to go on, from the last page.
    pub cursor: Option<String>,
    /// Items on a page: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    pub limit: Option<Limit>,
    /// Items to skip, instead of a cursor.
    #[param(value_type = Option<u32>)]
    pub offset: Option<Whole>,
    /// Number of the page, from 1, instead of a cursor.
    #[param(value_type = Option<u32>, minimum = 1)]
    pub page: Option<Whole>,
    /// Items on a page, beside `page`.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    pub page_size: Option<Limit>,
}

impl PageQuery {
    /// Items on the page.
    pub fn limit(&self) -> Limit {
        self.limit.or(self.page_size).unwrap_or_default()
    }

    /// Items to skip before the page; 0 with a cursor, which says it better.
    pub fn skip(&self) -> usize {
        if self.cursor.is_some() {
            return 0;
        }
        let by_page = self
            .page
            .map(|page| page.0.max(1).saturating_sub(1).saturating_mul(self.limit().get() as i64));
        let skip = self.offset.map(|offset| offset.0).or(by_page).unwrap_or(0);
        usize::try_from(skip.max(0)).unwrap_or(usize::MAX)
    }

    /// The cursor of a list of one kind, if the client sent one. An empty text counts as none.
    pub fn cursor<const N: usize>(&self, list: u8) -> Result<Option<[u64; N]>> {
        match self.cursor.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => Cursor::read(list, text).map(Some),
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page: absent on the last page and on no other.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page from up to `limit + 1` items: the one too many only tells that there is a next page.
    pub fn from_one_more(mut items: Vec<T>, limit: Limit, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit.get();
        items.truncate(limit.get());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }

    /// The same page with every item turned into something else.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(into).collect(), next: self.next }
    }
}

/// FNV-1a folded to 16 bits.
fn checksum(list: u8, bytes: &[u8]) -> u16 {
    let hash = bytes.iter().fold(0x811c_9dc5_u32 ^ u32::from(list), |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 16)) as u16
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value as u8) | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if index == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(list: u8, values: [u64; 3]) {
            let text = Cursor::new(list, values).to_string();
            prop_assert_eq!(Cursor::read(list, &text).unwrap(), values);
        }

        #[test]
        fn a_cursor_of_another_list_or_cut_short_is_broken(values: [u64; 2], cut in 1usize..6) {
            let text = Cursor::new(b'p', values).to_string();
            prop_assert!(Cursor::<2>::read(b'c', &text).is_err());
            prop_assert!(Cursor::<2>::read(b'p', &text[..text.len() - cut]).is_err());
            prop_assert!(Cursor::<1>::read(b'p', &text).is_err());
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text: String) {
            let _ = Cursor::<2>::read(b'p', &text);
        }
    }

    #[test]
    fn limits_are_clamped_and_words_refused() {
        let limit = |text: &str| serde_json::from_value::<Limit>(text.into());
        assert_eq!(limit("0").unwrap().get(), 1);
        assert_eq!(limit("-99999999999999999999999").unwrap().get(), 1);
        assert_eq!(limit("99999999999999999999999").unwrap().get(), 100);
        assert!(limit("ten").is_err());
        assert!(limit("").is_err());
    }
}
