use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Serialize, Serializer};
use tintype_api::Feed;
use tintype_api::auth::SignedIn;
use tintype_api::feed::{FeedPage, Score};
use tintype_api::posts::shapes::PublicPost;
use tintype_platform::Result;
use tintype_platform::http::{Json, Query};
use tintype_platform::page::PageQuery;
use utoipa::ToSchema;

use crate::FeedService;
use crate::routes::{FeedQuery, json};
use crate::service::CACHE;

/// A page of a feed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicFeed)]
struct PublicFeed<'a> {
    /// The posts in order.
    #[schema(value_type = Vec<ScoredPost<'static>>)]
    posts: PublicPosts<'a>,
    /// Whether there is a next page.
    has_more: bool,
    /// How many posts of the feed come before the end of this page.
    offset: u32,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
}

/// A post of a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicScoredPost)]
struct ScoredPost<'a> {
    #[serde(flatten)]
    post: PublicPost<'a>,
    /// Why it stands where it does; there only for a ranked feed that is to explain itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<&'a Score>,
}

/// The posts of a page, written one by one without being collected first.
struct PublicPosts<'a> {
    page: &'a FeedPage,
    explain: bool,
}

impl Serialize for PublicPosts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { page, explain } = self;
        let posts = page.posts.iter().map(|view| PublicPost::new(view, true));
        if *explain && page.scores.len() == page.posts.len() {
            let scores = page.scores.iter().map(Some);
            return serializer
                .collect_seq(posts.zip(scores).map(|(post, score)| ScoredPost { post, score }));
        }
        serializer.collect_seq(posts)
    }
}

fn answer(page: &FeedPage, explain: bool) -> Result<Response> {
    let body = PublicFeed {
        posts: PublicPosts { page, explain },
        has_more: page.next.is_some(),
        offset: page.offset,
        next_cursor: page.next.as_deref(),
    };
    json(&body, page.posts.len())
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicFeedRefreshed)]
pub(super) struct Refreshed {
    /// A sentence for people.
    message: &'static str,
    /// Posts in the feed.
    feed_size: u32,
}

/// Figures about a feed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicFeedStats)]
pub(super) struct Stats {
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

/// Your feed
///
/// Posts of those whom you follow and have not muted, and your own: at most the 1,000 newest.
#[utoipa::path(
    get, path = "/api/feed", tag = "feed", operation_id = "feed",
    security(("bearer" = [])), params(FeedQuery),
    responses(
        (status = 200, body = PublicFeed<'static>),
        (status = 400, description = "A broken cursor, or one of a ranking that is no longer kept"),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn feed(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<FeedQuery>,
) -> Result<Response> {
    let explain = query.explain.unwrap_or(false);
    let page = service.page(query.request(caller.user, &service)).await?;
    answer(&page, explain)
}

/// Popular posts of people whom you do not follow
///
/// Of public accounts only, and of nobody whom you have blocked or muted.
#[utoipa::path(
    get, path = "/api/feed/explore", tag = "feed", operation_id = "explore",
    security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, body = PublicFeed<'static>),
        (status = 400, description = "A broken cursor, or one of a ranking that is no longer kept"),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn explore(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let page = service.explore(caller.user, &query).await?;
    answer(&page, false)
}

/// Build your timeline anew
///
/// A feed is always true; this is for those who want to be sure.
#[utoipa::path(
    post, path = "/api/feed/refresh", tag = "feed", operation_id = "refresh_feed",
    security(("bearer" = [])),
    responses((status = 200, body = Refreshed), (status = 401, description = "No good token")),
)]
pub(super) async fn refresh(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Refreshed>> {
    let feed_size = service.rebuild(caller.user).await?;
    Ok(Json(Refreshed { message: "Feed refreshed", feed_size }))
}

/// Figures about your feed
#[utoipa::path(
    get, path = "/api/feed/stats", tag = "feed", operation_id = "feed_stats",
    security(("bearer" = [])),
    responses((status = 200, body = Stats), (status = 401, description = "No good token")),
)]
pub(super) async fn stats(
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
