//! Hashing of passwords on threads of its own: a hash takes a fifth of a second on purpose, and on
//! the threads that answer requests a few logins at once would stop the whole site.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use tintype_platform::{Error, Result};
use tokio::sync::oneshot;

use crate::input::Password;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads that hash, and a queue before them.
pub(crate) struct Hasher {
    jobs: SyncSender<Job>,
    cost: u32,
    /// A hash of the same cost that no password has, to compare with where there is none.
    nobodys: Arc<str>,
}

impl Hasher {
    /// Hashes at `cost` on `threads` threads (0 for one to every two cores), while at most `queue`
    /// passwords wait.
    pub(crate) fn new(cost: u32, threads: usize, queue: usize) -> Result<Self> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
            threads => threads,
        };
        let (jobs, waiting) = sync_channel::<Job>(queue);
        let waiting = Arc::new(std::sync::Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = waiting.clone();
            thread::Builder::new()
                .name("tintype-bcrypt".to_owned())
                .spawn(move || {
                    while let Some(job) = next(&waiting) {
                        job();
                    }
                })
                .map_err(Error::internal)?;
        }
        let nobodys = format!("$2b${cost:02}${}", ".".repeat(53)).into();
        Ok(Self { jobs, cost, nobodys })
    }

    /// The hash of a password. 503 when too many wait.
    pub(crate) async fn hash(&self, password: Password) -> Result<Arc<str>> {
        let cost = self.cost;
        let hash = self.run(move || bcrypt::hash(password.as_str(), cost)).await?;
        Ok(hash.map_err(Error::internal)?.into())
    }

    /// Whether `password` is the one that was hashed. Without a hash, or with a password that none
    /// can have been made of, the answer is no and takes as long. 503 when too many wait.
    pub(crate) async fn verify(&self, password: String, hash: Option<Arc<str>>) -> Result<bool> {
        let possible = password.len() <= Password::LONGEST && !password.contains('\0');
        let known = hash.is_some() && possible;
        let hash = hash.filter(|_| possible).unwrap_or_else(|| self.nobodys.clone());
        let same = self.run(move || bcrypt::verify(password, &hash)).await?;
        Ok(same.map_err(Error::internal)? && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever has stopped waiting needs no answer.
            if !answer.is_closed() {
                let _ = answer.send(work());
            }
        });
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::unavailable(
                "too_many_sign_ins",
                "Too many people are signing in at this moment; try again in a few seconds",
                2,
            ),
            TrySendError::Disconnected(_) => Error::internal("the hashing threads have ended"),
        })?;
        answered.await.map_err(Error::internal)
    }
}

/// The next job; none when the hasher is gone.
fn next(waiting: &std::sync::Mutex<Receiver<Job>>) -> Option<Job> {
    // A job never runs under the lock, so it cannot be poisoned by one.
    waiting.lock().ok()?.recv().ok()
}

#[cfg(test)]
mod tests {
    use tintype_platform::error::Kind;

    use super::*;

    fn password(text: &str) -> Password {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let hasher = Hasher::new(4, 2, 8).unwrap();
        let longest = "x".repeat(72);
        for text in ["correct horse", "pässwörter", &longest] {
            let hash = hasher.hash(password(text)).await.unwrap();
            assert!(hasher.verify(text.to_owned(), Some(hash.clone())).await.unwrap());
            assert!(!hasher.verify(format!("{text}x"), Some(hash.clone())).await.unwrap());
            // To bcrypt itself a text with a NUL that repeats is the same as the text alone.
            let twice = format!("{text}\0{text}");
            assert!(!hasher.verify(twice, Some(hash.clone())).await.unwrap());
            assert!(!hasher.verify(String::new(), Some(hash.clone())).await.unwrap());
            assert!(!hasher.verify(text.to_owned(), None).await.unwrap());
        }
    }

    #[tokio::test]
    async fn nobodys_hash_is_of_the_same_cost_and_can_be_compared_with() {
        let hasher = Hasher::new(5, 1, 8).unwrap();
        let parts: bcrypt::HashParts = hasher.nobodys.parse().unwrap();
        assert_eq!(parts.get_cost(), 5);
        assert!(!hasher.verify("anything".to_owned(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_and_worth_another_try() {
        let hasher = Arc::new(Hasher::new(4, 1, 1).unwrap());
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (begun, begin) = oneshot::channel();
        let busy = {
            let hasher = hasher.clone();
            tokio::spawn(async move {
                hasher
                    .run(move || {
                        let _ = begun.send(());
                        let _ = held.recv();
                    })
                    .await
            })
        };
        begin.await.unwrap();
        // The only thread is held and the queue has one place.
        let mut waiting = Box::pin(hasher.hash(password("correct horse")));
        assert!(futures_poll(&mut waiting).is_none());
        let error = hasher.hash(password("correct horse")).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (Kind::Unavailable, Some(2)));
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        waiting.await.unwrap();
        hasher.hash(password("correct horse")).await.unwrap();
    }

    /// Polls once, so that what the future does first is done.
    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
