//! The bus: consumers read the outbox, each at its own pace.
//!
//! An event reaches every consumer at least once and, key by key, in the order of commits. A
//! consumer remembers how far it has come, so a restart goes on where it stopped (or a little
//! before: a consumer must bear to see an event twice). What fails is tried again with growing
//! pauses; what keeps failing becomes a dead letter, which can be listed and replayed, and the
//! consumer goes on. A failure that will pass by itself (a full disk, a dependency that is down) is
//! tried until it has passed. No consumer waits for another.
//!
//! Of several processes on one database each consumer runs in one; when that is gone, another takes
//! over.

mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::error::Result;
use crate::outbox::{Outbox, Record};

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
    outbox: Arc<dyn Outbox>,
    consumers: Vec<Progress>,
    live: broadcast::Sender<Arc<Record>>,
    stop: watch::Sender<bool>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

/// How far a consumer has come, as far as this process knows.
#[derive(Clone)]
struct Progress {
    name: &'static str,
    position: Arc<AtomicI64>,
    /// Whether it runs in this process.
    here: watch::Receiver<bool>,
}

impl Progress {
    async fn position(&self, outbox: &dyn Outbox) -> Result<i64> {
        if *self.here.borrow() {
            Ok(self.position.load(Ordering::Acquire))
        } else {
            outbox.position(self.name).await
        }
    }
}

/// Events that a slow live listener may fall behind before it misses some.
const LIVE_BUFFER: usize = 1024;

impl Bus {
    /// Starts a task for each consumer, at the place where it stopped last. One that was never
    /// there before begins with the oldest event that is kept; where one stopped that is there no
    /// longer keeps nothing.
    pub async fn start(
        outbox: Arc<dyn Outbox>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
        consumers: Vec<Arc<dyn Consumer>>,
    ) -> Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let (live, _) = broadcast::channel(LIVE_BUFFER);
        let mut tasks = JoinSet::new();
        let mut all = Vec::new();
        let mut claims = Vec::new();
        for consumer in consumers {
            let name = consumer.name();
            let claimed = outbox.claim(name).await?;
            let (claim, here) = watch::channel(claimed);
            let position = Arc::new(AtomicI64::new(outbox.position(name).await?));
            let progress = Progress { name, position, here };
            claims.push((name, claim));
            all.push(progress.clone());
            let worker = worker::Worker {
                outbox: outbox.clone(),
                settings: settings.clone(),
                consumer,
                progress,
                stopping: stopping.clone(),
            };
            tasks.spawn(worker.run());
        }
        // What was there before is told to nobody.
        outbox.relay().await?;
        // Taken here, so that whoever listens from now on misses nothing while the task starts.
        let end = outbox.end().await?;
        tasks.spawn(worker::claim(outbox.clone(), claims, stopping.clone()));
        tasks.spawn(worker::tell_live(outbox.clone(), live.clone(), end, stopping.clone()));
        tasks.spawn(worker::sweep(
            outbox.clone(),
            clock,
            settings.retention,
            all.clone(),
            stopping,
        ));
        Ok(Self { outbox, consumers: all, live, stop, tasks: tasks.into() })
    }

    /// Follows events as they are committed, from now on. For what is shown live and may be missed:
    /// nothing is remembered, and a listener that falls far behind loses the oldest.
    pub fn live(&self) -> broadcast::Receiver<Arc<Record>> {
        self.live.subscribe()
    }

    /// How many events each consumer has not seen yet.
    pub async fn lags(&self) -> Result<Vec<(String, u64)>> {
        let end = self.outbox.end().await?;
        let mut lags = Vec::new();
        for consumer in &self.consumers {
            let position = consumer.position(&*self.outbox).await?;
            lags.push((consumer.name.to_owned(), u64::try_from(end - position).unwrap_or(0)));
        }
        Ok(lags)
    }

    /// Waits until every consumer has seen every event that is in the outbox now.
    pub async fn drained(&self) -> Result<()> {
        self.outbox.relay().await?;
        let end = self.outbox.end().await?;
        for consumer in &self.consumers {
            while consumer.position(&*self.outbox).await? < end {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Ok(())
    }

    /// Lets every consumer finish what it has in hand, saves how far each came, ends them and leaves
    /// them to other processes.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        while self.tasks.lock().await.join_next().await.is_some() {}
        self.outbox.release().await;
    }
}

#[cfg(test)]
mod tests;
