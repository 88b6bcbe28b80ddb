use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tintype_api::auth::{SignedIn, Visitor};
use tintype_platform::Result;
use tintype_platform::http::{Json, Path};
use utoipa::ToSchema;

use crate::routes::{like_status, post_id, unlike_status};
use crate::service::PostsService;

/// How the caller stands to a post now.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshLiked)]
pub(super) struct Liked {
    /// `liked`, `already_liked`, `unliked` or `not_liked`.
    status: &'static str,
    /// How many like it now.
    like_count: u64,
}

/// Figures about a post.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshPostStats)]
#[expect(clippy::struct_field_names, reason = "the contract names them so")]
pub(super) struct Stats {
    /// How many like it.
    like_count: u64,
    /// How many comments it has.
    comment_count: u64,
    /// How often it was seen.
    view_count: u64,
}

/// Like a post
#[utoipa::path(
    post, path = "/api/v1/posts/{id}/like", tag = "likes", operation_id = "mesh_like_post",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn like(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Liked>> {
    let counted = service.like(caller.user, post_id(&id)?).await?;
    Ok(Json(Liked { status: like_status(counted), like_count: counted.count }))
}

/// Like a post no more
#[utoipa::path(
    delete, path = "/api/v1/posts/{id}/like", tag = "likes", operation_id = "mesh_unlike_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn unlike(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Liked>> {
    let counted = service.unlike(caller.user, post_id(&id)?).await?;
    Ok(Json(Liked { status: unlike_status(counted), like_count: counted.count }))
}

/// Figures about a post
#[utoipa::path(
    get, path = "/api/v1/posts/{id}/stats", tag = "posts", operation_id = "mesh_post_stats",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Stats),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn stats(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
) -> Result<Json<Stats>> {
    let view = service.figures(caller.map(|caller| caller.user), post_id(&id)?).await?;
    Ok(Json(Stats {
        like_count: view.post.likes,
        comment_count: view.post.comments,
        view_count: view.post.views,
    }))
}
