//! Grids: what is popular, and what was put aside.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tintype_api::Posts;
use tintype_platform::http::Query;
use tintype_platform::{Result, id};
use tintype_posts::{Wanted, lists};

use super::{SQUARES, next_page, page_query};
use crate::view::chrome::{Chrome, Section};
use crate::view::media::Tile;
use crate::visit::Visit;
use crate::{Answer, App, Web};

#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "explore.html")]
struct Explore {
    chrome: Chrome,
    tiles: Vec<Tile>,
    next: Option<String>,
}

pub(super) async fn explore(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let chrome = visit.chrome("Explore", Section::Explore).await?;
    let Some(viewer) = visit.viewer() else {
        return visit.page(&Explore { chrome, tiles: popular(&web).await?, next: None });
    };
    let page = web.parts.feed.explore(viewer, &page_query(asked.cursor, SQUARES)).await?;
    let tiles = page.posts.iter().map(|view| Tile::of(&view.post)).collect();
    visit.page(&Explore { chrome, tiles, next: next_page("/explore", &[], page.next) })
}

/// What is popular and there for everybody.
pub(super) async fn popular(web: &Web) -> Result<Vec<Tile>> {
    /// Some are by private accounts.
    const LOOKED_AT: u32 = 90;
    let posts = &web.parts.posts;
    let popular = posts.popular(id::EPOCH, LOOKED_AT).await?;
    let ids = popular.iter().map(|found| found.post.post).collect();
    let views = posts.views(None, ids).await?;
    let tiles = views.iter().flatten().map(|view| Tile::of(&view.post));
    let mut tiles: Vec<Tile> = tiles.take(SQUARES as usize + 3).collect();
    // No row of which a part is missing.
    tiles.truncate(tiles.len().max(3) / 3 * 3);
    Ok(tiles)
}

#[derive(Template)]
#[template(path = "saved.html")]
struct Saved {
    chrome: Chrome,
    tiles: Vec<Tile>,
    next: Option<String>,
}

pub(super) async fn saved(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = visit.member()?.user;
    let wanted = Wanted::new(&page_query(asked.cursor, SQUARES), lists::SAVED)?;
    let page = web.parts.posts.saved(viewer, wanted).await?;
    let chrome = visit.chrome("Saved", Section::Saved).await?;
    let tiles = page.items.iter().map(|view| Tile::of(&view.post)).collect();
    visit.page(&Saved { chrome, tiles, next: next_page("/saved", &[], page.next) })
}
