//! Takes out of a file what tells more than it shows: where and when it was made, with which
//! machine, and what was cut away. Pixels and sound stay as they are, byte for byte; only the
//! container around them is written anew.
//!
//! What is not known to be needed goes, so a kind of metadata that is invented tomorrow goes too.
//! A structure that makes no sense is [`Flaw::Broken`], never guessed at.

mod exif;
mod film;
mod gif;
mod jpeg;
mod png;
mod webp;

use std::collections::BTreeSet;
use std::fs::File;

use crate::Flaw;
use crate::sniff::FileType;

/// What was found in a file besides the picture or the film. Words are in order, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// What is gone: `application_data` (of one program or camera), `comment`,
    /// `content_credentials`, `creation_time`, `embedded_image`, `exif`, `gps`, `icc_profile` (one
    /// that is no colour profile), `iptc`, `location` (of a film), `maker` (names of camera and
    /// program in a film), `maker_note`, `subtitles`, `text` (that a GIF draws), `thumbnail`,
    /// `timecode`, `timed_metadata` (where a film's camera was at each moment, for instance),
    /// `trailing_data`, `user_data` (of a film: title, author, camera, …), `xmp`.
    pub removed: Vec<&'static str>,
    /// What stays because the picture would look wrong without it: `animation`, `icc_profile`,
    /// `orientation`.
    pub kept: Vec<&'static str>,
}

/// A picture without its metadata. The same bytes give the same result, and a second time removes
/// nothing more. Takes linear time and at most as much memory as the picture has bytes.
///
/// What looks the same in every viewer stays: colours, orientation (of EXIF that alone), the loop
/// of an animation.
pub fn strip(bytes: &[u8], file_type: FileType) -> Result<(Vec<u8>, Receipt), Flaw> {
    let mut notes = Notes::default();
    let stripped = match file_type {
        FileType::Jpeg => jpeg::strip(bytes, &mut notes),
        FileType::Png => png::strip(bytes, &mut notes),
        FileType::Gif => gif::strip(bytes, &mut notes),
        FileType::Webp => webp::strip(bytes, &mut notes),
        FileType::Mp4 | FileType::Mov => Err(Flaw::Broken),
    }?;
    Ok((stripped, notes.receipt()))
}

/// Takes the metadata out of a film (MP4 or MOV) in place: boxes of metadata are renamed to `free`
/// and filled with zeros, so that nothing moves and frames are found where they were. Creation
/// times and the names of camera and encoder become zeros. Tracks that are neither pictures nor
/// sound go with their samples: where the camera was (GPS of action cameras, phones and drones, the
/// last of which keep it in subtitles), time codes, chapters, subtitles. What follows the last box is
/// cut off.
///
/// Needs a file that is open for reading and writing. Frames are never read; memory is bounded by
/// the size of the index, of which 32 MiB are taken. After an error the file may be half done.
///
/// Not reached: samples of metadata tracks in fragmented films (`moof`), of which only the
/// directions to them are removed; and what an encoder wrote between the frames. A film in 360
/// degrees loses the note that says so.
pub fn strip_video(file: &mut File) -> Result<Receipt, Flaw> {
    let mut notes = Notes::default();
    film::strip(file, &mut notes)?;
    Ok(notes.receipt())
}

/// A receipt in the making.
#[derive(Debug, Default)]
struct Notes {
    removed: BTreeSet<&'static str>,
    kept: BTreeSet<&'static str>,
}

impl Notes {
    fn remove(&mut self, what: &'static str) {
        self.removed.insert(what);
    }

    fn keep(&mut self, what: &'static str) {
        self.kept.insert(what);
    }

    fn receipt(self) -> Receipt {
        Receipt {
            removed: self.removed.into_iter().collect(),
            kept: self.kept.into_iter().collect(),
        }
    }
}

/// The first `count` bytes of what is left of a file, which must have them.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Flaw> {
    rest.split_off(..count).ok_or(Flaw::Broken)
}

/// A number of one of the fixed sizes out of what is left of a file, still in bytes.
fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Flaw> {
    let (array, after) = rest.split_first_chunk().ok_or(Flaw::Broken)?;
    *rest = after;
    Ok(*array)
}

#[cfg(test)]
mod tests;
