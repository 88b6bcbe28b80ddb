//! One consumer's loop, the live tail, and the sweep of what all have seen.

#![expect(clippy::disallowed_methods, reason = "measures how long progress has been unsaved")]

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{broadcast, watch};

use super::{Consumer, Settings, dead_letters, last_sequence};
use crate::clock::{Clock, Timestamp};
use crate::db::{Commits, Database, OptionalExtension, Record, Sql, params};
use crate::error::{Error, Result};

/// Events read at once.
const BATCH: usize = 256;

/// How long progress may be unsaved: a crash repeats this much work, and saving it costs a commit.
const SAVE_AFTER: Duration = Duration::from_millis(250);

/// The least time between two looks into the outbox. A busy writer commits hundreds of times a
/// second, and looking after each costs more than handling what came.
const REST: Duration = Duration::from_millis(5);

/// The longest pause between two tries of what will pass by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    pub(super) database: Database,
    pub(super) settings: Settings,
    pub(super) consumer: Arc<dyn Consumer>,
    pub(super) position: Arc<AtomicI64>,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Worker {
    pub(super) async fn run(self) {
        let mut saved = self.position.load(Ordering::Relaxed);
        let mut save_at = tokio::time::Instant::now() + SAVE_AFTER;
        let mut commits = self.database.commits();
        let mut stopping = self.stopping.clone();
        loop {
            commits.mark_unchanged();
            let rested = tokio::time::Instant::now() + REST;
            let start = self.position.load(Ordering::Relaxed);
            let (batch, end) = match self.next_batch() {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::error!(consumer = self.consumer.name(), cause = %error, "the outbox cannot be read");
                    if self.pause(LONGEST_PAUSE).await {
                        return;
                    }
                    continue;
                }
            };
            if !batch.is_empty() && !self.handle(&batch).await {
                break;
            }
            self.position.store(end, Ordering::Release);
            if end > saved && tokio::time::Instant::now() >= save_at {
                if self.save(end).await {
                    saved = end;
                }
                save_at = tokio::time::Instant::now() + SAVE_AFTER;
            }
            if *stopping.borrow() {
                break;
            }
            if end == start {
                let unsaved = end > saved;
                tokio::select! {
                    _ = stopping.changed() => {}
                    _ = commits.changed() => {}
                    () = tokio::time::sleep_until(save_at), if unsaved => {}
                }
                tokio::time::sleep_until(rested).await;
            }
        }
        let position = self.position.load(Ordering::Relaxed);
        if position > saved {
            self.save(position).await;
        }
    }

    /// The events that come next for this consumer, and the place that they reach to.
    fn next_batch(&self) -> Result<(Vec<Record>, i64)> {
        let position = self.position.load(Ordering::Relaxed);
        let (name, kinds) = (self.consumer.name(), self.consumer.kinds());
        // A bounded read of rows that are side by side, most of the time none: not worth a thread.
        self.database.read(|connection| {
            let mut end = position;
            let mut batch = Vec::new();
            let mut statement = connection.sql(
                "SELECT sequence, id, kind, key, body, at, consumer FROM outbox
                 WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            )?;
            let mut rows = statement.query(params![position, BATCH as i64])?;
            while let Some(row) = rows.next()? {
                end = row.get(0)?;
                let only: Option<String> = row.get(6)?;
                let kind = row.get_ref(2)?.as_str().unwrap_or_default();
                if kinds.contains(&kind) && only.is_none_or(|only| only == name) {
                    batch.push(Record::from_row(row)?);
                }
            }
            Ok((batch, end))
        })
    }

    /// Hands over a batch; if it fails, its events one by one. Says whether to go on.
    async fn handle(&self, batch: &[Record]) -> bool {
        if self.attempt(batch).await.is_ok() {
            return true;
        }
        for record in batch {
            if !self.handle_alone(record).await {
                return false;
            }
            self.position.store(record.sequence, Ordering::Release);
        }
        true
    }

    /// Tries one event until it is done or dead. Says whether to go on.
    async fn handle_alone(&self, record: &Record) -> bool {
        let name = self.consumer.name();
        let mut failures = 0;
        let mut pause = self.settings.pause;
        loop {
            let Err(error) = self.attempt(std::slice::from_ref(record)).await else { return true };
            if !error.is_transient() {
                failures += 1;
            }
            metrics::counter!("tintype_consumer_failures_total", "consumer" => name).increment(1);
            tracing::warn!(
                consumer = name, event.id = record.id, event.kind = record.kind, failures,
                cause = %error, "an event was not handled"
            );
            if failures >= self.settings.tries {
                match dead_letters::bury(&self.database, name, record, failures, &error).await {
                    Ok(()) => return true,
                    Err(error) => tracing::error!(
                        consumer = name, cause = %error, "a dead letter could not be kept; trying again"
                    ),
                }
            }
            if self.pause(pause).await {
                return false;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(&self, records: &[Record]) -> Result<()> {
        let handled = AssertUnwindSafe(self.consumer.handle(records)).catch_unwind();
        match tokio::time::timeout(self.settings.patience, handled).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::internal("the consumer panicked")),
            Err(_) => Err(Error::internal("the consumer did not finish in time")),
        }
    }

    /// Waits; says whether it was woken to stop.
    async fn pause(&self, pause: Duration) -> bool {
        let mut stopping = self.stopping.clone();
        if *stopping.borrow_and_update() {
            return true;
        }
        tokio::select! {
            _ = stopping.changed() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }

    /// Keeps how far it has come; says whether that is on the disk.
    async fn save(&self, position: i64) -> bool {
        let name = self.consumer.name();
        let saved = self
            .database
            .write(move |write| {
                write
                    .sql(
                        "INSERT INTO consumers (name, position) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET position = excluded.position",
                    )?
                    .execute(params![name, position])?;
                Ok(())
            })
            .await;
        if let Err(error) = &saved {
            // The work is done and will only be repeated after a crash.
            tracing::warn!(consumer = name, cause = %error, "progress could not be saved");
        }
        saved.is_ok()
    }
}

pub(super) fn saved_position(database: &Database, name: &str) -> Result<i64> {
    database.read(|connection| {
        let position = connection
            .sql("SELECT position FROM consumers WHERE name = $1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        Ok(position.unwrap_or(0))
    })
}

/// Sends what is committed from now on to live listeners.
pub(super) async fn tell_live(
    database: Database,
    live: broadcast::Sender<Arc<Record>>,
    mut position: i64,
    mut stopping: watch::Receiver<bool>,
) {
    let mut commits: watch::Receiver<Commits> = database.commits();
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            changed = commits.changed() => if changed.is_err() { return },
        }
        // Before looking for listeners: who comes later has missed nothing up to here.
        let end = last_sequence(&database).unwrap_or(position);
        if live.receiver_count() == 0 {
            position = end;
            continue;
        }
        loop {
            let read = database.read(|connection| {
                let mut statement = connection.sql(
                    "SELECT sequence, id, kind, key, body, at FROM outbox
                     WHERE sequence > $1 AND consumer IS NULL ORDER BY sequence LIMIT $2",
                )?;
                let rows =
                    statement.query_map(params![position, BATCH as i64], Record::from_row)?;
                Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
            });
            let Ok(records) = read else { break };
            let Some(last) = records.last() else { break };
            position = last.sequence;
            for record in records {
                // No listener left is no error: the next commit finds out.
                let _ = live.send(Arc::new(record));
            }
        }
    }
}

