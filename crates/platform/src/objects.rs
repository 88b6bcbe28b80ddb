//! Where pictures and films are kept: files in a folder, or objects in an S3-compatible store.

mod folder;
mod name;
mod range;
mod s3;
mod urls;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use object_store::aws::AmazonS3;
use object_store::local::LocalFileSystem;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{
    Attribute, Attributes, GetOptions, GetResultPayload, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions,
};

use crate::clock::Timestamp;
use crate::config::{self, secret};
use crate::error::{Error, Kind, Result};
use crate::rpc::breaker::Breaker;
pub use name::ObjectName;
pub use range::ByteRange;
pub(crate) use s3::Address;
pub use urls::ObjectUrls;

/// What every object is stored with, for those who fetch it from the store itself: nothing is ever
/// replaced under its name.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A part of a large upload: the smallest that S3 takes.
const PART: usize = 5 * 1024 * 1024;

/// The file by which a folder is told from others. It is no object, by its name.
const MARK: &str = ".tintype";

/// How much of a local file is read at once.
const CHUNK: usize = 128 * 1024;

/// How long is waited for a store.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For the head of one answer, and between two pieces of it.
    answer: Duration,
    /// For a read, tries again included.
    read: Duration,
    /// For a write or a page of a list, tries again included.
    write: Duration,
    /// For [`Objects::check`].
    check: Duration,
}

const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(5),
    read: Duration::from_secs(8),
    write: Duration::from_secs(15),
    check: Duration::from_secs(3),
};

/// A store of objects, which may be far away and down. Cheap to clone.
///
/// A store that does not answer is tried for some seconds; then the error is
/// `object_store_unavailable`, and after some of those in a row it comes at once until the store
/// answers again. Where there is no room left, the error is `disk_full`.
#[derive(Clone)]
pub struct Objects {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn ObjectStore>,
    /// What stands before the name of every object in the store.
    prefix: String,
    place: Place,
    patience: Patience,
    breaker: Breaker,
}

enum Place {
    Folder { root: PathBuf, files: LocalFileSystem },
    S3 { signer: AmazonS3, address: String },
}

/// What is known of an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// In bytes.
    pub size: u64,
    /// Changes when the bytes do; without quotes. Empty if the store gives none.
    pub etag: String,
    /// When it was put there, by the store's clock.
    pub modified: Timestamp,
}

/// An object that is being read.
pub struct Object {
    /// What is known of the whole.
    pub info: ObjectInfo,
    /// Which of its bytes come; empty if a range was asked for that it does not have.
    pub range: Range<u64>,
    /// The bytes. An error in the midst of them ends them.
    pub stream: BoxStream<'static, Result<Bytes>>,
}

impl Objects {
    /// The store that the settings name. A folder is made if it is not there; an S3-compatible
    /// store is not called yet, so that the program starts while it is down.
    ///
    /// `data_dir` is where a folder without a leading `/` lies.
    pub fn open(settings: &config::Media, data_dir: &Path) -> Result<Self> {
        Self::open_with(settings, data_dir, PATIENCE)
    }

    fn open_with(settings: &config::Media, data_dir: &Path, patience: Patience) -> Result<Self> {
        match Address::parse(&settings.url).expect("the rules have seen it") {
            Address::Folder(folder) => Self::in_folder(&data_dir.join(folder)),
            Address::S3 { bucket, prefix } => {
                let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
                let store = Arc::new(s3::connect(settings, bucket, &settings.endpoint, patience)?);
                let public = match settings.public_endpoint.as_str() {
                    "" => &settings.endpoint,
                    public => public,
                };
                let signer = s3::connect(settings, bucket, public, patience)?;
                let address = format!("{}/{bucket}/{prefix}", settings.endpoint);
                Ok(Self::new(store, prefix, Place::S3 { signer, address }, patience))
            }
        }
    }

    /// Files in this folder, which is made for its owner alone if it is not there.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;

