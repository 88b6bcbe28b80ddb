//! Threads of their own for work on pictures: it takes tens of milliseconds of a processor, and on
//! the threads that answer requests a few uploads at once would stop the whole site.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use metrics::{Gauge, Histogram, gauge, histogram};
use tintype_platform::http::context::Waiting;
use tintype_platform::{Error, Result};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Seconds after which a place in the queue may be free.
const COME_AGAIN: u32 = 5;

/// A few threads, and a bounded queue before them.
pub(crate) struct Pool {
    jobs: SyncSender<Job>,
    depth: Gauge,
    seconds: Histogram,
}

impl Pool {
    /// Works on `threads` threads (0 for one to a core) while at most `queue` jobs wait.
    pub(crate) fn new(threads: usize, queue: usize) -> Result<Self> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        };
        let (jobs, waiting) = sync_channel::<Job>(queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = waiting.clone();
            thread::Builder::new()
                .name("tintype-media".to_owned())
                .spawn(move || {
                    while let Some(job) = next(&waiting) {
                        // One file must not take a thread from all others.
                        let _ = catch_unwind(AssertUnwindSafe(job));
                    }
                })
                .map_err(Error::internal)?;
        }
        Ok(Self {
            jobs,
            depth: gauge!("tintype_media_queue_depth"),
            seconds: histogram!("tintype_media_develop_seconds"),
        })
    }

    /// Runs `work` on one of the threads, unless nobody is waiting any more when it could begin.
    /// 503 `media_busy` when too many wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        waiting: Waiting,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let (depth, seconds) = (self.depth.clone(), self.seconds.clone());
        let job: Job = Box::new(move || {
            depth.decrement(1.0);
            if waiting.is_over() || answer.is_closed() {
                let _ = answer.send(None);
                return;
            }
            let begun = now();
            let done = work();
            seconds.record(begun.elapsed());
            // Whoever has stopped waiting meanwhile needs no answer.
            let _ = answer.send(Some(done));
        });
        // Before it is in the queue, or a quick thread would count it below nothing.
        self.depth.increment(1.0);
        if let Err(refused) = self.jobs.try_send(job) {
            self.depth.decrement(1.0);
            return Err(match refused {
                TrySendError::Full(_) => Error::unavailable(
                    "media_busy",
                    "Too many pictures are being worked on at this moment; send it again in a few \
                     seconds",
                    COME_AGAIN,
                ),
                TrySendError::Disconnected(_) => Error::internal("the threads have ended"),
            });
        }
        let done = answered.await.map_err(|_| Error::internal("work on a file panicked"))?;
        done.ok_or_else(|| {
            Error::unavailable("client_gone", "The upload was given up; send it again", 1)
        })
    }
}

/// The next job; none when the pool is gone.
fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    // A job never runs under the lock, so it cannot be poisoned by one.
    waiting.lock().ok()?.recv().ok()
}

#[expect(clippy::disallowed_methods, reason = "measures how long the work takes")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use tintype_platform::error::Kind;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_is_refused_and_worth_another_try() {
        let pool = Arc::new(Pool::new(1, 1).unwrap());
        let (release, held) = channel::<()>();
        let (begun, begin) = oneshot::channel();
        let (_guard, somebody) = Waiting::somebody();
        let (busy_pool, waits) = (pool.clone(), somebody.clone());
        let busy = tokio::spawn(async move {
            let hold = move || {
                let _ = begun.send(());
                let _ = held.recv();
            };
            busy_pool.run(waits, hold).await
        });
        begin.await.unwrap();
        // The only thread is held and the queue has one place.
        let mut second = Box::pin(pool.run(somebody.clone(), || 2));
        assert!(futures::poll!(&mut second).is_pending());
        let error = pool.run(somebody.clone(), || 3).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "media_busy"));
        assert_eq!(error.retry_after(), Some(COME_AGAIN));
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(second.await.unwrap(), 2);
        assert_eq!(pool.run(somebody, || 4).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn work_for_nobody_is_not_begun() {
        let pool = Pool::new(1, 8).unwrap();
        let (release, held) = channel::<()>();
        let (_guard, somebody) = Waiting::somebody();
        let mut busy = Box::pin(pool.run(somebody, move || held.recv()));
        assert!(futures::poll!(&mut busy).is_pending());
        let (gone, waiting) = Waiting::somebody();
        let mut forgotten = Box::pin(pool.run(waiting, || panic!("nobody waits for this")));
        assert!(futures::poll!(&mut forgotten).is_pending());
        drop(gone);
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        let error = forgotten.await.map(|(): ()| ()).unwrap_err();
        assert_eq!(error.code(), "client_gone");
    }

    #[tokio::test]
    async fn work_that_panics_takes_no_thread_with_it() {
        let pool = Pool::new(1, 8).unwrap();
        let (_guard, somebody) = Waiting::somebody();
        let outcome = pool.run(somebody.clone(), || panic!("on purpose")).await;
        assert_eq!(outcome.map(|(): ()| ()).unwrap_err().kind(), Kind::Internal);
        assert_eq!(pool.run(somebody, || 1).await.unwrap(), 1);
    }
}
