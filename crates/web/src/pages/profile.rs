//! Somebody's profile, and what a viewer does about them.

use askama::Template;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tintype_accounts::Profile;
use tintype_api::graph::Relationship;
use tintype_graph::{FollowOutcome, Mutual};
use tintype_platform::Result;
use tintype_platform::error::Kind;
use tintype_platform::http::{Path, Query};
use tintype_platform::page::{Limit, Page};
use tintype_posts::{Wanted, lists};

use super::{SQUARES, next_page, page_query};
use crate::form::Form;
use crate::view::chrome::{About, Chrome, Section};
use crate::view::figures::{brief, grouped};
use crate::view::flash::Flash;
use crate::view::media::Tile;
use crate::view::person::{Person, Tie};
use crate::view::text::{self, Piece};
use crate::visit::Visit;
use crate::{Answer, App, Web};

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    chrome: Chrome,
    profile: Profile,
    person: Person,
    bio: Vec<Piece>,
    website: Option<String>,
    is_own: bool,
    /// How the two stand to each other.
    ties: Relationship,
    /// Whether the viewer may not see posts and lists.
    is_closed: bool,
    known: String,
    tiles: Vec<Tile>,
    next: Option<String>,
}

impl ProfilePage {
    fn sum(number: &u64) -> String {
        brief(*number)
    }

    fn full(number: &u64) -> String {
        grouped(*number)
    }
}

pub(super) async fn profile(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = visit.viewer();
    if let Some(blocked) = blocked_by_viewer(&web, &visit, &username).await? {
        let chrome = visit.chrome(&username, Section::Aside).await?;
        return visit.page(&BlockedPage { chrome, person: blocked });
    }
    let profile = match web.parts.accounts.profile(viewer, &username).await {
        // To a program this is an address like any other at which there is nothing.
        Err(error) if error.kind() == Kind::NotFound && !visit.is_browser => {
            return Err(super::nothing());
        }
        profile => profile?,
    };
    let card = profile.account.card.clone();
    let wanted = Wanted::new(&page_query(asked.cursor, SQUARES), lists::OF_AUTHOR)?;
    let posts = match web.parts.posts.by_author(viewer, card.id, wanted).await {
        Ok(page) => Some(page),
        Err(error) if error.kind() == Kind::Forbidden => None,
        Err(error) => return Err(error),
    };
    let is_closed = posts.is_none();
    let posts = posts.unwrap_or(Page { items: Vec::new(), next: None });
    let is_own = viewer == Some(card.id);
    let known = match viewer {
        Some(viewer) if !is_own && !is_closed => {
            let few = Limit::clamped(2);
            known(&web.parts.graph.mutual_followers(viewer, card.id, few).await?)
        }
        _ => String::new(),
    };
    let section = if is_own { Section::Own } else { Section::Aside };
    let title = match &card.full_name {
        Some(name) => format!("{name} (@{})", card.username),
        None => format!("@{}", card.username),
    };
    let mut chrome = visit.chrome(&title, section).await?;
    chrome.about = Some(about(&visit, &profile, &posts.items));
    let relationship = profile.relationship.unwrap_or_default();
    let tie = match viewer {
        Some(_) if !is_own => Tie::of(&relationship),
        _ => Tie::None,
    };
    let website = profile.account.website.as_deref().map(|url| {
        let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
        text::brief(bare.trim_end_matches('/'), 48)
    });
    let page = ProfilePage {
        bio: text::pieces(profile.account.bio.as_deref().unwrap_or_default()),
        person: Person { note: String::new(), card: card.clone(), tie },
        website,
        is_own,
        ties: relationship,
        is_closed,
        known,
        tiles: posts.items.iter().map(|view| Tile::of(&view.post)).collect(),
        next: next_page(&format!("/{}", card.username), &[], posts.next),
        chrome,
        profile,
    };
    visit.page(&page)
}

fn known(mutual: &Mutual) -> String {
    let names: Vec<&str> = mutual.people.iter().map(|card| &*card.username).collect();
    let others = mutual.count.saturating_sub(names.len());
    match (names.as_slice(), others) {
        ([], _) => String::new(),
        ([one], 0) => format!("Followed by {one}"),
        ([one, two], 0) => format!("Followed by {one} and {two}"),
        (names, others) => {
            let whom = if others == 1 { "1 other" } else { &*format!("{others} others") };
            format!("Followed by {} and {whom} you follow", names.join(", "))
        }
    }
}

