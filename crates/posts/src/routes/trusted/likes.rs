use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tintype_api::auth::Trusted;
use tintype_api::{PostId, UserId};
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use utoipa::ToSchema;

use super::ActingUser;
use crate::routes::{like_status, unlike_status};
use crate::service::PostsService;

/// Who likes it.
#[derive(Deserialize, ToSchema)]
#[schema(as = TrustedNewLike)]
pub(super) struct NewLike {
    /// The user.
    user_id: UserId,
}

/// How the user stands to the post now.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedLiked)]
pub(super) struct Liked {
    /// `liked`, `already_liked`, `unliked` or `not_liked`.
    status: &'static str,
    /// How many like it now.
    like_count: u64,
}

/// Let a user like a post
#[utoipa::path(
    post, path = "/v1/posts/{id}/like", tag = "likes", operation_id = "trusted_like_post",
    extensions(("x-respond-async" = json!(true))),
    security((), ("api_key" = [])), request_body = NewLike,
    params(("id" = PostId, Path, description = "The post")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`Post not found` or `User not found`"),
    ),
)]
pub(super) async fn like(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(post): Path<PostId>,
    Json(new): Json<NewLike>,
) -> Result<Json<Liked>> {
    service.known(new.user_id).await?;
    let counted = service.like(new.user_id, post).await?;
    Ok(Json(Liked { status: like_status(counted), like_count: counted.count }))
}

/// Let a user like a post no more
#[utoipa::path(
    delete, path = "/v1/posts/{id}/like", tag = "likes", operation_id = "trusted_unlike_post",
    security((), ("api_key" = [])),
    params(("id" = PostId, Path, description = "The post"), ActingUser),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`Post not found` or `User not found`"),
    ),
)]
pub(super) async fn unlike(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(post): Path<PostId>,
    Query(user): Query<ActingUser>,
) -> Result<Json<Liked>> {
    service.known(user.user_id).await?;
    let counted = service.unlike(user.user_id, post).await?;
    Ok(Json(Liked { status: unlike_status(counted), like_count: counted.count }))
}
