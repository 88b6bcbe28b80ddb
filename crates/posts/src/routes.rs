//! Posts over HTTP, in three dialects.

mod mesh;
mod public;
mod trusted;

use std::sync::Arc;

use tintype_api::posts::Media;
use tintype_api::{CommentId, PostId};
use tintype_platform::{Error, Result};
use utoipa_axum::router::OpenApiRouter;

use crate::service::{PostsService, no_such_comment, no_such_post, not_your_post};
use crate::store::Counted;
use crate::words::{self, MediaUrl};

/// Routes that wait for the service.
type Routes = OpenApiRouter<Arc<PostsService>>;

pub(crate) fn routes(service: Arc<PostsService>) -> OpenApiRouter {
    Routes::new()
        .merge(public::routes())
        .merge(mesh::routes())
        .merge(trusted::routes())
        .with_state(service)
}

/// The kinds of lists that a cursor may be of, the same in every dialect.
mod lists {
    pub(super) const OF_AUTHOR: u8 = b'a';
    pub(super) const OF_HASHTAG: u8 = b'h';
    pub(super) const SAVED: u8 = b's';
    pub(super) const LIKES: u8 = b'l';
    pub(super) const COMMENTS: u8 = b'c';
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

/// The media of a new post, named as the dialect names them.
fn media(
    field: &'static str,
    urls: Option<Vec<MediaUrl>>,
    ids: Option<&Vec<serde::de::IgnoredAny>>,
) -> Result<Vec<Media>> {
    if ids.is_some_and(|ids| !ids.is_empty()) {
        return Err(Error::refused(
            "media_ids_not_supported",
            format!("Media ids are not taken by this build yet; send addresses in {field}"),
        ));
    }
    words::media(field, urls)
}

fn like_status(counted: Counted) -> &'static str {
    if counted.changed { "liked" } else { "already_liked" }
}

fn unlike_status(counted: Counted) -> &'static str {
    if counted.changed { "unliked" } else { "not_liked" }
}
