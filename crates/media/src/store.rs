//! Where it is kept what was uploaded. A method is one atomic act, events and usage included.

#[cfg(test)]
mod conformance;
mod postgres;
mod sql;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tintype_api::media::{MediaKind, Upload, Urls};
use tintype_api::{Drift, Event, MediaId, PostId, Stamp, UserId};
use tintype_platform::db::Database;
use tintype_platform::{Error, Result, Timestamp};
use utoipa::ToSchema;

use crate::names::{FILE_TYPES, Kind, Stem, Token, objects};
use crate::sniff::FileType;

/// What was done to the original before it was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MediaReceipt)]
pub(crate) struct Receipt {
    /// What was taken out, such as `exif` and `gps`.
    pub(crate) removed: Vec<String>,
    /// What was left in, such as `icc_profile`.
    pub(crate) kept: Vec<String>,
}

/// An upload that is ready to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) owner: UserId,
    pub(crate) id: MediaId,
    pub(crate) token: Token,
    pub(crate) kind: Kind,
    pub(crate) file_type: FileType,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) blurhash: Option<String>,
    pub(crate) alt_text: Option<String>,
    pub(crate) has_poster: bool,
    /// What all its objects take together.
    pub(crate) bytes: u64,
    pub(crate) receipt: Receipt,
}

impl Record {
    pub(crate) fn stem(&self) -> Stem {
        Stem { kind: self.kind, owner: self.owner, token: self.token }
    }

    /// The names of its objects.
    pub(crate) fn urls(&self) -> Urls {
        self.stem().urls(self.file_type, self.has_poster)
    }

    pub(crate) fn objects(&self) -> Vec<String> {
        objects(&self.urls())
    }

    /// With the names of objects.
    pub(crate) fn upload(&self) -> Upload {
        Upload {
            id: self.id,
            kind: match self.kind {
                Kind::Image | Kind::Avatar => MediaKind::Image,
                Kind::Video => MediaKind::Video,
            },
            urls: self.urls(),
            width: self.width,
            height: self.height,
            duration_ms: self.duration_ms,
            blurhash: self.blurhash.clone(),
            alt_text: self.alt_text.clone(),
        }
    }
}

/// An upload that was announced and is to be put at an address that was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) owner: UserId,
    pub(crate) id: MediaId,
    pub(crate) token: Token,
    pub(crate) file_type: FileType,
    pub(crate) expires_at: Timestamp,
}

/// How [`Store::attach`] is told of an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// It has to be there.
    Id(MediaId),
    /// It may be something else altogether.
    Token(Token),
}

/// What came of [`Store::finish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finished {
    /// It was recorded.
    New,
    /// It had been finished before.
    Already(Box<Record>),
    /// It was given up in the meantime.
    Gone,
}

/// What came of [`Store::delete`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleted {
    Done,
    Unknown,
    /// A post uses it.
    InUse,
    /// It is the owner's picture.
    IsPicture,
}

/// What the uploads of one person, or of all, take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

/// One post's use of one upload; in this order they are read one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) owner: UserId,
    pub(crate) media: MediaId,
    pub(crate) post: PostId,
}

/// An upload that is to be recorded, and what is to be told of it.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) record: Record,
    /// The most bytes that its owner may have.
    pub(crate) budget: u64,
    pub(crate) event: Event,
    pub(crate) stamp: Stamp,
}

/// The store of a site, where its database is.
pub(crate) fn open(database: &Database) -> Arc<dyn Store> {
    match database {
        Database::Sqlite(database) => Arc::new(sqlite::SqliteStore::new(database.clone())),
        Database::Postgres(database) => Arc::new(postgres::PostgresStore::new(database.clone())),
    }
}

