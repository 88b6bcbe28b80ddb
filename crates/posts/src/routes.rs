//! Posts over HTTP, in three dialects.

mod mesh;
mod public;
mod trusted;

use std::sync::Arc;

use tintype_api::{CommentId, PostId};
use tintype_platform::Result;
use utoipa_axum::router::OpenApiRouter;

use crate::lists;
use crate::service::{PostsService, no_such_comment, no_such_post, not_your_post};
use crate::store::Counted;

/// Routes that wait for the service.
type Routes = OpenApiRouter<Arc<PostsService>>;

pub(crate) fn routes(service: Arc<PostsService>) -> OpenApiRouter {
    Routes::new()
        .merge(public::routes())
        .merge(mesh::routes())
        .merge(trusted::routes())
        .with_state(service)
}

/// Text that is no id is to a client the same as an id that there is not.
fn post_id(text: &str) -> Result<PostId> {
    text.parse().map_err(|_| no_such_post())
}

/// The same where the post is to be the caller's own.
fn own_post_id(text: &str) -> Result<PostId> {
    text.parse().map_err(|_| not_your_post())
}

/// The same of a comment.
fn comment_id(text: &str) -> Result<CommentId> {
    text.parse().map_err(|_| no_such_comment())
}

fn like_status(counted: Counted) -> &'static str {
    if counted.changed { "liked" } else { "already_liked" }
}

fn unlike_status(counted: Counted) -> &'static str {
    if counted.changed { "unliked" } else { "not_liked" }
}
