//! Feeds over HTTP, in three dialects.

mod mesh;
mod public;
mod trusted;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use axum::routing::MethodRouter;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};
use tintype_api::UserId;
use tintype_api::feed::{FeedRequest, Order};
use tintype_platform::Result;
use tintype_platform::page::{Limit, PageQuery, Whole};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use crate::FeedService;

type Routes = OpenApiRouter<Arc<FeedService>>;

pub(crate) fn routes(service: Arc<FeedService>) -> OpenApiRouter {
    Routes::new()
        .merge(public::routes())
        .merge(mesh::routes())
        .merge(trusted::routes())
        .with_state(service)
}

/// The live stream alone.
pub(crate) fn live<S>(service: Arc<FeedService>) -> MethodRouter<S> {
    public::live().with_state(service)
}

/// Which page of a feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// Where to go on, from the last page.
    cursor: Option<String>,
    /// Posts on a page: 1 to 100.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// Posts to skip, instead of a cursor.
    #[param(value_type = Option<u32>)]
    offset: Option<Whole>,
    /// Number of the page, from 1, instead of a cursor.
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<Whole>,
    /// Posts on a page, beside `page`.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    page_size: Option<Limit>,
    /// The newest first, or by age, engagement and affinity.
    #[param(inline)]
    order: Option<Order>,
    /// Whether a ranked feed says how each post was scored.
    explain: Option<bool>,
}

impl FeedQuery {
    fn request(self, viewer: UserId, service: &FeedService) -> FeedRequest {
        let Self { cursor, limit, offset, page, page_size, order, .. } = self;
        let limit = limit.or(page_size).unwrap_or(service.settings.default_limit);
        let query = PageQuery { cursor, limit: Some(limit), offset, page, page_size };
        FeedRequest {
            viewer,
            order: order.unwrap_or_default(),
            skip: u32::try_from(query.skip()).unwrap_or(u32::MAX),
            cursor: query.cursor,
            limit,
            own_posts: true,
            days: None,
        }
    }
}

/// Bytes that a post takes in JSON, most of the time.
const POST: usize = 1360;

/// `body` as JSON, written into one buffer with room for `posts` posts.
fn json(body: &impl Serialize, posts: usize) -> Result<Response> {
    let mut buffer = Vec::with_capacity(256 + posts * POST);
    serde_json::to_writer(&mut buffer, body)?;
    Ok(json_answer(buffer))
}

/// What is in `buffer` as an answer in JSON.
fn json_answer(buffer: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(buffer));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
