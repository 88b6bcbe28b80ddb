//! Codes of different lengths.

use super::bits::Bits;

/// The run that stands for the end of a block.
pub(super) const END: usize = 255;

/// Bits that the tables look ahead. Nearly all codes are shorter, most with their values.
const AHEAD: u32 = 10;

/// A table of codes.
pub(super) struct Huffman {
    /// By the next bits: how many of them are the code and its value, how many zeros come before
    /// the value, and the value.
    whole: Box<[Whole; 1 << AHEAD]>,
    /// By the next bits: the length of the code and what it stands for.
    codes: Box<[Code; 1 << AHEAD]>,
    /// For each length above the bits looked at: the first code that is too large for it, filled up
    /// to 16 bits, and what to add to a code to find what it stands for.
    limits: [(u32, i32); 17],
    symbols: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Whole {
    /// 0 if it does not fit.
    length: u8,
    run: u8,
    value: i16,
}

#[derive(Clone, Copy, Default)]
struct Code {
    /// 0 if it is longer.
    length: u8,
    symbol: u8,
}

/// Reads tables, for the means of blocks and for the other frequencies.
pub(super) fn define(
    mut content: &[u8],
    dcs: &mut [Option<Huffman>; 4],
    acs: &mut [Option<Huffman>; 4],
) -> Option<()> {
    while let Some((&head, rest)) = content.split_first() {
        let (lengths, rest) = rest.split_first_chunk::<16>()?;
        let count = lengths.iter().map(|&count| usize::from(count)).sum();
        let (symbols, rest) = rest.split_at_checked(count)?;
        let tables = match head >> 4 {
            0 => &mut *dcs,
            1 => &mut *acs,
            _ => return None,
        };
        *tables.get_mut(usize::from(head & 15))? = Some(Huffman::new(lengths, symbols)?);
        content = rest;
    }
    Some(())
}

impl Huffman {
    fn new(lengths: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut codes = Box::new([Code::default(); 1 << AHEAD]);
        let mut limits = [(0, 0); 17];
        let (mut code, mut index) = (0_u32, 0);
        for (length, &count) in (1_u32..).zip(lengths) {
            limits[length as usize].1 = index as i32 - code as i32;
            for _ in 0..count {
                if code >= 1 << length {
                    return None;
                }
                if length <= AHEAD {
                    let first = (code << (AHEAD - length)) as usize;
                    let entry = Code { length: length as u8, symbol: symbols[index] };
                    codes[first..first + (1 << (AHEAD - length))].fill(entry);
                }
                code += 1;
                index += 1;
            }
            limits[length as usize].0 = code << (16 - length);
            code <<= 1;
        }
        let mut whole = Box::new([Whole::default(); 1 << AHEAD]);
        for (bits, (whole, code)) in whole.iter_mut().zip(codes.iter()).enumerate() {
            let (run, size) = (code.symbol >> 4, u32::from(code.symbol & 15));
            let length = u32::from(code.length);
            if length == 0 {
                continue;
            }
            *whole = match (run, size) {
                (15, 0) => continue,
                (_, 0) => Whole { length: code.length, run: END as u8, value: 0 },
                _ if length + size <= AHEAD => Whole {
                    length: (length + size) as u8,
                    run,
                    value: signed(bits >> (AHEAD - length - size) & ((1 << size) - 1), size) as i16,
                },
                _ => continue,
            };
        }
        Some(Self { whole, codes, limits, symbols: symbols.to_vec() })
    }

    /// How many zeros come before the next frequency, or [`END`], and the frequency.
    #[inline]
    pub(super) fn frequency(&self, bits: &mut Bits<'_>) -> Option<(usize, i32)> {
        bits.prepare();
        let whole = self.whole[bits.peek(AHEAD)];
        if whole.length > 0 {
            bits.skip(u32::from(whole.length));
            return Some((usize::from(whole.run), i32::from(whole.value)));
        }
        let symbol = self.symbol(bits)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (run, size) {
            (15, 0) => Some((15, 0)),
            (_, 0) => Some((END, 0)),
            _ => Some((run, value(bits, size))),
        }
    }

    /// How much the mean of the next block differs from the one before.
    pub(super) fn difference(&self, bits: &mut Bits<'_>) -> Option<i32> {
        bits.prepare();
        match u32::from(self.symbol(bits)?) {
            0 => Some(0),
            size @ 1..=11 => Some(value(bits, size)),
            _ => None,
        }
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let code = self.codes[bits.peek(AHEAD)];
        if code.length > 0 {
            bits.skip(u32::from(code.length));
            return Some(code.symbol);
        }
        let next = bits.peek(16) as u32;
        let length = (AHEAD + 1..=16).find(|&length| next < self.limits[length as usize].0)?;
        bits.skip(length);
        let index = (next >> (16 - length)) as i32 + self.limits[length as usize].1;
        self.symbols.get(usize::try_from(index).ok()?).copied()
    }
}

/// Reads a value of `size` bits.
#[inline]
fn value(bits: &mut Bits<'_>, size: u32) -> i32 {
    let value = signed(bits.peek(size), size);
    bits.skip(size);
    value
}

/// Values whose highest bit is not set are negative.
#[inline]
fn signed(value: usize, size: u32) -> i32 {
    let value = value as i32;
    if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value }
}
