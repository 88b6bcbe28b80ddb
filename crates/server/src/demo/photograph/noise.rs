//! What looks like chance, but is the same each time.

use std::sync::OnceLock;

/// Dice that fall the same for the same seed.
#[derive(Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From 0 to 1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.roll() >> 40) as f32 / (1 << 24) as f32
    }

    pub(super) fn range(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.unit()
    }

    /// From `from` to `to`, both among them.
    pub(super) fn count(&mut self, from: usize, to: usize) -> usize {
        from + (self.roll() % (to - from + 1) as u64) as usize
    }

    pub(super) fn chance(&mut self, of: f32) -> bool {
        self.unit() < of
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.count(0, of.len() - 1)]
    }
}

/// A number from 0 to 1 for a cell of a grid.
#[inline]
pub(super) fn speck(x: u32, y: u32, seed: u32) -> f32 {
    (scramble(x, y, seed) >> 8) as f32 * (1.0 / (1 << 24) as f32)
}

#[inline]
pub(super) fn scramble(x: u32, y: u32, seed: u32) -> u32 {
    let mixed = x.wrapping_mul(0x85eb_ca6b) ^ y.wrapping_mul(0xc2b2_ae35) ^ seed;
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x2c1b_3c6d);
    let mixed = (mixed ^ mixed >> 12).wrapping_mul(0x297a_2d39);
    mixed ^ mixed >> 15
}

/// The nearest whole number, as bits of two's complement, and what is left, from -0.5 to 0.5.
/// For numbers within four million; several times as fast as `floor` where the processor's
/// instruction for it may not be assumed.
#[inline]
pub(super) fn split(x: f32) -> (u32, f32) {
    const SHIFT: f32 = 12_582_912.0;
    let shifted = x + SHIFT;
    (shifted.to_bits().wrapping_sub(SHIFT.to_bits()), x - (shifted - SHIFT))
}

/// Nearly the sine of so many turns.
#[inline]
pub(super) fn wave(turns: f32) -> f32 {
    let (_, rest) = split(turns);
    let coarse = rest * (8.0 - 16.0 * rest.abs());
    coarse * (0.775 + 0.225 * coarse.abs())
}

/// The angle of a direction in turns, from -0.5 to 0.5, to a ten-thousandth.
#[inline]
pub(super) fn turns(x: f32, y: f32) -> f32 {
    let (ax, ay) = (x.abs(), y.abs());
    let t = ax.min(ay) / ax.max(ay).max(1e-9);
    let s = t * t;
    let eighth = t * (0.159_13 + s * (-0.052_5 + s * (0.024_6 - s * 0.006_3)));
    let quarter = if ay > ax { 0.25 - eighth } else { eighth };
    let half = if x < 0.0 { 0.5 - quarter } else { quarter };
    if y < 0.0 { -half } else { half }
}

/// Clouds of all sizes on a square that joins to itself on every side: about -1 to 1, mostly in
/// the middle.
pub(super) struct Clouds(Box<[f32; SIDE * SIDE]>);

const SIDE: usize = 512;

impl Clouds {
    /// They are made once; a picture looks at a corner of its own.
    pub(super) fn get() -> &'static Self {
        static CLOUDS: OnceLock<Clouds> = OnceLock::new();
        CLOUDS.get_or_init(Self::make)
    }

    /// The cloud at a place, in squares.
    #[inline]
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        const MASK: usize = SIDE - 1;
        let (column, right) = split(x * SIDE as f32);
        let (row, down) = split(y * SIDE as f32);
        let (column, row, right) = (column as usize, row as usize, right + 0.5);
        let at = |row: usize, column: usize| self.0[(row & MASK) * SIDE + (column & MASK)];
        let line = |row: usize| {
            let left = at(row, column);
            left + (at(row, column + 1) - left) * right
        };
        let above = line(row);
        above + (line(row + 1) - above) * (down + 0.5)
    }

    /// The same with finer detail, for close looks.
    #[inline]
    pub(super) fn fine(&self, x: f32, y: f32) -> f32 {
        self.at(x, y) + 0.2 * self.at(5.3 * x + 0.37, 5.3 * y + 0.71)
    }

    fn make() -> Self {
        let mut cells = vec![0.0; SIDE * SIDE];
        let mut weight = 1.0;
        for octave in 0..6 {
            let period = 4 << octave;
            let scale = period as f32 / SIDE as f32;
            for (place, cell) in cells.iter_mut().enumerate() {
                let (row, column) = (place / SIDE, place % SIDE);
                *cell += weight * lattice(column as f32 * scale, row as f32 * scale, period);
            }
            weight *= 0.5;
        }
        let mean = cells.iter().sum::<f32>() / cells.len() as f32;
        let spread = cells.iter().map(|cell| (cell - mean).powi(2)).sum::<f32>();
        let scale = 0.36 / (spread / cells.len() as f32).sqrt();
        for cell in &mut cells {
            *cell = (*cell - mean) * scale;
        }
        Self(cells.try_into().expect("there are as many cells as the square has"))
    }
}

