//! Films: what their container says of them, and a frame to show in their place.
//!
//! Nothing of a film is decoded here. The frame comes from a program of its own, which is given
//! little time and may be missing.

pub(crate) mod boxes;
#[cfg(test)]
pub(crate) mod fixture;
mod fragments;
mod poster;

use std::fs::File;
use std::ops::Range;

use self::boxes::{Layout, dig, find, long, next, number};
pub use self::poster::poster;
use crate::Flaw;

/// What a film's container says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Film {
    /// Width in pixels as it is shown, upright.
    pub width: u32,
    /// Height in pixels as it is shown, upright.
    pub height: u32,
    /// How long it lasts, if the container says so.
    pub duration_ms: Option<u64>,
}

/// Reads what the container of an MP4 or MOV says of its first picture track. Sound alone is
/// [`Flaw::NoFilm`]; boxes that make no sense, and an end that comes too early, are
/// [`Flaw::Broken`]. Reads only the index, of which 32 MiB are taken; the file's position moves.
pub fn read(file: &File) -> Result<Film, Flaw> {
    let layout = Layout::read(file)?;
    let index = layout.index()?.load(file)?;
    let mut within = 0..index.len();
    while let Some(inner) = next(&index, &mut within)? {
        if inner.kind != *b"trak" {
            continue;
        }
        if let Some(track) = Track::read(&index, inner.contents())? {
            let duration_ms = match duration(&index)? {
                None => fragments::duration(file, &layout, &index, &track)?,
                known => known,
            };
            // Whoever claims a film of centuries knows nothing of it.
            let duration_ms = duration_ms.filter(|duration| *duration < 1 << 50);
            return Ok(Film { width: track.width, height: track.height, duration_ms });
        }
    }
    Err(Flaw::NoFilm)
}

/// A track of pictures.
struct Track {
    id: u32,
    width: u32,
    height: u32,
    /// Units of its time in a second.
    timescale: u32,
}

impl Track {
    /// `None` for a track of something else, or of pictures without a size.
    fn read(index: &[u8], within: Range<usize>) -> Result<Option<Self>, Flaw> {
        let content = |path: &[&[u8; 4]]| {
            let found = dig(index, within.clone(), path)?;
            Ok::<_, Flaw>(found.map(|inner| &index[inner.contents()]))
        };
        if handler(index, within.clone())? != Some(*b"vide") {
            return Ok(None);
        }
        let header = content(&[b"tkhd"])?.ok_or(Flaw::Broken)?;
        let media = content(&[b"mdia", b"mdhd"])?.ok_or(Flaw::Broken)?;
        // Times have 64 bits in the second version.
        let (id, matrix) = if is_long(header)? { (20, 52) } else { (12, 40) };
        let field = |at| number(header, at).ok_or(Flaw::Broken);
        // Fixed-point numbers with 16 bits after the point.
        let pixels = |at| Ok::<_, Flaw>(((u64::from(field(at)?) + 0x8000) >> 16) as u32);
        let (mut width, mut height) = (pixels(matrix + 36)?, pixels(matrix + 40)?);
        if width == 0 || height == 0 {
            let entry = content(&[b"mdia", b"minf", b"stbl", b"stsd"])?.unwrap_or_default();
            let size = number(entry, 40).unwrap_or_default();
            (width, height) = (size >> 16, size & 0xffff);
        }
        if width == 0 || height == 0 {
            return Ok(None);
        }
        // x' = ax + cy: a quarter of a turn has no a.
        let (a, b) = (field(matrix)? as i32, field(matrix + 4)? as i32);
        if b.unsigned_abs() > a.unsigned_abs() {
            (width, height) = (height, width);
        }
        let timescale = number(media, if is_long(media)? { 20 } else { 12 }).ok_or(Flaw::Broken)?;
        Ok(Some(Self { id: field(id)?, width, height, timescale }))
    }
}

/// What a track is of: `vide`, `soun`, …
pub(crate) fn handler(index: &[u8], track: Range<usize>) -> Result<Option<[u8; 4]>, Flaw> {
    let found = dig(index, track, &[b"mdia", b"hdlr"])?;
    Ok(found.and_then(|inner| index[inner.contents()].get(8..)?.first_chunk().copied()))
}

/// Whether the times in this box have 64 bits.
pub(crate) fn is_long(content: &[u8]) -> Result<bool, Flaw> {
    content.first().map(|version| *version == 1).ok_or(Flaw::Broken)
}

/// In milliseconds, as the whole film's header says or that of its fragments.
fn duration(index: &[u8]) -> Result<Option<u64>, Flaw> {
    let header = find(index, 0..index.len(), b"mvhd")?.ok_or(Flaw::Broken)?;
    let header = &index[header.contents()];
    let (timescale, units) = if is_long(header)? {
        (number(header, 20), long(header, 24))
    } else {
        (number(header, 12), number(header, 16).map(u64::from))
    };
    let (timescale, units) = timescale.zip(units).ok_or(Flaw::Broken)?;
    let unknown = [0, u64::from(u32::MAX), u64::MAX];
    let units = if unknown.contains(&units) {
        let fragments = dig(index, 0..index.len(), &[b"mvex", b"mehd"])?;
        fragments.and_then(|inner| {
            let content = &index[inner.contents()];
            if content.first() == Some(&1) {
                long(content, 4)
            } else {
                number(content, 4).map(u64::from)
            }
        })
    } else {
        Some(units)
    };
    Ok(units
        .filter(|units| !unknown.contains(units))
        .and_then(|units| milliseconds(units, timescale)))
}

fn milliseconds(units: u64, timescale: u32) -> Option<u64> {
    (u128::from(units) * 1000).checked_div(u128::from(timescale))?.try_into().ok()
}

#[cfg(test)]
mod tests;
