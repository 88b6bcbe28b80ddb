//! The mesh.

mod comments;
mod likes;
mod posts;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(posts::create, posts::list))
        .routes(routes!(posts::show, posts::edit, posts::delete))
        .routes(routes!(likes::like, likes::unlike))
        .routes(routes!(likes::stats))
        .routes(routes!(comments::comment, comments::comments))
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshPostDone)]
struct Done {
    /// A sentence for people.
    message: &'static str,
}
