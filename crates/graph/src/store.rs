//! Where ties between people are kept. A method is one atomic act, events and counts included.

#[cfg(test)]
mod conformance;
mod postgres;
mod rules;
mod sql;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::{Circle, Drift, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::db::Database;

pub use sqlite::fill::fill;

/// A follow or request to be added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewFollow {
    pub(crate) follower: UserId,
    pub(crate) followee: UserId,
    /// Pending when the followee's account is private.
    pub(crate) status: FollowStatus,
    /// The most follows and requests that the follower may have.
    pub(crate) most: u32,
    /// Its id is also the place in lists.
    pub(crate) stamp: Stamp,
}

/// What came of [`Store::follow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was added as asked.
    New,
    /// Nothing changed: there was one already, with this status.
    Already(FollowStatus),
}

/// The lists of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Who follows them.
    Followers,
    /// Whom they follow.
    Following,
    /// Who asks to follow them.
    Requests,
    /// Whom they block.
    Blocked,
    /// Whom they mute.
    Muted,
}

/// One place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) user: UserId,
    /// An id, unique in its list: lists are read from the highest to the lowest.
    pub(crate) since: u64,
}

/// How many ties a search for suggestions reads at the most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// The newest followees of the viewer.
    pub(crate) followees: u32,
    /// The newest followees of each of those.
    pub(crate) each: u32,
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
    /// Adds a follow or request, if there is none. 404 if either blocks the other or is gone; 400
    /// `too_many_followings` at the follower's limit.
    async fn follow(&self, follow: NewFollow) -> Result<Added>;

    /// Ends a follow or withdraws a request, and says which it was.
    async fn unfollow(
        &self,
        follower: UserId,
        followee: UserId,
        stamp: Stamp,
    ) -> Result<Option<FollowStatus>>;

    /// Makes a request count; false if there is none.
    async fn accept(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool>;

    /// Accepts the oldest requests to `followee`, one for each stamp at the most, and answers who
    /// had asked. Fewer than there are stamps means that none are left.
    async fn accept_oldest(&self, followee: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>>;

    /// Removes a request; false if there is none.
    async fn reject(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool>;

    /// Adds a block and removes follows and requests both ways; false if it stood already. 404 if
    /// `blocked` is gone.
    async fn block(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool>;

    /// Removes a block; false if there is none.
    async fn unblock(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool>;

    /// Adds a mute; false if it stood already. 404 if `muted` is gone.
    async fn mute(&self, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool>;

    /// Removes a mute; false if there is none.
    async fn unmute(&self, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool>;

    /// Adds accepted follows that are not there yet.
    async fn seed(&self, follows: Vec<(UserId, UserId, Stamp)>) -> Result<()>;

    /// Marks `user` as gone and removes ties with others, one for each stamp at the most. Answers
    /// whom they tied to; nobody when none are left.
    async fn forget(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>>;

    /// The circle of `viewer` at one moment.
    async fn circle(&self, viewer: UserId) -> Result<Circle>;

    /// The counts of those of `users` who have any.
    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<(UserId, GraphCounts)>>;

    /// How `viewer` and each of `others` stand to each other, in their order.
    async fn relationships(&self, viewer: UserId, others: Vec<UserId>)
    -> Result<Vec<Relationship>>;

    /// Up to `limit` of a list of `user`, the newest first, all below `below`.
    async fn ties(
        &self,
        list: List,
        user: UserId,
        below: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Tie>>;

    /// Up to `limit` accepted followers with an id above `after`, in rising order.
    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>>;

    /// Everybody who follows both, in rising order. Reads the shorter of the two lists.
    async fn mutual_followers(&self, one: UserId, other: UserId) -> Result<Vec<UserId>>;

    /// Whom the followees of `viewer` follow, each with the number of ways that lead there, in no
    /// order.
    async fn friends_of_friends(&self, viewer: UserId, reach: Reach) -> Result<Vec<(UserId, u32)>>;

    /// The counters that do not show what they count.
    async fn drift(&self) -> Result<Vec<Drift>>;

    /// Counts anew for `users`.
    async fn recount(&self, users: Vec<UserId>) -> Result<()>;
}
