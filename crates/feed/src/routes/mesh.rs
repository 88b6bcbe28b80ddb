//! The mesh.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Serialize, Serializer};
use tintype_api::Feed;
use tintype_api::auth::SignedIn;
use tintype_api::feed::{FeedPage, Score};
use tintype_api::posts::shapes::MeshPost;
use tintype_platform::Result;
use tintype_platform::http::{Json, Query};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{FeedQuery, Routes, json};
use crate::FeedService;
use crate::service::CACHE;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(feed)).routes(routes!(refresh)).routes(routes!(stats))
}

/// A page of a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshFeed)]
struct MeshFeed<'a> {
    /// The posts in order.
    #[schema(value_type = Vec<ScoredPost<'static>>)]
    posts: MeshPosts<'a>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
    /// Whether there is one.
    has_more: bool,
    /// How many posts of the feed come before the end of this page.
    offset: u32,
}

/// A post of a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshScoredPost)]
struct ScoredPost<'a> {
    #[serde(flatten)]
    post: MeshPost<'a>,
    /// Why it stands where it does; there only for a ranked feed that is to explain itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<&'a Score>,
}

struct MeshPosts<'a> {
    page: &'a FeedPage,
    explain: bool,
}

impl Serialize for MeshPosts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { page, explain } = self;
        let posts = page.posts.iter().map(MeshPost::from);
        if *explain && page.scores.len() == page.posts.len() {
            let scores = page.scores.iter().map(Some);
            return serializer
                .collect_seq(posts.zip(scores).map(|(post, score)| ScoredPost { post, score }));
        }
        serializer.collect_seq(posts)
    }
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshFeedRefreshed)]
struct Refreshed {
    /// A sentence for people.
    message: &'static str,
    /// Posts in the feed.
    feed_size: u32,
}

/// Figures about a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshFeedStats)]
struct Stats {
    /// Posts in the feed.
    feed_size: u32,
    /// How many the caller follows.
    following_count: u64,
    /// How many follow the caller.
    followers_count: u64,
    /// Where the feed comes from.
    storage: String,
    /// Where hydrated posts are kept.
    cache: &'static str,
}

/// The caller's feed
///
/// Posts of those whom the caller follows and has not muted, and their own: at most the 1,000
/// newest.
#[utoipa::path(
    get, path = "/api/v1/feed", tag = "feed", operation_id = "mesh_feed",
    security(("bearer" = [])), params(FeedQuery),
    responses(
        (status = 200, body = MeshFeed<'static>),
        (status = 400, description = "A broken cursor, or one of a ranking that is no longer kept"),
        (status = 401, description = "No good token"),
        (status = 422, description = "A parameter that is not allowed"),
    ),
)]
async fn feed(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<FeedQuery>,
) -> Result<Response> {
    let explain = query.explain.unwrap_or(false);
    let page = service.page(query.request(caller.user, &service)).await?;
    let body = MeshFeed {
        posts: MeshPosts { page: &page, explain },
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
        offset: page.offset,
    };
    json(&body, page.posts.len())
}

/// Build the caller's timeline anew
#[utoipa::path(
    post, path = "/api/v1/feed/refresh", tag = "feed", operation_id = "mesh_refresh_feed",
    security(("bearer" = [])),
    responses((status = 200, body = Refreshed), (status = 401, description = "No good token")),
)]
async fn refresh(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Refreshed>> {
    let feed_size = service.rebuild(caller.user).await?;
    Ok(Json(Refreshed { message: "Feed refreshed", feed_size }))
}

/// Figures about the caller's feed
#[utoipa::path(
    get, path = "/api/v1/feed/stats", tag = "feed", operation_id = "mesh_feed_stats",
    security(("bearer" = [])),
    responses((status = 200, body = Stats), (status = 401, description = "No good token")),
)]
async fn stats(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Stats>> {
    let figures = service.figures(caller.user).await?;
    Ok(Json(Stats {
        feed_size: figures.feed.size,
        following_count: figures.counts.following,
        followers_count: figures.counts.followers,
        storage: figures.storage(),
        cache: CACHE,
    }))
}
