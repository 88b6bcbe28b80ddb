//! The public API.

mod feed;
mod stream;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(feed::feed))
        .routes(routes!(feed::explore))
        .routes(routes!(feed::refresh))
        .routes(routes!(feed::stats))
        .routes(routes!(stream::stream))
}
