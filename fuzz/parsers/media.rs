//! Files that people upload.

use std::io::{Seek, SeekFrom, Write};

use tintype_media::metadata::{Receipt, strip, strip_video};
use tintype_media::sniff::FileType;
use tintype_media::video;

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
