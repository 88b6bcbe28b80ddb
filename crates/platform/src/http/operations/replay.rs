//! Carrying out what waits.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use tokio::time::timeout;
use tower::Service;

use super::store::Waiting;
use super::{Operations, count, is_coded, kept};
use crate::error::{Error, Result};
use crate::http::address::ClientAddress;
use crate::http::stack::{Ground, Replayed};

/// How long the database is left alone that was down, and how often the figures are taken.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a request is tried that fails by a fault of ours, so that it does not hold up the others
/// for good.
const TRIES: u32 = 5;

/// The longest answer that is looked at, in bytes.
const LARGEST: usize = 256 * 1024;

/// Carries out what waits on `ground` through `router`, one after another, until the server stops.
/// What it is in the middle of then is looked at again after the next start.
pub async fn replay(ground: Arc<Ground>, router: Router) {
    let Some(operations) = ground.operations.clone() else { return };
    let closing = ground.closing();
    let mut replay = Replay { operations, ground, router, failed: (0, 0), is_stuck: false };
    tokio::select! {
        () = closing => {}
        () = replay.go_on() => {}
    }
}

struct Replay {
    operations: Arc<Operations>,
    ground: Arc<Ground>,
    router: Router,
    /// Which one failed by a fault of ours, and how often.
    failed: (i64, u32),
    /// Whether it was said already that nothing can be done.
    is_stuck: bool,
}

impl Replay {
    async fn go_on(&mut self) {
        loop {
            let is_settled = match self.operations.queue.first() {
                Ok(Some((waiting, request))) => {
                    self.measure(Some(&waiting));
                    self.play(&waiting, &request).await
                }
                Ok(None) => {
                    self.measure(None);
                    Ok(false)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = &is_settled
                && !self.is_stuck
            {
                tracing::error!(cause = %error, "the requests that wait cannot be carried out");
            }
            self.is_stuck = is_settled.is_err();
            if !matches!(is_settled, Ok(true)) {
                // Nothing waits, or nothing can be done about it yet.
                let _ = timeout(PAUSE, self.operations.added.notified()).await;
            }
        }
    }

    fn measure(&self, oldest: Option<&Waiting>) {
        let age = oldest.map_or(0, |oldest| self.operations.clock.now().since(oldest.at));
        metrics::gauge!("tintype_operations_waiting").set(self.operations.queue.len() as f64);
        metrics::gauge!("tintype_operations_oldest_seconds").set(age as f64 / 1000.0);
    }

    /// Carries out one of them; whether the next may follow.
    async fn play(&mut self, waiting: &Waiting, sealed: &Bytes) -> Result<bool> {
        if self.ground.caught_up().await.is_err() {
            return Ok(false);
        }
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
        count(outcome);
        Ok(true)
    }

    /// What became of it; none if it is to be tried again.
    async fn carry_out(
        &mut self,
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

    async fn call(&mut self, mut request: Request) -> Result<Response> {
        request.extensions_mut().insert(Replayed);
        self.router.call(request).await.map_err(|never| match never {})
    }

    fn fails_again(&mut self, waiting: &Waiting) -> u32 {
        let tries = if self.failed.0 == waiting.number { self.failed.1 + 1 } else { 1 };
        self.failed = (waiting.number, tries);
        tries
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
