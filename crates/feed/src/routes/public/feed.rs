use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tintype_api::Feed;
use tintype_api::auth::SignedIn;
use tintype_api::feed::{FeedPage, Score};
use tintype_api::posts::shapes::PublicPost;
use tintype_platform::Result;
use tintype_platform::http::{Json, Query};
use tintype_platform::page::PageQuery;
use utoipa::ToSchema;

use crate::FeedService;
use crate::routes::{FeedQuery, POST, json_answer};
use crate::service::CACHE;

/// A page of a feed: only described by this, see [`answer`].
#[derive(ToSchema)]
#[schema(as = PublicFeed, rename_all = "camelCase")]
#[expect(dead_code, reason = "the fields describe what is written by hand")]
struct PublicFeed<'a> {
    /// The posts in order.
    posts: Vec<ScoredPost<'a>>,
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

/// The page as [`PublicFeed`] describes it, written into one buffer from the pieces that posts keep.
fn answer(page: &FeedPage, explain: bool) -> Result<Response> {
    let mut buffer = Vec::with_capacity(256 + page.posts.len() * POST);
    buffer.extend_from_slice(br#"{"posts":["#);
    for (at, view) in page.posts.iter().enumerate() {
        if at > 0 {
            buffer.push(b',');
        }
        match page.scores.get(at).filter(|_| explain) {
            None => PublicPost::write(view, &mut buffer),
            Some(score) => serde_json::to_writer(
                &mut buffer,
                &ScoredPost { post: PublicPost::new(view, true), score: Some(score) },
            )?,
        }
    }
    buffer.extend_from_slice(br#"],"hasMore":"#);
    serde_json::to_writer(&mut buffer, &page.next.is_some())?;
    buffer.extend_from_slice(br#","offset":"#);
    serde_json::to_writer(&mut buffer, &page.offset)?;
    buffer.extend_from_slice(br#","nextCursor":"#);
    serde_json::to_writer(&mut buffer, &page.next)?;
    buffer.push(b'}');
    Ok(json_answer(buffer))
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
