//! One server to a data folder.

use std::fs::File;
use std::path::Path;

use tintype_platform::error::{Error, Kind, Result};

/// Held for as long as this process serves a data folder; the system lets it go with the process,
/// however that ends.
pub(crate) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock of `folder`, or says that another server has it.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("lock");
        let file = File::create(&path).map_err(|cause| {
            Error::new(
                Kind::Refused,
                "data_dir",
                format!("{} cannot be written; choose another --data-dir", path.display()),
            )
            .with_cause(cause)
        })?;
        file.try_lock().map_err(|_| {
            Error::conflict(
                "already_serving",
                format!(
                    "Another tintype serves {}; stop it, or choose another --data-dir",
                    folder.display()
                ),
            )
        })?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_served_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = DataLock::take(folder.path()).unwrap();
        assert_eq!(DataLock::take(folder.path()).err().unwrap().code(), "already_serving");
        drop(lock);
        assert!(DataLock::take(folder.path()).is_ok());
    }
}
