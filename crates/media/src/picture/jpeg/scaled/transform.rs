//! From frequencies to fewer pixels.

/// How frequencies are ordered in a file: from the low ones to the high ones, as places in a block.
const ORDER: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// For each of them: how many rows and columns there are with it and all before it.
const REACH: [(u8, u8); 64] = {
    let mut reach = [(1, 1); 64];
    let mut at = 1;
    while at < 64 {
        let (row, column) = (ORDER[at] / 8 + 1, ORDER[at] % 8 + 1);
        let (rows, columns) = reach[at - 1];
        reach[at] =
            (if row > rows { row } else { rows }, if column > columns { column } else { columns });
        at += 1;
    }
    reach
};

/// The frequencies of a block, row by row.
pub(super) struct Block {
    frequencies: [f32; 64],
    last: usize,
}

impl Block {
    #[inline]
    pub(super) fn new() -> Self {
        Self { frequencies: [0.0; 64], last: 0 }
    }

    /// Sets the one that is stored at this place of the order, later than those that are set.
    #[inline]
    pub(super) fn set(&mut self, at: usize, value: f32) {
        self.frequencies[usize::from(ORDER[at & 63])] = value;
        self.last = at;
    }
}

/// Makes pixels of a block: 8, 4, 2 or 1 in each direction.
pub(super) struct Transform {
    width: usize,
    height: usize,
    apply: fn(&Block, &mut [u8], usize),
}

