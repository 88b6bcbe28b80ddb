//! Decodes a JPEG at a half, a quarter or an eighth of its size.
//!
//! A block of 8 × 8 pixels is stored as 64 frequencies, and a smaller picture has no use for the
//! high ones: four by four of them, transformed back as if there were no others, are the same block
//! at half the size. So neither the large picture nor the work of making it smaller ever exists,
//! and colour that is stored at half the size needs no enlarging. What remains is reading the
//! frequencies, which is most of the time.
//!
//! This is for what cameras and phones make: baseline, eight bits, gray or YCbCr, all components in
//! one scan. For anything else, and for data that is not in order, there is no answer, and the
//! decoder that knows everything is asked.

mod bits;
mod huffman;
mod transform;

use self::bits::Bits;
use self::huffman::Huffman;
use self::transform::{Block, Transform};
use super::Segments;
use crate::picture::raster::{Raster, Space};

/// A component of the picture: brightness, or one of the two for colour.
struct Component {
    id: u8,
    /// Blocks across and down in a unit of the scan.
    across: usize,
    down: usize,
    /// Which table its frequencies are to be multiplied by.
    quantization: usize,
    dc: usize,
    ac: usize,
    transform: Transform,
    /// The pixels of one row of units, and how many are in a line of them.
    strip: Vec<u8>,
    stride: usize,
    /// The mean of the block before, by which that of the next is told.
    mean: i32,
}

/// The picture at `1 / shrink` of its size, which is rounded up. `shrink` is 2, 4 or 8.
pub(in crate::picture) fn read(bytes: &[u8], shrink: usize) -> Option<Raster> {
    let mut quantizations: [Option<[f32; 64]>; 4] = [None; 4];
    let mut dcs: [Option<Huffman>; 4] = Default::default();
    let mut acs: [Option<Huffman>; 4] = Default::default();
    let mut frame: Option<Frame> = None;
    let mut interval = 0;
    let mut segments = Segments(bytes);
    while let Some((marker, content)) = segments.next() {
        match marker {
            0xDB => quantization(content, &mut quantizations)?,
            0xC4 => huffman::define(content, &mut dcs, &mut acs)?,
            0xC0 | 0xC1 if frame.is_none() => frame = Some(Frame::of(content, shrink)?),
            // Other frames, and the end.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF | 0xD9 => return None,
            0xDD => interval = usize::from(u16::from_be_bytes(*content.first_chunk()?)),
            0xDA => {
                let mut frame = frame?;
                frame.scan(content)?;
                let tables = Tables { quantizations, dcs, acs };
                return frame.decode(Bits::new(segments.0), &tables, interval, shrink);
            }
            _ => {}
        }
    }
    None
}

struct Tables {
    quantizations: [Option<[f32; 64]>; 4],
    dcs: [Option<Huffman>; 4],
    acs: [Option<Huffman>; 4],
}

/// Reads tables of quantization, in the order in which frequencies are stored.
fn quantization(mut content: &[u8], tables: &mut [Option<[f32; 64]>; 4]) -> Option<()> {
    while let Some((&head, rest)) = content.split_first() {
        let table = tables.get_mut(usize::from(head & 15))?.insert([0.0; 64]);
        let wide = usize::from(head >> 4);
        let values = rest.get(..64 * (wide + 1))?;
        for (factor, value) in table.iter_mut().zip(values.chunks_exact(wide + 1)) {
            *factor = value.iter().fold(0.0, |sum, &byte| sum * 256.0 + f32::from(byte));
        }
        content = &rest[values.len()..];
    }
    Some(())
}

/// What the header of the picture says.
struct Frame {
    width: usize,
    height: usize,
    /// Units of the scan, across and down.
    columns: usize,
    rows: usize,
    components: Vec<Component>,
}

impl Frame {
    fn of(content: &[u8], shrink: usize) -> Option<Self> {
        let &[8, high, low, wide, narrow, count, ref components @ ..] = content else {
            return None;
        };
        let height = usize::from(u16::from_be_bytes([high, low]));
        let width = usize::from(u16::from_be_bytes([wide, narrow]));
        let count = usize::from(count);
        if width == 0 || height == 0 || !matches!(count, 1 | 3) || components.len() != count * 3 {
            return None;
        }
        let components = components.as_chunks::<3>().0;
        let sampling = |component: &[u8; 3]| match count {
            // With one component there is nothing that it could be finer than.
            1 => (1, 1),
            _ => (usize::from(component[1] >> 4), usize::from(component[1] & 15)),
        };
        let finest_across = components.iter().map(|component| sampling(component).0).max()?;
        let finest_down = components.iter().map(|component| sampling(component).1).max()?;
        if finest_across > 4 || finest_down > 4 {
            return None;
        }
        let columns = width.div_ceil(8 * finest_across);
        let components = components.iter().map(|component| {
            let (across, down) = sampling(component);
            // So that all components come out in one size.
            let side = |blocks: usize, finest: usize| {
                let ratio = finest.checked_div(blocks)?;
                (ratio * blocks == finest && 8 * ratio >= shrink).then_some(8 * ratio / shrink)
            };
            let (wide, high) = (side(across, finest_across)?, side(down, finest_down)?);
            let stride = columns * across * wide;
            Some(Component {
                id: component[0],
                across,
                down,
                quantization: usize::from(component[2] & 3),
                dc: 0,
                ac: 0,
                transform: Transform::to(wide, high)?,
                strip: vec![0; stride * down * high],
                stride,
                mean: 0,
            })
        });
        let components = components.collect::<Option<Vec<_>>>()?;
        let rows = height.div_ceil(8 * finest_down);
        Some(Self { width, height, columns, rows, components })
    }

