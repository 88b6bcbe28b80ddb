//! Where stored timelines are kept.
//!
//! A timeline is a cache of the newest stretch of what a viewer's followees have posted. It may be
//! lost at any time and it may hold too much (posts that are gone, authors whom the viewer no
//! longer follows): whoever reads it filters. What it must never do is lack a post within the
//! stretch that it says it knows, and every method below is there for that.

#[cfg(test)]
mod conformance;
mod memory;
mod packed;
mod postgres;
mod redis;

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::{Circle, PostId, UserId};
use tintype_platform::Result;

pub use memory::MemoryTimelines;
pub use postgres::PostgresTimelines;
pub use redis::RedisTimelines;

/// Keeps timelines; each call is one atomic act.
///
/// Timelines and merged authors have one lifetime: a store that loses the authors must have lost
/// every timeline with them.
#[async_trait]
pub trait TimelineStore: Send + Sync + 'static {
    /// Where they are, in a word.
    fn place(&self) -> &'static str {
        "memory"
    }

    /// Puts `post` at its place in the timelines of `viewers`, those being rebuilt included. Who
    /// has no timeline gets none, and a post that is there already is not there twice.
    async fn append(&self, post: PostId, viewers: &[UserId]) -> Result<()>;

    /// Up to `limit` of the newest posts below `below` in the timeline that was built on `basis`;
    /// `None` if there is no such timeline or it is not finished.
    async fn read(
        &self,
        viewer: UserId,
        basis: Basis,
        below: Option<PostId>,
        limit: usize,
    ) -> Result<Option<Stretch>>;

    /// Replaces the timeline of `viewer`, if there is one, by an empty one that cannot be read but
    /// is appended to until [`finish`](Self::finish).
    async fn begin(&self, viewer: UserId) -> Result<Rebuild>;

    /// Makes the timeline readable on `basis`, with `posts` (newest first) and what was appended
    /// since it was begun. `floor` is the lowest id from which on `posts` leaves nothing out.
    /// Changes nothing if the timeline was begun anew or forgotten in between.
    async fn finish(
        &self,
        viewer: UserId,
        rebuild: Rebuild,
        basis: Basis,
        posts: Vec<PostId>,
        floor: u64,
    ) -> Result<()>;

    /// Drops the timeline of `viewer`.
    async fn forget(&self, viewer: UserId) -> Result<()>;

    /// Remembers an author of whom a post was not appended everywhere, for as long as there are
    /// timelines.
    async fn merge(&self, author: UserId) -> Result<()>;

    /// The authors whose posts are merged in when a feed is read, sorted by id.
    async fn merged(&self) -> Result<Arc<[UserId]>>;

    /// Whether other processes use it too.
    fn is_shared(&self) -> bool {
        false
    }

    /// Keeps an order of posts that `viewer` was shown, for half an hour or as long as there is
    /// room. `number` is an id, and tells its age.
    async fn shelve(&self, _viewer: UserId, _number: u64, _order: Vec<u8>) -> Result<()> {
        Ok(())
    }

    /// An order that was shelved, if it is still there.
    async fn shelved(&self, _viewer: UserId, _number: u64) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// What a timeline was built on: the viewer's followees at one moment.
///
/// The version of a circle rises with every followee gained, so circles of one version only shrink,
/// and two of them with equally many followees have the same. A timeline therefore serves the very
/// followees that it was built for, without interruption since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// The version of the circle.
    pub version: u64,
    /// How many followees are in it.
    pub followees: usize,
}

impl Basis {
    /// What `circle` is known by.
    pub fn of(circle: &Circle) -> Self {
        Self { version: circle.version, followees: circle.followees.len() }
    }
}

/// Part of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The newest first.
    pub posts: Vec<PostId>,
    /// The lowest id that the timeline knows about: it says nothing of posts below. 0 for one that
    /// knows everything.
    pub floor: u64,
}

/// One rebuild among several of the same timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuild(pub u64);
