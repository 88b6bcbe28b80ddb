//! Films that were written while they were recorded, as browsers do: the index has no times, every
//! fragment has its own.

use std::fs::File;
use std::ops::Range;

use super::boxes::{Inner, Layout, find, long, next, number};
use super::{Track, milliseconds};
use crate::Flaw;

/// In milliseconds, from the first frame of the first fragment to the end of the last.
pub(super) fn duration(
    file: &File,
    layout: &Layout,
    index: &[u8],
    track: &Track,
) -> Result<Option<u64>, Flaw> {
    let usual = usual_duration(index, track.id)?;
    let (mut first, mut last) = (None, 0_u64);
    for outer in layout.boxes.iter().filter(|outer| outer.kind == *b"moof") {
        let moof = outer.load(file)?;
        let mut within = 0..moof.len();
        while let Some(inner) = next(&moof, &mut within)? {
            if inner.kind != *b"traf" {
                continue;
            }
            if let Some((start, units)) = fragment(&moof, inner, track.id, usual)? {
                let start = start.unwrap_or(last);
                first.get_or_insert(start);
                last = last.max(start.saturating_add(units));
            }
        }
    }
    Ok(first.and_then(|first| milliseconds(last - first, track.timescale)).filter(|sum| *sum > 0))
}

/// How long a frame lasts if its fragment does not say.
fn usual_duration(index: &[u8], track: u32) -> Result<u32, Flaw> {
    let Some(fragments) = find(index, 0..index.len(), b"mvex")? else { return Ok(0) };
    let mut within = fragments.contents();
    while let Some(inner) = next(index, &mut within)? {
        let content = &index[inner.contents()];
        if inner.kind == *b"trex" && number(content, 4) == Some(track) {
            return number(content, 12).ok_or(Flaw::Broken);
        }
    }
    Ok(0)
}

/// When a fragment of this track starts, and how long it lasts; `None` if it is of another one.
fn fragment(
    moof: &[u8],
    traf: Inner,
    track: u32,
    usual: u32,
) -> Result<Option<(Option<u64>, u64)>, Flaw> {
    let header = find(moof, traf.contents(), b"tfhd")?.ok_or(Flaw::Broken)?;
    let header = &moof[header.contents()];
    if number(header, 4) != Some(track) {
        return Ok(None);
    }
    let flags = number(header, 0).ok_or(Flaw::Broken)?;
    let usual = if flags & 0x8 == 0 {
        usual
    } else {
        let before = if flags & 0x1 == 0 { 0 } else { 8 } + if flags & 0x2 == 0 { 0 } else { 4 };
        number(header, 8 + before).ok_or(Flaw::Broken)?
    };
    let start = find(moof, traf.contents(), b"tfdt")?.and_then(|inner| {
        let content = &moof[inner.contents()];
        if content.first() == Some(&1) {
            long(content, 4)
        } else {
            number(content, 4).map(u64::from)
        }
    });
    let mut units = 0_u64;
    let mut within = traf.contents();
    while let Some(inner) = next(moof, &mut within)? {
        if inner.kind == *b"trun" {
            units = units.saturating_add(run(moof, inner.contents(), usual)?);
        }
    }
    Ok(Some((start, units)))
}

/// How long a run of frames lasts.
fn run(moof: &[u8], within: Range<usize>, usual: u32) -> Result<u64, Flaw> {
    let content = &moof[within];
    let (flags, count) = number(content, 0).zip(number(content, 4)).ok_or(Flaw::Broken)?;
    if flags & 0x100 == 0 {
        return Ok(u64::from(count) * u64::from(usual));
    }
    let fields = |flags: u32| 4 * flags.count_ones() as usize;
    let each = fields(flags & 0xf00);
    let frames = content.get(8 + fields(flags & 0x5)..).ok_or(Flaw::Broken)?.chunks_exact(each);
    Ok(frames.take(count as usize).filter_map(|frame| number(frame, 0)).map(u64::from).sum())
}
