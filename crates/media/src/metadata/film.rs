//! Metadata of films, overwritten where they stand.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;

use super::Notes;
use crate::Flaw;
use crate::video::boxes::{Inner, Layout, Outer, dig, find, next, number};
use crate::video::{handler, is_long};

/// Boxes of the file itself that stay. Frames are in `mdat`; the others say where they are.
const OUTER: [&[u8; 4]; 10] =
    [b"ftyp", b"mdat", b"mfra", b"moof", b"moov", b"pdin", b"sidx", b"ssix", b"styp", b"wide"];

/// Boxes that stay in another one. What is not here becomes `free`.
const MOVIE: &[&[u8; 4]] = &[b"iods", b"mvex", b"mvhd", b"trak"];
const FRAGMENTS: &[&[u8; 4]] = &[b"leva", b"mehd", b"trex"];
const TRACK: &[&[u8; 4]] = &[b"edts", b"mdia", b"tapt", b"tkhd"];
const EDITS: &[&[u8; 4]] = &[b"elst"];
const MEDIA: &[&[u8; 4]] = &[b"elng", b"hdlr", b"mdhd", b"minf"];
const INFORMATION: &[&[u8; 4]] = &[b"dinf", b"hdlr", b"smhd", b"stbl", b"vmhd"];
const SOURCES: &[&[u8; 4]] = &[b"dref"];
const SAMPLES: &[&[u8; 4]] = &[
    b"co64", b"cslg", b"ctts", b"padb", b"saio", b"saiz", b"sbgp", b"sdtp", b"sgpd", b"stco",
    b"stdp", b"stps", b"stsc", b"stsd", b"stsh", b"stss", b"stsz", b"stts", b"stz2", b"subs",
];
const FRAGMENT: &[&[u8; 4]] = &[b"mfhd", b"traf"];
const PART: &[&[u8; 4]] =
    &[b"saio", b"saiz", b"sbgp", b"senc", b"sgpd", b"subs", b"tfdt", b"tfhd", b"trun"];

/// More pieces than this of one kind of metadata has no film that was ever made.
const MOST_PIECES: usize = 1_000_000;

/// What names a box of Adobe's XMP.
const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

/// Says in a box of metadata that it tells a place.
const PLACES: [&[u8]; 4] = [b"\xa9xyz", b"loci", b"location", b"GPS"];

pub(super) fn strip(file: &mut File, notes: &mut Notes) -> Result<(), Flaw> {
    let layout = Layout::read(file)?;
    let index = layout.index()?;
    let mut film = Index::load(file, index, notes)?;
    film.movie()?;
    let Index { bytes, samples, removed, .. } = film;
    write_at(file, index.content, &bytes)?;

    for outer in &layout.boxes {
        match &outer.kind {
            b"moof" => {
                let mut fragment = Index::load(file, *outer, notes)?;
                fragment.fragment(&removed)?;
                write_at(file, outer.content, &fragment.bytes)?;
            }
            b"moov" if *outer == index => {}
            b"moov" => release(file, *outer, notes)?,
            kind if OUTER.contains(&kind) => {}
            _ => release(file, *outer, notes)?,
        }
    }
    erase(file, &layout, samples)?;
    if layout.end < layout.length {
        notes.remove("trailing_data");
        file.set_len(layout.end)?;
    }
    Ok(())
}

/// Overwrites samples of removed tracks, if they are where samples ought to be.
fn erase(file: &mut File, layout: &Layout, samples: Vec<Range<u64>>) -> Result<(), Flaw> {
    let frames: Vec<_> = layout.boxes.iter().filter(|outer| outer.kind == *b"mdat").collect();
    // Samples do not overlap, so together they are no longer than the file.
    let mut room = layout.length;
    for sample in samples {
        let next = frames.partition_point(|outer| outer.content <= sample.start);
        let Some(around) = next.checked_sub(1).map(|before| frames[before]) else { continue };
        if sample.end <= around.end {
            room = room.checked_sub(sample.end - sample.start).ok_or(Flaw::Broken)?;
            zero(file, sample)?;
        }
    }
    Ok(())
}

