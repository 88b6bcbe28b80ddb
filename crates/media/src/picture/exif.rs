//! The one thing of EXIF that matters to a picture: which way is up.

/// How stored pixels are turned to stand upright: the tag `Orientation` of EXIF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Orientation {
    /// 1: as it is.
    #[default]
    Upright,
    /// 2: left and right change places.
    Mirrored,
    /// 3: half a turn.
    UpsideDown,
    /// 4: top and bottom change places.
    Flipped,
    /// 5: rows become columns.
    Transposed,
    /// 6: to be turned clockwise.
    Clockwise,
    /// 7: rows become columns, both from the other end.
    Transversed,
    /// 8: to be turned counterclockwise.
    Counterclockwise,
}

impl Orientation {
    /// What a TIFF block, as in JPEG's APP1, PNG's `eXIf` and WebP's `EXIF`, says. Without a word on
    /// it, or with a wrong one, a picture is taken as it is: no file is broken for that.
    pub(super) fn of(exif: &[u8]) -> Self {
        // Some writers of PNG and WebP put JPEG's identifier before it.
        let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        match tag(tiff) {
            Some(2) => Self::Mirrored,
            Some(3) => Self::UpsideDown,
            Some(4) => Self::Flipped,
            Some(5) => Self::Transposed,
            Some(6) => Self::Clockwise,
            Some(7) => Self::Transversed,
            Some(8) => Self::Counterclockwise,
            _ => Self::Upright,
        }
    }

    /// Whether width and height change places.
    pub(super) fn is_sideways(self) -> bool {
        matches!(
            self,
            Self::Transposed | Self::Clockwise | Self::Transversed | Self::Counterclockwise
        )
    }

    /// The upright form of `bytes`, which has rows of `width` pixels of `channels` bytes.
    pub(super) fn apply(self, bytes: &[u8], width: usize, channels: usize) -> Vec<u8> {
        let height = bytes.len() / channels / width;
        let (columns, rows) = if self.is_sideways() { (height, width) } else { (width, height) };
        let mut upright = Vec::with_capacity(bytes.len());
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = match self {
                    Self::Upright => (column, row),
                    Self::Mirrored => (width - 1 - column, row),
                    Self::UpsideDown => (width - 1 - column, height - 1 - row),
                    Self::Flipped => (column, height - 1 - row),
                    Self::Transposed => (row, column),
                    Self::Clockwise => (row, height - 1 - column),
                    Self::Transversed => (width - 1 - row, height - 1 - column),
                    Self::Counterclockwise => (width - 1 - row, column),
                };
                let at = (y * width + x) * channels;
                upright.extend_from_slice(&bytes[at..at + channels]);
            }
        }
        upright
    }
}

/// The value of tag 0x0112 in the first directory.
fn tag(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = long(4)? as usize;
    let entries = usize::from(short(directory)?);
    let entry = (0..entries)
        .map(|entry| directory + 2 + entry * 12)
        .map_while(|at| Some((at, short(at)?)))
        .find(|&(_, tag)| tag == 0x0112);
    short(entry?.0 + 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with another entry and the orientation.
    fn tiff(value: u8, little: bool) -> Vec<u8> {
        let short = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() }.to_vec();
        let long = |n: u32| if little { n.to_le_bytes() } else { n.to_be_bytes() }.to_vec();
        [
            if little { b"II".to_vec() } else { b"MM".to_vec() },
            short(42),
            long(8),
            short(2),
            [short(0x0100), short(3), long(1), short(77), short(0)].concat(),
            [short(0x0112), short(3), long(1), short(value.into()), short(0)].concat(),
            long(0),
        ]
        .concat()
    }

    #[test]
    fn either_byte_order_is_read() {
        for little in [true, false] {
            assert_eq!(Orientation::of(&tiff(6, little)), Orientation::Clockwise);
            let named = [b"Exif\0\0".as_slice(), &tiff(8, little)].concat();
            assert_eq!(Orientation::of(&named), Orientation::Counterclockwise);
        }
    }

    #[test]
    fn what_makes_no_sense_is_upright() {
        for value in [0, 1, 9, 255] {
            assert_eq!(Orientation::of(&tiff(value, true)), Orientation::Upright);
        }
        let whole = tiff(6, false);
        for length in 0..whole.len() {
            // The value is complete before the directory's end.
            if length < whole.len() - 6 {
                assert_eq!(Orientation::of(&whole[..length]), Orientation::Upright);
            }
        }
        assert_eq!(Orientation::of(b"II*\0\xff\xff\xff\xff"), Orientation::Upright);
    }

    #[test]
    fn pixels_go_where_they_belong() {
        // 1 2 3
        // 4 5 6
        let stored = [1, 2, 3, 4, 5, 6];
        let expected = [
            (Orientation::Upright, [1, 2, 3, 4, 5, 6]),
            (Orientation::Mirrored, [3, 2, 1, 6, 5, 4]),
            (Orientation::UpsideDown, [6, 5, 4, 3, 2, 1]),
            (Orientation::Flipped, [4, 5, 6, 1, 2, 3]),
            (Orientation::Transposed, [1, 4, 2, 5, 3, 6]),
            (Orientation::Clockwise, [4, 1, 5, 2, 6, 3]),
            (Orientation::Transversed, [6, 3, 5, 2, 4, 1]),
            (Orientation::Counterclockwise, [3, 6, 2, 5, 1, 4]),
        ];
        for (orientation, upright) in expected {
            assert_eq!(orientation.apply(&stored, 3, 1), upright, "{orientation:?}");
        }
    }
}
