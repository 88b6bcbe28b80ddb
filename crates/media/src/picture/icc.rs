//! Colour profiles: whether one may stay with a print.

use super::raster::Space;

/// The largest profile that is kept, in bytes. Every rendition carries it; those of cameras, phones
/// and editors have up to a few kilobytes, only measured ones of printers reach megabytes.
const LARGEST: usize = 1 << 20;

/// The profile, if it says what the colours of a picture in `space` mean.
///
/// One for ink says nothing about the light that was made of it, and one for colour nothing about
/// gray.
pub(super) fn fitting(profile: &[u8], space: Space) -> Option<&[u8]> {
    let kind: &[u8] = match space {
        Space::Gray => b"GRAY",
        Space::Rgb | Space::YCbCr => b"RGB ",
    };
    let fits = profile.len() <= LARGEST
        && profile.get(16..20) == Some(kind)
        && profile.get(36..40) == Some(b"acsp");
    fits.then_some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_profile_of_the_same_kind_fits() {
        let profile = |kind: &[u8; 4]| {
            let mut bytes = vec![0; 128];
            bytes[16..20].copy_from_slice(kind);
            bytes[36..40].copy_from_slice(b"acsp");
            bytes
        };
        assert!(fitting(&profile(b"RGB "), Space::Rgb).is_some());
        assert!(fitting(&profile(b"RGB "), Space::YCbCr).is_some());
        assert!(fitting(&profile(b"GRAY"), Space::Gray).is_some());
        assert!(fitting(&profile(b"CMYK"), Space::Rgb).is_none());
        assert!(fitting(&profile(b"GRAY"), Space::Rgb).is_none());
        assert!(fitting(&profile(b"RGB "), Space::Gray).is_none());
        assert!(fitting(b"RGB ", Space::Rgb).is_none());
        assert!(fitting(&[profile(b"RGB "), vec![0; LARGEST]].concat(), Space::Rgb).is_none());
    }
}