impl Transform {
    pub(super) fn to(width: usize, height: usize) -> Option<Self> {
        let apply = match (width, height) {
            (8, 8) => apply::<8, 8>,
            (8, 4) => apply::<8, 4>,
            (8, 2) => apply::<8, 2>,
            (4, 8) => apply::<4, 8>,
            (4, 4) => apply::<4, 4>,
            (4, 2) => apply::<4, 2>,
            (4, 1) => apply::<4, 1>,
            (2, 8) => apply::<2, 8>,
            (2, 4) => apply::<2, 4>,
            (2, 2) => apply::<2, 2>,
            (2, 1) => apply::<2, 1>,
            (1, 4) => apply::<1, 4>,
            (1, 2) => apply::<1, 2>,
            (1, 1) => apply::<1, 1>,
            _ => return None,
        };
        Some(Self { width, height, apply })
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Writes the pixels, lines of which are `stride` apart.
    #[inline]
    pub(super) fn apply(&self, block: &Block, pixels: &mut [u8], stride: usize) {
        (self.apply)(block, pixels, stride);
    }
}

fn apply<const W: usize, const H: usize>(block: &Block, pixels: &mut [u8], stride: usize) {
    if block.last == 0 {
        let mean = pixel(block.frequencies[0] / 8.0);
        for line in pixels.chunks_mut(stride).take(H) {
            line[..W].fill(mean);
        }
        return;
    }
    let (rows, columns) = REACH[block.last & 63];
    let (rows, columns) = (usize::from(rows).min(H), usize::from(columns).min(W));
    let frequencies = block.frequencies.as_chunks::<8>().0;
    for (line, cosines) in pixels.chunks_mut(stride).zip(&COSINES[H.ilog2() as usize]).take(H) {
        let mut down = [0.0; W];
        for (row, cosine) in frequencies.iter().zip(cosines).take(rows) {
            for (sum, frequency) in down.iter_mut().zip(row) {
                *sum += frequency * cosine;
            }
        }
        let mut across = [0.0; W];
        for (frequency, cosines) in down.iter().zip(&BASES[W.ilog2() as usize]).take(columns) {
            for (sum, cosine) in across.iter_mut().zip(cosines) {
                *sum += frequency * cosine;
            }
        }
        for (to, value) in line.iter_mut().zip(across) {
            *to = pixel(value);
        }
    }
}

/// Rounds to a pixel; zero is the middle between black and white. The addition puts the whole part
/// into the lowest bits, which is how many are done at once without a check of each.
#[inline]
fn pixel(value: f32) -> u8 {
    const WHOLE: f32 = 8_388_608.0;
    ((value + 128.0).clamp(0.0, 255.0) + WHOLE).to_bits() as u8
}

/// For 1, 2, 4 and 8 pixels: for each pixel what each frequency adds to it.
static COSINES: [[[f32; 8]; 8]; 4] = tables(false);

/// The same for each frequency what it adds to each pixel.
static BASES: [[[f32; 8]; 8]; 4] = tables(true);

const fn tables(turned: bool) -> [[[f32; 8]; 8]; 4] {
    let mut tables = [[[0.0; 8]; 8]; 4];
    let mut log = 0;
    while log < 4 {
        let pixels = 1 << log;
        let mut pixel = 0;
        while pixel < pixels {
            let mut frequency = 0;
            while frequency < pixels {
                // A quarter of a turn is 8 sixteenths; of `pixels` each is so many times wider.
                let turn = (2 * pixel + 1) * frequency * (8 / pixels);
                let value = if frequency == 0 { COSINE[4] / 2.0 } else { cosine(turn) / 2.0 };
                if turned {
                    tables[log][frequency][pixel] = value;
                } else {
                    tables[log][pixel][frequency] = value;
                }
                frequency += 1;
            }
            pixel += 1;
        }
        log += 1;
    }
    tables
}

/// The cosines of the sixteenths of a half turn up to a quarter turn.
const COSINE: [f32; 9] = [
    1.0,
    0.980_785_25,
    0.923_879_5,
    0.831_469_6,
    std::f32::consts::FRAC_1_SQRT_2,
    0.555_570_24,
    0.382_683_43,
    0.195_090_32,
    0.0,
];

/// The cosine of so many sixteenths of a half turn.
const fn cosine(sixteenths: usize) -> f32 {
    match sixteenths % 32 {
        first @ 0..=8 => COSINE[first],
        second @ 9..=16 => -COSINE[16 - second],
        third @ 17..=24 => -COSINE[third - 16],
        fourth => COSINE[32 - fourth],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_are_cosines() {
        for sixteenths in 0..200 {
            let expected = (sixteenths as f32 * std::f32::consts::PI / 16.0).cos();
            assert!((cosine(sixteenths) - expected).abs() < 1e-4, "{sixteenths}");
        }
    }

    /// All 64 pixels by the definition, and the mean of each part.
    #[test]
    fn fewer_pixels_are_means_of_a_smooth_block() {
        let mut block = Block::new();
        block.set(0, 120.0);
        block.set(1, -90.0);
        block.set(2, 70.0);
        let full = |x: f32, y: f32| {
            let cosine = |at: f32| ((2.0 * at + 1.0) * std::f32::consts::PI / 16.0).cos();
            let half = std::f32::consts::FRAC_1_SQRT_2 / 4.0;
            120.0 / 8.0 - 90.0 * half * cosine(x) + 70.0 * half * cosine(y) + 128.0
        };
        for (wide, high) in [(8, 8), (4, 4), (2, 2), (1, 1), (8, 4), (4, 8), (2, 1)] {
            let mut pixels = [0; 64];
            Transform::to(wide, high).unwrap().apply(&block, &mut pixels, 8);
            let (across, down) = (8 / wide, 8 / high);
            for y in 0..high {
                for x in 0..wide {
                    let parts = (0..down).flat_map(|j| (0..across).map(move |i| (i, j)));
                    let sum: f32 = parts
                        .map(|(i, j)| full((x * across + i) as f32, (y * down + j) as f32))
                        .sum();
                    let mean = sum / (across * down) as f32;
                    let found = f32::from(pixels[y * 8 + x]);
                    assert!(
                        (found - mean).abs() < 3.0,
                        "{wide}×{high} at {x}, {y}: {found} {mean}"
                    );
                }
            }
        }
    }
}