        let cannot = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(
                Kind::Refused,
                "configuration",
                format!(
                    "The folder {} for pictures and films cannot be made or opened; check \
                     media.url and that this user may write there",
                    folder.display()
                ),
            )
            .with_cause(cause)
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| cannot(cause.into()))?;
        let files = LocalFileSystem::new_with_prefix(folder)
            .map_err(|cause| cannot(cause.into()))?
            // What was acknowledged is there after a power cut.
            .with_fsync(true)
            .with_automatic_cleanup(true);
        let place = Place::Folder { root: folder.to_owned(), files: files.clone() };
        Ok(Self::new(Arc::new(files), String::new(), place, PATIENCE))
    }

    fn new(store: Arc<dyn ObjectStore>, prefix: String, place: Place, patience: Patience) -> Self {
        let breaker = Breaker::new("objects");
        Self { inner: Arc::new(Inner { store, prefix, place, patience, breaker }) }
    }

    /// What tells this store from others, for whoever reaches the same one: its address, or what a
    /// file says that is made in a folder on first use.
    pub async fn identity(&self) -> Result<String> {
        match &self.inner.place {
            Place::Folder { root, .. } => {
                let mark = root.join(MARK);
                tokio::task::spawn_blocking(move || secret::load_or_make(&mark))
                    .await
                    .map_err(Error::internal)?
            }
            Place::S3 { address, .. } => Ok(address.clone()),
        }
    }

    /// Stores these bytes under `name`; when it answers, they are there to stay.
    pub async fn put(&self, name: &ObjectName, bytes: Bytes, content_type: &str) -> Result<()> {
        let mut rest = bytes;
        let parts = std::iter::from_fn(move || {
            (!rest.is_empty()).then(|| Ok(rest.split_to(rest.len().min(PART))))
        });
        self.upload(name, stream::iter(parts).boxed(), content_type).await
    }

    /// Stores what is in `file` under `name`, a part of it in memory at a time; when it answers,
    /// it is there to stay. Nobody may write to the file meanwhile.
    pub async fn put_file(&self, name: &ObjectName, file: &Path, content_type: &str) -> Result<()> {
        let (file, size) = folder::open(file).await?;
        let parts = folder::read(file, 0..size, PART).map_err(Error::internal);
        self.upload(name, parts.boxed(), content_type).await
    }

    /// The object of this name, or the part of it that `range` means; none if there is none.
    ///
    /// The bytes come as fast as they are taken.
    pub async fn get(&self, name: &ObjectName, range: Option<ByteRange>) -> Result<Option<Object>> {
        let mut options = GetOptions::default();
        if let Some(range) = range {
            let Some(info) = self.head(name).await? else { return Ok(None) };
            let Some(range) = range.within(info.size) else {
                let range = info.size..info.size;
                return Ok(Some(Object { info, range, stream: stream::empty().boxed() }));
            };
            options.range = Some(range.into());
        }
        let path = self.path(name);
        let found = self
            .call("get", self.inner.patience.read, self.inner.store.get_opts(&path, options))
            .await?;
        let Some(found) = found else { return Ok(None) };
        let (info, range) = (ObjectInfo::from(&found.meta), found.range.clone());
        let stream = match found.payload {
            GetResultPayload::File(file, _) => {
                folder::read(file, range.clone(), CHUNK).map_err(failed).boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(failed).boxed(),
        };
        Ok(Some(Object { info, range, stream }))
    }

    /// What is known of the object of this name; none if there is none.
    pub async fn head(&self, name: &ObjectName) -> Result<Option<ObjectInfo>> {
        let path = self.path(name);
        let meta =
            self.call("head", self.inner.patience.read, self.inner.store.head(&path)).await?;
        Ok(meta.as_ref().map(ObjectInfo::from))
    }

    /// Removes these objects; those that are not there are removed already. An error means that
    /// some may still be there.
    pub async fn delete(&self, names: &[ObjectName]) -> Result<()> {
        let paths: Vec<_> = names.iter().map(|name| Ok(self.path(name))).collect();
        let mut deleted = self.inner.store.delete_stream(stream::iter(paths).boxed());
        let mut outcome = Ok(());
        loop {
            let next = async { deleted.next().await.transpose() };
            match self.call("delete", self.inner.patience.write, next).await {
                Ok(Some(None)) => break,
                Ok(_) => {}
                // The store does not answer, and would not for the others either.
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if let Place::Folder { files, .. } = &self.inner.place {
            let files: Vec<PathBuf> = names
                .iter()
                .filter_map(|name| files.path_to_filesystem(&self.path(name)).ok())
                .collect();
            folder::blocking(move || folder::sync_folders_of(&files)).await.map_err(failed)?;
        }
        outcome
    }

    /// Every object whose name begins with `prefix` and a `/`, or simply every object if it is
    /// empty; in no order that is promised. What comes or goes meanwhile may be missed.
    pub fn list<'a>(&'a self, prefix: &str) -> BoxStream<'a, Result<(ObjectName, ObjectInfo)>> {
        let prefix = format!("{}{prefix}", self.inner.prefix);
        let prefix = object_store::path::Path::from(prefix);
        let found = self.inner.store.list(Some(&prefix));
        stream::try_unfold(found, move |mut found| async move {
            loop {
                let next = async { found.next().await.transpose() };
                let Some(meta) =
                    self.call("list", self.inner.patience.write, next).await?.flatten()
                else {
                    return Ok(None);
                };
                let name = meta.location.as_ref().strip_prefix(&self.inner.prefix);
                // What somebody else has put there is none of ours.
                if let Some(Ok(name)) = name.map(str::parse) {
                    return Ok(Some(((name, ObjectInfo::from(&meta)), found)));
                }
            }
        })
        .boxed()
    }

    /// An address to which a client may `PUT` the object of this name, with exactly this
    /// `Content-Type`, until it `expires` (at most seven days). None where the store takes no
    /// uploads from clients: files in a folder.
    ///
    /// Neither size nor content are bound by it: look at both before they are used.
    pub async fn presign_put(
        &self,
        name: &ObjectName,
        content_type: &str,
        expires: Duration,
    ) -> Result<Option<String>> {
        let Place::S3 { signer, .. } = &self.inner.place else { return Ok(None) };
        let content_type = HeaderValue::from_str(content_type).map_err(Error::internal)?;
        let options = SignedUrlOptions::new().with_signed_header(CONTENT_TYPE, content_type);
        let path = self.path(name);
        let signed = signer.signed_url_opts(Method::PUT, &path, expires, &options);
        // Credentials of a role are fetched first.
        let url = self.call("presign", self.inner.patience.read, signed).await?;
        Ok(url.map(String::from))
    }

    /// Whether the store can be used at this moment; the error says why not.
    pub async fn check(&self) -> Result<()> {
        if let Place::Folder { root, .. } = &self.inner.place {
            let root = root.clone();
            return folder::blocking(move || folder::probe(&root)).await.map_err(failed);
        }
        // That it is not there is an answer: address, bucket and credentials are right.
        let path = object_store::path::Path::from(format!("{}health", self.inner.prefix));
        self.call("check", self.inner.patience.check, self.inner.store.get(&path)).await.map(drop)
    }

    /// Removes what uploads that were cut off before `moment` have left behind, and says how many
    /// files. In an S3-compatible store that is the work of a lifecycle rule of the bucket
    /// (`AbortIncompleteMultipartUpload`).
    pub async fn remove_unfinished(&self, moment: Timestamp) -> Result<u64> {
        let Place::Folder { root, .. } = &self.inner.place else { return Ok(0) };
        let root = root.clone();
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(moment.as_millis() as u64);
        folder::blocking(move || folder::remove_unfinished(&root, moment)).await.map_err(failed)
    }

    async fn upload(
        &self,
        name: &ObjectName,
        mut parts: BoxStream<'_, Result<Bytes>>,
        content_type: &str,
    ) -> Result<()> {
        let path = self.path(name);
        let attributes = self.attributes(content_type);
        let first = parts.try_next().await?.unwrap_or_default();
        let Some(second) = parts.try_next().await? else {
            let options = PutOptions { attributes, ..PutOptions::default() };
            let put = self.inner.store.put_opts(&path, first.into(), options);
            self.call("put", self.inner.patience.write, put).await?.ok_or_else(no_bucket)?;
            return Ok(());
        };
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let begun = self.inner.store.put_multipart_opts(&path, options);
        let mut upload =
            self.call("put", self.inner.patience.write, begun).await?.ok_or_else(no_bucket)?;
        let parts = stream::iter([Ok(first), Ok(second)]).chain(parts);
        let outcome = self.send_parts(&mut *upload, parts).await;
        if outcome.is_err() {
            // The caller need not wait once more for a store that is down.
            let patience = self.inner.patience.write;
            tokio::spawn(tokio::time::timeout(patience, async move { upload.abort().await }));
        }
        outcome
    }

    /// One part after the other: many uploads at once must not hold many parts in memory each.
    async fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        parts: impl stream::Stream<Item = Result<Bytes>>,
    ) -> Result<()> {
        let mut parts = std::pin::pin!(parts);
        while let Some(part) = parts.try_next().await? {
            let sent = upload.put_part(part.into());
            self.call("put", self.inner.patience.write, sent).await?.ok_or_else(no_bucket)?;
        }
        self.call("put", self.inner.patience.write, upload.complete())
            .await?
            .ok_or_else(no_bucket)?;
        Ok(())
    }

    fn attributes(&self, content_type: &str) -> Attributes {
        match self.inner.place {
            // A file has none; whoever serves it goes by its name.
            Place::Folder { .. } => Attributes::new(),
            Place::S3 { .. } => Attributes::from_iter([
                (Attribute::ContentType, content_type.to_owned()),
                (Attribute::CacheControl, CACHE_CONTROL.to_owned()),
            ]),
        }
    }

    fn path(&self, name: &ObjectName) -> object_store::path::Path {
        object_store::path::Path::parse(format!("{}{name}", self.inner.prefix))
            .expect("whatever is a name is a path")
    }

    /// Waits for `action` for as long as `patience`. None if what it is about is not there.
    async fn call<T>(
        &self,
        operation: &'static str,
        patience: Duration,
        action: impl Future<Output = object_store::Result<T>>,
    ) -> Result<Option<T>> {
        let breaker = &self.inner.breaker;
        let start = now();
        if !breaker.admits(start.into()) {
            return Err(failed("the breaker is open"));
        }
        // An answer that nobody likes, such as "you may not", is one all the same.
        let mut down = false;
        let outcome = match tokio::time::timeout(patience, action).await {
            Ok(Ok(done)) => Ok(Some(done)),
            Ok(Err(cause)) if is_missing(&cause) => Ok(None),
            Ok(Err(cause)) => {
                // A folder says at once what it cannot do, and may be good for reading all the same.
                down = matches!(cause, object_store::Error::Generic { .. })
                    && matches!(self.inner.place, Place::S3 { .. });
                Err(failed(cause))
            }
            Err(elapsed) => {
                down = true;
                Err(failed(elapsed))
            }
        };
        let taken = start.elapsed().as_secs_f64();
        metrics::histogram!("tintype_object_store_seconds", "operation" => operation).record(taken);
        if outcome.is_err() {
            metrics::counter!("tintype_object_store_failures_total", "operation" => operation)
                .increment(1);
        }
        match &outcome {
            Err(error) if down && error.kind() == Kind::Unavailable => breaker.failed(now().into()),
            _ => breaker.succeeded(),
        }
        outcome
    }
}

