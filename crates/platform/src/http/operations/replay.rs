//! Carrying out what waits.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http::StatusCode;
use parking_lot::Mutex;
use tokio::time::timeout;
use tower::Service;

use super::store::Waiting;
use super::{Operations, count, is_coded, kept};
use crate::error::{Error, Result};
use crate::http::address::ClientAddress;
use crate::http::stack::{Ground, Replayed};
use crate::once::Key;

/// How long the database is left alone that was down, and how often the figures are taken.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a request is tried that fails by a fault of ours, so that it does not hold up the others
/// for good.
const TRIES: u32 = 5;

/// The longest answer that is looked at, in bytes.
const LARGEST: usize = 256 * 1024;

/// Comes before every caller.
const NOBODY: Key = [0; 32];

/// Callers whose requests are carried out at the same time: some, because most of the time is spent
/// waiting for the disk, and few, because everybody else wants the database that is just back, too.
const AT_ONCE: usize = 8;

/// Carries out what waits on `ground` through `router` until the server stops: what one caller asks
/// one after another, what several do beside each other. What it is in the middle of then is looked at
/// again after the next start.
pub async fn replay(ground: Arc<Ground>, router: Router) {
    let Some(operations) = ground.operations.clone() else { return };
    let closing = ground.closing();
    let (failed, is_stuck) = (Mutex::default(), AtomicBool::new(false));
    let replay = Replay { operations, ground, router, failed, is_stuck };
    tokio::select! {
        () = closing => {}
        () = replay.go_on() => {}
    }
}

struct Replay {
    operations: Arc<Operations>,
    ground: Arc<Ground>,
    router: Router,
    /// How often those that still wait failed by a fault of ours.
    failed: Mutex<HashMap<i64, u32>>,
    /// Whether it was said already that nothing can be done.
    is_stuck: AtomicBool,
}

impl Replay {
    async fn go_on(&self) {
        let (mut turns, mut at_work, mut last) = (FuturesUnordered::new(), HashSet::new(), NOBODY);
        loop {
            self.measure();
            while at_work.len() < AT_ONCE
                && let Some(caller) = self.next(last, &at_work)
            {
                at_work.insert(caller);
                last = caller;
                turns.push(self.turn(caller));
            }
            tokio::select! {
                Some(caller) = turns.next() => { at_work.remove(&caller); }
                _ = timeout(PAUSE, self.operations.added.notified()) => {}
            }
        }
    }

    fn measure(&self) {
        // What cannot be read is said where it is to be carried out.
        let oldest = self.operations.queue.oldest().ok().flatten();
        let age = oldest.map_or(0, |oldest| self.operations.clock.now().since(oldest));
        metrics::gauge!("tintype_operations_waiting").set(self.operations.queue.len() as f64);
        metrics::gauge!("tintype_operations_oldest_seconds").set(age as f64 / 1000.0);
    }

    /// Whose turn it is: everybody's after one another, so that nobody whose requests cannot be carried
    /// out yet holds up the others.
    fn next(&self, last: Key, at_work: &HashSet<Key>) -> Option<Key> {
        let mut caller = last;
        for _ in 0..=at_work.len() {
            let next = self.operations.queue.caller_after(caller);
            caller = self.told(next).flatten()?;
            if !at_work.contains(&caller) {
                return Some(caller);
            }
        }
        None
    }

    /// Carries out what waits of a caller, as far as that can be done now.
    async fn turn(&self, caller: Key) -> Key {
        let played = self.play_all(caller).await;
        if self.told(played) == Some(true) {
            self.is_stuck.store(false, Ordering::Relaxed);
        } else {
            tokio::time::sleep(PAUSE).await;
        }
        caller
    }

    /// Says what is wrong, once until something is right again.
    fn told<T>(&self, outcome: Result<T>) -> Option<T> {
        let told = |error: &Error| {
            if !self.is_stuck.swap(true, Ordering::Relaxed) {
                tracing::error!(cause = %error, "requests that wait cannot be carried out");
            }
        };
        outcome.inspect_err(told).ok()
    }

    /// Whether nothing is left of a caller.
    async fn play_all(&self, caller: Key) -> Result<bool> {
        if self.ground.caught_up().await.is_err() {
            return Ok(false);
        }
        while let Some((waiting, sealed)) = self.operations.queue.first_of(caller)? {
            if !self.play(&waiting, &sealed).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Carries out one of them; whether the next may follow.
    async fn play(&self, waiting: &Waiting, sealed: &Bytes) -> Result<bool> {
        let outcome = match kept::open(&self.operations.secret, sealed) {
            Ok(request) => self.carry_out(waiting, sealed, request).await?,
            Err(cause) => {
                tracing::error!(
                    %cause,
                    "a request that waited cannot be read: is auth.jwt_secret another one?"
                );
                self.refuse_unread(waiting).await?;
                Some("unreadable")
            }
        };
        let Some(outcome) = outcome else { return Ok(false) };
        self.operations.queue.remove(waiting.number, sealed).await?;
        self.failed.lock().remove(&waiting.number);
        count(outcome);
        Ok(true)
    }

    /// What became of it; none if it is to be tried again.
    async fn carry_out(
        &self,
        waiting: &Waiting,
        sealed: &Bytes,
        request: Request,
    ) -> Result<Option<&'static str>> {
        let response = self.call(request).await?;
        let (status, body) = read(response).await?;
        Ok(match status {
            StatusCode::INTERNAL_SERVER_ERROR => {
                if self.fails_again(waiting) < TRIES {
                    return Ok(None);
                }
                self.give_up(waiting, sealed, status, &body).await?;
                Some("refused")
            }
            StatusCode::TOO_MANY_REQUESTS => None,
            status if status.is_server_error() || is_in_progress(&body) => None,
            status if status.is_success() => Some("done"),
            _ => Some("refused"),
        })
    }

    async fn call(&self, mut request: Request) -> Result<Response> {
        request.extensions_mut().insert(Replayed);
        self.router.clone().call(request).await.map_err(|never| match never {})
    }

    fn fails_again(&self, waiting: &Waiting) -> u32 {
        let mut failed = self.failed.lock();
        let tries = failed.entry(waiting.number).or_insert(0);
        *tries += 1;
        *tries
    }

    async fn refuse_unread(&self, waiting: &Waiting) -> Result<()> {
        let Some(idempotency) = &self.ground.idempotency else { return Ok(()) };
        idempotency.refuse_unread(waiting.key, waiting.fingerprint).await
    }

    /// Keeps the failure as the answer: nobody tries any more.
    async fn give_up(
        &self,
        waiting: &Waiting,
        sealed: &Bytes,
        status: StatusCode,
        body: &Bytes,
    ) -> Result<()> {
        let request = kept::open(&self.operations.secret, sealed)?;
        let address = ClientAddress::find(request.extensions(), request.headers(), &[]);
        let Some(idempotency) = &self.ground.idempotency else { return Ok(()) };
        match idempotency.keyed(request.method(), request.headers(), address)? {
            Some(keyed) => keyed.give_up(waiting.fingerprint, status, body).await,
            None => Err(Error::internal("a request that waited has no key")),
        }
    }
}

async fn read(response: Response) -> Result<(StatusCode, Bytes)> {
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), LARGEST).await;
    Ok((status, body.map_err(Error::internal)?))
}

/// Whether somebody else is at the same request.
fn is_in_progress(body: &Bytes) -> bool {
    serde_json::from_slice(body).is_ok_and(|body| is_coded(&body, "request_in_progress"))
}
