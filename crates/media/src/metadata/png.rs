//! A PNG is a list of chunks, each with a name, a length and a checksum.

use flate2::Crc;

use super::{Notes, exif, take, take_array};
use crate::Flaw;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that stay, and how long each may be: something else could hide in a longer one.
const KEPT: [(&[u8; 4], usize); 20] = [
    (b"IHDR", 13),
    (b"PLTE", 768),
    (b"IDAT", usize::MAX),
    (b"IEND", 0),
    (b"acTL", 8),
    (b"bKGD", 6),
    (b"cHRM", 32),
    (b"cICP", 4),
    (b"cLLI", 8),
    (b"cLLi", 8),
    (b"fcTL", 26),
    (b"fdAT", usize::MAX),
    (b"gAMA", 4),
    (b"iCCP", usize::MAX),
    (b"mDCV", 24),
    (b"mDCv", 24),
    (b"pHYs", 9),
    (b"sBIT", 4),
    (b"sRGB", 1),
    (b"tRNS", 256),
];

pub(super) fn strip(bytes: &[u8], notes: &mut Notes) -> Result<Vec<u8>, Flaw> {
    let mut rest = bytes;
    if take(&mut rest, SIGNATURE.len())? != SIGNATURE {
        return Err(Flaw::Broken);
    }
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(SIGNATURE);
    let mut place = Place::Start;
    let mut turned = false;
    loop {
        let chunk = rest;
        let length = u32::from_be_bytes(take_array(&mut rest)?) as usize;
        let name: [u8; 4] = take_array(&mut rest)?;
        let data = take(&mut rest, length)?;
        let checksum = u32::from_be_bytes(take_array(&mut rest)?);
        place = place.then(name)?;
        match KEPT.iter().find(|(kept, _)| **kept == name) {
            Some((_, longest)) if length <= *longest => {
                if checksum != crc(&name, data) {
                    return Err(Flaw::Broken);
                }
                match &name {
                    b"iCCP" => notes.keep("icc_profile"),
                    b"acTL" => notes.keep("animation"),
                    _ => {}
                }
                out.extend_from_slice(&chunk[..length + 12]);
            }
            // A name with a capital first is of something that a reader must understand.
            _ if name[0].is_ascii_uppercase() => return Err(Flaw::Broken),
            _ if name == *b"eXIf" => {
                // Readers take the first.
                let kept = exif::reduce(data, notes).filter(|_| !turned);
                turned = true;
                if let Some(kept) = kept {
                    write(&mut out, *b"eXIf", &kept);
                }
            }
            _ => notes.remove(word(name, data)),
        }
        if place == Place::End {
            break;
        }
    }
    if !rest.is_empty() {
        notes.remove("trailing_data");
    }
    Ok(out)
}

/// How far the reading is: a header, then anything, then pixels without a break, then anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    BeforePixels,
    Pixels,
    AfterPixels,
    End,
}

impl Place {
    fn then(self, name: [u8; 4]) -> Result<Self, Flaw> {
        match (self, &name) {
            (Self::Start, b"IHDR") => Ok(Self::BeforePixels),
            (Self::Start | Self::End, _)
            | (_, b"IHDR")
            | (Self::BeforePixels, b"IEND")
            | (Self::AfterPixels, b"IDAT") => Err(Flaw::Broken),
            (Self::BeforePixels | Self::Pixels, b"IDAT") => Ok(Self::Pixels),
            (Self::Pixels | Self::AfterPixels, b"IEND") => Ok(Self::End),
            (Self::Pixels, _) => Ok(Self::AfterPixels),
            (place, _) => Ok(place),
        }
    }
}

/// What a chunk that goes is called in the receipt.
fn word(name: [u8; 4], data: &[u8]) -> &'static str {
    let keyword = data.split(|byte| *byte == 0).next().unwrap_or_default();
    match &name {
        b"tEXt" | b"zTXt" | b"iTXt" => match keyword {
            b"XML:com.adobe.xmp" | b"Raw profile type xmp" => "xmp",
            b"Raw profile type exif" | b"Raw profile type APP1" => "exif",
            b"Raw profile type iptc" | b"Raw profile type 8bim" => "iptc",
            _ => "comment",
        },
        b"tIME" => "creation_time",
        b"zxIf" => "exif",
        b"caBX" => "content_credentials",
        _ => "application_data",
    }
}

fn write(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("it is short");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&name);
    out.extend_from_slice(data);
    out.extend_from_slice(&crc(&name, data).to_be_bytes());
}

fn crc(name: &[u8], data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    crc.sum()
}
