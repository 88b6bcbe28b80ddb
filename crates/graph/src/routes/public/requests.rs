use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::response::Response;
use tintype_api::auth::SignedIn;
use tintype_api::posts::shapes::PublicCard;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;

use super::{Standing, lists};
use crate::GraphService;
use crate::routes::{Action, Decision};

/// Who asks to follow you, the newest first
///
/// The address of the next page is in the `Link` header.
#[utoipa::path(
    get, path = "/api/users/requests", tag = "follow requests", operation_id = "requests",
    security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, body = Vec<PublicCard<'static>>, headers(("Link" = String, description = "The next page"))),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn requests(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let page = service.requests(caller.user, &query).await?;
    lists::answer(&page, &query, uri.path())
}

/// Accept or reject a request
#[utoipa::path(
    post, path = "/api/users/requests/{username}", tag = "follow requests",
    operation_id = "decide_request", security(("bearer" = [])),
    params(("username" = String, Path, description = "Who asks")), request_body = Decision,
    responses(
        (status = 200, body = Standing),
        (status = 400, description = "Neither `accept` nor `reject`"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found` or `Follow request not found`"),
    ),
)]
pub(super) async fn decide(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
    Json(Decision { action }): Json<Decision>,
) -> Result<Json<Standing>> {
    let follower = service.named(username).await?;
    let status = match action {
        Action::Accept => {
            service.accept_request(caller.user, follower).await?;
            "accepted"
        }
        Action::Reject => {
            service.reject_request(caller.user, follower).await?;
            "rejected"
        }
    };
    Ok(Json(Standing { message: action.message(), status }))
}
