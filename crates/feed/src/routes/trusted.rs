//! A backend that acts for its users.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize, Serializer};
use tintype_api::auth::Trusted;
use tintype_api::feed::{FeedPage, FeedRequest, Order};
use tintype_api::posts::shapes::TrustedPost;
use tintype_api::{Feed, UserId};
use tintype_platform::http::Query;
use tintype_platform::page::Limit;
use tintype_platform::{Error, Result};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Routes, json};
use crate::FeedService;

/// The most posts on a page of this dialect.
const MOST: u16 = 50;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(feed))
}

/// Which page of whose feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TrustedQuery {
    /// Whose feed.
    user_id: UserId,
    /// Posts on a page: 1 to 50.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 50)]
    limit: Option<Limit>,
    /// Where to go on, from the last page.
    cursor: Option<String>,
}

/// A page of a feed.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedFeed)]
struct TrustedFeed<'a> {
    /// The newest first.
    #[schema(value_type = Vec<TrustedPost<'static>>)]
    posts: TrustedPosts<'a>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
    /// Whether there is one.
    has_more: bool,
}

struct TrustedPosts<'a>(&'a FeedPage);

impl Serialize for TrustedPosts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.posts.iter().map(TrustedPost::from))
    }
}

/// A user's feed
///
/// Posts of the last days by those whom the user follows and has not muted, without the user's own.
#[utoipa::path(
    get, path = "/v1/feed", tag = "feed", operation_id = "trusted_feed",
    security(("api_key" = [])), params(TrustedQuery),
    responses(
        (status = 200, body = TrustedFeed<'static>),
        (status = 400, description = "A broken cursor"),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`User not found`"),
        (status = 422, description = "A parameter that is not allowed"),
    ),
)]
async fn feed(
    State(service): State<Arc<FeedService>>,
    _: Trusted,
    Query(query): Query<TrustedQuery>,
) -> Result<Response> {
    let cards = service.services.accounts().cards(vec![query.user_id]).await?;
    if cards.first().is_none_or(Option::is_none) {
        return Err(Error::not_found("user_not_found", "User not found"));
    }
    let request = FeedRequest {
        viewer: query.user_id,
        order: Order::Latest,
        cursor: query.cursor,
        skip: 0,
        limit: query.limit.unwrap_or(service.settings.default_limit).at_most(MOST),
        own_posts: false,
        days: Some(service.settings.days_limit),
    };
    let page = service.page(request).await?;
    let body = TrustedFeed {
        posts: TrustedPosts(&page),
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
    };
    json(&body, page.posts.len())
}
