//! What whoever runs the program asks: is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use super::extract::Json;
use super::stack::Ground;
use crate::error::{Error, Result};
use crate::telemetry::Telemetry;

/// `/livez`, `/readyz` and, with `telemetry`, `/metrics`.
///
/// `ready` is asked each time and says in its error what is missing. A server that has begun to
/// stop is alive and not ready.
pub fn probes<R: Future<Output = Result<()>> + Send>(
    ground: &Arc<Ground>,
    telemetry: Option<Telemetry>,
    ready: impl Fn() -> R + Clone + Send + Sync + 'static,
) -> Router {
    let ground = ground.clone();
    let readyz = async move || {
        if ground.is_closing() {
            return Err(Error::unavailable("shutting_down", "The server is shutting down", 1));
        }
        ready().await.map(|()| unstored(Json(json!({ "status": "ready" }))))
    };
    let mut router = Router::new()
        .route("/livez", get(async || unstored(Json(json!({ "status": "alive" })))))
        .route("/readyz", get(readyz));
    if let Some(telemetry) = telemetry {
        let metrics = async move || {
            let text = telemetry.render();
            unstored(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
        };
        router = router.route("/metrics", get(metrics));
    }
    router
}

fn unstored(answer: impl IntoResponse) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], answer)
}
