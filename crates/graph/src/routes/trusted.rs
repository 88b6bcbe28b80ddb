//! The API of a backend that acts for its users.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tintype_api::UserId;
use tintype_api::auth::Trusted;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::{Page, PageQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use crate::{Entry, FollowOutcome, GraphService, UnfollowOutcome};

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(follow, unfollow))
        .routes(routes!(followers))
        .routes(routes!(following))
}

/// Who follows whom.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[schema(as = TrustedFollowPair)]
struct Pair {
    /// Who follows.
    follower_id: UserId,
    /// Whom.
    followee_id: UserId,
}

/// On whose behalf a list is read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Viewer {
    /// Who is shown the list; without it only what everybody may see is answered. `user_id` says
    /// the same.
    #[serde(alias = "user_id")]
    viewer_id: Option<UserId>,
}

/// How the two stand now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrustedFollowStanding)]
struct Standing {
    /// `followed`, `already_following`, `requested`, `unfollowed` or `not_following`.
    #[schema(example = "followed")]
    status: &'static str,
    /// How many follow the followee now.
    follower_count: u64,
}

/// A person in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrustedListMember)]
struct Member {
    /// The account.
    id: UserId,
    /// Its name.
    username: String,
    /// What its owner is called.
    display_name: Option<String>,
    /// The picture.
    avatar_url: Option<String>,
}

/// A page of people who follow somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrustedFollowers)]
struct FollowerPage {
    /// The newest first.
    followers: Vec<Member>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// Whether there is one.
    has_more: bool,
}

/// A page of people whom somebody follows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrustedFollowing)]
struct FolloweePage {
    /// The newest first.
    following: Vec<Member>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// Whether there is one.
    has_more: bool,
}

/// Let somebody follow somebody, or ask to if the account is private
#[utoipa::path(
    post, path = "/v1/follow", tag = "follows", operation_id = "trusted_follow",
    extensions(("x-respond-async" = json!(true))),
    security((), ("api_key" = [])), request_body = Pair,
    responses(
        (status = 200, body = Standing),
        (status = 400, description = "`Cannot follow yourself`, or too many followings"),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`User not found`"),
    ),
)]
async fn follow(
    State(service): State<Arc<GraphService>>,
    _: Trusted,
    Json(pair): Json<Pair>,
) -> Result<Json<Standing>> {
    let status = match service.follow(pair.follower_id, pair.followee_id).await? {
        FollowOutcome::Followed => "followed",
        FollowOutcome::AlreadyFollowing => "already_following",
        FollowOutcome::Requested | FollowOutcome::AlreadyRequested => "requested",
    };
    let follower_count = service.followers_count(pair.followee_id).await?;
    Ok(Json(Standing { status, follower_count }))
}

/// Let somebody follow somebody no more, or withdraw a request
#[utoipa::path(
    delete, path = "/v1/follow", tag = "follows", operation_id = "trusted_unfollow",
    security((), ("api_key" = [])), params(Pair),
    responses(
        (status = 200, body = Standing),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`User not found`"),
    ),
)]
async fn unfollow(
    State(service): State<Arc<GraphService>>,
    _: Trusted,
    Query(pair): Query<Pair>,
) -> Result<Json<Standing>> {
    let status = match service.unfollow(pair.follower_id, pair.followee_id).await? {
        UnfollowOutcome::Unfollowed | UnfollowOutcome::Withdrawn => "unfollowed",
        UnfollowOutcome::NotFollowing => "not_following",
    };
    let follower_count = service.followers_count(pair.followee_id).await?;
    Ok(Json(Standing { status, follower_count }))
}

/// Who follows somebody, the newest first
#[utoipa::path(
    get, path = "/v1/users/{id}/followers", tag = "follows", operation_id = "trusted_followers",
    security((), ("api_key" = [])),
    params(("id" = UserId, Path, description = "Whose"), Viewer, PageQuery),
    responses(
        (status = 200, body = FollowerPage),
        (status = 401, description = "No good API key"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
async fn followers(
    State(service): State<Arc<GraphService>>,
    _: Trusted,
    Path(user): Path<UserId>,
    Query(viewer): Query<Viewer>,
    Query(query): Query<PageQuery>,
) -> Result<Json<FollowerPage>> {
    let page = service.followers(viewer.viewer_id, user, &query).await?;
    Ok(Json(FollowerPage {
        followers: members(&page),
        has_more: page.next.is_some(),
        next_cursor: page.next,
    }))
}

/// Whom somebody follows, the newest first
#[utoipa::path(
    get, path = "/v1/users/{id}/following", tag = "follows", operation_id = "trusted_following",
    security((), ("api_key" = [])),
    params(("id" = UserId, Path, description = "Whose"), Viewer, PageQuery),
    responses(
        (status = 200, body = FolloweePage),
        (status = 401, description = "No good API key"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
async fn following(
    State(service): State<Arc<GraphService>>,
    _: Trusted,
    Path(user): Path<UserId>,
    Query(viewer): Query<Viewer>,
    Query(query): Query<PageQuery>,
) -> Result<Json<FolloweePage>> {
    let page = service.following(viewer.viewer_id, user, &query).await?;
    Ok(Json(FolloweePage {
        following: members(&page),
        has_more: page.next.is_some(),
        next_cursor: page.next,
    }))
}

fn members(page: &Page<Entry>) -> Vec<Member> {
    let member = |entry: &Entry| Member {
        id: entry.card.id,
        username: entry.card.username.clone(),
        display_name: entry.card.full_name.clone(),
        avatar_url: entry.card.profile_picture_url.clone(),
    };
    page.items.iter().map(member).collect()
}
