//! The public API: people by their names.

mod blocks;
mod follows;
mod lists;
mod requests;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(follows::follow, follows::unfollow))
        .routes(routes!(lists::followers))
        .routes(routes!(lists::following))
        .routes(routes!(lists::mutual))
        .routes(routes!(lists::suggestions))
        .routes(routes!(requests::requests))
        .routes(routes!(requests::decide))
        .routes(routes!(blocks::block, blocks::unblock))
        .routes(routes!(blocks::blocked))
        .routes(routes!(blocks::mute, blocks::unmute))
        .routes(routes!(blocks::muted))
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TieDone)]
struct Done {
    /// A sentence for people.
    message: &'static str,
}

/// What was done, and how the two stand now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FollowStanding)]
struct Standing {
    /// A sentence for people.
    message: &'static str,
    /// `accepted`, `pending`, `rejected` or `none`.
    #[schema(example = "accepted")]
    status: &'static str,
}
