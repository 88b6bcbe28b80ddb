//! Files on their way in. They wait in a folder on the disk, not in memory, and are gone when
//! nobody holds them any more, whatever became of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use parking_lot::Mutex;
use tempfile::{NamedTempFile, TempPath};
use tintype_api::UserId;
use tintype_platform::error::Kind;
use tintype_platform::{Error, Result};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::sniff::{FileType, SNIFFED};

/// How much is gathered before it is written.
const BUFFER: usize = 128 * 1024;

/// Uploads that may be on their way at once, of all people and of one.
const MOST: u32 = 64;
const MOST_OF_ONE: u32 = 6;

/// The folder where files wait.
pub(crate) struct Spool {
    folder: PathBuf,
    /// The largest file that is taken, in bytes.
    largest: u64,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: u32,
    of: HashMap<UserId, u32>,
}

/// A file that has come in whole, and is one that may be taken as far as its first bytes tell.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) path: TempPath,
    pub(crate) bytes: u64,
    pub(crate) file_type: FileType,
    /// SHA-256, if it was asked for.
    pub(crate) digest: Option<[u8; 32]>,
}

/// A place among those who upload at this moment, until it is dropped.
pub(crate) struct Place {
    open: Arc<Mutex<Open>>,
    owner: UserId,
}

impl Spool {
    /// Waits in `folder`, which is made if it is not there. Files are at most `largest` bytes.
    pub(crate) fn new(folder: PathBuf, largest: u64) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;

        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(
            |cause| {
                Error::new(
                    Kind::Refused,
                    "data_dir",
                    format!(
                        "{} cannot be made; choose another --data-dir, or let this user write \
                         there",
                        folder.display()
                    ),
                )
                .with_cause(cause)
            },
        )?;
        Ok(Self { folder, largest, open: Arc::default() })
    }

    /// Removes what a process that was killed has left. Only for the one that serves this folder,
    /// before it does.
    pub(crate) fn clear(&self) {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten();
        for entry in entries.filter_map(Result::ok) {
            if let Err(cause) = std::fs::remove_file(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %cause, "an unfinished upload stays");
            }
        }
    }

    /// The largest file that is taken, in bytes.
    pub(crate) fn largest(&self) -> u64 {
        self.largest
    }

    /// A place for an upload of `owner`; 503 `media_busy` when too many are on their way.
    pub(crate) fn enter(&self, owner: UserId) -> Result<Place> {
        let mut open = self.open.lock();
        let of_owner = open.of.get(&owner).copied().unwrap_or(0);
        if open.all >= MOST || of_owner >= MOST_OF_ONE {
            return Err(Error::unavailable(
                "media_busy",
                "Too many uploads are on their way at this moment; send it again in a few seconds",
                2,
            ));
        }
        open.all += 1;
        *open.of.entry(owner).or_default() += 1;
        Ok(Place { open: self.open.clone(), owner })
    }

    /// Opens a file to be filled, and makes a digest of it on the way if that is asked for.
    pub(crate) async fn begin(&self, digest: bool) -> Result<Filling> {
        let folder = self.folder.clone();
        let made = tokio::task::spawn_blocking(move || NamedTempFile::new_in(folder)).await;
        let (file, path) = made.map_err(Error::internal)?.map_err(failed)?.into_parts();
        Ok(Filling {
            file: File::from_std(file),
            path,
            largest: self.largest,
            gathered: Vec::with_capacity(BUFFER),
            bytes: 0,
            file_type: None,
            digest: digest.then(|| Context::new(&SHA256)),
        })
    }
}

/// A file that is being filled.
pub(crate) struct Filling {
    file: File,
    path: TempPath,
    largest: u64,
    gathered: Vec<u8>,
    bytes: u64,
    /// Known once enough has come.
    file_type: Option<FileType>,
    digest: Option<Context>,
}

impl Filling {
    /// Adds what has come. 415 as soon as the file is none that is taken, 413 as soon as it is too
    /// large.
    pub(crate) async fn add(&mut self, chunk: &Bytes) -> Result<()> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.largest {
            return Err(too_large(self.largest));
        }
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
        self.gathered.extend_from_slice(chunk);
        if self.file_type.is_none() && self.gathered.len() >= SNIFFED {
            self.file_type = Some(sniff(&self.gathered)?);
        }
        if self.gathered.len() >= BUFFER { self.write().await } else { Ok(()) }
    }

    /// The whole file. 415 if it is none that is taken.
    pub(crate) async fn finish(mut self) -> Result<Incoming> {
        let file_type = match self.file_type {
            Some(file_type) => file_type,
            None => sniff(&self.gathered)?,
        };
        self.write().await?;
        self.file.flush().await.map_err(failed)?;
        let digest = self.digest.map(|digest| {
            digest.finish().as_ref().try_into().expect("a digest of SHA-256 has 32 bytes")
        });
        Ok(Incoming { path: self.path, bytes: self.bytes, file_type, digest })
    }

    async fn write(&mut self) -> Result<()> {
        self.file.write_all(&self.gathered).await.map_err(failed)?;
        self.gathered.clear();
        Ok(())
    }
}

