//! Files that people upload.

use std::io::{Seek, SeekFrom, Write};

use tintype_media::metadata::{Receipt, strip, strip_video};
use tintype_media::picture::{Limits, SIZES, develop};
use tintype_media::sniff::FileType;
use tintype_media::{Flaw, video};

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

/// A picture without its metadata is a picture, and has nothing more to lose.
pub(super) fn metadata(bytes: &[u8]) {
    let Some(file_type) = FileType::of(bytes) else { return };
    if let Ok((stripped, receipt)) = strip(bytes, file_type) {
        assert_eq!(FileType::of(&stripped), Some(file_type));
        let (again, second) = strip(&stripped, file_type).expect("it was taken before");
        assert_eq!(again, stripped);
        assert_eq!(second, Receipt { removed: Vec::new(), kept: receipt.kept });
    }
}

/// A film without its metadata is a film still.
pub(super) fn film(bytes: &[u8]) {
    let mut file = tempfile::tempfile().expect("a temporary file can be made");
    file.write_all(bytes).expect("and written");
    let film = video::read(&file);
    if strip_video(&mut file).is_ok() {
        assert!(film.is_err() || video::read(&file).is_ok());
        assert_eq!(strip_video(&mut file), Ok(Receipt::default()));
        let end = file.seek(SeekFrom::End(0)).expect("it has an end");
        assert!(end <= bytes.len() as u64);
    }
}
