//! The mesh's API: people by their numbers.

mod discovery;
mod follows;
mod lists;
mod requests;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(follows::follow))
        .routes(routes!(follows::unfollow))
        .routes(routes!(lists::followers))
        .routes(routes!(lists::following))
        .routes(routes!(discovery::relationship))
        .routes(routes!(discovery::stats))
        .routes(routes!(discovery::mutual))
        .routes(routes!(discovery::suggestions))
        .routes(routes!(requests::pending))
        .routes(routes!(requests::decide))
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshTieDone)]
struct Done {
    /// Always true: what was not done is an error.
    success: bool,
    /// A sentence for people.
    message: &'static str,
}

/// What was done, and how the two stand now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshFollowStanding)]
struct Standing {
    /// Always true: what was not done is an error.
    success: bool,
    /// `accepted`, `pending` or `rejected`.
    #[schema(example = "accepted")]
    status: &'static str,
    /// A sentence for people.
    message: &'static str,
}
