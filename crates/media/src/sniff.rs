//! Tells what a file is by its content alone. Names and declared types are a sender's claim.

use tintype_api::media::MediaKind;

/// How many of a file's first bytes [`FileType::of`] looks at.
pub const SNIFFED: usize = 128;

/// The types that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A photograph.
    Jpeg,
    /// A picture without losses, maybe animated.
    Png,
    /// A picture of few colours, maybe animated.
    Gif,
    /// A picture, maybe animated.
    Webp,
    /// A film.
    Mp4,
    /// A film in the older container that MP4 was made of.
    Mov,
}

impl FileType {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Jpeg, Self::Png, Self::Gif, Self::Webp, Self::Mp4, Self::Mov];

    /// The type of a file that starts with these bytes ([`SNIFFED`] of them, or the whole file if
    /// that is shorter); `None` for everything that is not taken. A file that is two things at once
    /// is what its first bytes say, and [`crate::metadata::strip`] takes the other thing out.
    pub fn of(first_bytes: &[u8]) -> Option<Self> {
        let first_bytes = &first_bytes[..first_bytes.len().min(SNIFFED)];
        match first_bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', b'V', b'P', b'8', ..] => {
                Some(Self::Webp)
            }
            _ => film(first_bytes),
        }
    }

    /// The ending of its name, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
        }
    }

    /// What it is called in `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
        }
    }

    /// Whether it is a picture or a film.
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::Webp => MediaKind::Image,
            Self::Mp4 | Self::Mov => MediaKind::Video,
        }
    }
}

/// Brands of films in an MP4. Those that are not here (3GP, Flash, …) count when they name one of
/// these as compatible.
const FILMS: [&[u8; 4]; 22] = [
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41",
    b"mp42", b"mp71", b"avc1", b"hvc1", b"av01", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"dash",
    b"cmfc", b"XAVC",
];

/// Brands of pictures in the same container: HEIC, AVIF, JPEG XL, raw photographs.
const PICTURES: [&[u8; 4]; 15] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2",
    b"msf1", b"avif", b"avis", b"jxl ", b"crx ",
];

/// Brands of sound alone. They stand beside those of a film too, so only the first brand counts.
const SOUND: [&[u8; 4]; 4] = [b"M4A ", b"M4B ", b"M4P ", b"F4A "];

fn film(first_bytes: &[u8]) -> Option<FileType> {
    let (size, rest) = first_bytes.split_first_chunk::<4>()?;
    let size = u32::from_be_bytes(*size);
    let (kind, content) = rest.split_first_chunk::<4>()?;
    // Text could hold one of these names as well: the first byte of a size is hardly a letter.
    let plausible = (8..0x2000_0000).contains(&size);
    match kind {
        b"ftyp" if plausible => {
            let declared = &content[..content.len().min(size as usize - 8)];
            let (brand, others) = declared.split_first_chunk::<4>()?;
            // Between the first brand and the compatible ones stands a version.
            branded(brand, others.get(4..).unwrap_or_default())
        }
        b"moov" | b"free" | b"skip" | b"wide" | b"pnot" if plausible => Some(FileType::Mov),
        b"mdat" if plausible || size == 1 => Some(FileType::Mov),
        _ => None,
    }
}

fn branded(brand: &[u8; 4], compatible: &[u8]) -> Option<FileType> {
    let compatible = || compatible.as_chunks::<4>().0.iter();
    let picture = |brand: &[u8; 4]| PICTURES.contains(&brand);
    if SOUND.contains(&brand) || picture(brand) || compatible().any(picture) {
        None
    } else if brand == b"qt  " {
        Some(FileType::Mov)
    } else if FILMS.contains(&brand) || compatible().any(|brand| FILMS.contains(&brand)) {
        Some(FileType::Mp4)
    } else if compatible().any(|brand| brand == b"qt  ") {
        Some(FileType::Mov)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ftyp(brands: &[u8]) -> Vec<u8> {
        let (brand, compatible) = brands.split_at(4);
        let size = (16 + compatible.len() as u32).to_be_bytes();
        [&size, b"ftyp".as_slice(), brand, &[0, 0, 2, 0], compatible, b"\0\0\0\x08free"].concat()
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(FileType::of(b"\xff\xd8\xff\xe0\0\x10JFIF\0"), Some(FileType::Jpeg));
        assert_eq!(FileType::of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some(FileType::Png));
        assert_eq!(FileType::of(b"GIF87a\x01\0\x01\0"), Some(FileType::Gif));
        assert_eq!(FileType::of(b"GIF89a/*\0"), Some(FileType::Gif));
        assert_eq!(FileType::of(b"RIFF\x24\0\0\0WEBPVP8L"), Some(FileType::Webp));
    }

    #[test]
    fn films_are_known_by_their_brands() {
        for brand in FILMS {
            assert_eq!(FileType::of(&ftyp(brand)), Some(FileType::Mp4), "{brand:?}");
        }
        assert_eq!(FileType::of(&ftyp(b"qt  qt  ")), Some(FileType::Mov));
        assert_eq!(FileType::of(&ftyp(b"M4V M4V M4A mp42isom")), Some(FileType::Mp4));
        assert_eq!(FileType::of(&ftyp(b"3gp5isom3gp4")), Some(FileType::Mp4));
    }

    #[test]
    fn old_films_start_without_a_brand() {
        assert_eq!(FileType::of(b"\0\0\x02\x10moov\0\0\0\x6cmvhd"), Some(FileType::Mov));
        assert_eq!(FileType::of(b"\0\0\0\x08wide\0\0\x10\0mdat"), Some(FileType::Mov));
        assert_eq!(FileType::of(b"\0\0\0\x01mdat\0\0\0\0\0\x10\0\0"), Some(FileType::Mov));
        assert_eq!(FileType::of(b"Some moov of text"), None);
        assert_eq!(FileType::of(b"\0\0\0\0moov"), None);
    }

    #[test]
    fn nothing_else_is_taken() {
        let others: [&[u8]; 22] = [
            b"",
            b"\xff\xd8",
            b"GIF88a",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"RIFF\x24\0\0\0WEBPJUNK",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!DOCTYPE html><html>",
            b"<?xml version='1.0'?>",
            b"%PDF-1.7",
            b"PK\x03\x04",
            b"BM\x36\0\0\0",
            b"II*\0\x08\0\0\0",
            b"MM\0*\0\0\0\x08",
            b"#!/bin/sh\n",
            b"just some text that goes on",
            b"#EXTM3U\n",
            b"\x1aE\xdf\xa3",
            b"\0\0\x01\0\x01\0",
            b"\x7fELF",
            b"OggS",
            b"\0\0\0\x0cJXL \r\n\x87\n",
            b"\0\0\0\x14ftyp",
        ];
        for bytes in others {
            assert_eq!(FileType::of(bytes), None, "{}", bytes.escape_ascii());
        }
        let others: [&[u8]; 8] = [
            b"heicmif1heic",
            b"avifmif1miaf",
            b"avisiso8msf1",
            b"mif1heic",
            b"M4A M4A isomiso2",
            b"crx crx isom",
            b"jxl jxl ",
            b"abcdefgh",
        ];
        for brands in others {
            assert_eq!(FileType::of(&ftyp(brands)), None, "{}", brands.escape_ascii());
        }
    }

    #[test]
    fn only_the_first_bytes_count() {
        let mut long = ftyp(b"isom");
        long.resize(SNIFFED, 0);
        long.extend_from_slice(b"heic");
        assert_eq!(FileType::of(&long), Some(FileType::Mp4));
    }
}
