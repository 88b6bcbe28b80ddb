//! The outbox: what happened, kept in the same commit as the change itself.
//!
//! Each event has a place in the order of commits, from which consumers read on (see
//! [`bus`](crate::bus)). In the embedded database the place comes with the commit; in PostgreSQL,
//! where many commit at once, a relay gives it afterwards.

mod postgres;
pub(crate) mod sqlite;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::db::Watch;
use crate::error::Result;
pub use postgres::PostgresOutbox;
pub(crate) use postgres::relay;
pub use sqlite::SqliteOutbox;
pub(crate) use sqlite::{MOVED, MOVED_PLACE};

/// Events that are read at once.
pub(crate) const BATCH: usize = 256;

/// One thing that happened, as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The place in the outbox, rising in the order of commits; 0 before it has one.
    pub sequence: i64,
    /// The event's own id, by which a consumer knows it again.
    pub id: u64,
    /// What happened, such as `post.created`.
    pub kind: String,
    /// Whose it is: events of one key are delivered in order.
    pub key: u64,
    /// The event as JSON.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
}

/// Which events a reader of the outbox wants.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// Those that are replayed for another consumer are not for this one.
    pub consumer: &'w str,
    /// Their kinds; empty for all.
    pub kinds: &'w [&'w str],
}

impl Wanted<'_> {
    /// Whether it wants an event of `kind`, which is for the consumer `only`, if that is given.
    pub(crate) fn takes(&self, kind: &str, only: Option<&str>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && only.is_none_or(|only| only == self.consumer)
    }
}

/// Some of what came after a place in the outbox.
#[derive(Debug, Default)]
pub struct Batch {
    /// Those events that were wanted.
    pub records: Vec<Record>,
    /// The place that was looked up to.
    pub end: i64,
}

/// One event that one consumer could not handle.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Its number, by which it is replayed or dropped.
    pub number: i64,
    /// The consumer that failed.
    pub consumer: String,
    /// The event.
    pub record: Record,
    /// How often it was tried.
    pub tries: u32,
    /// Why the last try failed.
    pub error: String,
}

/// The outbox of a database, with the progress of those who read it.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Wakes whoever waits for something new.
    fn commits(&self) -> Watch;

    /// The last place; 0 when nothing has happened yet.
    async fn end(&self) -> Result<i64>;

    /// Gives a place to whatever has none yet: what was committed until now stands before
    /// [`end`](Self::end) then.
    async fn relay(&self) -> Result<()>;

    /// The highest id that an event bears; 0 when there is none. Ids made after a restart must be
    /// above it.
    async fn highest_id(&self) -> Result<u64>;

    /// Looks at some of what stands after `position`, in order.
    async fn after(&self, position: i64, wanted: Wanted<'_>) -> Result<Batch>;

    /// Whether this process may be the consumer `name` for now: one at a time is.
    async fn claim(&self, name: &'static str) -> Result<bool>;

    /// Leaves consumers to other processes.
    async fn release(&self);

    /// How far a consumer has come; 0 for one that was never there.
    async fn position(&self, consumer: &'static str) -> Result<i64>;

    /// Keeps how far a consumer has come.
    async fn save(&self, consumer: &'static str, position: i64) -> Result<()>;

    /// How far the slowest of `consumers` has come, by what each has kept.
    async fn seen(&self, consumers: &[&'static str]) -> Result<i64>;

    /// Drops some of what happened before the moment `before` and stands no later than `seen`; says
    /// whether there may be more. The last event stays whatever its age.
    async fn drop_old(&self, seen: i64, before: Timestamp) -> Result<bool>;

    /// Keeps what a consumer could not handle.
    async fn bury(&self, letter: DeadLetter) -> Result<()>;

    /// Up to `limit` dead letters, the oldest first.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>>;

    /// How many dead letters each consumer has.
    async fn count_dead_letters(&self) -> Result<Vec<(String, i64)>>;

    /// Takes dead letters away: those of `numbers`, or all if there are none. With `replay` they
    /// come again at the end of the outbox, each for the consumer that failed. Answers how many.
    async fn take_dead_letters(&self, numbers: Vec<i64>, replay: bool) -> Result<usize>;
}
