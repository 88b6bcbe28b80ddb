//! What is known about the request that is being answered, for logs and for calls to peers.

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::task::futures::TaskLocalFuture;
use tokio::time::Instant;

/// The request that a task works for.
#[derive(Debug, Clone)]
pub struct Context {
    /// The client's `X-Request-Id`, or one made here.
    pub request_id: Arc<str>,
    /// When the client is answered 503 whatever has been reached; calls to peers need not go on.
    pub deadline: Option<Instant>,
    /// The client's W3C `traceparent`, to be passed on as it is.
    pub traceparent: Option<Arc<str>>,
}

tokio::task_local! {
    static CONTEXT: Context;
}

/// The request that this task works for; none outside of one.
pub fn current() -> Option<Context> {
    CONTEXT.try_with(Clone::clone).ok()
}

/// Runs `work` for a request. A task spawned by it does not inherit it: pass [`current`] on.
pub fn scope<F: Future>(context: Context, work: F) -> TaskLocalFuture<Context, F> {
    CONTEXT.scope(context, work)
}

/// Whether anybody waits for the answer still: what changes something is carried out to its end all
/// the same, but a client that is gone need not be given what takes long and has not begun.
#[derive(Debug, Clone)]
pub struct Waiting(Option<Weak<()>>);

impl Waiting {
    /// Somebody who waits, for as long as the first of the two is there.
    pub fn somebody() -> (Arc<()>, Self) {
        let somebody = Arc::new(());
        let waiting = Self(Some(Arc::downgrade(&somebody)));
        (somebody, waiting)
    }

    /// Whether nobody waits any more.
    pub fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|somebody| somebody.strong_count() == 0)
    }
}

impl<S: Sync> FromRequestParts<S> for Waiting {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self(None)))
    }
}