/// Slopes at the points of a lattice that repeats after `period`, joined smoothly.
fn lattice(x: f32, y: f32, period: u32) -> f32 {
    let (column, row) = (x as u32, y as u32);
    let (right, down) = (x - column as f32, y - row as f32);
    let ease = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let corner = |dx: u32, dy: u32| {
        let bits = scramble((column + dx) % period, (row + dy) % period, period);
        let (along, across) =
            ((bits & 1023) as f32 / 511.5 - 1.0, (bits >> 10 & 1023) as f32 / 511.5 - 1.0);
        along * (right - dx as f32) + across * (down - dy as f32)
    };
    let above = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * ease(right);
    let below = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * ease(right);
    above + (below - above) * ease(down)
}

/// A line that rises and falls like a range of hills: about -1 to 1. For tables, not for pixels.
pub(super) fn range_of_hills(x: f32, seed: u32, octaves: u32) -> f32 {
    let (mut sum, mut weight, mut x) = (0.0, 0.5, x);
    for octave in 0..octaves {
        let cell = x.floor();
        let t = x - cell;
        let slope = |cell: f32| speck(cell as i32 as u32, octave, seed) * 2.0 - 1.0;
        let (from, to) = (slope(cell) * t, slope(cell + 1.0) * (t - 1.0));
        sum += weight * (from + (to - from) * t * t * (3.0 - 2.0 * t));
        weight *= 0.5;
        x = x * 2.03 + 11.7;
    }
    sum * 3.0
}

/// A height for each column of pixels.
pub(super) struct Skyline {
    heights: Vec<f32>,
    /// One over the height of a pixel, seen across the slope.
    sharpness: Vec<f32>,
    scale: f32,
}

impl Skyline {
    /// `height(x)` at the middle of each column of a picture that is `width` pixels wide, `scale`
    /// of which are one unit.
    pub(super) fn new(width: usize, scale: f32, height: impl Fn(f32) -> f32) -> Self {
        let heights: Vec<f32> =
            (0..width).map(|column| height((column as f32 + 0.5) / scale)).collect();
        let mut skyline = Self { heights, sharpness: Vec::new(), scale };
        skyline.sharpen();
        skyline
    }

    /// Lets every column stand as `change(x, height)` says.
    pub(super) fn change(&mut self, change: impl Fn(f32, f32) -> f32) {
        for (column, height) in self.heights.iter_mut().enumerate() {
            *height = change((column as f32 + 0.5) / self.scale, *height);
        }
        self.sharpen();
    }

    fn sharpen(&mut self) {
        let last = self.heights.len() - 1;
        let slope = |column: usize| {
            let (from, to) = (column.saturating_sub(1), (column + 1).min(last));
            (self.heights[to] - self.heights[from]) * self.scale / (to - from).max(1) as f32
        };
        self.sharpness =
            (0..=last).map(|column| self.scale / (1.0 + slope(column).powi(2)).sqrt()).collect();
    }

    #[inline]
    fn column(&self, x: f32) -> usize {
        ((x * self.scale) as usize).min(self.heights.len() - 1)
    }

    #[inline]
    pub(super) fn at(&self, x: f32) -> f32 {
        self.heights[self.column(x)]
    }

    /// How far the place is below the line, and how much of its pixel is.
    #[inline]
    pub(super) fn below(&self, x: f32, y: f32) -> (f32, f32) {
        let column = self.column(x);
        let depth = y - self.heights[column];
        (depth, (depth * self.sharpness[column] + 0.5).clamp(0.0, 1.0))
    }
}
