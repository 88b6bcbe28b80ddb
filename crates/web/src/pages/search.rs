//! Finding people and hashtags.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tintype_platform::http::{Path, Query};
use tintype_platform::page::{Limit, Page};
use tintype_posts::{Wanted, caption, lists};

use super::{PEOPLE, SQUARES, next_page, page_query};
use crate::view::chrome::{Chrome, Section};
use crate::view::media::Tile;
use crate::view::person::{Person, people};
use crate::visit::Visit;
use crate::{Answer, App};

#[derive(Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    chrome: Chrome,
    text: String,
    /// The hashtag that the text could be.
    tag: Option<String>,
    people: Vec<Person>,
    next: Option<String>,
}

pub(super) async fn search(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let text = asked.q.unwrap_or_default();
    let text = text.trim().to_owned();
    let name = text.trim_start_matches('@');
    let is_first = asked.cursor.is_none();
    let page = if name.is_empty() || text.starts_with('#') {
        Page { items: Vec::new(), next: None }
    } else {
        let limit = Limit::clamped(PEOPLE);
        web.parts.accounts.search(visit.viewer(), name, asked.cursor.as_deref(), limit).await?
    };
    let cards = page.items.iter().map(|account| account.card.clone()).collect();
    let people = people(&web, visit.viewer(), cards).await?;
    let title = if text.is_empty() { "Search".to_owned() } else { format!("Search: {text}") };
    let chrome = visit.chrome(&title, Section::Search).await?;
    let next = next_page("/search", &[("q", &text)], page.next);
    let tag = caption::fold(&text).filter(|_| is_first);
    visit.page(&SearchPage { chrome, text, tag, people, next })
}

#[derive(Template)]
#[template(path = "tag.html")]
struct TagPage {
    chrome: Chrome,
    tag: String,
    tiles: Vec<Tile>,
    next: Option<String>,
}

pub(super) async fn tag(
    State(web): State<App>,
    visit: Visit,
    Path(tag): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let wanted = Wanted::new(&page_query(asked.cursor, SQUARES), lists::OF_HASHTAG)?;
    let page = web.parts.posts.by_hashtag(visit.viewer(), &tag, wanted).await?;
    let tag = caption::fold(&tag).unwrap_or(tag);
    let chrome = visit.chrome(&format!("#{tag}"), Section::Aside).await?;
    let tiles = page.items.iter().map(|view| Tile::of(&view.post)).collect();
    let encoded: String = url::form_urlencoded::byte_serialize(tag.as_bytes()).collect();
    let next = next_page(&format!("/tags/{encoded}"), &[], page.next);
    visit.page(&TagPage { chrome, tag, tiles, next })
}
