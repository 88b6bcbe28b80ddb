//! Changing, hiding and deleting a post: one's own, or for those who run the site another's.

use askama::Template;
use axum::extract::State;
use tintype_api::PostView;
use tintype_platform::http::Path;
use tintype_platform::{Error, Result};
use tintype_posts::Change;
use tintype_posts::words::{AltText, Caption, Field, Location};

use super::post_id;
use crate::form::Form;
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::view::media::Tile;
use crate::visit::Visit;
use crate::{Answer, App};

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    chrome: Chrome,
    id: String,
    tile: Tile,
    typed: Typed,
}

/// What is in the form, and what is wrong with it.
#[derive(Default)]
struct Typed {
    caption: String,
    location: String,
    alt_text: String,
    comments_disabled: bool,
    wrong_caption: Option<String>,
    wrong_location: Option<String>,
    wrong_alt_text: Option<String>,
}

pub(super) async fn edit_page(
    State(_): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Answer {
    let view = own(&visit, &id).await?;
    let post = &view.post;
    let typed = Typed {
        caption: post.caption.clone().unwrap_or_default(),
        location: post.location.clone().unwrap_or_default(),
        alt_text: post.alt_text.clone().unwrap_or_default(),
        comments_disabled: post.comments_disabled,
        ..Typed::default()
    };
    let chrome = visit.chrome("Edit post", Section::Aside).await?;
    visit.page(&EditPage { chrome, id, tile: Tile::of(post), typed })
}

pub(super) async fn edit(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let user = visit.member()?.user;
    let mut typed = Typed {
        caption: form.filled("caption").unwrap_or_default(),
        location: form.text("location").trim().to_owned(),
        alt_text: form.filled("altText").unwrap_or_default(),
        comments_disabled: form.is_on("commentsDisabled"),
        ..Typed::default()
    };
    let caption: Result<Option<Caption>, ()> =
        text(&typed.caption, "The caption", &mut typed.wrong_caption);
    let location: Result<Option<Location>, ()> =
        text(&typed.location, "The place", &mut typed.wrong_location);
    let alt_text: Result<Option<AltText>, ()> =
        text(&typed.alt_text, "The description", &mut typed.wrong_alt_text);
    let (Ok(caption), Ok(location), Ok(alt_text)) = (caption, location, alt_text) else {
        let view = own(&visit, &id).await?;
        let chrome = visit.chrome("Edit post", Section::Aside).await?;
        let page = EditPage { chrome, id, tile: Tile::of(&view.post), typed };
        return visit.page_of(http::StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let change = Change {
        caption: Field::Set(caption),
        location: Field::Set(location),
        alt_text: Field::Set(alt_text),
        comments_disabled: Some(typed.comments_disabled),
        hidden: None,
    };
    web.parts.posts.edit(user, post_id(&id)?, change).await?;
    Ok(visit.go(&format!("/p/{id}"), Some(Flash::PostSaved)))
}

/// A text that may be empty; an error, and why in `wrong`, if it is not allowed.
pub(super) fn text<T: TryFrom<String, Error = String>>(
    typed: &str,
    what: &str,
    wrong: &mut Option<String>,
) -> Result<Option<T>, ()> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    match T::try_from(typed.to_owned()) {
        Ok(text) => Ok(Some(text)),
        Err(rule) => {
            *wrong = Some(format!("{what} {rule}."));
            Err(())
        }
    }
}

#[derive(Template)]
#[template(path = "delete_post.html")]
struct DeletePage {
    chrome: Chrome,
    id: String,
    /// Whose it is, if not the viewer's.
    of: Option<String>,
    tile: Tile,
}

pub(super) async fn delete_page(
    State(_): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Answer {
    let view = deletable(&visit, &id).await?;
    let chrome = visit.chrome("Delete post", Section::Aside).await?;
    let of = (Some(view.post.author) != visit.viewer()).then(|| view.author.username.clone());
    visit.page(&DeletePage { chrome, id, of, tile: Tile::of(&view.post) })
}

pub(super) async fn delete(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    _form: Form,
) -> Answer {
    let caller = visit.member()?;
    let post = post_id(&id)?;
    let author = deletable(&visit, &id).await?.post.author;
    web.parts.posts.delete(author, post).await?;
    if author != caller.user {
        tracing::info!(admin = %caller.user, %author, %post, "somebody else's post was deleted");
        return Ok(visit.go("/admin/posts", Some(Flash::PostDeleted)));
    }
    Ok(visit.go(&format!("/{}", caller.username), Some(Flash::PostDeleted)))
}

pub(super) async fn hide(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    set_hidden(&web, &visit, &id, &form, true).await
}

pub(super) async fn unhide(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    set_hidden(&web, &visit, &id, &form, false).await
}

async fn set_hidden(web: &App, visit: &Visit, id: &str, form: &Form, hidden: bool) -> Answer {
    let caller = visit.member()?;
    let post = post_id(id)?;
    web.parts.posts.set_hidden_by(caller.user, visit.moderates(), post, hidden).await?;
    // A moderator does not see any more what they have hidden.
    let still_there = web.parts.posts.look(Some(caller.user), post).await.is_ok();
    let otherwise = if still_there { format!("/p/{id}") } else { "/".to_owned() };
    let flash = if hidden { Flash::PostHidden } else { Flash::PostShown };
    Ok(visit.go(form.back(&otherwise), Some(flash)))
}

/// A post that the viewer may delete.
async fn deletable(visit: &Visit, id: &str) -> Result<PostView> {
    match visit.admin() {
        Ok(admin) => visit.web.parts.posts.look(Some(admin.user), post_id(id)?).await,
        Err(_) => own(visit, id).await,
    }
}

/// A post of the viewer's own; to others it is as if it were not there.
async fn own(visit: &Visit, id: &str) -> Result<PostView> {
    let viewer = visit.member()?.user;
    let view = visit.web.parts.posts.look(Some(viewer), post_id(id)?).await?;
    if view.post.author == viewer {
        Ok(view)
    } else {
        Err(Error::not_found("post_not_found", "Post not found or not authorized"))
    }
}