impl Incoming {
    /// The whole file in memory, for work that needs it so.
    pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(failed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        open.all -= 1;
        if let Some(count) = open.of.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                open.of.remove(&self.owner);
            }
        }
    }
}

/// The type of a file by its first bytes, whatever it was called.
fn sniff(first_bytes: &[u8]) -> Result<FileType> {
    FileType::of(first_bytes).ok_or_else(|| {
        let said = if first_bytes.is_empty() {
            "The file is empty; send a JPEG, PNG, GIF or WebP picture, or an MP4 or MOV film"
        } else {
            "This file is none of JPEG, PNG, GIF, WebP, MP4 and MOV; save it as one of these and \
             send it again"
        };
        unsupported(said)
    })
}

pub(crate) fn unsupported(sentence: &'static str) -> Error {
    Error::new(Kind::UnsupportedMedia, "unsupported_media_type", sentence)
}

pub(crate) fn too_large(largest: u64) -> Error {
    let megabytes = largest / (1024 * 1024);
    Error::new(
        Kind::TooLarge,
        "file_too_large",
        format!("A file may have at most {megabytes} MB; make it smaller and send it again"),
    )
}

pub(crate) fn body_too_large() -> Error {
    Error::new(
        Kind::TooLarge,
        "body_too_large",
        "This is more than may be sent at once; send fewer or smaller files",
    )
}

/// The disk did not do what it should.
pub(crate) fn failed(cause: std::io::Error) -> Error {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    if matches!(cause.kind(), StorageFull | QuotaExceeded) {
        return Error::new(
            Kind::Full,
            "disk_full",
            "There is no room left to keep this; try again later",
        )
        .with_retry_after(30)
        .with_cause(cause);
    }
    Error::unavailable("upload_not_kept", "The file could not be kept here; send it again", 2)
        .with_cause(cause)
}

#[cfg(test)]
mod tests {
    use tintype_api::testkit::user;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn spool(largest: u64) -> (Spool, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Spool::new(folder.path().join("uploads"), largest).unwrap(), folder)
    }

    fn waiting(spool: &Spool) -> usize {
        std::fs::read_dir(&spool.folder).unwrap().count()
    }

    #[tokio::test]
    async fn a_file_is_there_for_as_long_as_it_is_held() {
        let (spool, _folder) = spool(1 << 20);
        let mut filling = spool.begin(false).await.unwrap();
        let mut whole = PNG.to_vec();
        whole.resize(3 * BUFFER + 7, 1);
        for chunk in whole.chunks(1000) {
            filling.add(&Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        let incoming = filling.finish().await.unwrap();
        assert_eq!((incoming.bytes, incoming.file_type), (whole.len() as u64, FileType::Png));
        assert!(Incoming::read(&incoming.path).unwrap() == whole);
        assert_eq!(waiting(&spool), 1);
        drop(incoming);
        assert_eq!(waiting(&spool), 0);
    }

    #[tokio::test]
    async fn what_is_not_taken_is_refused_at_once_and_leaves_nothing() {
        let (spool, _folder) = spool(1000);
        let mut filling = spool.begin(false).await.unwrap();
        let page = Bytes::from(b"<html>".repeat(SNIFFED));
        assert_eq!(filling.add(&page).await.unwrap_err().kind(), Kind::UnsupportedMedia);
        drop(filling);

        let mut filling = spool.begin(false).await.unwrap();
        let mut large = PNG.to_vec();
        large.resize(1001, 0);
        assert_eq!(filling.add(&large.into()).await.unwrap_err().kind(), Kind::TooLarge);
        drop(filling);

        for short in [&b""[..], b"x", b"\x89PNG"] {
            let mut filling = spool.begin(false).await.unwrap();
            filling.add(&Bytes::from_static(short)).await.unwrap();
            let error = filling.finish().await.unwrap_err();
            assert_eq!(error.kind(), Kind::UnsupportedMedia, "{short:?}");
        }
        assert_eq!(waiting(&spool), 0);
    }

    #[test]
    fn nobody_takes_all_places() {
        let (spool, _folder) = spool(1000);
        let mut places: Vec<Place> =
            (0..MOST_OF_ONE).map(|_| spool.enter(user(1)).unwrap()).collect();
        assert_eq!(spool.enter(user(1)).err().unwrap().code(), "media_busy");
        for other in 2.. {
            let Ok(place) = spool.enter(user(other)) else { break };
            places.push(place);
        }
        assert_eq!(places.len() as u32, MOST);
        places.clear();
        assert!(spool.enter(user(1)).is_ok() && spool.open.lock().of.is_empty());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_cleared() {
        let (spool, _folder) = spool(1000);
        std::fs::write(spool.folder.join(".tmpLeft"), "half").unwrap();
        spool.clear();
        assert_eq!(waiting(&spool), 0);
    }
}
