//! Films are boxes in boxes, each with a length and a name of four letters. An MP4 and a MOV differ
//! only in some of the names.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::Flaw;

/// A film has a handful of boxes, two or three a second if it is fragmented.
const MOST_BOXES: usize = 100_000;

/// Ten hours of film have an index of about this size.
const LARGEST_INDEX: u64 = 32 << 20;

/// Boxes that, if they end behind the end of the file, say that the film was cut off.
const NEEDED: [&[u8; 4]; 4] = [b"ftyp", b"moov", b"mdat", b"moof"];

/// A box of the file itself. Positions are counted from the file's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outer {
    pub(crate) kind: [u8; 4],
    pub(crate) start: u64,
    /// Where its content starts, after length and name.
    pub(crate) content: u64,
    pub(crate) end: u64,
}

/// The boxes that a file consists of.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) boxes: Vec<Outer>,
    /// Where the last one ends; what follows is none.
    pub(crate) end: u64,
    /// How long the file is.
    pub(crate) length: u64,
}

impl Layout {
    /// Reads the names and lengths alone.
    pub(crate) fn read(file: &File) -> Result<Self, Flaw> {
        let length = file.metadata()?.len();
        let mut boxes = Vec::new();
        let mut end = 0;
        while length - end >= 8 {
            let mut header = [0; 16];
            let header = &mut header[..(length - end).min(16) as usize];
            read_at(file, end, header)?;
            let kind = *header[4..].first_chunk().expect("at least eight bytes were read");
            let Some((content, after)) = extent(header, length - end) else {
                if NEEDED.contains(&&kind) {
                    return Err(Flaw::Broken);
                }
                break;
            };
            if boxes.len() == MOST_BOXES {
                return Err(Flaw::Broken);
            }
            boxes.push(Outer { kind, start: end, content: end + content, end: end + after });
            end += after;
        }
        Ok(Self { boxes, end, length })
    }

    /// The index of the film; if there are several, players take the first.
    pub(crate) fn index(&self) -> Result<Outer, Flaw> {
        self.boxes.iter().copied().find(|outer| outer.kind == *b"moov").ok_or(Flaw::Broken)
    }
}

impl Outer {
    /// What is in it, which must be an index of some sort and not frames.
    pub(crate) fn load(&self, file: &File) -> Result<Vec<u8>, Flaw> {
        let length = self.end - self.content;
        if length > LARGEST_INDEX {
            return Err(Flaw::Broken);
        }
        let mut bytes = vec![0; length as usize];
        read_at(file, self.content, &mut bytes)?;
        Ok(bytes)
    }
}

fn read_at(mut file: &File, position: u64, bytes: &mut [u8]) -> Result<(), Flaw> {
    file.seek(SeekFrom::Start(position))?;
    Ok(file.read_exact(bytes)?)
}

/// A box in another, which was loaded. Positions are counted from where the loaded bytes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inner {
    pub(crate) kind: [u8; 4],
    pub(crate) start: usize,
    /// Where its content starts, after length and name.
    pub(crate) content: usize,
    pub(crate) end: usize,
}

impl Inner {
    pub(crate) fn contents(&self) -> Range<usize> {
        self.content..self.end
    }
}

/// The box at the start of `within`, and what is left after it; `None` if there is no room for one.
pub(crate) fn next(bytes: &[u8], within: &mut Range<usize>) -> Result<Option<Inner>, Flaw> {
    let part = &bytes[within.clone()];
    if part.len() < 8 {
        return Ok(None);
    }
    let (content, end) = extent(part, part.len() as u64).ok_or(Flaw::Broken)?;
    let start = within.start;
    within.start += end as usize;
    Ok(Some(Inner {
        kind: *part[4..].first_chunk().expect("there are eight bytes"),
        start,
        content: start + content as usize,
        end: within.start,
    }))
}

/// The first box of a kind.
pub(crate) fn find(
    bytes: &[u8],
    mut within: Range<usize>,
    kind: &[u8; 4],
) -> Result<Option<Inner>, Flaw> {
    while let Some(inner) = next(bytes, &mut within)? {
        if inner.kind == *kind {
            return Ok(Some(inner));
        }
    }
    Ok(None)
}

/// The first box at the end of a path of kinds.
pub(crate) fn dig(
    bytes: &[u8],
    mut within: Range<usize>,
    path: &[&[u8; 4]],
) -> Result<Option<Inner>, Flaw> {
    let mut found = None;
    for kind in path {
        found = find(bytes, within, kind)?;
        let Some(inner) = found else { return Ok(None) };
        within = inner.contents();
    }
    Ok(found)
}

/// Where content starts and ends of the box that starts with `header`, counted from there; `None` if
/// that makes no sense or is more than `room`.
fn extent(header: &[u8], room: u64) -> Option<(u64, u64)> {
    let (content, end) = match u32::from_be_bytes(*header.first_chunk()?) {
        // It goes on to the end.
        0 => (8, room),
        // Its length did not fit into 32 bits.
        1 => (16, u64::from_be_bytes(*header.get(8..)?.first_chunk()?)),
        length => (8, u64::from(length)),
    };
    (content <= end && end <= room).then_some((content, end))
}

/// A number in the content of a box; `None` behind its end.
pub(crate) fn number(content: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*content.get(at..)?.first_chunk()?))
}

/// A number of 64 bits in the content of a box.
pub(crate) fn long(content: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*content.get(at..)?.first_chunk()?))
}
