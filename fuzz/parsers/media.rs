//! What is made of pictures.

use tintype_media::Flaw;
use tintype_media::picture::{Limits, SIZES, develop};
use tintype_media::sniff::FileType;

/// A file of the type that its first bytes claim. What comes of it keeps to the sizes, and what is
/// refused is refused for a reason that is the file's.
pub(super) fn picture(bytes: &[u8]) {
    let Some(file_type) = FileType::of(bytes) else { return };
    let limits = Limits { pixels: 1 << 18 };
    match develop(bytes, file_type, &SIZES, limits) {
        Ok(picture) => {
            assert!(u64::from(picture.width) * u64::from(picture.height) <= limits.pixels);
            for (size, rendition) in SIZES.iter().zip(&picture.renditions) {
                assert!(rendition.width <= size.width.min(picture.width));
                assert!(rendition.height <= size.height.min(picture.height));
                assert_eq!(FileType::of(&rendition.jpeg), Some(FileType::Jpeg));
            }
        }
        Err(flaw) => assert!(matches!(flaw, Flaw::Broken | Flaw::TooManyPixels { .. }), "{flaw}"),
    }
}
