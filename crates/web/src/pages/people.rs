//! Lists of people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tintype_api::{Card, UserId};
use tintype_graph::Entry;
use tintype_platform::http::{Path, Query};
use tintype_platform::page::{Limit, Page, PageQuery};

use super::{PEOPLE, next_page, page_query};
use crate::view::chrome::{Chrome, Section};
use crate::view::person::{Person, people};
use crate::visit::Visit;
use crate::{Answer, App, Web};

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    chrome: Chrome,
    heading: String,
    /// Whose list, to go back to; empty where it is nobody's.
    of: String,
    empty: Empty,
    people: Vec<Person>,
    next: Option<String>,
}

/// What stands in the place of a list with nobody in it.
struct Empty {
    heading: &'static str,
    advice: &'static str,
}

pub(super) async fn followers(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let of = named(&web, &visit, &username).await?;
    let query = page_query(asked.cursor, PEOPLE);
    let page = web.parts.graph.followers(visit.viewer(), of.id, &query).await?;
    list(&web, &visit, "Followers", "followers", &of, page).await
}

pub(super) async fn following(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let of = named(&web, &visit, &username).await?;
    let query = page_query(asked.cursor, PEOPLE);
    let page = web.parts.graph.following(visit.viewer(), of.id, &query).await?;
    list(&web, &visit, "Following", "following", &of, page).await
}

pub(super) async fn mutual(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
) -> Answer {
    let viewer = visit.member()?.user;
    let of = named(&web, &visit, &username).await?;
    let mutual = web.parts.graph.mutual_followers(viewer, of.id, Limit::MAX).await?;
    let heading = "Followers you follow".to_owned();
    page(&web, &visit, heading, &of.username, mutual.people, None).await
}

/// Whom the viewer may know; who knows nobody is shown who is popular.
pub(super) async fn suggestions(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<PageQuery>,
) -> Answer {
    let viewer = visit.member()?.user;
    let limit = asked.limit.unwrap_or(Limit::clamped(PEOPLE));
    let mut cards = web.parts.graph.suggestions(viewer, limit).await?;
    if cards.len() < limit.get() {
        let known: Vec<UserId> = cards.iter().map(|card| card.id).collect();
        let more = popular(&web, viewer, limit).await?;
        cards.extend(more.into_iter().filter(|card| !known.contains(&card.id)));
    }
    cards.truncate(limit.get());
    page(&web, &visit, "People to follow".to_owned(), "", cards, None).await
}

/// Authors of what is popular, whom `viewer` does not follow.
async fn popular(
    web: &Web,
    viewer: UserId,
    limit: Limit,
) -> tintype_platform::Result<Vec<Arc<Card>>> {
    let page = web.parts.feed.explore(viewer, &page_query(None, 100)).await?;
    let mut cards: Vec<Arc<Card>> = Vec::new();
    for view in page.posts {
        if cards.len() < limit.get() && cards.iter().all(|card| card.id != view.author.id) {
            cards.push(view.author);
        }
    }
    Ok(cards)
}

async fn named(web: &Web, visit: &Visit, username: &str) -> tintype_platform::Result<Arc<Card>> {
    let profile = web.parts.accounts.profile(visit.viewer(), username).await?;
    Ok(profile.account.card.clone())
}

async fn list(
    web: &Web,
    visit: &Visit,
    heading: &str,
    list: &str,
    of: &Card,
    found: Page<Entry>,
) -> Answer {
    let next = next_page(&format!("/{}/{list}", of.username), &[], found.next);
    let cards = found.items.into_iter().map(|entry| entry.card).collect();
    page(web, visit, heading.to_owned(), &of.username, cards, next).await
}

async fn page(
    web: &Web,
    visit: &Visit,
    heading: String,
    of: &str,
    cards: Vec<Arc<Card>>,
    next: Option<String>,
) -> Answer {
    let people = people(web, visit.viewer(), cards).await?;
    let title = if of.is_empty() { heading.clone() } else { format!("{heading} · @{of}") };
    let chrome = visit.chrome(&title, Section::Aside).await?;
    let empty = if of.is_empty() {
        Empty {
            heading: "You know everybody here",
            advice: "When more people join, whom you may know comes to this place.",
        }
    } else {
        Empty { heading: "Nobody yet", advice: "Somebody has to be the first." }
    };
    visit.page(&PeoplePage { chrome, heading, of: of.to_owned(), empty, people, next })
}
