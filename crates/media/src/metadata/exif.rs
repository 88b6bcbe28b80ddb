//! The one thing of EXIF that matters for how a picture looks, and which of the others are there.

use super::Notes;

const GPS: u16 = 0x8825;
const MAKER_NOTE: u16 = 0x927c;
const ORIENTATION: u16 = 0x0112;
const PRIVATE: u16 = 0x8769;
const THUMBNAIL: u16 = 0x0201;

/// Notes what is in a block of EXIF, and answers what must stay of it: a block that says only how
/// to turn the picture, or nothing if it is upright. `block` begins with the header of TIFF,
/// or with what a JPEG has before it. What is malformed says nothing; it goes anyway.
pub(super) fn reduce(block: &[u8], notes: &mut Notes) -> Option<[u8; 26]> {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let orientation = Tiff::read(block).and_then(|(tiff, first)| {
        if tiff.entry(first, GPS).is_some() {
            notes.remove("gps");
        }
        let private = tiff.entry(first, PRIVATE).map(|entry| tiff.long(entry + 8));
        if private.flatten().is_some_and(|at| tiff.entry(at as usize, MAKER_NOTE).is_some()) {
            notes.remove("maker_note");
        }
        if tiff.next(first).is_some_and(|second| tiff.entry(second, THUMBNAIL).is_some()) {
            notes.remove("thumbnail");
        }
        tiff.entry(first, ORIENTATION).and_then(|entry| tiff.short(entry + 8))
    });
    let kept = orientation.filter(|orientation| (2..=8).contains(orientation)).map(only);
    if kept.is_some() {
        notes.keep("orientation");
    }
    if kept.is_none_or(|kept| kept != block) {
        notes.remove("exif");
    }
    kept
}

/// A block of EXIF that says nothing but this orientation.
fn only(orientation: u16) -> [u8; 26] {
    let mut block = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    block[18..20].copy_from_slice(&orientation.to_be_bytes());
    block
}

struct Tiff<'a> {
    block: &'a [u8],
    little_endian: bool,
}

impl<'a> Tiff<'a> {
    /// With where its first directory is.
    fn read(block: &'a [u8]) -> Option<(Self, usize)> {
        let little_endian = match block.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let tiff = Self { block, little_endian };
        let first = tiff.long(4)? as usize;
        (tiff.short(2)? == 42).then_some((tiff, first))
    }

    /// Where the entry with this tag is in the directory that starts at `directory`.
    fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.short(directory)?);
        let entries = (0..count).map(|index| directory + 2 + 12 * index);
        entries
            .take_while(|entry| entry + 12 <= self.block.len())
            .find(|entry| self.short(*entry) == Some(tag))
    }

    /// Where the directory after this one is.
    fn next(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.short(directory)?);
        self.long(directory + 2 + 12 * count).filter(|at| *at != 0).map(|at| at as usize)
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.block.get(at..)?.first_chunk()?;
        Some(if self.little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = *self.block.get(at..)?.first_chunk()?;
        Some(if self.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }
}
