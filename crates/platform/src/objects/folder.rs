//! What local files need beyond `object_store`.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, BoxStream};

use crate::error::{Error, Result};

/// The bytes `range` of `file` in chunks of `chunk` bytes, of which only the last is shorter.
pub(super) fn read(
    file: File,
    range: Range<u64>,
    chunk: usize,
) -> BoxStream<'static, io::Result<Bytes>> {
    let chunks = stream::try_unfold((file, range), move |(file, range)| async move {
        let size = (range.end - range.start).min(chunk as u64);
        if size == 0 {
            return Ok(None);
        }
        blocking(move || {
            let mut bytes = vec![0; size as usize];
            file.read_exact_at(&mut bytes, range.start)?;
            Ok(Some((Bytes::from(bytes), (file, range.start + size..range.end))))
        })
        .await
    });
    Box::pin(chunks)
}

/// Makes the removal of these files last through a power cut.
pub(super) fn sync_folders_of(files: &[PathBuf]) -> io::Result<()> {
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        // A folder that became empty is gone itself: then what changed is the one above.
        let there = folder.ancestors().find_map(|folder| File::open(folder).ok());
        if let Some(folder) = there {
            folder.sync_all()?;
        }
    }
    Ok(())
}

/// Whether files can be made in `folder` now.
pub(super) fn probe(folder: &Path) -> io::Result<()> {
    io::Write::write_all(&mut tempfile::tempfile_in(folder)?, b"probe")
}

/// Removes what was being written in `folder` when the program was killed before `moment`; says
/// how many files. `object_store` writes to `name#1` and renames.
pub(super) fn remove_unfinished(folder: &Path, moment: SystemTime) -> io::Result<u64> {
    let mut removed = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name().as_encoded_bytes().contains(&b'#') {
                // It may have been finished since the folder was read.
                match entry.metadata().and_then(|meta| meta.modified()) {
                    Ok(modified) if modified < moment => fs::remove_file(entry.path())?,
                    _ => continue,
                }
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Runs what waits for the disk on a thread where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// The file as a source of an upload, and how large it is.
pub(super) async fn open(path: &Path) -> Result<(File, u64)> {
    let path = path.to_owned();
    blocking(move || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok((file, size))
    })
    .await
    .map_err(Error::internal)
}
