//! The far end of a call.

#![expect(clippy::disallowed_methods, reason = "measures what is left until a deadline")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::Routes;
use crate::error::Result;
use crate::http::context::{self, Context};

/// Milliseconds that the caller still has.
pub(super) const DEADLINE: &str = "x-tintype-deadline";
pub(super) const REQUEST_ID: &str = "x-request-id";
pub(super) const TRACEPARENT: &str = "traceparent";

/// The largest call: a batch of ids or a page of posts is far below it.
const LARGEST_CALL: usize = 16 * 1024 * 1024;

/// A route that hands a peer's arguments to `method` and its answer, errors included, back.
pub fn endpoint<S, A, R>(
    service: Arc<S>,
    method: fn(Arc<S>, A) -> BoxFuture<'static, Result<R>>,
) -> MethodRouter
where
    S: ?Sized + Send + Sync + 'static,
    A: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
{
    post(move |body: Bytes| {
        let service = service.clone();
        async move {
            let arguments = match serde_json::from_slice(&body) {
                Ok(arguments) => arguments,
                Err(cause) => {
                    // Only a peer of another version sends what we cannot read.
                    tracing::error!(%cause, "a peer's call cannot be read; are the versions equal?");
                    return StatusCode::BAD_REQUEST.into_response();
                }
            };
            // A caller that goes away must not leave a change without its after-effects.
            let answer = tokio::spawn(scoped(method(service, arguments))).await;
            match answer {
                Ok(answer) => axum::Json(answer).into_response(),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    })
}

/// The routes for callers who know `secret`, and for nobody else.
pub fn guarded(routes: Routes, secret: &str) -> Routes {
    let expected: Arc<str> = format!("Bearer {secret}").into();
    routes.layer(axum::extract::DefaultBodyLimit::max(LARGEST_CALL)).layer(
        axum::middleware::from_fn(move |request: Request, next: Next| {
            let expected = expected.clone();
            async move { admit(&expected, request, next).await }
        }),
    )
}

async fn admit(expected: &str, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).map_or(&[][..], |value| value.as_bytes());
    if !bool::from(given.ct_eq(expected.as_bytes())) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let context = read_context(request.headers());
    context::scope(context, next.run(request)).await
}

fn read_context(headers: &HeaderMap) -> Context {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let left = text(DEADLINE).and_then(|left| left.parse().ok()).map(Duration::from_millis);
    Context {
        request_id: text(REQUEST_ID).unwrap_or("none").into(),
        deadline: left.map(|left| Instant::now() + left),
        traceparent: text(TRACEPARENT).map(Into::into),
    }
}

/// `future` in the context of the request that is being served, wherever it is polled.
async fn scoped<F: Future>(future: F) -> F::Output {
    match context::current() {
        Some(context) => context::scope(context, future).await,
        None => future.await,
    }
}
