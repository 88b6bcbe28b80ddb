//! A WebP is a RIFF: a list of chunks, each with a name and a length.

use super::{Notes, exif, take, take_array};
use crate::Flaw;

const PROFILE: u8 = 0x20;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;
const ANIMATION: u8 = 0x02;
const ALPHA: u8 = 0x10;

pub(super) fn strip(bytes: &[u8], notes: &mut Notes) -> Result<Vec<u8>, Flaw> {
    let mut rest = bytes;
    if take(&mut rest, 4)? != b"RIFF" {
        return Err(Flaw::Broken);
    }
    let size = u32::from_le_bytes(take_array(&mut rest)?) as usize;
    let mut content = take(&mut rest, size)?;
    if take(&mut content, 4)? != b"WEBP" {
        return Err(Flaw::Broken);
    }
    if !rest.is_empty() {
        notes.remove("trailing_data");
    }
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(b"RIFF\0\0\0\0WEBP");
    let first = Chunk::take(&mut content)?;
    match &first.name {
        b"VP8X" => extended(first.data, content, &mut out, notes)?,
        b"VP8 " | b"VP8L" => {
            first.write(&mut out);
            // In the simple layout nothing else has a meaning.
            while !content.is_empty() {
                notes.remove(Chunk::take(&mut content)?.word());
            }
        }
        _ => return Err(Flaw::Broken),
    }
    let size = u32::try_from(out.len() - 8).map_err(|_| Flaw::Broken)?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    Ok(out)
}

fn extended(
    header: &[u8],
    mut content: &[u8],
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<(), Flaw> {
    let mut header = *header.first_chunk::<10>().ok_or(Flaw::Broken)?;
    let animated = header[0] & ANIMATION != 0;
    header[0] &= ALPHA | ANIMATION;
    header[1..4].fill(0);
    let at = out.len();
    Chunk { name: *b"VP8X", data: &header }.write(out);

    let mut pictures = 0_usize;
    let mut profiled = false;
    let mut orientation = None;
    while !content.is_empty() {
        let chunk = Chunk::take(&mut content)?;
        match &chunk.name {
            b"ICCP" if !profiled && pictures == 0 => {
                profiled = true;
                notes.keep("icc_profile");
                chunk.write(out);
            }
            b"ANIM" if animated && pictures == 0 => chunk.write(out),
            b"ANMF" if animated => {
                frame(chunk.data, out, notes)?;
                pictures += 1;
            }
            b"ALPH" if !animated && pictures == 0 => chunk.write(out),
            b"VP8 " | b"VP8L" if !animated && pictures == 0 => {
                chunk.write(out);
                pictures = 1;
            }
            b"EXIF" => {
                let kept = exif::reduce(chunk.data, notes);
                orientation.get_or_insert(kept);
            }
            _ => notes.remove(chunk.word()),
        }
    }
    if pictures == 0 {
        return Err(Flaw::Broken);
    }
    let mut flags = 0;
    if profiled {
        flags |= PROFILE;
    }
    if let Some(orientation) = orientation.flatten() {
        flags |= EXIF;
        Chunk { name: *b"EXIF", data: &orientation }.write(out);
    }
    if animated {
        notes.keep("animation");
    }
    debug_assert_eq!(out[at + 8] & (PROFILE | EXIF | XMP), 0);
    out[at + 8] |= flags;
    Ok(())
}

/// A frame of an animation: where and how long it is shown, and then chunks of its own.
fn frame(data: &[u8], out: &mut Vec<u8>, notes: &mut Notes) -> Result<(), Flaw> {
    let mut content = data;
    let at = out.len();
    out.extend_from_slice(b"ANMF\0\0\0\0");
    out.extend_from_slice(take(&mut content, 16)?);
    let mut shown = false;
    while !content.is_empty() {
        let chunk = Chunk::take(&mut content)?;
        match &chunk.name {
            b"ALPH" if !shown => chunk.write(out),
            b"VP8 " | b"VP8L" if !shown => {
                chunk.write(out);
                shown = true;
            }
            _ => notes.remove(chunk.word()),
        }
    }
    if !shown {
        return Err(Flaw::Broken);
    }
    // Every chunk in it is even, and so is it.
    let size = u32::try_from(out.len() - at - 8).map_err(|_| Flaw::Broken)?;
    out[at + 4..at + 8].copy_from_slice(&size.to_le_bytes());
    Ok(())
}

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn take(rest: &mut &'a [u8]) -> Result<Self, Flaw> {
        let name = take_array(rest)?;
        let size = u32::from_le_bytes(take_array(rest)?) as usize;
        let data = take(rest, size)?;
        // An odd one is filled up with a byte, which some programs forget at the end.
        if size % 2 == 1 && !rest.is_empty() {
            take(rest, 1)?;
        }
        Ok(Self { name, data })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let size = u32::try_from(self.data.len()).expect("it was as long before");
        out.extend_from_slice(&self.name);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(self.data);
        if size % 2 == 1 {
            out.push(0);
        }
    }

    /// What it is called in the receipt when it goes.
    fn word(&self) -> &'static str {
        match &self.name {
            b"EXIF" => "exif",
            b"XMP " => "xmp",
            b"ICCP" => "icc_profile",
            b"ANMF" | b"VP8 " | b"VP8L" => "embedded_image",
            b"C2PA" => "content_credentials",
            _ => "application_data",
        }
    }
}