/// Makes a box of the file free space.
fn release(file: &mut File, outer: Outer, notes: &mut Notes) -> Result<(), Flaw> {
    if !matches!(&outer.kind, b"free" | b"skip") {
        // As much of it as is needed to say what it was.
        let end = outer.end.min(outer.content + (1 << 20));
        note(outer.kind, &Outer { end, ..outer }.load(file)?, notes);
        write_at(file, outer.start + 4, b"free")?;
    }
    zero(file, outer.content..outer.end)
}

fn zero(file: &mut File, range: Range<u64>) -> Result<(), Flaw> {
    const ZEROS: &[u8] = &[0; 1 << 16];
    file.seek(SeekFrom::Start(range.start))?;
    let mut left = range.end - range.start;
    while left > 0 {
        let piece = left.min(ZEROS.len() as u64);
        file.write_all(&ZEROS[..piece as usize])?;
        left -= piece;
    }
    Ok(())
}

fn write_at(file: &mut File, position: u64, bytes: &[u8]) -> Result<(), Flaw> {
    file.seek(SeekFrom::Start(position))?;
    Ok(file.write_all(bytes)?)
}

/// The index of a film or of a fragment, in memory.
struct Index<'a> {
    bytes: Vec<u8>,
    notes: &'a mut Notes,
    /// Where in the file the samples of removed tracks are.
    samples: Vec<Range<u64>>,
    /// Numbers of removed tracks.
    removed: BTreeSet<u32>,
    /// Whether the track in hand is one of pictures.
    pictures: bool,
}

impl<'a> Index<'a> {
    fn load(file: &File, outer: Outer, notes: &'a mut Notes) -> Result<Self, Flaw> {
        let bytes = outer.load(file)?;
        let (samples, removed) = (Vec::new(), BTreeSet::new());
        Ok(Self { bytes, notes, samples, removed, pictures: false })
    }

    fn movie(&mut self) -> Result<(), Flaw> {
        self.each(0..self.bytes.len(), MOVIE, |index, inner| match &inner.kind {
            b"mvhd" => index.forget_times(inner),
            b"mvex" => index.each(inner.contents(), FRAGMENTS, |_, _| Ok(())),
            b"trak" => index.track(inner),
            _ => Ok(()),
        })
    }

    fn fragment(&mut self, removed: &BTreeSet<u32>) -> Result<(), Flaw> {
        self.each(0..self.bytes.len(), FRAGMENT, |index, inner| {
            if inner.kind != *b"traf" {
                return Ok(());
            }
            let header = find(&index.bytes, inner.contents(), b"tfhd")?.ok_or(Flaw::Broken)?;
            match number(&index.bytes[header.contents()], 4) {
                Some(track) if removed.contains(&track) => {
                    index.bury(inner);
                    Ok(())
                }
                _ => index.each(inner.contents(), PART, |_, _| Ok(())),
            }
        })
    }

    /// Visits the boxes in a part of the index, and makes free space of those that do not stay.
    fn each(
        &mut self,
        mut within: Range<usize>,
        kept: &[&[u8; 4]],
        mut visit: impl FnMut(&mut Self, Inner) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        while let Some(inner) = next(&self.bytes, &mut within)? {
            if kept.contains(&&inner.kind) {
                visit(self, inner)?;
            } else {
                note(inner.kind, &self.bytes[inner.contents()], self.notes);
                self.bury(inner);
            }
        }
        self.bytes[within].fill(0);
        Ok(())
    }

    fn bury(&mut self, inner: Inner) {
        self.bytes[inner.start + 4..inner.start + 8].copy_from_slice(b"free");
        self.bytes[inner.contents()].fill(0);
    }

