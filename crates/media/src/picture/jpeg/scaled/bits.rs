//! The bits of a scan.

/// Reads bits, the highest of each byte first. Beyond the end and at a marker there are zeros.
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    /// The byte that is read next.
    at: usize,
    /// The next bits, from the highest on. Below the `count` there may be more that are right, but
    /// do not count yet.
    ready: u64,
    count: u32,
    /// How many bits were made up.
    made_up: u32,
}

impl<'b> Bits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, ready: 0, count: 0, made_up: 0 }
    }

    /// Makes at least 32 bits ready, as many as a code and its value can have.
    #[inline]
    pub(super) fn prepare(&mut self) {
        if self.count < 32 {
            self.fill();
        }
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(next) = self.bytes[self.at.min(self.bytes.len())..].first_chunk() {
            let next = u64::from_be_bytes(*next);
            // A byte of ones is either a marker or has a zero after it that is none of the data.
            let zero = !next;
            if zero.wrapping_sub(0x0101_0101_0101_0101) & next & 0x8080_8080_8080_8080 == 0 {
                self.ready |= next >> self.count;
                let bytes = (63 - self.count) / 8;
                self.at += bytes as usize;
                self.count += bytes * 8;
                return;
            }
        }
        self.fill_slowly();
    }

    #[cold]
    #[inline(never)]
    fn fill_slowly(&mut self) {
        while self.count <= 56 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (None | Some(0xFF), _) => {
                    self.made_up += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.ready |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next `count` bits, at least one; they are ready.
    #[inline]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.ready >> (64 - count)) as usize
    }

    /// Goes on by `count` bits, which are ready.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.ready <<= count;
        self.count -= count;
    }

    /// Whether more was read than there is.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.made_up > self.count
    }

    /// Goes on behind the marker that ends an interval. `None` if there is none.
    pub(super) fn restart(&mut self) -> Option<()> {
        if self.is_overdrawn() {
            return None;
        }
        while self.bytes.get(self.at..self.at + 2)? == [0xFF, 0xFF] {
            self.at += 1;
        }
        let &[0xFF, 0xD0..=0xD7] = self.bytes.get(self.at..self.at + 2)? else { return None };
        *self = Self { at: self.at + 2, ..Self::new(self.bytes) };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bits: &mut Bits<'_>, count: usize) -> Vec<usize> {
        let next = |_| {
            bits.prepare();
            let byte = bits.peek(8);
            bits.skip(8);
            byte
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn stuffing_is_left_out_and_markers_are_not_passed() {
        let data: Vec<u8> = (1..=20).chain([0xFF, 0, 21, 0xFF, 0xD3, 22, 0xFF, 0xD9]).collect();
        let mut bits = Bits::new(&data);
        let expected: Vec<usize> = (1..=20).chain([0xFF, 21]).collect();
        assert_eq!(bytes(&mut bits, 22), expected);
        assert!(!bits.is_overdrawn());
        bits.restart().unwrap();
        assert_eq!(bytes(&mut bits, 1), [22]);
        assert!(!bits.is_overdrawn());
        assert!(bits.restart().is_none(), "the end is no restart");
        assert_eq!(bytes(&mut bits, 1), [0]);
        assert!(bits.is_overdrawn());
    }
}
