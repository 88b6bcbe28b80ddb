use std::sync::Arc;

use axum::extract::State;
use tintype_api::auth::SignedIn;
use tintype_api::graph::FollowStatus;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path};

use super::Standing;
use crate::GraphService;
use crate::routes::word;

/// Follow somebody, or ask to if the account is private
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/users/{username}/follow", tag = "follows", operation_id = "follow_user",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])), params(("username" = String, Path, description = "Whom")),
    responses(
        (status = 200, body = Standing),
        (status = 400, description = "`Cannot follow yourself`, or too many followings"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn follow(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Result<Json<Standing>> {
    let followee = service.named(username).await?;
    let status = service.follow(caller.user, followee).await?.status();
    let message = match status {
        FollowStatus::Accepted => "Followed successfully",
        FollowStatus::Pending => "Follow request sent",
    };
    Ok(Json(Standing { message, status: word(status) }))
}

/// Follow somebody no more, or withdraw a request
///
/// Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/api/users/{username}/follow", tag = "follows", operation_id = "unfollow_user",
    security(("bearer" = [])), params(("username" = String, Path, description = "Whom")),
    responses(
        (status = 200, body = Standing),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn unfollow(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Result<Json<Standing>> {
    let followee = service.named(username).await?;
    service.unfollow(caller.user, followee).await?;
    Ok(Json(Standing { message: "Unfollowed successfully", status: "none" }))
}