    fn track(&mut self, track: Inner) -> Result<(), Flaw> {
        let kind = handler(&self.bytes, track.contents())?.unwrap_or_default();
        if !matches!(&kind, b"vide" | b"soun") {
            self.notes.remove(match &kind {
                b"sbtl" | b"subt" | b"text" | b"clcp" => "subtitles",
                b"tmcd" => "timecode",
                _ => "timed_metadata",
            });
            self.find_samples(track)?;
            if let Some(header) = find(&self.bytes, track.contents(), b"tkhd")? {
                let content = &self.bytes[header.contents()];
                let number = number(content, if is_long(content)? { 20 } else { 12 });
                self.removed.extend(number);
            }
            self.bury(track);
            return Ok(());
        }
        self.pictures = kind == *b"vide";
        self.each(track.contents(), TRACK, |index, inner| match &inner.kind {
            b"tkhd" => index.forget_times(inner),
            b"edts" => index.each(inner.contents(), EDITS, |_, _| Ok(())),
            b"mdia" => index.each(inner.contents(), MEDIA, |index, inner| match &inner.kind {
                b"mdhd" => index.forget_times(inner),
                b"hdlr" => index.forget_handler(inner),
                b"minf" => index.each(inner.contents(), INFORMATION, Self::information),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }

    fn information(&mut self, inner: Inner) -> Result<(), Flaw> {
        match &inner.kind {
            b"hdlr" => self.forget_handler(inner),
            b"dinf" => self.each(inner.contents(), SOURCES, Self::forget_sources),
            b"stbl" => self.each(inner.contents(), SAMPLES, |index, inner| match &inner.kind {
                b"stsd" => index.forget_encoders(inner),
                _ => Ok(()),
            }),
            _ => Ok(()),
        }
    }

    /// Notes where the samples of a track are, so that they can be overwritten. A table that makes
    /// no sense leads nowhere: the track goes anyway.
    fn find_samples(&mut self, track: Inner) -> Result<(), Flaw> {
        let Some(table) = dig(&self.bytes, track.contents(), &[b"mdia", b"minf", b"stbl"])? else {
            return Ok(());
        };
        let table = |kind| {
            let found = find(&self.bytes, table.contents(), kind)?;
            Ok::<_, Flaw>(found.map_or(&[][..], |inner| &self.bytes[inner.contents()]))
        };
        let (near, far) = (table(b"stco")?, table(b"co64")?);
        let near = near.get(8..).unwrap_or_default().as_chunks::<4>().0.iter();
        let far = far.get(8..).unwrap_or_default().as_chunks::<8>().0.iter();
        let near = near.map(|offset| u64::from(u32::from_be_bytes(*offset)));
        let far = far.map(|offset| u64::from_be_bytes(*offset));
        let mut sizes = Sizes::new(table(b"stsz")?);
        let mut counts = Counts::new(table(b"stsc")?);
        let mut pieces = Vec::new();
        for (number, start) in (1..).zip(near.chain(far)) {
            let length = sizes.take(counts.of(number));
            pieces.push(start..start.saturating_add(length));
            if self.samples.len() + pieces.len() > MOST_PIECES {
                return Err(Flaw::Broken);
            }
        }
        self.samples.extend(pieces);
        Ok(())
    }

    /// When it was made and changed.
    fn forget_times(&mut self, inner: Inner) -> Result<(), Flaw> {
        let times = if is_long(&self.bytes[inner.contents()])? { 4..20 } else { 4..12 };
        self.forget(inner, times, "creation_time")
    }

    /// What the program that wrote a track calls itself; the kind of track stands before it.
    fn forget_handler(&mut self, inner: Inner) -> Result<(), Flaw> {
        self.forget(inner, 12..inner.end - inner.content, "maker")
    }

    /// Where on somebody's disk the frames were.
    fn forget_sources(&mut self, sources: Inner) -> Result<(), Flaw> {
        let mut within = after(sources, 8)?;
        while let Some(inner) = next(&self.bytes, &mut within)? {
            self.forget(inner, 4..(inner.end - inner.content).max(4), "user_data")?;
        }
        Ok(())
    }

    /// With which program or camera it was encoded.
    fn forget_encoders(&mut self, descriptions: Inner) -> Result<(), Flaw> {
        let mut within = after(descriptions, 8)?;
        while let Some(inner) = next(&self.bytes, &mut within)? {
            self.forget(inner, 12..16, "maker")?;
            if self.pictures {
                self.forget(inner, 42..74, "maker")?;
            }
        }
        Ok(())
    }

    /// Zeros in the place of some bytes of a box, which must have them.
    fn forget(&mut self, inner: Inner, part: Range<usize>, what: &'static str) -> Result<(), Flaw> {
        let part = self.bytes[inner.contents()].get_mut(part).ok_or(Flaw::Broken)?;
        if part.iter().any(|byte| *byte != 0) {
            self.notes.remove(what);
            part.fill(0);
        }
        Ok(())
    }
}

/// The boxes in one that starts with so many bytes of its own.
fn after(inner: Inner, header: usize) -> Result<Range<usize>, Flaw> {
    let start = inner.content + header;
    if start > inner.end { Err(Flaw::Broken) } else { Ok(start..inner.end) }
}

/// How large samples are, one after the other.
enum Sizes<'a> {
    Same(u32),
    Listed(std::slice::Iter<'a, [u8; 4]>),
}

impl<'a> Sizes<'a> {
    /// Of the content of `stsz`.
    fn new(content: &'a [u8]) -> Self {
        match number(content, 4) {
            Some(0) => {
                Self::Listed(content.get(12..).unwrap_or_default().as_chunks::<4>().0.iter())
            }
            size => Self::Same(size.unwrap_or_default()),
        }
    }

    /// How large the next ones are together.
    fn take(&mut self, count: u32) -> u64 {
        match self {
            Self::Same(size) => u64::from(*size) * u64::from(count),
            Self::Listed(sizes) => {
                let sizes = sizes.take(count as usize);
                sizes.map(|size| u64::from(u32::from_be_bytes(*size))).sum()
            }
        }
    }
}

/// How many samples there are in each piece.
struct Counts<'a> {
    /// From which piece on, how many, and how they are described.
    rest: &'a [[u8; 12]],
    current: u32,
}

impl<'a> Counts<'a> {
    /// Of the content of `stsc`.
    fn new(content: &'a [u8]) -> Self {
        Self { rest: content.get(8..).unwrap_or_default().as_chunks::<12>().0, current: 0 }
    }

    /// Of the piece with this number, which is one more than that of the last.
    fn of(&mut self, piece: u32) -> u32 {
        while let Some((entry, rest)) = self.rest.split_first()
            && number(entry, 0).is_some_and(|first| first <= piece)
        {
            self.current = number(entry, 4).unwrap_or_default();
            self.rest = rest;
        }
        self.current
    }
}

/// Notes what a box was that goes.
fn note(kind: [u8; 4], content: &[u8], notes: &mut Notes) {
    let says = |word: &[u8]| content.windows(word.len()).any(|part| part == word);
    let empty = content.iter().all(|byte| *byte == 0);
    match &kind {
        // Ways from one track to another, and room for something; nothing about anybody.
        b"tref" => {}
        b"free" | b"skip" | b"wide" if empty => {}
        b"udta" | b"meta" | b"uuid" => {
            if PLACES.iter().any(|place| says(place)) {
                notes.remove("location");
            }
            if content.starts_with(&XMP) || says(b"XMP_") {
                notes.remove("xmp");
            }
            notes.remove("user_data");
        }
        b"moov" | b"PICT" | b"pnot" => notes.remove("embedded_image"),
        b"prft" => notes.remove("creation_time"),
        _ => notes.remove("application_data"),
    }
}
