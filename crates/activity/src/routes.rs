//! What happened to the caller, over HTTP.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tintype_api::activity::{ActivityKind, TargetKind};
use tintype_api::auth::SignedIn;
use tintype_api::ids::text;
use tintype_api::posts::shapes::PublicCard;
use tintype_api::{Activity, UserId};
use tintype_platform::http::{Json, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Result, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{ActivityService, Told};

pub(crate) fn routes(service: Arc<ActivityService>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(recent)).routes(routes!(mark_read)).with_state(service)
}

/// A page of what happened to the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActivityPage)]
struct Recent<'a> {
    /// The newest first.
    activities: Vec<Item<'a>>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
    /// How much of all of it has not been seen.
    unread_count: u32,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActivityItem)]
struct Item<'a> {
    /// Its id.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    id: u64,
    /// What was done.
    r#type: ActivityKind,
    /// Who did it.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    actor_id: UserId,
    /// Who did it, as in a list of people.
    actor: PublicCard<'a>,
    /// To what.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    target_id: u64,
    /// Whether that is a post, a comment or a person, which is then the caller.
    target_type: TargetKind,
    /// For a comment the `post_id` that it stands under.
    #[schema(value_type = Object)]
    metadata: &'a Value,
    /// When it was done.
    created_at: Timestamp,
    /// Whether the caller has seen it.
    read: bool,
}

/// What is left after everything was seen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActivityRead)]
struct Seen {
    /// A sentence for people.
    message: &'static str,
    /// Always 0.
    unread_count: u32,
}

impl<'a> From<&'a Told> for Item<'a> {
    fn from(Told { item, actor }: &'a Told) -> Self {
        Self {
            id: item.id,
            r#type: item.kind,
            actor_id: item.actor,
            actor: PublicCard::from(&**actor),
            target_id: item.target,
            target_type: item.target_kind,
            metadata: &item.metadata,
            created_at: item.created_at,
            read: item.read,
        }
    }
}

/// What happened to you, the newest first
///
/// Likes and comments on your posts, likes of your comments, follows, requests, accepted requests
/// and mentions: the newest 1,000.
#[utoipa::path(
    get, path = "/api/feed/activity", tag = "activity", operation_id = "activity",
    security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, body = Recent<'static>),
        (status = 400, description = "A broken cursor"),
        (status = 401, description = "No good token"),
    ),
)]
async fn recent(
    State(service): State<Arc<ActivityService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let page = service.page(caller.user, query.cursor.as_deref(), query.limit()).await?;
    let unread_count = service.unread(caller.user).await?;
    let activities = page.items.iter().map(Item::from).collect();
    let next_cursor = page.next.as_deref();
    Ok(Json(Recent { activities, next_cursor, unread_count }).into_response())
}

/// Mark all that happened to you as seen
#[utoipa::path(
    post, path = "/api/feed/activity/read", tag = "activity", operation_id = "mark_activity_read",
    security(("bearer" = [])),
    responses((status = 200, body = Seen), (status = 401, description = "No good token")),
)]
async fn mark_read(
    State(service): State<Arc<ActivityService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Seen>> {
    service.mark_read(caller.user).await?;
    Ok(Json(Seen { message: "Activity marked as read", unread_count: 0 }))
}
