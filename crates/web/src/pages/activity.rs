//! What happened to the viewer, and who asks to follow them.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tintype_activity::Told;
use tintype_api::activity::{ActivityKind, TargetKind};
use tintype_api::{Activity, PostId, Posts};
use tintype_platform::http::{Path, Query};
use tintype_platform::page::Limit;

use super::{next_page, page_query};
use crate::form::Form;
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::view::media::Tile;
use crate::view::person::{Person, people};
use crate::view::time::When;
use crate::visit::Visit;
use crate::{Answer, App};

/// Things that happened, on a page.
const ITEMS: i64 = 30;

/// Requests shown above them.
const REQUESTS: i64 = 20;

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

/// One thing that happened, as the page says it.
struct Happened {
    told: Told,
    when: When,
    says: &'static str,
    /// Where it leads.
    href: String,
    tile: Option<Tile>,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    chrome: Chrome,
    requests: Vec<Person>,
    happened: Vec<Happened>,
    is_first: bool,
    next: Option<String>,
}

pub(super) async fn activity(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = visit.member()?.user;
    let is_first = asked.cursor.is_none();
    let parts = &web.parts;
    let (page, mut chrome) = tokio::try_join!(
        parts.activity.page(viewer, asked.cursor.as_deref(), Limit::clamped(ITEMS)),
        visit.chrome("Activity", Section::Activity),
    )?;
    let requests = if is_first {
        let requests = parts.graph.requests(viewer, &page_query(None, REQUESTS)).await?;
        people(&web, None, requests.items.into_iter().map(|entry| entry.card).collect()).await?
    } else {
        Vec::new()
    };
    let of: Vec<Option<PostId>> = page.items.iter().map(post_of).collect();
    let mut ids: Vec<PostId> = of.iter().flatten().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let views = parts.posts.views(Some(viewer), ids.clone()).await?;
    let posts: HashMap<PostId, _> = ids.into_iter().zip(views).collect();
    let now = chrome.now;
    // Whoever looks has seen it; the marks on this page are those from before.
    if chrome.unread > 0 && is_first {
        parts.activity.mark_read(viewer).await?;
        chrome.unread = 0;
    }
    let happened = page.items.into_iter().zip(of).map(|(told, post)| Happened {
        when: When::new(told.item.created_at, now),
        says: says(&told),
        href: match (post, told.item.target_kind) {
            (Some(post), TargetKind::Comment) => format!("/p/{post}#c{}", told.item.target),
            (Some(post), _) => format!("/p/{post}"),
            (None, _) => format!("/{}", told.actor.username),
        },
        tile: post.and_then(|post| posts.get(&post)?.as_ref()).map(|view| Tile::of(&view.post)),
        told,
    });
    let happened = happened
        // Requests stand above, for as long as they wait.
        .filter(|happened| happened.told.item.kind != ActivityKind::FollowRequest)
        .collect();
    let next = next_page("/activity", &[], page.next);
    visit.page(&ActivityPage { chrome, requests, happened, is_first, next })
}

fn post_of(told: &Told) -> Option<PostId> {
    match told.item.target_kind {
        TargetKind::Post => PostId::new(told.item.target),
        TargetKind::Comment => told.item.metadata.get("post_id")?.as_str()?.parse().ok(),
        TargetKind::User => None,
    }
}

fn says(told: &Told) -> &'static str {
    match (told.item.kind, told.item.target_kind) {
        (ActivityKind::Like, _) => "likes your post.",
        (ActivityKind::Comment, _) => "commented on your post.",
        (ActivityKind::CommentLike, _) => "likes your comment.",
        (ActivityKind::Follow, _) => "follows you.",
        (ActivityKind::FollowRequest, _) => "asks to follow you.",
        (ActivityKind::FollowAccepted, _) => "has accepted your request.",
        (ActivityKind::Mention, TargetKind::Comment) => "mentioned you in a comment.",
        (ActivityKind::Mention, _) => "mentioned you in a post.",
    }
}

#[derive(Serialize)]
struct Unread {
    unread: u32,
}

pub(super) async fn mark_read(State(web): State<App>, visit: Visit, form: Form) -> Answer {
    web.parts.activity.mark_read(visit.member()?.user).await?;
    Ok(visit.done(form.back("/activity"), None, &Unread { unread: 0 }))
}

#[derive(Serialize)]
struct Decided {
    status: &'static str,
}

pub(super) async fn accept(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    form: Form,
) -> Answer {
    let viewer = visit.member()?.user;
    let follower = web.parts.graph.named(username).await?;
    web.parts.graph.accept_request(viewer, follower).await?;
    let state = Decided { status: "accepted" };
    Ok(visit.done(form.back("/activity"), Some(Flash::Accepted), &state))
}

pub(super) async fn reject(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    form: Form,
) -> Answer {
    let viewer = visit.member()?.user;
    let follower = web.parts.graph.named(username).await?;
    web.parts.graph.reject_request(viewer, follower).await?;
    let state = Decided { status: "rejected" };
    Ok(visit.done(form.back("/activity"), Some(Flash::Rejected), &state))
}
