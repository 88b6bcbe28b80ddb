//! What can be done with uploads, and by whom.

mod develop;
mod peers;
mod picture;
mod presigned;
mod seed;
mod sweep;
mod upkeep;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use tintype_api::media::Upload;
use tintype_api::{Base, MediaId, Services, Stamp, UserId};
use tintype_platform::objects::{ByteRange, Object, ObjectInfo, ObjectName, ObjectUrls, Objects};
use tintype_platform::{Clock, Error, IdGenerator, Result};
use tokio::sync::Semaphore;

use crate::Settings;
use crate::names::Name;
use crate::picture::Limits;
use crate::pool::Pool;
use crate::spool::Spool;
use crate::store::{Deleted, Receipt, Record, Store, Usage};
use crate::words::AltText;
pub use seed::SeedPicture;
pub use sweep::{Sweep, Swept};
pub(crate) use uploads::count_refusal;

/// Stills that are taken from films at once: each is a process with threads of its own.
const STILLS: usize = 2;

/// The use-cases of uploads.
pub struct MediaService {
    store: Arc<dyn Store>,
    objects: Objects,
    urls: ObjectUrls,
    clock: Arc<dyn Clock>,
    ids: Arc<IdGenerator>,
    services: Arc<Services>,
    pub(crate) spool: Spool,
    pool: Pool,
    stills: Semaphore,
    signer: presigned::Signer,
    limits: Limits,
    budget: u64,
    presigned_for: Duration,
    ffmpeg: String,
}

/// An upload as its owner sees it, with addresses.
#[derive(Debug, Clone)]
pub(crate) struct Uploaded {
    pub(crate) upload: Upload,
    pub(crate) receipt: Receipt,
}

impl MediaService {
    pub(crate) fn new(store: Arc<dyn Store>, base: &Base, settings: Settings) -> Result<Self> {
        Ok(Self {
            store,
            objects: settings.objects,
            urls: base.objects.clone(),
            clock: base.clock.clone(),
            ids: base.ids.clone(),
            services: base.services.clone(),
            spool: Spool::new(settings.spool, settings.largest)?,
            pool: Pool::new(settings.workers, settings.queue)?,
            stills: Semaphore::new(STILLS),
            signer: presigned::Signer::new(&settings.secret),
            limits: Limits { pixels: settings.pixels },
            budget: settings.budget,
            presigned_for: settings.presigned_for,
            ffmpeg: settings.ffmpeg,
        })
    }

    /// An upload of the caller's own.
    pub(crate) async fn show(&self, owner: UserId, id: MediaId) -> Result<Uploaded> {
        let record = self.store.media(owner, vec![id]).await?.pop();
        record.map(|record| self.uploaded(&record)).ok_or_else(no_such_media)
    }

    /// Says what an upload shows.
    pub(crate) async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        AltText(alt_text): AltText,
    ) -> Result<Uploaded> {
        let record = self.store.describe(owner, id, alt_text, self.stamp()).await?;
        record.map(|record| self.uploaded(&record)).ok_or_else(no_such_media)
    }

    /// Deletes an upload that no post uses, or announced and never made.
    pub(crate) async fn delete(&self, owner: UserId, id: MediaId) -> Result<()> {
        match self.store.delete(owner, id, self.stamp()).await? {
            Deleted::Done => Ok(()),
            Deleted::IsPicture => self.remove_picture(owner).await,
            Deleted::Unknown if self.store.give_up(owner, id, self.stamp()).await? => Ok(()),
            Deleted::Unknown => Err(no_such_media()),
            Deleted::InUse => Err(Error::conflict(
                "media_in_use",
                "A post of yours uses this; delete the post, and it goes with it",
            )),
        }
    }

    /// What the uploads of the caller take, and what they may take, in bytes.
    pub(crate) async fn usage(&self, owner: UserId) -> Result<(Usage, u64)> {
        Ok((self.store.usage(owner).await?, self.budget))
    }

    /// An object, or a part of it.
    pub(crate) async fn open(&self, name: Name, range: Option<ByteRange>) -> Result<Object> {
        let object = self.objects.get(&object_name(&name.to_string())?, range).await?;
        object.ok_or_else(no_such_file)
    }

    /// What is known of an object.
    pub(crate) async fn look(&self, name: Name) -> Result<ObjectInfo> {
        let info = self.objects.head(&object_name(&name.to_string())?).await?;
        info.ok_or_else(no_such_file)
    }

    /// Whether pictures and films can be stored and read; the error says why not.
    pub async fn answers(&self) -> Result<()> {
        self.objects.check().await
    }

    /// What tells the store of pictures and films from others.
    pub async fn store_identity(&self) -> Result<String> {
        self.objects.identity().await
    }

    /// 403 if `bytes` more are certainly too much for `owner`.
    async fn afford(&self, owner: UserId, bytes: u64) -> Result<()> {
        let usage = self.store.usage(owner).await?;
        if usage.bytes + bytes > self.budget {
            return Err(crate::store::over_budget(self.budget));
        }
        Ok(())
    }

    fn uploaded(&self, record: &Record) -> Uploaded {
        Uploaded { upload: record.upload().addressed(&self.urls), receipt: record.receipt.clone() }
    }

    fn stamp(&self) -> Stamp {
        Stamp::made_by(&self.ids)
    }

    fn stamps(&self, count: usize) -> Vec<Stamp> {
        (0..count).map(|_| self.stamp()).collect()
    }
}

pub(crate) fn no_such_media() -> Error {
    Error::not_found("media_not_found", "Media not found")
}

pub(crate) fn no_such_file() -> Error {
    Error::not_found("file_not_found", "There is no such picture or film")
}

fn object_name(name: &str) -> Result<ObjectName> {
    name.parse().map_err(|_| no_such_file())
}
