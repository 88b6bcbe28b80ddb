//! Rows as lines of text, byte for byte as PostgreSQL's `COPY` reads and writes them. So what is sent
//! can be compared with what comes back.

use std::fmt;
use std::io::Write;

use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};

/// Adds a row to `text`.
pub(super) fn push<'v>(text: &mut Vec<u8>, values: impl Iterator<Item = ValueRef<'v>>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push(b'\t');
        }
        // Writing to memory does not fail.
        let _ = match value {
            ValueRef::Null => text.write_all(b"\\N"),
            ValueRef::Integer(number) => write!(text, "{number}"),
            ValueRef::Real(number) => write!(text, "{number}"),
            ValueRef::Text(bytes) => {
                push_text(text, bytes);
                Ok(())
            }
            ValueRef::Blob(bytes) => {
                let _ = text.write_all(b"\\\\x");
                bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}"))
            }
        };
    }
    text.push(b'\n');
}

fn push_text(text: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        let escaped = match byte {
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\t' => b't',
            b'\r' => b'r',
            8 => b'b',
            11 => b'v',
            12 => b'f',
            // The one character that PostgreSQL keeps in no text.
            0 => {
                text.extend("\u{fffd}".bytes());
                continue;
            }
            plain => {
                text.push(*plain);
                continue;
            }
        };
        text.extend([b'\\', escaped]);
    }
}

/// How many rows there are, and a sum over all of them by which a change of any is found, in whatever
/// order they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many.
    pub rows: u64,
    sum: u128,
}

impl Digest {
    /// Adds the lines of `text`, each whole.
    pub(super) fn add_lines(&mut self, text: &[u8]) {
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let hash: [u8; 32] = Sha256::digest(line).into();
            let half = hash.first_chunk().expect("a hash has two halves");
            self.sum = self.sum.wrapping_add(u128::from_be_bytes(*half));
            self.rows += 1;
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[ValueRef<'_>]) -> String {
        let mut text = Vec::new();
        push(&mut text, values.iter().copied());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_row_is_a_line_whatever_is_in_it() {
        assert_eq!(
            line(&[
                ValueRef::Null,
                ValueRef::Integer(-5),
                ValueRef::Text("a\tb\\\n\u{0}ü".as_bytes()),
                ValueRef::Blob(&[0, 255]),
                ValueRef::Text(b""),
            ]),
            "\\N\t-5\ta\\tb\\\\\\n\u{fffd}ü\t\\\\x00ff\t\n"
        );
    }

    #[test]
    fn a_digest_knows_every_row_and_no_order() {
        let digest = |text: &str| {
            let mut digest = Digest::default();
            digest.add_lines(text.as_bytes());
            digest
        };
        assert_eq!(digest("1\ta\n2\tb\n"), digest("2\tb\n1\ta\n"));
        assert_ne!(digest("1\ta\n2\tb\n"), digest("1\tb\n2\ta\n"));
        assert_ne!(digest("1\ta\n"), digest("1\ta\n1\ta\n"));
        assert_eq!(digest("").rows, 0);
    }
}
