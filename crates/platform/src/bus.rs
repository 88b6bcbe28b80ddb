//! The embedded bus: consumers read the outbox, each at its own pace.
//!
//! An event reaches every consumer at least once and, key by key, in the order of commits. A
//! consumer remembers how far it has come, so a restart goes on where it stopped (or a little
//! before: a consumer must bear to see an event twice). What fails is tried again with growing
//! pauses; what keeps failing goes to the dead letters, where [`dead_letters`] lists and replays
//! it, and the consumer goes on. A failure that will pass by itself (a full disk, a dependency
//! that is down) is tried until it has passed. No consumer waits for another.

pub mod dead_letters;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::db::{Database, Record, Sql, params};
use crate::error::Result;

/// Something that is done about what happened.
#[async_trait]
pub trait Consumer: Send + Sync + 'static {
    /// Its name, under which its progress is kept: never to be changed.
    fn name(&self) -> &'static str;

    /// The kinds of events it wants; others pass it by.
    fn kinds(&self) -> &'static [&'static str];

    /// Acts on events, oldest first. May see an event again after a failure or a restart, and must
    /// then change nothing. An error makes the bus hand over the same events again, one by one.
    async fn handle(&self, records: &[Record]) -> Result<()>;
}

/// How the bus treats consumers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Tries before an event becomes a dead letter.
    pub tries: u32,
    /// The pause before the second try; it doubles from try to try.
    pub pause: Duration,
    /// The longest that one call of a consumer may take.
    pub patience: Duration,
    /// How long events are kept that every consumer has seen.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tries: 5,
            pause: Duration::from_millis(100),
            patience: Duration::from_secs(30),
            retention: Duration::from_hours(24),
        }
    }
}

/// The running consumers.
pub struct Bus {
    database: Database,
    positions: Vec<(&'static str, Arc<AtomicI64>)>,
    live: broadcast::Sender<Arc<Record>>,
    stop: watch::Sender<bool>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

/// Events that a slow live listener may fall behind before it misses some.
const LIVE_BUFFER: usize = 1024;

impl Bus {
    /// Starts a task for each consumer, at the place where it stopped last. One that was never
    /// there before begins with the oldest event that is kept; where one stopped that is there no
    /// longer keeps nothing.
    pub fn start(
        database: &Database,
        clock: Arc<dyn Clock>,
        settings: &Settings,
        consumers: Vec<Arc<dyn Consumer>>,
    ) -> Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let (live, _) = broadcast::channel(LIVE_BUFFER);
        let mut tasks = JoinSet::new();
        let mut positions = Vec::new();
        for consumer in consumers {
            let name = consumer.name();
            let position = Arc::new(AtomicI64::new(worker::saved_position(database, name)?));
            positions.push((name, position.clone()));
            let worker = worker::Worker {
                database: database.clone(),
                settings: settings.clone(),
                consumer,
                position,
                stopping: stopping.clone(),
            };
            tasks.spawn(worker.run());
        }
        // Taken here, so that whoever listens from now on misses nothing while the task starts.
        let end = last_sequence(database)?;
        tasks.spawn(worker::tell_live(database.clone(), live.clone(), end, stopping.clone()));
        tasks.spawn(worker::sweep(
            database.clone(),
            clock,
            settings.retention,
            positions.clone(),
            stopping,
        ));
        Ok(Self { database: database.clone(), positions, live, stop, tasks: tasks.into() })
    }

    /// Follows events as they are committed, from now on. For what is shown live and may be missed:
    /// nothing is remembered, and a listener that falls far behind loses the oldest.
    pub fn live(&self) -> broadcast::Receiver<Arc<Record>> {
        self.live.subscribe()
    }

    /// How many events each consumer has not seen yet.
    pub fn lags(&self) -> Result<Vec<(String, u64)>> {
        let end = last_sequence(&self.database)?;
        let lag = |position: i64| u64::try_from(end - position).unwrap_or(0);
        let positions = self.positions.iter();
        Ok(positions
            .map(|(name, position)| (name.to_string(), lag(position.load(Ordering::Acquire))))
            .collect())
    }

    /// Waits until every consumer has seen every event that is in the outbox now.
    pub async fn drained(&self) -> Result<()> {
        let end = last_sequence(&self.database)?;
        while self.positions.iter().any(|(_, position)| position.load(Ordering::Acquire) < end) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Lets every consumer finish what it has in hand, saves how far each came, and ends them.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        while self.tasks.lock().await.join_next().await.is_some() {}
    }
}

pub(crate) fn last_sequence(database: &Database) -> Result<i64> {
    database.read(|connection| {
        Ok(connection
            .sql("SELECT coalesce(max(sequence), 0) FROM outbox")?
            .query_row(params![], |row| row.get(0))?)
    })
}

#[cfg(test)]
mod tests;
