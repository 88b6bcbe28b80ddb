//! A post by itself, and what people do with it.

use askama::Template;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tintype_api::PostView;
use tintype_platform::http::{Path, Query};
use tintype_posts::words::CommentText;
use tintype_posts::{CommentView, Counted, Wanted, lists};

use super::profile::absolute;
use super::{PEOPLE, comment_id, next_page, page_query, post_id};
use crate::form::Form;
use crate::view::chrome::{About, Chrome, Section};
use crate::view::figures::counted;
use crate::view::flash::Flash;
use crate::view::person::{Person, people};
use crate::view::post::Shown;
use crate::view::text::{self, Piece};
use crate::view::time::When;
use crate::visit::Visit;
use crate::{Answer, App};

/// Comments on a page.
const COMMENTS: i64 = 20;

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

/// A comment as the page shows it.
struct Said {
    view: CommentView,
    pieces: Vec<Piece>,
    when: When,
    may_delete: bool,
}

impl Said {
    fn likes(&self) -> String {
        counted(self.view.comment.likes, "like", "likes")
    }
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage {
    chrome: Chrome,
    post: Shown,
    comments: Vec<Said>,
    next: Option<String>,
    moderates: bool,
    administers: bool,
    /// What was typed and not taken, and why.
    typed: String,
    wrong: Option<String>,
}

pub(super) async fn post(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let view = web.parts.posts.show(visit.viewer(), post_id(&id)?).await?;
    let page = page(&web, &visit, view, asked.cursor).await?;
    visit.page(&page)
}

async fn page(
    web: &App,
    visit: &Visit,
    view: PostView,
    cursor: Option<String>,
) -> tintype_platform::Result<PostPage> {
    let viewer = visit.viewer();
    let id = view.post.id;
    let wanted = Wanted::new(&page_query(cursor, COMMENTS), lists::COMMENTS)?;
    let comments = web.parts.posts.comments(viewer, id, wanted).await?;
    let name = &view.author.username;
    let title = match view.post.caption.as_deref() {
        Some(caption) => format!("@{name}: {}", text::brief(caption, 60)),
        None => format!("Post by @{name}"),
    };
    let mut chrome = visit.chrome(&title, Section::Aside).await?;
    let moderates = visit.moderates();
    let is_owner = viewer == Some(view.post.author);
    let now = chrome.now;
    let said = |view: CommentView| Said {
        pieces: text::pieces(&view.comment.content),
        when: When::new(view.comment.id.made_at(), now),
        may_delete: is_owner || moderates || viewer == Some(view.comment.author),
        view,
    };
    let post = Shown::new(view, now, viewer);
    chrome.about = Some(about(visit, &post));
    Ok(PostPage {
        comments: comments.items.into_iter().map(said).collect(),
        next: next_page(&format!("/p/{id}"), &[], comments.next),
        typed: String::new(),
        wrong: None,
        chrome,
        moderates,
        administers: visit.admin().is_ok(),
        post,
    })
}

fn about(visit: &Visit, post: &Shown) -> About {
    let view = &post.view;
    let url = format!("{}/p/{}", visit.origin, view.post.id);
    let is_open = !view.author.is_private && !view.post.hidden;
    let first = post.frame.slides.first();
    let picture = first.map(|slide| if slide.is_film { &slide.poster } else { &slide.src });
    let picture = picture.filter(|picture| is_open && !picture.is_empty());
    let address: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
    About {
        kind: "article",
        description: match view.post.caption.as_deref() {
            Some(caption) => text::brief(caption, 200),
            None => format!("A post by @{} on Tintype", view.author.username),
        },
        image: picture.map(|picture| absolute(&visit.origin, picture)),
        image_alt: first.map(|slide| slide.alt.clone()).unwrap_or_default(),
        oembed: is_open.then(|| format!("{}/oembed?url={address}", visit.origin)),
        rss: is_open.then(|| format!("{}/{}/rss", visit.origin, view.author.username)),
        url,
    }
}

#[derive(Template)]
#[template(path = "likers.html")]
struct LikersPage {
    chrome: Chrome,
    id: String,
    people: Vec<Person>,
    next: Option<String>,
}

pub(super) async fn likers(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let wanted = Wanted::new(&page_query(asked.cursor, PEOPLE), lists::LIKES)?;
    let page = web.parts.posts.likers(visit.viewer(), post_id(&id)?, wanted).await?;
    let cards = page.items.into_iter().map(|liker| liker.card).collect();
    let people = people(&web, visit.viewer(), cards).await?;
    let chrome = visit.chrome("Likes", Section::Aside).await?;
    let next = next_page(&format!("/p/{id}/likes"), &[], page.next);
    visit.page(&LikersPage { chrome, id, people, next })
}

/// A like, for scripts.
#[derive(Serialize)]
struct Reacted {
    liked: bool,
    likes_count: u64,
    /// The count in words.
    label: String,
}

impl Reacted {
    fn new(liked: bool, counted_likes: Counted) -> Self {
        let likes_count = counted_likes.count;
        Self { liked, likes_count, label: counted(likes_count, "like", "likes") }
    }
}

pub(super) async fn like(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    let counted = web.parts.posts.like(user, post_id(&id)?).await?;
    Ok(visit.done(form.back(&format!("/p/{id}")), None, &Reacted::new(true, counted)))
}

pub(super) async fn unlike(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    let counted = web.parts.posts.unlike(user, post_id(&id)?).await?;
    Ok(visit.done(form.back(&format!("/p/{id}")), None, &Reacted::new(false, counted)))
}

#[derive(Serialize)]
struct Kept {
    saved: bool,
}

pub(super) async fn save(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    web.parts.posts.save(user, post_id(&id)?).await?;
    Ok(visit.done(form.back(&format!("/p/{id}")), Some(Flash::Saved), &Kept { saved: true }))
}

pub(super) async fn unsave(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    web.parts.posts.unsave(user, post_id(&id)?).await?;
    let state = Kept { saved: false };
    Ok(visit.done(form.back(&format!("/p/{id}")), Some(Flash::Unsaved), &state))
}

pub(super) async fn comment(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    let id = post_id(&id)?;
    let content = form.filled("content");
    match CommentText::parse(content.as_deref(), CommentText::MOST) {
        Ok(content) => {
            let said = web.parts.posts.comment(user, id, content).await?;
            let path = format!("/p/{id}#c{}", said.comment.id);
            Ok(visit.go(&path, Some(Flash::Commented)))
        }
        Err(error) => {
            let view = web.parts.posts.look(Some(user), id).await?;
            let mut page = page(&web, &visit, view, None).await?;
            page.typed = content.unwrap_or_default();
            page.wrong = Some(if page.typed.is_empty() {
                "Write something first.".to_owned()
            } else {
                error.message().to_owned()
            });
            visit.page_of(error.kind().status(), &page)
        }
    }
}

pub(super) async fn like_comment(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    let counted = web.parts.posts.like_comment(user, comment_id(&id)?, true).await?;
    Ok(visit.done(form.back("/"), None, &Reacted::new(true, counted)))
}

pub(super) async fn unlike_comment(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    let counted = web.parts.posts.like_comment(user, comment_id(&id)?, false).await?;
    Ok(visit.done(form.back("/"), None, &Reacted::new(false, counted)))
}

#[derive(Serialize)]
struct Gone {
    deleted: bool,
}

pub(super) async fn delete_comment(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    web.parts.posts.delete_comment(user, comment_id(&id)?, visit.moderates()).await?;
    Ok(visit.done(form.back("/"), Some(Flash::CommentDeleted), &Gone { deleted: true }))
}
