//! One consumer's loop, the live tail, and the sweep of what all have seen.

#![expect(clippy::disallowed_methods, reason = "measures how long progress has been unsaved")]

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{broadcast, watch};

use super::{Consumer, Progress, Settings};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::outbox::{DeadLetter, Outbox, Record, Wanted};

/// How long progress may be unsaved: a crash repeats this much work, and saving it costs a commit.
const SAVE_AFTER: Duration = Duration::from_millis(250);

/// The least time between two looks into the outbox. A busy writer commits hundreds of times a
/// second, and looking after each costs more than handling what came.
const REST: Duration = Duration::from_millis(5);

/// The longest pause between two tries of what will pass by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often a process says that its consumers are still its own, or asks for those of others.
const CLAIM: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) settings: Settings,
    pub(super) consumer: Arc<dyn Consumer>,
    pub(super) progress: Progress,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Worker {
    pub(super) async fn run(self) {
        let mut here = self.progress.here.clone();
        let mut stopping = self.stopping.clone();
        while !*stopping.borrow_and_update() {
            if !*here.borrow_and_update() {
                tokio::select! {
                    _ = stopping.changed() => {}
                    // The sender ends with the server, which says so by itself.
                    changed = here.changed() => if changed.is_err() { return },
                }
                continue;
            }
            match self.outbox.position(self.consumer.name()).await {
                Ok(position) => self.progress.position.store(position, Ordering::Release),
                Err(error) => {
                    self.unreadable(&error);
                    self.pause(LONGEST_PAUSE).await;
                    continue;
                }
            }
            self.work(&here).await;
        }
    }

    /// Handles what comes for as long as the consumer is to run here.
    async fn work(&self, here: &watch::Receiver<bool>) {
        let position = &self.progress.position;
        let mut saved = position.load(Ordering::Relaxed);
        let mut save_at = tokio::time::Instant::now() + SAVE_AFTER;
        let mut commits = self.outbox.commits();
        let mut stopping = self.stopping.clone();
        while *here.borrow() {
            commits.mark_unchanged();
            let rested = tokio::time::Instant::now() + REST;
            let start = position.load(Ordering::Relaxed);
            let wanted = Wanted { consumer: self.consumer.name(), kinds: self.consumer.kinds() };
            let batch = match self.outbox.after(start, wanted).await {
                Ok(batch) => batch,
                Err(error) => {
                    self.unreadable(&error);
                    if self.pause(LONGEST_PAUSE).await {
                        return;
                    }
                    continue;
                }
            };
            if !batch.records.is_empty() && !self.handle(&batch.records).await {
                break;
            }
            position.store(batch.end, Ordering::Release);
            if batch.end > saved && tokio::time::Instant::now() >= save_at {
                if self.save(batch.end).await {
                    saved = batch.end;
                }
                save_at = tokio::time::Instant::now() + SAVE_AFTER;
            }
            if *stopping.borrow() {
                break;
            }
            if batch.end == start {
                let unsaved = batch.end > saved;
                tokio::select! {
                    _ = stopping.changed() => {}
                    _ = commits.changed() => {}
                    () = tokio::time::sleep_until(save_at), if unsaved => {}
                    // Whatever wakes it, it also looks by itself whether it is still to run here.
                    () = tokio::time::sleep(CLAIM) => {}
                }
                tokio::time::sleep_until(rested).await;
            }
        }
        let position = position.load(Ordering::Relaxed);
        if position > saved {
            self.save(position).await;
        }
    }

    fn unreadable(&self, error: &Error) {
        let consumer = self.consumer.name();
        tracing::warn!(consumer, cause = %error, "the outbox cannot be read");
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
            self.progress.position.store(record.sequence, Ordering::Release);
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
            if failures >= self.settings.tries && self.bury(record, failures, &error).await {
                return true;
            }
            if self.pause(pause).await || !*self.progress.here.borrow() {
                return false;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes a dead letter of an event; says whether it is kept.
    async fn bury(&self, record: &Record, tries: u32, error: &Error) -> bool {
        let consumer = self.consumer.name();
        let letter = DeadLetter {
            number: 0,
            consumer: consumer.to_owned(),
            record: record.clone(),
            tries,
            error: error.to_string(),
        };
        match self.outbox.bury(letter).await {
            Ok(()) => {
                tracing::error!(
                    consumer, event.id = record.id, event.kind = record.kind, tries,
                    cause = %error, "an event became a dead letter"
                );
                true
            }
            Err(error) => {
                tracing::error!(
                    consumer, cause = %error, "a dead letter could not be kept; trying again"
                );
                false
            }
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
        let saved = self.outbox.save(name, position).await;
        if let Err(error) = &saved {
            // The work is done and will only be repeated after a crash.
            tracing::warn!(consumer = name, cause = %error, "progress could not be saved");
        }
        saved.is_ok()
    }
}

/// Says again and again that consumers are to run here, and learns which of them do.
pub(super) async fn claim(
    outbox: Arc<dyn Outbox>,
    claims: Vec<(&'static str, watch::Sender<bool>)>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            () = tokio::time::sleep(CLAIM) => {}
        }
        for (name, here) in &claims {
            // A claim that cannot be made is one that somebody else may have.
            let claimed = outbox.claim(name).await.unwrap_or(false);
            here.send_if_modified(|here| std::mem::replace(here, claimed) != claimed);
        }
    }
}

/// Sends what is committed from now on to live listeners.
pub(super) async fn tell_live(
    outbox: Arc<dyn Outbox>,
    live: broadcast::Sender<Arc<Record>>,
    mut position: i64,
    mut stopping: watch::Receiver<bool>,
) {
    let mut commits = outbox.commits();
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            changed = commits.changed() => if changed.is_err() { return },
        }
        // Before looking for listeners: who comes later has missed nothing up to here.
        let end = outbox.end().await.unwrap_or(position);
        if live.receiver_count() == 0 {
            position = end;
            continue;
        }
        // What is replayed for one consumer has been told before.
        let all = Wanted { consumer: "", kinds: &[] };
        while let Ok(batch) = outbox.after(position, all).await {
            if batch.end == position {
                break;
            }
            position = batch.end;
            for record in batch.records {
                // No listener left is no error: the next commit finds out.
                let _ = live.send(Arc::new(record));
            }
        }
    }
}

