use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tintype_api::auth::SignedIn;
use tintype_api::graph::Relationship;
use tintype_api::{Card, UserId};
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use utoipa::ToSchema;

use crate::GraphService;
use crate::routes::Most;

/// How the caller and another person stand to each other.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the document answers each of them by itself")]
#[schema(as = MeshRelationship)]
pub(super) struct Standing {
    /// The caller.
    user_id: UserId,
    /// The other.
    target_user_id: UserId,
    /// All of the below in one word. What counts comes before what waits: `mutual`, `following`,
    /// `followed_by`, `pending`, `requested`, `none`.
    relationship: &'static str,
    /// The caller follows the other.
    is_following: bool,
    /// The other follows the caller.
    is_followed_by: bool,
    /// Both.
    is_mutual: bool,
    /// The caller has asked the other.
    is_pending: bool,
    /// The other has asked the caller.
    is_requested: bool,
}

/// Counts of one person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshGraphStats)]
pub(super) struct Stats {
    /// Whose.
    user_id: UserId,
    /// Accepted followers.
    follower_count: u64,
    /// Accepted followees.
    following_count: u64,
    /// Requests that wait; 0 for everybody but the one who is asked.
    pending_requests_count: u64,
}

/// Who follows two people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshMutualFollowers)]
pub(super) struct InCommon {
    /// The caller.
    user_id: UserId,
    /// The other.
    other_user_id: UserId,
    /// Some of those who follow both.
    mutual_followers: Vec<UserId>,
    /// How many there are in all.
    count: usize,
}

/// Whom the caller might want to follow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MeshSuggestions)]
pub(super) struct Suggestions {
    /// The best first.
    suggestions: Vec<UserId>,
    /// How many these are.
    count: usize,
}

/// How you and somebody else stand to each other
#[utoipa::path(
    get, path = "/api/v1/graph/relationship/{user_id}", tag = "discovery",
    operation_id = "mesh_relationship", security(("bearer" = [])),
    params(("user_id" = UserId, Path, description = "The other")),
    responses(
        (status = 200, body = Standing),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn relationship(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(other): Path<UserId>,
) -> Result<Json<Standing>> {
    let relationship = service.relationship(caller.user, other).await?;
    let Relationship { following, followed_by, pending, requested, .. } = relationship;
    Ok(Json(Standing {
        user_id: caller.user,
        target_user_id: other,
        relationship: word(relationship),
        is_following: following,
        is_followed_by: followed_by,
        is_mutual: following && followed_by,
        is_pending: pending,
        is_requested: requested,
    }))
}

/// How many follow somebody, and how many they follow
#[utoipa::path(
    get, path = "/api/v1/graph/stats/{user_id}", tag = "discovery", operation_id = "mesh_stats",
    security(("bearer" = [])), params(("user_id" = UserId, Path, description = "Whose")),
    responses(
        (status = 200, body = Stats),
        (status = 401, description = "No good token"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn stats(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(user): Path<UserId>,
) -> Result<Json<Stats>> {
    let counts = service.stats(caller.user, user).await?;
    Ok(Json(Stats {
        user_id: user,
        follower_count: counts.followers,
        following_count: counts.following,
        pending_requests_count: counts.pending_requests,
    }))
}

/// Who follows both you and somebody else
#[utoipa::path(
    get, path = "/api/v1/graph/mutual/{user_id}", tag = "discovery", operation_id = "mesh_mutual",
    security(("bearer" = [])), params(("user_id" = UserId, Path, description = "Who else"), Most),
    responses(
        (status = 200, body = InCommon),
        (status = 401, description = "No good token"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn mutual(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(other): Path<UserId>,
    Query(most): Query<Most>,
) -> Result<Json<InCommon>> {
    let mutual = service.mutual_followers(caller.user, other, most.limit).await?;
    Ok(Json(InCommon {
        user_id: caller.user,
        other_user_id: other,
        mutual_followers: ids(&mutual.people),
        count: mutual.count,
    }))
}

/// Whom you might want to follow
///
/// Whom the most of those follow whom you follow. Of very many, only the newest are asked.
#[utoipa::path(
    get, path = "/api/v1/graph/suggestions", tag = "discovery", operation_id = "mesh_suggestions",
    security(("bearer" = [])), params(Most),
    responses((status = 200, body = Suggestions), (status = 401, description = "No good token")),
)]
pub(super) async fn suggestions(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Query(most): Query<Most>,
) -> Result<Json<Suggestions>> {
    let people = service.suggestions(caller.user, most.limit).await?;
    Ok(Json(Suggestions { count: people.len(), suggestions: ids(&people) }))
}

fn ids(people: &[Arc<Card>]) -> Vec<UserId> {
    people.iter().map(|card| card.id).collect()
}

fn word(relationship: Relationship) -> &'static str {
    match relationship {
        Relationship { following: true, followed_by: true, .. } => "mutual",
        Relationship { following: true, .. } => "following",
        Relationship { followed_by: true, .. } => "followed_by",
        Relationship { pending: true, .. } => "pending",
        Relationship { requested: true, .. } => "requested",
        _ => "none",
    }
}
