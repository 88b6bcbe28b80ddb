use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use tintype_api::auth::SignedIn;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;

use super::{Done, PostPage};
use crate::routes::{lists, post_id};
use crate::service::{PostsService, Wanted};

/// Put a post aside
///
/// Nobody else learns of it. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/posts/{id}/save", tag = "saves", operation_id = "save_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn save(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Done>> {
    service.save(caller.user, post_id(&id)?).await?;
    Ok(Json(Done { message: "Post saved" }))
}

/// Take a post from what you have put aside
///
/// Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/api/posts/{id}/save", tag = "saves", operation_id = "unsave_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn unsave(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Done>> {
    service.unsave(caller.user, post_id(&id)?).await?;
    Ok(Json(Done { message: "Post unsaved" }))
}

/// What you have put aside, the last first
///
/// Without what is gone, or what you may no longer see.
#[utoipa::path(
    get, path = "/api/posts/saved", tag = "saves", operation_id = "saved_posts",
    security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, body = PostPage<'static>),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn saved(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let page = service.saved(caller.user, Wanted::new(&query, lists::SAVED)?).await?;
    Ok(Json(PostPage::new(&page, true)).into_response())
}