/// Tells how far consumers lag behind, and drops events that all have seen and that are old.
pub(super) async fn sweep(
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    retention: Duration,
    consumers: Vec<Progress>,
    mut stopping: watch::Receiver<bool>,
) {
    let names: Vec<&'static str> = consumers.iter().map(|consumer| consumer.name).collect();
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = measure(&*outbox, &consumers).await {
            tracing::debug!(cause = %error, "the lag of consumers could not be measured");
            continue;
        }
        let before = clock.now().plus_millis(-(retention.as_millis() as i64));
        let swept = drop_old(&*outbox, &names, before, &stopping).await;
        if let Err(error) = swept {
            tracing::warn!(cause = %error, "old events could not be dropped");
        }
    }
}

async fn measure(outbox: &dyn Outbox, consumers: &[Progress]) -> Result<()> {
    let end = outbox.end().await?;
    let dead = outbox.count_dead_letters().await?;
    let mut seen = end;
    for consumer in consumers {
        let position = consumer.position(outbox).await?;
        seen = seen.min(position);
        let name = consumer.name;
        metrics::gauge!("tintype_consumer_lag", "consumer" => name)
            .set((end - position).max(0) as f64);
        let dead = dead.iter().find(|(consumer, _)| consumer == name);
        metrics::gauge!("tintype_dead_letters", "consumer" => name)
            .set(dead.map_or(0, |(_, count)| *count) as f64);
    }
    metrics::gauge!("tintype_outbox_depth").set((end - seen).max(0) as f64);
    Ok(())
}

/// Drops what happened before the moment `before` and every consumer has seen, some at a time, so
/// that other writes are not held up; an idle server writes nothing.
pub(super) async fn drop_old(
    outbox: &dyn Outbox,
    consumers: &[&'static str],
    before: crate::Timestamp,
    stopping: &watch::Receiver<bool>,
) -> Result<()> {
    let seen = outbox.seen(consumers).await?;
    while !*stopping.borrow() && outbox.drop_old(seen, before).await? {}
    Ok(())
}
