//! Where items are kept. A method is one atomic act, events included.

#[cfg(test)]
mod conformance;
mod postgres;
mod sql;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::activity::ActivityKind;
use tintype_api::{CommentId, Drift, PostId, Stamp, UserId};
use tintype_platform::db::Database;
use tintype_platform::{Result, Timestamp};

/// What tells an item from all others of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// To whom it happened.
    pub(crate) account: UserId,
    /// What was done.
    pub(crate) kind: ActivityKind,
    /// Who did it.
    pub(crate) actor: UserId,
    /// The post, comment or person that it was done to.
    pub(crate) target: u64,
}

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its id, rising with every item of the account.
    pub(crate) id: u64,
    pub(crate) key: Key,
    /// The post that it hangs on: the target, or that of the comment that is the target.
    pub(crate) post: Option<PostId>,
    /// When it was done.
    pub(crate) at: Timestamp,
}

/// An item with whether it has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) item: Item,
    pub(crate) read: bool,
}

/// One change of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Adds an item, unless it is there already.
    Add { item: Item, stamp: Stamp },
    /// Removes an item.
    Remove(Key),
    /// Removes what hangs on a comment.
    RemoveComment { post: PostId, comment: CommentId },
    /// Removes what either of two has done to the other.
    RemoveBetween(UserId, UserId),
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
    /// Makes all changes in their order. Of an account that has more than `most` items then, the
    /// oldest are dropped.
    async fn apply(&self, changes: Vec<Change>, most: u32) -> Result<()>;

    /// Removes up to `limit` items that hang on `post` and answers how many.
    async fn remove_post(&self, post: PostId, limit: usize) -> Result<usize>;

    /// Removes up to `limit` items of and by `user` and answers how many.
    async fn remove_user(&self, user: UserId, limit: usize) -> Result<usize>;

    /// Up to `limit` items of `account` with an id below `below`, the newest first.
    async fn newest(&self, account: UserId, below: Option<u64>, limit: usize) -> Result<Vec<Kept>>;

    /// All items of `account` that have not been seen.
    async fn unread(&self, account: UserId) -> Result<Vec<Item>>;

    /// Marks every item of `account` as seen.
    async fn mark_read(&self, account: UserId) -> Result<()>;

    /// The accounts whose number of items is not what it should be.
    async fn drift(&self) -> Result<Vec<Drift>>;

    /// Counts the items of `accounts` anew.
    async fn recount(&self, accounts: Vec<UserId>) -> Result<()>;
}

/// How kinds are kept.
const WORDS: [(ActivityKind, &str); 7] = [
    (ActivityKind::Like, "like"),
    (ActivityKind::Comment, "comment"),
    (ActivityKind::CommentLike, "comment_like"),
    (ActivityKind::Follow, "follow"),
    (ActivityKind::FollowRequest, "follow_request"),
    (ActivityKind::FollowAccepted, "follow_accepted"),
    (ActivityKind::Mention, "mention"),
];

fn word(kind: ActivityKind) -> &'static str {
    WORDS.iter().find(|(of, _)| *of == kind).expect("every kind has a word").1
}

fn kind(word: &str) -> Option<ActivityKind> {
    WORDS.iter().find(|(_, of)| *of == word).map(|(kind, _)| *kind)
}