fn about(visit: &Visit, profile: &Profile, posts: &[tintype_api::PostView]) -> About {
    let card = &profile.account.card;
    let url = format!("{}/{}", visit.origin, card.username);
    let picture = card.profile_picture_url.clone().filter(|_| !card.is_private);
    let newest = posts.first().and_then(|view| view.post.media.first());
    let image = picture.or_else(|| newest.map(|media| media.url.clone()));
    About {
        kind: "profile",
        description: match &profile.account.bio {
            Some(bio) => text::brief(bio, 200),
            None => format!("Pictures by @{} on Tintype", card.username),
        },
        image: image.filter(|_| !card.is_private).map(|image| absolute(&visit.origin, &image)),
        image_alt: format!("Pictures by @{}", card.username),
        oembed: None,
        rss: (!card.is_private).then(|| format!("{url}/rss")),
        url,
    }
}

/// `address` with the host that a path lacks.
pub(super) fn absolute(origin: &str, address: &str) -> String {
    if address.starts_with('/') { format!("{origin}{address}") } else { address.to_owned() }
}

#[derive(Template)]
#[template(path = "blocked.html")]
struct BlockedPage {
    chrome: Chrome,
    person: Person,
}

/// Somebody whom the viewer blocks is not there for them, except that they may take it back.
async fn blocked_by_viewer(web: &Web, visit: &Visit, username: &str) -> Result<Option<Person>> {
    use tintype_api::Graph;
    let Some(viewer) = visit.viewer() else { return Ok(None) };
    let Some(account) = web.parts.accounts.find(username).await? else { return Ok(None) };
    let ties = web.parts.graph.relationships(viewer, vec![account.card.id]).await?;
    let blocks = ties.first().is_some_and(|tie| tie.blocking);
    let note = String::new();
    Ok(blocks.then(|| Person { card: account.card.clone(), tie: Tie::Blocking, note }))
}

/// How things stand after a deed, for scripts.
#[derive(Serialize)]
struct Standing {
    status: &'static str,
    label: &'static str,
    followers_count: u64,
}

/// What somebody does about somebody else.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Follow,
    Unfollow,
    Block,
    Unblock,
    Mute,
    Unmute,
}

impl Deed {
    pub(super) const ALL: [Self; 6] =
        [Self::Follow, Self::Unfollow, Self::Block, Self::Unblock, Self::Mute, Self::Unmute];

    /// The end of its path.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Unfollow => "unfollow",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
        }
    }
}

pub(super) async fn deed(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    form: Form,
    deed: Deed,
) -> Answer {
    let viewer = visit.member()?.user;
    let graph = &web.parts.graph;
    let other = graph.named(username.clone()).await?;
    let (flash, tie) = match deed {
        Deed::Follow => match graph.follow(viewer, other).await? {
            FollowOutcome::Followed | FollowOutcome::AlreadyFollowing => {
                (Flash::Followed, Tie::Following)
            }
            FollowOutcome::Requested | FollowOutcome::AlreadyRequested => {
                (Flash::Requested, Tie::Asked)
            }
        },
        Deed::Unfollow => {
            graph.unfollow(viewer, other).await?;
            (Flash::Unfollowed, Tie::Free)
        }
        Deed::Block => {
            graph.block(viewer, other).await?;
            (Flash::Blocked, Tie::Blocking)
        }
        Deed::Unblock => {
            graph.unblock(viewer, other).await?;
            (Flash::Unblocked, Tie::Free)
        }
        Deed::Mute => {
            graph.mute(viewer, other).await?;
            (Flash::Muted, Tie::None)
        }
        Deed::Unmute => {
            graph.unmute(viewer, other).await?;
            (Flash::Unmuted, Tie::None)
        }
    };
    let otherwise = format!("/{username}");
    let followers_count = if visit.is_script { graph.followers_count(other).await? } else { 0 };
    let standing = Standing { status: tie.word(), label: tie.label(), followers_count };
    Ok(visit.done(form.back(&otherwise), Some(flash), &standing))
}