    /// Reads the header of a scan, which must be of all components in their order.
    fn scan(&mut self, content: &[u8]) -> Option<()> {
        let (&count, rest) = content.split_first()?;
        if usize::from(count) != self.components.len() || rest.len() != 2 * usize::from(count) + 3 {
            return None;
        }
        for (component, &[id, tables]) in self.components.iter_mut().zip(rest.as_chunks::<2>().0) {
            if id != component.id {
                return None;
            }
            component.dc = usize::from(tables >> 4);
            component.ac = usize::from(tables & 15);
        }
        Some(())
    }

    fn decode(
        mut self,
        mut bits: Bits<'_>,
        tables: &Tables,
        interval: usize,
        shrink: usize,
    ) -> Option<Raster> {
        let (width, height) = (self.width.div_ceil(shrink), self.height.div_ceil(shrink));
        let channels = self.components.len();
        let mut pixels = vec![0; width * height * channels];
        let strip_height = self.components[0].strip.len() / self.components[0].stride;
        let mut until_restart = interval;
        // The last row of units may reach beyond the picture, and with a large `shrink` there can
        // be more units than lines.
        let mut lines = pixels.chunks_mut(width * channels * strip_height);
        for _ in 0..self.rows {
            for column in 0..self.columns {
                if interval > 0 {
                    if until_restart == 0 {
                        bits.restart()?;
                        self.components.iter_mut().for_each(|component| component.mean = 0);
                        until_restart = interval;
                    }
                    until_restart -= 1;
                }
                for component in &mut self.components {
                    component.unit(&mut bits, tables, column)?;
                }
            }
            if bits.is_overdrawn() {
                return None;
            }
            let Some(lines) = lines.next() else { continue };
            for (index, line) in lines.chunks_exact_mut(width * channels).enumerate() {
                interleave(&self.components, index, line);
            }
        }
        let space = if channels == 1 { Space::Gray } else { Space::YCbCr };
        Some(Raster { width: width as u32, height: height as u32, space, bytes: pixels })
    }
}

impl Component {
    /// Decodes what is of this component in a unit.
    fn unit(&mut self, bits: &mut Bits<'_>, tables: &Tables, column: usize) -> Option<()> {
        let dc = tables.dcs.get(self.dc)?.as_ref()?;
        let ac = tables.acs.get(self.ac)?.as_ref()?;
        let factors = tables.quantizations[self.quantization].as_ref()?;
        let (wide, high) = (self.transform.width(), self.transform.height());
        for row in 0..self.down {
            for block in 0..self.across {
                let mut frequencies = Block::new();
                self.mean = self.mean.wrapping_add(dc.difference(bits)?);
                frequencies.set(0, self.mean as f32 * factors[0]);
                let mut at = 1;
                while at < 64 {
                    let (run, value) = ac.frequency(bits)?;
                    if run == huffman::END {
                        break;
                    }
                    at += run;
                    if at > 63 {
                        return None;
                    }
                    frequencies.set(at, value as f32 * factors[at]);
                    at += 1;
                }
                let from = row * high * self.stride + (column * self.across + block) * wide;
                self.transform.apply(&frequencies, &mut self.strip[from..], self.stride);
            }
        }
        Some(())
    }
}

/// Puts line `index` of all components together.
fn interleave(components: &[Component], index: usize, line: &mut [u8]) {
    let of = |component: &'_ Component| index * component.stride;
    if let [y, cb, cr] = components {
        let (y, cb, cr) = (&y.strip[of(y)..], &cb.strip[of(cb)..], &cr.strip[of(cr)..]);
        let pixels = line.as_chunks_mut::<3>().0;
        for (((pixel, y), cb), cr) in pixels.iter_mut().zip(y).zip(cb).zip(cr) {
            *pixel = [*y, *cb, *cr];
        }
    } else {
        let gray = &components[0];
        line.copy_from_slice(&gray.strip[of(gray)..][..line.len()]);
    }
}
