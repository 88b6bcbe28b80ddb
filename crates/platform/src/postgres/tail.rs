//! Following what is committed, by this process and by others.
//!
//! Every event bears the transaction that it came with, and every look at the outbox says which
//! transactions it has seen. The next look asks for those events that it could not see yet, so none is
//! missed, in whichever order transactions are begun and committed.
//!
//! A look is also what makes reads from memory as true as reads from the database: whoever wants to
//! read waits for a look that began after they came. All who come while one look is on its way share
//! the next one, so however many read, one after another is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::Database;
use crate::clock::Timestamp;
use crate::db::{Commits, Follower, Watch};
use crate::error::Result;
use crate::horizon::Horizon;
use crate::outbox::{self, Record};

/// The pause between two looks when nobody asks for one.
const REST: Duration = Duration::from_millis(25);

/// The least time between two turns of the relay: what gathers meanwhile gets its places at once.
const RELAY_REST: Duration = Duration::from_millis(3);

/// Events of one look. With more than that it is cheaper to forget everything.
const MOST: usize = 10_000;

pub(super) struct Tail {
    following: AtomicBool,
    /// The number of the latest call for a look.
    asked: AtomicU64,
    ask: Notify,
    done: watch::Sender<Done>,
    /// Some events have no place in the outbox yet.
    unplaced: Notify,
    /// The last place that is known of.
    placed: AtomicI64,
    commits: watch::Sender<Commits>,
    horizon: Arc<Horizon>,
}

/// How far the looks have come.
#[derive(Clone, Default)]
struct Done {
    /// The latest call that was answered.
    call: u64,
    /// Why it could not be.
    failed: Option<crate::Error>,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            following: AtomicBool::new(false),
            asked: AtomicU64::new(0),
            ask: Notify::new(),
            done: watch::Sender::default(),
            unplaced: Notify::new(),
            placed: AtomicI64::new(0),
            commits: watch::Sender::default(),
            horizon: Arc::default(),
        }
    }
}

impl Tail {
    pub(super) fn commits(&self) -> Watch {
        self.commits.subscribe()
    }

    pub(super) fn horizon(&self) -> Arc<Horizon> {
        self.horizon.clone()
    }

    pub(super) fn begin(&self) {
        self.following.store(true, Ordering::Release);
    }

    /// This process has committed something.
    pub(super) fn committed(&self) {
        self.ask.notify_one();
    }

    /// Events have places up to `last`.
    fn placed(&self, last: i64) {
        if self.placed.fetch_max(last, Ordering::AcqRel) < last {
            self.commits.send_modify(|commits| commits.events += 1);
        }
    }

    pub(super) async fn caught_up(&self) -> Result<()> {
        if !self.following.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut done = self.done.subscribe();
        // It is asked again and again by itself; nobody need wait for one failure more.
        if let Some(error) = done.borrow().failed.clone() {
            return Err(error);
        }
        let call = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.ask.notify_one();
        match done.wait_for(|done| done.call >= call).await {
            Ok(done) => done.failed.clone().map_or(Ok(()), Err),
            Err(_) => Ok(()),
        }
    }
}

/// Everything that one look has found.
struct Look {
    /// The transactions that it could see.
    snapshot: String,
    /// All of those below this number, and none from the other on.
    below: u64,
    end: u64,
    /// How far the relay had come: what could not be seen yet gets a later place.
    relayed: i64,
    /// The last place whose event is gone because of its age.
    dropped: i64,
    records: Vec<Arc<Record>>,
    /// Whether some of them have no place in the outbox yet.
    to_relay: bool,
}

impl Look {
    /// Whether it has everything that came after `last`. It lacks something if that was too much,
    /// or so long ago (the process was suspended, say) that some of it has been dropped meanwhile.
    fn continues(&self, last: &Self) -> bool {
        self.records.len() < MOST && self.dropped <= last.relayed
    }
}

/// Keeps `followers` up to date and lets the relay run. Requests wait for looks, and a look waits for
/// no relay.
pub(super) async fn follow(database: Database, followers: Vec<Arc<dyn Follower>>) {
    tokio::join!(look_on(&database, &followers), relay_on(&database));
}

async fn look_on(database: &Database, followers: &[Arc<dyn Follower>]) {
    let tail = &database.inner.tail;
    let mut last: Option<Look> = None;
    loop {
        let _ = tokio::time::timeout(REST, tail.ask.notified()).await;
        let call = tail.asked.load(Ordering::Acquire);
        tail.horizon.begin();
        let since = last.as_ref().map(|last| last.snapshot.as_str());
        let look = match look(database, since).await {
            Ok(look) => look,
            Err(error) => {
                tail.done.send_replace(Done { call, failed: Some(error) });
                continue;
            }
        };
        tail.horizon.found(look.end);
        if !last.is_some_and(|last| look.continues(&last)) {
            for follower in followers {
                follower.forget();
            }
        } else if !look.records.is_empty() {
            for follower in followers {
                if let Err(error) = follower.see(&look.records).await {
                    tracing::warn!(cause = %error, "what others changed could not be followed");
                    follower.forget();
                }
            }
        }
        tail.horizon.took_in(look.below);
        tail.done.send_replace(Done { call, failed: None });
        tail.placed(look.relayed);
        if look.to_relay {
            tail.unplaced.notify_one();
        }
        last = Some(look);
    }
}

async fn relay_on(database: &Database) {
    let tail = &database.inner.tail;
    loop {
        tail.unplaced.notified().await;
        match outbox::relay(database).await {
            Ok(last) => tail.placed(last),
            Err(error) => tracing::warn!(cause = %error, "events could not be relayed"),
        }
        tokio::time::sleep(RELAY_REST).await;
    }
}

async fn look(database: &Database, since: Option<&str>) -> Result<Look> {
    // Without an earlier look nothing is new: what is remembered is read from now on.
    let rows = database
        .query(
            "SELECT pg_current_snapshot()::TEXT, (SELECT last FROM relay WHERE one = 1),
                    (SELECT dropped FROM relay WHERE one = 1),
                    EXISTS (SELECT 1 FROM outbox WHERE sequence IS NULL),
                    event.id, event.kind, event.key, event.body, event.at
             FROM (VALUES (1)) AS one
             LEFT JOIN LATERAL (
                 SELECT id, kind, key, body, at, written, part FROM outbox
                 WHERE txid >= pg_snapshot_xmin($1::TEXT::PG_SNAPSHOT)
                   AND NOT pg_visible_in_snapshot(txid, $1::TEXT::PG_SNAPSHOT)
                   AND consumer IS NULL
                 ORDER BY written, id, part LIMIT 10000
             ) AS event ON TRUE",
            &[&since],
        )
        .await?;
    let first = rows.first().ok_or_else(|| crate::Error::internal("a look has no answer"))?;
    let records = rows.iter().filter_map(|row| {
        let id: Option<i64> = row.get(4);
        Some(Arc::new(Record {
            sequence: 0,
            id: id? as u64,
            kind: row.get(5),
            key: row.get::<_, i64>(6) as u64,
            body: row.get(7),
            at: Timestamp::from_millis(row.get(8)),
        }))
    });
    let snapshot: String = first.get(0);
    let mut bounds = snapshot.split(':').map_while(|number| number.parse().ok());
    let (Some(below), Some(end)) = (bounds.next(), bounds.next()) else {
        return Err(crate::Error::internal(format!("{snapshot} is no snapshot")));
    };
    Ok(Look {
        below,
        end,
        relayed: first.get(1),
        dropped: first.get(2),
        to_relay: first.get(3),
        records: records.collect(),
        snapshot,
    })
}
