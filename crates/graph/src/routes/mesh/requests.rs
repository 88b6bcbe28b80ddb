use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tintype_api::auth::SignedIn;
use tintype_api::{Graph, UserId};
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use utoipa::ToSchema;

use super::Standing;
use super::lists::{Member, Place, members};
use crate::GraphService;
use crate::routes::{Action, Decision};

/// A page of people who ask to follow the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshFollowRequests)]
pub(super) struct Requests {
    /// The newest first.
    requests: Vec<Member>,
    #[serde(flatten)]
    place: Place,
}

/// Who asks to follow you, the newest first
#[utoipa::path(
    get, path = "/api/v1/graph/requests/pending", tag = "follow requests",
    operation_id = "mesh_requests", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Requests), (status = 401, description = "No good token")),
)]
pub(super) async fn pending(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Json<Requests>> {
    let page = service.requests(caller.user, &query).await?;
    let counts = service.counts(vec![caller.user]).await?;
    let total = counts.first().map_or(0, |counts| counts.pending_requests);
    Ok(Json(Requests { requests: members(&page), place: Place::new(&page, &query, total) }))
}

/// Accept or reject a request
#[utoipa::path(
    post, path = "/api/v1/graph/requests/{follower_id}", tag = "follow requests",
    operation_id = "mesh_decide_request", security(("bearer" = [])),
    params(("follower_id" = UserId, Path, description = "Who asks")), request_body = Decision,
    responses(
        (status = 200, body = Standing),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Follow request not found` or `User not found`"),
        (status = 422, description = "Neither `accept` nor `reject`"),
    ),
)]
pub(super) async fn decide(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(follower): Path<UserId>,
    Json(Decision { action }): Json<Decision>,
) -> Result<Json<Standing>> {
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
    Ok(Json(Standing { success: true, status, message: action.message() }))
}
