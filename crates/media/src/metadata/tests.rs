mod film;
mod gif;
mod jpeg;
mod png;
mod webp;

use super::*;

/// A block of EXIF with everything in it that somebody may not want to tell: the camera, a note of
/// its maker, a place, a thumbnail; and how to turn the picture.
fn exif(orientation: u16, little_endian: bool) -> Vec<u8> {
    let short = |number: u16| {
        if little_endian { number.to_le_bytes() } else { number.to_be_bytes() }.to_vec()
    };
    let long = |number: u32| {
        if little_endian { number.to_le_bytes() } else { number.to_be_bytes() }.to_vec()
    };
    let entry = |tag: u16, kind: u16, count: u32, value: Vec<u8>| {
        [short(tag), short(kind), long(count), value].concat()
    };
    let number = |tag: u16, value: u16| entry(tag, 3, 1, [short(value), short(0)].concat());
    let pointer = |tag: u16, at: u32| entry(tag, 4, 1, long(at));
    [
        if little_endian { b"II".to_vec() } else { b"MM".to_vec() },
        short(42),
        long(8),
        // At 8: 2 + 4 * 12 + 4 bytes.
        short(4),
        entry(0x010f, 2, 4, b"Cam\0".to_vec()),
        number(0x0112, orientation),
        pointer(0x8769, 62),
        pointer(0x8825, 80),
        long(98),
        // At 62: 2 + 12 + 4 bytes.
        short(1),
        entry(0x927c, 7, 4, b"note".to_vec()),
        long(0),
        // At 80.
        short(1),
        entry(0x0001, 2, 2, b"N\0\0\0".to_vec()),
        long(0),
        // At 98.
        short(1),
        pointer(0x0201, 120),
        long(0),
    ]
    .concat()
}

const IN_EXIF: [&str; 4] = ["exif", "gps", "maker_note", "thumbnail"];

/// What [`exif`] must come down to.
fn turned(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
    block[19] = orientation;
    block
}

/// Everything that holds for every picture: nothing more goes the second time, no beginning of it
/// is whole, and whatever is done to it, the answer is a picture that stays as it is, or a refusal.
fn bears_everything(whole: &[u8], file_type: FileType) {
    let (stripped, receipt) = strip(whole, file_type).unwrap();
    assert!(stripped.len() <= whole.len());
    let again = strip(&stripped, file_type).unwrap();
    assert_eq!(again, (stripped.clone(), Receipt { removed: vec![], kept: receipt.kept }));
    for length in 0..stripped.len() {
        match strip(&stripped[..length], file_type) {
            Err(flaw) => assert_eq!(flaw, Flaw::Broken),
            // An animation may end after each of its pictures.
            Ok((shorter, _)) => {
                assert_eq!(file_type, FileType::Gif, "of {length} bytes");
                assert!(stripped.starts_with(&shorter[..shorter.len() - 1]));
            }
        }
    }
    for length in 0..whole.len() {
        let _ = strip(&whole[..length], file_type);
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..20_000 {
        let mut bytes = whole.to_vec();
        random.damage(&mut bytes);
        if let Ok((stripped, receipt)) = strip(&bytes, file_type) {
            let again = strip(&stripped, file_type).unwrap();
            assert_eq!(again.0, stripped);
            assert_eq!(again.1, Receipt { removed: vec![], kept: receipt.kept });
        }
    }
}

/// The same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    /// Changes some bytes, and takes out or doubles a piece now and then.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let values = [0, 1, 2, 8, 0x21, 0x7f, 0x80, 0xc0, 0xd8, 0xd9, 0xda, 0xff];
            bytes[at] = values[self.below(values.len())];
        }
        let (from, to) = (self.below(bytes.len()), self.below(bytes.len()));
        let piece = from.min(to)..from.max(to);
        match self.below(6) {
            0 => drop(bytes.drain(piece)),
            1 => bytes.extend_from_within(piece),
            _ => {}
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}
