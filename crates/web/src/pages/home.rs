//! The feed; for those who are not signed in, what this is.

use askama::Template;
use serde::Deserialize;
use tintype_api::Feed;
use tintype_api::feed::{FeedRequest, Order};
use tintype_platform::http::Query;
use tintype_platform::page::Limit;

use super::{FEED, explore, next_page};
use crate::view::chrome::{Chrome, Section};
use crate::view::media::Tile;
use crate::view::post::{Shown, shown};
use crate::visit::Visit;
use crate::{Answer, App};

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
    order: Option<Order>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    chrome: Chrome,
    posts: Vec<Shown>,
    is_ranked: bool,
    /// Whether this is the beginning of the feed.
    is_first: bool,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front {
    chrome: Chrome,
    tiles: Vec<Tile>,
}

pub(super) async fn home(
    axum::extract::State(web): axum::extract::State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let Some(viewer) = visit.viewer() else {
        let tiles = explore::popular(&web).await?;
        let chrome = visit.chrome("Pictures, and nothing in between", Section::Home).await?;
        return visit.page(&Front { chrome, tiles });
    };
    let order = asked.order.unwrap_or_default();
    let is_first = asked.cursor.as_deref().is_none_or(str::is_empty);
    let request = FeedRequest {
        viewer,
        order,
        cursor: asked.cursor,
        skip: 0,
        limit: Limit::clamped(FEED),
        own_posts: true,
        days: None,
    };
    let (page, chrome) =
        tokio::try_join!(web.parts.feed.page(request), visit.chrome("Home", Section::Home))?;
    let is_ranked = order == Order::Ranked;
    let pairs: &[(&str, &str)] = if is_ranked { &[("order", "ranked")] } else { &[] };
    let next = next_page("/", pairs, page.next);
    let posts = shown(page.posts, chrome.now, Some(viewer));
    visit.page(&Home { chrome, posts, is_ranked, is_first, next })
}