#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// Records an upload. 403 `storage_budget_exceeded` if it is too much for its owner, 401 if the
    /// owner is gone.
    async fn add(&self, new: New) -> Result<()>;

    /// Announces an upload; what the owner announced before and let expire by `now` goes, one for
    /// each stamp at the most. 409 `too_many_unfinished` if `most` are waiting, 401 if the owner is
    /// gone.
    async fn announce(
        &self,
        pending: Pending,
        most: u32,
        now: Timestamp,
        stamps: Vec<Stamp>,
    ) -> Result<()>;

    /// Marks that the address of an announced upload is being used; false if it was used before or
    /// nothing is waiting.
    async fn claim(&self, owner: UserId, id: MediaId) -> Result<bool>;

    /// Takes back a claim: nothing has arrived after all.
    async fn unclaim(&self, owner: UserId, id: MediaId) -> Result<()>;

    /// Records an upload that was announced under the same id. Errors are those of [`Store::add`].
    async fn finish(&self, new: New) -> Result<Finished>;

    /// Gives up an announced upload; false if there is none. What was put goes.
    async fn give_up(&self, owner: UserId, id: MediaId, stamp: Stamp) -> Result<bool>;

    /// Records an upload as its owner's picture, and lets go of those before it, one for each stamp
    /// at the most. Errors are those of [`Store::add`]; 409 `picture_replaced` if there is a
    /// later one already.
    async fn set_picture(&self, new: New, stamps: Vec<Stamp>) -> Result<()>;

    /// Lets go of the owner's pictures, one for each stamp at the most, and tells `event` if there
    /// was one.
    async fn clear_picture(
        &self,
        owner: UserId,
        event: Event,
        stamp: Stamp,
        stamps: Vec<Stamp>,
    ) -> Result<()>;

    /// Says what an upload shows, and tells it if that is something else than before. `None` if
    /// there is no such upload.
    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        alt_text: Option<String>,
        stamp: Stamp,
    ) -> Result<Option<Record>>;

    /// Deletes an upload that no post uses.
    async fn delete(&self, owner: UserId, id: MediaId, stamp: Stamp) -> Result<Deleted>;

    /// Notes that a post uses uploads of its author and answers them in their order. 400 if an id
    /// is that of nothing that a post can use, and then nothing is noted; `None` for such a token.
    async fn attach(
        &self,
        owner: UserId,
        post: PostId,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<Option<Record>>>;

    /// Takes back what [`Store::attach`] has noted for a post.
    async fn detach(&self, owner: UserId, post: PostId) -> Result<()>;

    /// A post is gone: takes away its uses and deletes what nothing uses any more, one upload for
    /// each stamp at the most. Answers how many uses went; fewer than there are stamps means that
    /// none is left.
    async fn release(&self, owner: UserId, post: PostId, stamps: Vec<Stamp>) -> Result<usize>;

    /// An account is gone: marks that, and deletes uploads, one for each stamp at the most. Answers
    /// how many went; fewer than there are stamps means that none is left.
    async fn forget(&self, owner: UserId, stamps: Vec<Stamp>) -> Result<usize>;

    /// Those of these uploads that are there, in no order.
    async fn media(&self, owner: UserId, ids: Vec<MediaId>) -> Result<Vec<Record>>;

    /// An announced upload.
    async fn pending(&self, owner: UserId, id: MediaId) -> Result<Option<Pending>>;

    /// The posts that use an upload.
    async fn uses(&self, owner: UserId, id: MediaId) -> Result<Vec<PostId>>;

    /// What the uploads of one person take.
    async fn usage(&self, owner: UserId) -> Result<Usage>;

    /// What all uploads take.
    async fn total(&self) -> Result<Usage>;

    /// Which of these tokens of one owner belong to an upload, announced ones included.
    async fn known(&self, owner: UserId, tokens: Vec<Token>) -> Result<Vec<Token>>;

    /// Which of these tokens belong to an announced upload, whoever has announced it.
    async fn awaited(&self, tokens: Vec<Token>) -> Result<Vec<Token>>;

    /// Uploads of all people in the order of owner and id, from after one of them on.
    async fn after(&self, last: Option<(UserId, MediaId)>, limit: u32) -> Result<Vec<Record>>;

    /// Uses by all posts, in their order, from after one of them on.
    async fn uses_after(&self, last: Option<Use>, limit: u32) -> Result<Vec<Use>>;

    /// Announced uploads that expired before a moment, the oldest first.
    async fn expired(&self, before: Timestamp, limit: u32) -> Result<Vec<Pending>>;

    /// The usage that does not show what it counts.
    async fn drift(&self) -> Result<Vec<Drift>>;

    /// Counts anew for these people.
    async fn recount(&self, owners: Vec<UserId>) -> Result<()>;
}

/// What one person has, and whether the account is gone.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    usage: Usage,
    gone: bool,
}

/// The upload that was found for a post, if a post can use it: what is wanted by its id has to be
/// there.
fn usable(wanted: &Wanted, found: Option<Record>) -> Result<Option<Record>> {
    // A profile picture goes when the next one comes, so that no post may build on it.
    let usable = found.filter(|record| record.kind != Kind::Avatar);
    if usable.is_none() && matches!(wanted, Wanted::Id(_)) {
        return Err(no_such_upload());
    }
    Ok(usable)
}

/// Where the usage of `owner` shows (first) something else than it counts (second).
fn differences(owner: i64, bytes: [i64; 2], files: [i64; 2]) -> impl Iterator<Item = Drift> {
    [("media_bytes", bytes), ("media_files", files)]
        .into_iter()
        .filter(|(_, [stored, counted])| stored != counted)
        .map(move |(counter, [stored, counted])| Drift {
            counter,
            of: owner as u64,
            stored,
            counted,
        })
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Image => "image",
        Kind::Video => "video",
        Kind::Avatar => "avatar",
    }
}

fn kind(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind_word(*kind) == word)
}

fn file_type(extension: &str) -> Option<FileType> {
    FILE_TYPES.into_iter().find(|file_type| file_type.extension() == extension)
}

/// What one is told whose uploads take too much.
pub(crate) fn over_budget(budget: u64) -> Error {
    Error::forbidden(
        "storage_budget_exceeded",
        format!(
            "Your uploads may take {} MB and this is more than is left; delete some that you no \
             longer need",
            budget / (1024 * 1024)
        ),
    )
}

fn no_such_upload() -> Error {
    Error::invalid(
        "mediaIds",
        "One of the media ids is that of no upload of yours; upload the file first",
    )
}

fn account_gone() -> Error {
    Error::unauthenticated("invalid_token", "This account is gone")
}

fn too_many_unfinished(most: u32) -> Error {
    Error::conflict(
        "too_many_unfinished",
        format!("{most} uploads are waiting to be completed; complete them, or let them expire"),
    )
}

fn picture_replaced() -> Error {
    Error::conflict("picture_replaced", "A later picture has been set in the meantime")
}
