use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use tintype_api::auth::SignedIn;
use tintype_api::posts::shapes::PublicCard;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;

use super::{Done, lists};
use crate::GraphService;

/// Block somebody
///
/// Follows and requests between you end, and neither of you is there for the other any more.
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/users/{username}/block", tag = "blocks and mutes", operation_id = "block_user",
    security(("bearer" = [])), params(("username" = String, Path, description = "Whom")),
    responses(
        (status = 200, body = Done),
        (status = 400, description = "`Cannot block yourself`"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn block(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Result<Json<Done>> {
    let blocked = service.named(username).await?;
    service.block(caller.user, blocked).await?;
    Ok(Json(Done { message: "Blocked successfully" }))
}

/// Block somebody no more
///
/// Follows that the block has ended do not come back. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/api/users/{username}/block", tag = "blocks and mutes",
    operation_id = "unblock_user", security(("bearer" = [])),
    params(("username" = String, Path, description = "Whom")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn unblock(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Result<Json<Done>> {
    let blocked = service.named(username).await?;
    service.unblock(caller.user, blocked).await?;
    Ok(Json(Done { message: "Unblocked successfully" }))
}

/// Whom you block, the newest first
#[utoipa::path(
    get, path = "/api/users/blocked", tag = "blocks and mutes", operation_id = "blocked_users",
    security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, body = Vec<PublicCard<'static>>, headers(("Link" = String, description = "The next page"))),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn blocked(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let page = service.blocked(caller.user, &query).await?;
    lists::answer(&page, &query, uri.path())
}

/// Keep somebody's posts out of your feed
///
/// Nobody else can tell. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/users/{username}/mute", tag = "blocks and mutes", operation_id = "mute_user",
    security(("bearer" = [])), params(("username" = String, Path, description = "Whom")),
    responses(
        (status = 200, body = Done),
        (status = 400, description = "`Cannot mute yourself`"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn mute(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Result<Json<Done>> {
    let muted = service.named(username).await?;
    service.mute(caller.user, muted).await?;
    Ok(Json(Done { message: "Muted successfully" }))
}

/// Let somebody's posts into your feed again
///
/// Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/api/users/{username}/mute", tag = "blocks and mutes",
    operation_id = "unmute_user", security(("bearer" = [])),
    params(("username" = String, Path, description = "Whom")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn unmute(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
) -> Result<Json<Done>> {
    let muted = service.named(username).await?;
    service.unmute(caller.user, muted).await?;
    Ok(Json(Done { message: "Unmuted successfully" }))
}

/// Whom you mute, the newest first
#[utoipa::path(
    get, path = "/api/users/muted", tag = "blocks and mutes", operation_id = "muted_users",
    security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, body = Vec<PublicCard<'static>>, headers(("Link" = String, description = "The next page"))),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn muted(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let page = service.muted(caller.user, &query).await?;
    lists::answer(&page, &query, uri.path())
}
