use std::sync::Arc;

use axum::extract::State;
use tintype_api::UserId;
use tintype_api::auth::SignedIn;
use tintype_platform::http::{Json, Path};
use tintype_platform::{Error, Result};

use super::{Done, Standing};
use crate::routes::word;
use crate::{FollowOutcome, GraphService, UnfollowOutcome};

/// Follow somebody, or ask to if the account is private
#[utoipa::path(
    post, path = "/api/v1/graph/follow/{user_id}", tag = "follows", operation_id = "mesh_follow",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])), params(("user_id" = UserId, Path, description = "Whom")),
    responses(
        (status = 200, body = Standing),
        (status = 400, description = "Yourself, followed or asked already, or too many followings"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn follow(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(user): Path<UserId>,
) -> Result<Json<Standing>> {
    let outcome = service
        .follow(caller.user, user)
        .await
        .map_err(|error| error.reword("self_follow", "You cannot follow yourself"))?;
    let message = match outcome {
        FollowOutcome::Followed => "Successfully followed user",
        FollowOutcome::Requested => "Follow request sent",
        FollowOutcome::AlreadyFollowing => {
            return Err(Error::refused("already_following", "You are already following this user"));
        }
        FollowOutcome::AlreadyRequested => {
            return Err(Error::refused("request_pending", "Follow request already pending"));
        }
    };
    Ok(Json(Standing { success: true, status: word(outcome.status()), message }))
}

/// Follow somebody no more, or withdraw a request
#[utoipa::path(
    delete, path = "/api/v1/graph/unfollow/{user_id}", tag = "follows",
    operation_id = "mesh_unfollow", security(("bearer" = [])),
    params(("user_id" = UserId, Path, description = "Whom")),
    responses(
        (status = 200, body = Done),
        (status = 400, description = "`You are not following this user`"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn unfollow(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(user): Path<UserId>,
) -> Result<Json<Done>> {
    let message = match service.unfollow(caller.user, user).await? {
        UnfollowOutcome::Unfollowed => "Successfully unfollowed user",
        UnfollowOutcome::Withdrawn => "Follow request withdrawn",
        UnfollowOutcome::NotFollowing => {
            return Err(Error::refused("not_following", "You are not following this user"));
        }
    };
    Ok(Json(Done { success: true, message }))
}