/// Tells how far consumers lag behind, and drops events that all have seen and that are old.
pub(super) async fn sweep(
    database: Database,
    clock: Arc<dyn Clock>,
    retention: Duration,
    positions: Vec<(&'static str, Arc<AtomicI64>)>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            _ = tick.tick() => {}
        }
        let end = last_sequence(&database).unwrap_or(0);
        let seen = positions.iter().map(|(_, position)| position.load(Ordering::Acquire)).min();
        for (name, position) in &positions {
            let lag = (end - position.load(Ordering::Acquire)).max(0);
            metrics::gauge!("tintype_consumer_lag", "consumer" => *name).set(lag as f64);
        }
        metrics::gauge!("tintype_outbox_depth").set((end - seen.unwrap_or(end)).max(0) as f64);
        if let Ok(counts) = dead_letters::counts(&database) {
            for (name, _) in &positions {
                let dead = counts.iter().find(|(consumer, _)| consumer == name);
                metrics::gauge!("tintype_dead_letters", "consumer" => *name)
                    .set(dead.map_or(0, |(_, count)| *count) as f64);
            }
        }
        let before = clock.now().plus_millis(-(retention.as_millis() as i64));
        let swept = drop_old(&database, seen.unwrap_or(0), before, &stopping).await;
        if let Err(error) = swept {
            tracing::warn!(cause = %error, "old events could not be dropped");
        }
    }
}

/// Drops what happened before the moment `before` and stands no later than `seen`, some at a time,
/// so that other writes are not held up; an idle server writes nothing.
pub(super) async fn drop_old(
    database: &Database,
    seen: i64,
    before: Timestamp,
    stopping: &watch::Receiver<bool>,
) -> Result<()> {
    // The last event stays whatever its age: ids made after a restart must be above its own. One
    // that is replayed bears an id of long ago.
    let last = "SELECT sequence FROM outbox WHERE consumer IS NULL ORDER BY sequence DESC LIMIT 1";
    // Only the oldest are looked at: those that are too young follow in their millions.
    let oldest = "SELECT max(sequence) FROM (
                      SELECT sequence, at FROM outbox WHERE sequence <= $1 AND sequence < $2
                      ORDER BY sequence LIMIT 5000)
                  WHERE at < $3";
    let due = || {
        database.read(|connection| {
            let last: Option<i64> =
                connection.sql(last)?.query_row([], |row| row.get(0)).optional()?;
            let bounds = params![seen, last.unwrap_or(0), before.as_millis()];
            Ok(connection.sql(oldest)?.query_row(bounds, |row| row.get::<_, Option<i64>>(0))?)
        })
    };
    while let Some(end) = due()? {
        if *stopping.borrow() {
            break;
        }
        database
            .write(move |write| {
                write
                    .sql("DELETE FROM outbox WHERE sequence <= $1 AND at < $2")?
                    .execute(params![end, before.as_millis()])?;
                Ok(())
            })
            .await?;
    }
    Ok(())
}
