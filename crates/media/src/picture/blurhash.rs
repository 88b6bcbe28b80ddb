//! The blurred impression that is shown until a picture is there.

use super::raster::Raster;

/// Four components along the longer side and three along the other.
pub(super) fn of(raster: &Raster) -> String {
    let (across, down) = if raster.height > raster.width { (3, 4) } else { (4, 3) };
    blurhash::encode(across, down, raster.width, raster.height, &raster.rgba())
        .expect("the numbers of components are in bounds")
}
