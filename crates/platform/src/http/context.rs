//! What is known about the request that is being answered, for logs and for calls to peers.

use std::sync::Arc;

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
pub async fn scope<F: Future>(context: Context, work: F) -> F::Output {
    CONTEXT.scope(context, work).await
}
