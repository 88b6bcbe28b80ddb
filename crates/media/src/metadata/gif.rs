//! A GIF is a screen, and blocks: pictures, how to show the next one, and extensions.

use super::{Notes, take, take_array};
use crate::Flaw;

pub(super) fn strip(bytes: &[u8], notes: &mut Notes) -> Result<Vec<u8>, Flaw> {
    let mut rest = bytes;
    let mut out = Vec::with_capacity(bytes.len() + 1);
    let header = take(&mut rest, 13)?;
    if !header.starts_with(b"GIF87a") && !header.starts_with(b"GIF89a") {
        return Err(Flaw::Broken);
    }
    out.extend_from_slice(header);
    out.extend_from_slice(take(&mut rest, colours(header[10]))?);
    let mut pictures = 0_usize;
    // How to show the next picture; if what comes next is no picture it goes with it.
    let mut control: &[u8] = &[];
    loop {
        let block = rest;
        match rest.split_off_first() {
            Some(0x3b) => break,
            // The end was forgotten, as some programs do; nothing of a picture is missing.
            None if pictures > 0 => break,
            Some(0x2c) => {
                let descriptor = take(&mut rest, 9)?;
                take(&mut rest, colours(descriptor[8]) + 1)?;
                take_blocks(&mut rest)?;
                out.extend_from_slice(control);
                out.extend_from_slice(&block[..block.len() - rest.len()]);
                control = &[];
                pictures += 1;
            }
            Some(0x21) => {
                let [label] = take_array(&mut rest)?;
                let blocks = take_blocks(&mut rest)?;
                let whole = &block[..block.len() - rest.len()];
                match label {
                    0xf9 if whole.len() == 8 => control = whole,
                    0xfe => notes.remove("comment"),
                    0x01 => {
                        notes.remove("text");
                        control = &[];
                    }
                    0xff => application(blocks, whole, &mut out, notes),
                    _ => notes.remove("application_data"),
                }
            }
            _ => return Err(Flaw::Broken),
        }
    }
    if pictures == 0 {
        return Err(Flaw::Broken);
    }
    if pictures > 1 {
        notes.keep("animation");
    }
    if !rest.is_empty() {
        notes.remove("trailing_data");
    }
    out.push(0x3b);
    Ok(out)
}

/// The extension of a program, named by the first of its blocks.
fn application(blocks: &[u8], whole: &[u8], out: &mut Vec<u8>, notes: &mut Notes) {
    match blocks.get(1..12) {
        Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0") => {
            // How often an animation is repeated; whatever else these programs wrote goes.
            if let Some([3, 1, low, high]) = blocks.get(12..16) {
                out.extend_from_slice(b"\x21\xff\x0bNETSCAPE2.0\x03\x01");
                out.extend_from_slice(&[*low, *high, 0]);
            } else {
                notes.remove("application_data");
            }
        }
        Some(b"ICCRGBG1012") => {
            notes.keep("icc_profile");
            out.extend_from_slice(whole);
        }
        Some(b"XMP DataXMP") => notes.remove("xmp"),
        _ => notes.remove("application_data"),
    }
}

/// How many bytes the table of colours has that these flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Blocks of at most 255 bytes, each after its length, up to an empty one.
fn take_blocks<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Flaw> {
    let blocks = *rest;
    loop {
        let [length] = take_array(rest)?;
        if length == 0 {
            return Ok(&blocks[..blocks.len() - rest.len()]);
        }
        take(rest, usize::from(length))?;
    }
}
