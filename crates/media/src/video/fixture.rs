//! Small films, made of boxes by hand.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// A box with this content.
pub(crate) fn boxed(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&(8 + content.len() as u32).to_be_bytes(), kind.as_slice(), &content].concat()
}

/// Numbers of 32 bits, one after the other.
pub(crate) fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A file with these bytes.
pub(crate) fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// All bytes of a file.
pub(crate) fn bytes(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Not turned.
pub(crate) const UPRIGHT: [u32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];

/// A quarter of a turn.
pub(crate) const TURNED: [u32; 9] = [0, 1 << 16, 0, 0xffff_0000, 0, 0, 0, 0, 1 << 30];

/// When everything here was made.
pub(crate) const MADE: u32 = 0xe1a2_b3c4;

/// The header of a film of so many milliseconds.
pub(crate) fn mvhd(duration: u32) -> Vec<u8> {
    boxed(b"mvhd", &[&numbers(&[0, MADE, MADE, 1000, duration]), &[0; 80]])
}

/// A track.
pub(crate) struct Track<'a> {
    pub(crate) id: u32,
    pub(crate) handler: &'a [u8; 4],
    pub(crate) size: (u32, u32),
    pub(crate) matrix: [u32; 9],
    /// One description of samples.
    pub(crate) entry: Vec<u8>,
    /// Where its pieces are, and how long the one sample is that each has.
    pub(crate) pieces: &'a [u32],
    pub(crate) sample: u32,
    /// Boxes that need not be.
    pub(crate) more: Vec<u8>,
}

impl Track<'_> {
    /// Pictures of 640 × 480 pixels.
    pub(crate) fn pictures() -> Self {
        Self {
            id: 1,
            handler: b"vide",
            size: (640, 480),
            matrix: UPRIGHT,
            entry: pictures(640, 480),
            pieces: &[],
            sample: 0,
            more: Vec::new(),
        }
    }

    /// The track as a box.
    pub(crate) fn boxed(&self) -> Vec<u8> {
        let (width, height) = self.size;
        let header = numbers(&[7, MADE, MADE, self.id, 0, 2000, 0, 0, 0, 0]);
        let size = numbers(&[width << 16, height << 16]);
        let tkhd = boxed(b"tkhd", &[&header, &numbers(&self.matrix), &size]);
        let mdhd = boxed(b"mdhd", &[&numbers(&[0, MADE, MADE, 500, 1000, 0x55c4_0000])]);
        let hdlr =
            boxed(b"hdlr", &[&[0; 4], b"mhlr", self.handler, b"appl", &[0; 8], b"\x05A cam"]);
        let count = self.pieces.len() as u32;
        let stbl = boxed(
            b"stbl",
            &[
                &boxed(b"stsd", &[&numbers(&[0, 1]), &self.entry]),
                &boxed(b"stsc", &[&numbers(&[0, 1, 1, 1, 1])]),
                &boxed(b"stsz", &[&numbers(&[0, self.sample, count])]),
                &boxed(b"stco", &[&numbers(&[0, count]), &numbers(self.pieces)]),
            ],
        );
        let source = boxed(b"alis", &[&[0, 0, 0, 1], b"Macintosh HD:Users:somebody"]);
        let dinf = boxed(b"dinf", &[&boxed(b"dref", &[&numbers(&[0, 1]), &source])]);
        let minf = boxed(b"minf", &[&dinf, &stbl]);
        boxed(b"trak", &[&tkhd, &boxed(b"mdia", &[&mdhd, &hdlr, &minf]), &self.more])
    }
}

/// A description of pictures.
pub(crate) fn pictures(width: u16, height: u16) -> Vec<u8> {
    boxed(
        b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            b"appl",
            &[0; 8],
            &width.to_be_bytes(),
            &height.to_be_bytes(),
            &numbers(&[0x0048_0000, 0x0048_0000, 0]),
            &[0, 1],
            b"\x0cA cam's codec",
            &[0; 19],
            &[0, 24, 0xff, 0xff],
            &boxed(b"avcC", &[b"\x01\x42\xc0\x1e"]),
        ],
    )
}
