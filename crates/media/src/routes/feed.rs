//! Bodies of uploads, a little at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::multipart::{Field, Multipart};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use tintype_platform::{Error, Result};

/// How much of a body may be neither content of a field nor taken yet: what stands between fields,
/// and a buffer or two.
const SLACK: u64 = 1024 * 1024;

/// How long a client that was refused may go on sending, so that it comes to read why.
const LINGER: Duration = Duration::from_secs(20);

/// A body that comes no faster than it is asked for, and ends with an error when it is too large.
///
/// A reader of forms gathers all that is there, at every step, before it looks at what it has. So
/// it is told first that there is nothing; only if it cannot go on without is it given more.
pub(super) struct Feed {
    body: Option<BodyDataStream>,
    ledger: Arc<Ledger>,
    /// The largest body, in bytes.
    largest: u64,
    /// The step of the reader that was seen last.
    step: u64,
    /// Whether the reader was told that there is nothing, and asked again.
    needed: bool,
    /// Whether a client that is refused goes on sending.
    lingers: bool,
}

/// What came of a body, what was taken of it, and why no more comes.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    came: AtomicU64,
    taken: AtomicU64,
    step: AtomicU64,
    refusal: Mutex<Option<Error>>,
}

impl Ledger {
    /// The next field of a form; none at its end.
    pub(super) async fn next<'m>(&self, form: &'m mut Multipart) -> Result<Option<Field<'m>>> {
        self.step.fetch_add(1, Ordering::Relaxed);
        // Whatever the reader calls what went wrong, here it is known why.
        form.next_field().await.map_err(|_| self.refusal())
    }

    /// What comes next of a field; none at its end.
    pub(super) async fn chunk(&self, field: &mut Field<'_>) -> Result<Option<Bytes>> {
        self.step.fetch_add(1, Ordering::Relaxed);
        let chunk = field.chunk().await.map_err(|_| self.refusal())?;
        self.take(chunk.as_ref().map_or(0, Bytes::len));
        Ok(chunk)
    }

    /// Says that so much content has been taken.
    pub(super) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// What the client is told of a body that has ended with an error.
    fn refusal(&self) -> Error {
        self.refusal.lock().take().unwrap_or_else(|| {
            Error::refused(
                "malformed_form",
                "The form did not arrive whole, or is not well-formed; send it again",
            )
        })
    }
}

impl Feed {
    pub(super) fn new(body: Body, headers: &HeaderMap, largest: u64) -> Self {
        Self {
            body: Some(body.into_data_stream()),
            ledger: Arc::default(),
            largest,
            step: 0,
            needed: false,
            // Who waits to be told to go on sends nothing after a refusal.
            lingers: !headers.contains_key(EXPECT),
        }
    }

    pub(super) fn ledger(&self) -> Arc<Ledger> {
        self.ledger.clone()
    }

    fn refuse(&mut self, refusal: Error) -> Poll<Option<Result<Bytes, Error>>> {
        *self.ledger.refusal.lock() = Some(refusal.clone());
        Poll::Ready(Some(Err(refusal)))
    }
}

impl Stream for Feed {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let step = self.ledger.step.load(Ordering::Relaxed);
        if self.step != step || !self.needed {
            (self.step, self.needed) = (step, true);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match body.poll_next_unpin(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.body = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(cause))) => {
                self.body = None;
                self.refuse(
                    Error::refused(
                        "body_incomplete",
                        "The body did not arrive whole; send it again",
                    )
                    .with_cause(cause),
                )
            }
            Poll::Ready(Some(Ok(chunk))) => {
                self.needed = false;
                let came = chunk.len() as u64;
                let came = self.ledger.came.fetch_add(came, Ordering::Relaxed) + came;
                if came > self.largest {
                    return self.refuse(crate::spool::body_too_large());
                }
                if came - self.ledger.taken.load(Ordering::Relaxed) > SLACK {
                    return self.refuse(Error::refused(
                        "malformed_form",
                        "The form has too much between its files; send it as browsers do",
                    ));
                }
                Poll::Ready(Some(Ok(chunk)))
            }
        }
    }
}

impl Drop for Feed {
    /// A connection that is closed while its client is sending takes the answer with it.
    fn drop(&mut self) {
        let Some(mut body) = self.body.take().filter(|_| self.lingers) else { return };
        let most = self.largest;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LINGER, async move {
                let mut came = 0;
                while let Some(Ok(chunk)) = body.next().await
                    && came < most
                {
                    came += chunk.len() as u64;
                }
            }));
        }
    }
}
