//! Posts of all, the newest first, for those who may hide and delete them.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tintype_api::{PostId, PostView, Posts};
use tintype_platform::Timestamp;
use tintype_platform::http::Query;

use crate::form::Form;
use crate::pages::{next_page, post_id};
use crate::view::chrome::{Chrome, Section};
use crate::view::figures::counted;
use crate::view::flash::Flash;
use crate::view::media::Tile;
use crate::view::text::brief;
use crate::view::time::When;
use crate::visit::Visit;
use crate::{Answer, App};

/// Posts on a page.
const SHOWN: usize = 30;

#[derive(Deserialize)]
pub(in crate::pages) struct Asked {
    cursor: Option<String>,
}

/// A post in the list.
struct Entry {
    view: PostView,
    tile: Tile,
    words: String,
    when: When,
}

impl Entry {
    fn sums(&self) -> String {
        let likes = counted(self.view.post.likes, "like", "likes");
        format!("{likes} · {}", counted(self.view.post.comments, "comment", "comments"))
    }
}

#[derive(Template)]
#[template(path = "admin_posts.html")]
struct PostsPage {
    chrome: Chrome,
    at: &'static str,
    origin: String,
    entries: Vec<Entry>,
    next: Option<String>,
}

pub(in crate::pages) async fn list(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let admin = visit.admin()?.user;
    let posts = &web.parts.posts;
    let below: Option<PostId> = asked.cursor.and_then(|cursor| cursor.parse().ok());
    // What may become popular are the newest of all.
    let ranked = posts.popular(Timestamp::from_millis(0), u32::MAX).await?;
    let ids = ranked.into_iter().map(|found| found.post.post);
    let mut ids: Vec<PostId> = ids.filter(|id| below.is_none_or(|below| *id < below)).collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    let mut shown = Vec::new();
    for some in ids.chunks(SHOWN) {
        shown.extend(posts.views(Some(admin), some.to_vec()).await?.into_iter().flatten());
        if shown.len() > SHOWN {
            break;
        }
    }
    let has_more = shown.len() > SHOWN;
    shown.truncate(SHOWN);
    let last = shown.last().filter(|_| has_more).map(|view| view.post.id.to_string());
    let chrome = visit.chrome("Posts", Section::Admin).await?;
    let entry = |view: PostView| Entry {
        tile: Tile::of(&view.post),
        words: brief(view.post.caption.as_deref().unwrap_or("Without words"), 80),
        when: When::new(view.post.created_at, chrome.now),
        view,
    };
    let entries = shown.into_iter().map(entry).collect();
    let next = next_page("/admin/posts", &[], last);
    let origin = visit.origin.clone();
    visit.page(&PostsPage { chrome, at: "posts", origin, entries, next })
}

/// Shows a hidden post again, which is in no list that the viewer could find it in.
pub(in crate::pages) async fn show(State(web): State<App>, visit: Visit, form: Form) -> Answer {
    let admin = visit.admin()?.user;
    let typed = form.text("post").trim();
    let number = typed.rsplit_once("/p/").map_or(typed, |(_, number)| number);
    let post = post_id(number.split(['?', '#', '/']).next().unwrap_or_default())?;
    web.parts.posts.set_hidden_by(admin, true, post, false).await?;
    Ok(visit.go(&format!("/p/{post}"), Some(Flash::PostShown)))
}
