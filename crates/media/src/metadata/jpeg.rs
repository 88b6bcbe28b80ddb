//! A JPEG is markers with segments, and after some of them the compressed picture.

use memchr::memchr;

use super::{Notes, exif, take, take_array};
use crate::Flaw;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";

pub(super) fn strip(bytes: &[u8], notes: &mut Notes) -> Result<Vec<u8>, Flaw> {
    let mut rest = bytes;
    if take(&mut rest, 2)? != [0xff, START] {
        return Err(Flaw::Broken);
    }
    let mut head = Head::default();
    // What comes after the head: tables, frames and scans, in their order.
    let mut body = Vec::with_capacity(bytes.len());
    let (mut framed, mut scanned) = (false, false);
    loop {
        let marker = marker(&mut rest)?;
        if marker == END {
            break;
        }
        // Markers without a segment have no place between segments.
        if marker <= 0x01 || (0xd0..=START).contains(&marker) {
            return Err(Flaw::Broken);
        }
        let length = usize::from(u16::from_be_bytes(take_array(&mut rest)?));
        let segment = take(&mut rest, length.checked_sub(2).ok_or(Flaw::Broken)?)?;
        match marker {
            // Frames, but not DHT (C4), JPG (C8) and DAC (CC), which are among them.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                framed = true;
                write(&mut body, marker, segment);
            }
            // DHT, DAC, DQT, DNL, DRI, DHP, EXP.
            0xc4 | 0xcc | 0xdb..=0xdf => write(&mut body, marker, segment),
            SCAN => {
                if !framed {
                    return Err(Flaw::Broken);
                }
                scanned = true;
                write(&mut body, marker, segment);
                body.extend_from_slice(take_scan(&mut rest)?);
            }
            // Readers look for these before the picture, and so they stay only there.
            0xe0..=0xef if !scanned => head.sort(marker, segment, notes),
            0xfe => notes.remove("comment"),
            _ => notes.remove("application_data"),
        }
    }
    if !scanned {
        return Err(Flaw::Broken);
    }
    if !rest.is_empty() {
        let another = rest.windows(3).take(TRAILER).any(|bytes| bytes == [0xff, START, 0xff]);
        notes.remove(if another { "embedded_image" } else { "trailing_data" });
    }
    body.extend_from_slice(&[0xff, END]);
    Ok([head.write(notes), body].concat())
}

/// How far behind the picture another one is looked for; it makes a difference only for the receipt.
const TRAILER: usize = 1 << 16;

/// The segments at the start that matter for how a picture is shown, or may.
#[derive(Default)]
struct Head<'a> {
    jfif: Option<[u8; 14]>,
    orientation: Option<[u8; 26]>,
    exif: bool,
    icc: Vec<&'a [u8]>,
    adobe: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    fn sort(&mut self, marker: u8, segment: &'a [u8], notes: &mut Notes) {
        match marker {
            0xe0 if segment.starts_with(b"JFIF\0") && segment.len() >= 14 => {
                let mut jfif = *segment.first_chunk::<14>().expect("it has as many bytes");
                if segment.len() > 14 {
                    notes.remove("thumbnail");
                }
                // The thumbnail's width and height.
                jfif[12..].fill(0);
                self.jfif.get_or_insert(jfif);
            }
            0xe0 if segment.starts_with(b"JFXX\0") => notes.remove("thumbnail"),
            0xe1 if segment.starts_with(EXIF) => {
                let orientation = exif::reduce(&segment[EXIF.len()..], notes);
                // Of several blocks readers take the first.
                if !self.exif {
                    self.orientation = orientation;
                }
                self.exif = true;
            }
            0xe1 if segment.starts_with(b"http://ns.adobe.com/x") => notes.remove("xmp"),
            0xe2 if segment.starts_with(ICC) => self.icc.push(segment),
            0xe2 if segment.starts_with(b"MPF\0") => notes.remove("embedded_image"),
            0xeb if segment.starts_with(b"JP") => notes.remove("content_credentials"),
            0xed if segment.starts_with(b"Photoshop") => notes.remove("iptc"),
            // Says how colours are coded; what would follow those twelve bytes says nothing.
            0xee if segment.starts_with(b"Adobe") && segment.len() >= 12 => {
                self.adobe.get_or_insert(&segment[..12]);
            }
            _ => notes.remove("application_data"),
        }
    }

    fn write(self, notes: &mut Notes) -> Vec<u8> {
        let mut head = vec![0xff, START];
        if let Some(jfif) = self.jfif {
            write(&mut head, 0xe0, &jfif);
        }
        if let Some(orientation) = self.orientation {
            write(&mut head, 0xe1, &[EXIF, &orientation].concat());
        }
        if is_profile(&self.icc) {
            notes.keep("icc_profile");
            for piece in self.icc {
                write(&mut head, 0xe2, piece);
            }
        } else if !self.icc.is_empty() {
            notes.remove("icc_profile");
        }
        if let Some(adobe) = self.adobe {
            write(&mut head, 0xee, adobe);
        }
        head
    }
}

/// Whether these segments make up one profile: numbered from one, each with how many there are, and
/// as long together as the profile says it is.
fn is_profile(pieces: &[&[u8]]) -> bool {
    let header = ICC.len() + 2;
    let numbered = pieces.iter().enumerate().all(|(index, piece)| {
        piece.len() > header
            && usize::from(piece[header - 2]) == index + 1
            && usize::from(piece[header - 1]) == pieces.len()
    });
    let Some(first) = pieces.first().filter(|_| numbered).map(|first| &first[header..]) else {
        return false;
    };
    let length: usize = pieces.iter().map(|piece| piece.len() - header).sum();
    first.first_chunk().is_some_and(|size| u32::from_be_bytes(*size) as usize == length)
        && first.get(36..40) == Some(b"acsp")
}

/// The next marker. Any number of FF may stand before it, and some programs leave other bytes
/// there, which no reader minds.
fn marker(rest: &mut &[u8]) -> Result<u8, Flaw> {
    loop {
        let at = memchr(0xff, rest).ok_or(Flaw::Broken)?;
        *rest = &rest[at..];
        let fill = rest.iter().position(|byte| *byte != 0xff).ok_or(Flaw::Broken)?;
        let marker = rest[fill];
        *rest = &rest[fill + 1..];
        if marker != 0 {
            return Ok(marker);
        }
    }
}

/// Compressed data up to the marker that ends it. In it FF is followed by zero or stands before one
/// of the marks from which a reader can start again.
fn take_scan<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Flaw> {
    let mut end = 0;
    loop {
        end += memchr(0xff, &rest[end..]).ok_or(Flaw::Broken)?;
        match rest.get(end + 1).ok_or(Flaw::Broken)? {
            0x00 | 0xd0..=0xd7 => end += 2,
            0xff => end += 1,
            _ => return take(rest, end),
        }
    }
}

fn write(out: &mut Vec<u8>, marker: u8, segment: &[u8]) {
    let length = u16::try_from(segment.len() + 2).expect("it was as long before");
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(segment);
}
