//! What a file holds, however it was written.

use super::exif::Orientation;
use super::raster::Raster;

/// The pixels of a file as they are stored, and how to show them.
pub(super) struct Negative {
    /// Possibly smaller than the file's picture: as small as the sizes that are wanted allow.
    pub(super) raster: Raster,
    /// How many pixels of the file, in each direction, are one of the raster.
    pub(super) shrink: usize,
    /// Width of the file's picture as it is stored.
    pub(super) width: u32,
    /// Height of the file's picture as it is stored.
    pub(super) height: u32,
    pub(super) orientation: Orientation,
    /// The colour profile of the file, of whatever kind.
    pub(super) profile: Option<Vec<u8>>,
    pub(super) animated: bool,
}
