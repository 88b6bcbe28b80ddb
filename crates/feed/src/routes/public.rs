//! The public API.

mod feed;
mod stream;

use std::sync::Arc;

use axum::routing::{MethodRouter, get};
use utoipa_axum::routes;

use super::Routes;
use crate::FeedService;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(feed::feed))
        .routes(routes!(feed::explore))
        .routes(routes!(feed::refresh))
        .routes(routes!(feed::stats))
        .routes(routes!(stream::stream))
}

/// The stream, for a route of another's.
pub(super) fn live() -> MethodRouter<Arc<FeedService>> {
    get(stream::stream)
}