impl From<&ObjectMeta> for ObjectInfo {
    fn from(meta: &ObjectMeta) -> Self {
        let etag = meta.e_tag.as_deref().unwrap_or_default();
        Self {
            size: meta.size,
            etag: etag.trim_start_matches("W/").trim_matches('"').to_owned(),
            modified: Timestamp::from_millis(meta.last_modified.timestamp_millis()),
        }
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong in the store, as callers see it.
fn failed(cause: impl Into<Cause>) -> Error {
    let cause = cause.into();
    if causes(&*cause).any(|cause| {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(io_kind(cause), Some(StorageFull | QuotaExceeded))
    }) {
        return Error::new(
            Kind::Full,
            "disk_full",
            "There is no room left to keep this; try again later",
        )
        .with_retry_after(30)
        .with_cause(told(&*cause));
    }
    Error::unavailable(
        "object_store_unavailable",
        "Pictures and films can be neither stored nor read right now; try again in a moment",
        2,
    )
    .with_cause(told(&*cause))
}

/// The whole story: "error sending request" alone does not say that a certificate is not trusted.
fn told(cause: &(dyn std::error::Error + 'static)) -> String {
    causes(cause).fold(String::new(), |told, cause| match cause.to_string() {
        cause if told.contains(&cause) => told,
        cause if told.is_empty() => cause,
        cause => format!("{told}: {cause}"),
    })
}

fn no_bucket() -> Error {
    failed("the bucket is not there")
}

/// Whether the object is not there, which is an answer. A bucket that is not there is none.
fn is_missing(cause: &object_store::Error) -> bool {
    match cause {
        object_store::Error::NotFound { source, .. } => {
            !source.to_string().contains("NoSuchBucket")
        }
        // What is asked for lies below a file.
        cause => {
            causes(cause).any(|cause| io_kind(cause) == Some(std::io::ErrorKind::NotADirectory))
        }
    }
}

fn causes<'a>(
    cause: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(cause), |cause| cause.source())
}

fn io_kind(cause: &(dyn std::error::Error + 'static)) -> Option<std::io::ErrorKind> {
    cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
}

#[expect(clippy::disallowed_methods, reason = "measures how long the store takes")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
