use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tintype_api::auth::SignedIn;
use tintype_api::{Graph, UserId};
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::{Page, PageQuery};
use tintype_platform::{Result, Timestamp};
use utoipa::ToSchema;

use crate::{Entry, GraphService};

/// A person in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshListMember)]
pub(super) struct Member {
    /// Who it is.
    user_id: UserId,
    /// Since when they are in it.
    created_at: Timestamp,
}

/// A page of people who follow somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshFollowers)]
pub(super) struct FollowerPage {
    /// The newest first.
    followers: Vec<Member>,
    #[serde(flatten)]
    place: Place,
}

/// A page of people whom somebody follows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshFollowing)]
pub(super) struct FolloweePage {
    /// The newest first.
    following: Vec<Member>,
    #[serde(flatten)]
    place: Place,
}

/// Where a page stands in its list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshListPlace)]
pub(super) struct Place {
    /// How many the whole list has.
    total: u64,
    /// The number of this page, from 1, where pages are counted.
    page: u64,
    /// The most that a page holds.
    page_size: usize,
    /// Whether another page follows.
    has_more: bool,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

impl Place {
    pub(super) fn new(page: &Page<Entry>, query: &PageQuery, total: u64) -> Self {
        let page_size = query.limit().get();
        let counted = query.page.map(|page| page.0.max(1) as u64);
        Self {
            total,
            page: counted.unwrap_or((query.skip() / page_size) as u64 + 1),
            page_size,
            has_more: page.next.is_some(),
            next_cursor: page.next.clone(),
        }
    }
}

/// Who follows somebody, the newest first
///
/// A private account shows it to its followers alone.
#[utoipa::path(
    get, path = "/api/v1/graph/followers/{user_id}", tag = "follows",
    operation_id = "mesh_followers", security(("bearer" = [])),
    params(("user_id" = UserId, Path, description = "Whose"), PageQuery),
    responses(
        (status = 200, body = FollowerPage),
        (status = 401, description = "No good token"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn followers(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(user): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<FollowerPage>> {
    let page = service.followers(Some(caller.user), user, &query).await?;
    let total = service.counts(vec![user]).await?.first().map_or(0, |counts| counts.followers);
    let place = Place::new(&page, &query, total);
    Ok(Json(FollowerPage { followers: members(&page), place }))
}

/// Whom somebody follows, the newest first
///
/// A private account shows it to its followers alone.
#[utoipa::path(
    get, path = "/api/v1/graph/following/{user_id}", tag = "follows",
    operation_id = "mesh_following", security(("bearer" = [])),
    params(("user_id" = UserId, Path, description = "Whose"), PageQuery),
    responses(
        (status = 200, body = FolloweePage),
        (status = 401, description = "No good token"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn following(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(user): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<FolloweePage>> {
    let page = service.following(Some(caller.user), user, &query).await?;
    let total = service.counts(vec![user]).await?.first().map_or(0, |counts| counts.following);
    let place = Place::new(&page, &query, total);
    Ok(Json(FolloweePage { following: members(&page), place }))
}

pub(super) fn members(page: &Page<Entry>) -> Vec<Member> {
    let member = |entry: &Entry| Member { user_id: entry.card.id, created_at: entry.at() };
    page.items.iter().map(member).collect()
}
