//! A part of an object.

use std::ops::Range;

/// Which bytes of an object are wanted, as a `Range` header says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From this byte to the end.
    From(u64),
    /// From the one byte to the other, both included.
    Between(u64, u64),
    /// This many at the end.
    Last(u64),
}

impl ByteRange {
    /// Reads a `Range` header. None if it is not one range of bytes: then the whole object is an
    /// answer that every client must take.
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
        // Else `+1` would be a number, too.
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<u64>().ok() } else { None }
        };
        match (first, last) {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The bytes meant of an object of `size`; none if it has no such bytes.
    pub fn within(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first) => first..size,
            Self::Between(first, last) => first..last.saturating_add(1).min(size),
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        (range.start < range.end).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_clients_mean_them() {
        for (header, of_ten) in [
            ("bytes=0-0", Some(0..1)),
            ("bytes=2-4", Some(2..5)),
            ("bytes=2-", Some(2..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-30", Some(0..10)),
            ("bytes=5-18446744073709551615", Some(5..10)),
            ("bytes=9-", Some(9..10)),
            ("bytes=10-", None),
            ("bytes=10-12", None),
            ("bytes=-0", None),
        ] {
            assert_eq!(ByteRange::parse(header).unwrap().within(10), of_ten, "{header}");
        }
        for header in ["", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "lines=1-2"]
        {
            assert_eq!(ByteRange::parse(header), None, "{header}");
        }
        for header in ["bytes=+1-2", "bytes=a-b", "bytes=1-99999999999999999999", "bytes= 1-2"] {
            assert_eq!(ByteRange::parse(header), None, "{header}");
        }
        assert_eq!(ByteRange::Last(1).within(0), None);
    }
}
