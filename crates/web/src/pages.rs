//! The pages: one file for each kind, from a request to a template.

mod activity;
pub(crate) mod admin;
mod compose;
mod door;
mod edit;
pub(crate) mod errors;
mod explore;
mod home;
mod meta;
mod people;
mod post;
mod profile;
mod search;
mod settings;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post as on_post};
use tintype_api::{CommentId, PostId};
use tintype_platform::page::{Limit, PageQuery};
use tintype_platform::{Error, Result};

use crate::{Answer, App};
use profile::Deed;

/// Posts on a page of a feed.
const FEED: i64 = 10;

/// Squares on a page: whole rows of three.
const SQUARES: i64 = 24;

/// People on a page.
const PEOPLE: i64 = 30;

pub(crate) fn routes(web: App) -> Router {
    let mut deeds = Router::new();
    for deed in Deed::ALL {
        let path = format!("/{{username}}/{}", deed.word());
        let act = move |web, visit, path, form| profile::deed(web, visit, path, form, deed);
        deeds = deeds.route(&path, on_post(act));
    }
    Router::new()
        .merge(deeds)
        .route("/", get(home::home))
        .route("/live", tintype_feed::live(web.parts.feed.clone()))
        .route("/explore", get(explore::explore))
        .route("/search", get(search::search))
        .route("/tags/{tag}", get(search::tag))
        .route("/people", get(people::suggestions))
        .route("/saved", get(explore::saved))
        .route("/activity", get(activity::activity))
        .route("/activity/read", on_post(activity::mark_read))
        .route("/requests/{username}/accept", on_post(activity::accept))
        .route("/requests/{username}/reject", on_post(activity::reject))
        .route("/login", get(door::login_page).post(door::login))
        .route("/signup", get(door::signup_page).post(door::signup))
        .route("/logout", get(door::logout_page).post(door::logout))
        .route("/p/{id}", get(post::post))
        .route("/p/{id}/likes", get(post::likers))
        .route("/p/{id}/like", on_post(post::like))
        .route("/p/{id}/unlike", on_post(post::unlike))
        .route("/p/{id}/save", on_post(post::save))
        .route("/p/{id}/unsave", on_post(post::unsave))
        .route("/p/{id}/comments", on_post(post::comment))
        .route("/p/{id}/edit", get(edit::edit_page).post(edit::edit))
        .route("/p/{id}/delete", get(edit::delete_page).post(edit::delete))
        .route("/p/{id}/hide", on_post(edit::hide))
        .route("/p/{id}/unhide", on_post(edit::unhide))
        .route("/comments/{id}/like", on_post(post::like_comment))
        .route("/comments/{id}/unlike", on_post(post::unlike_comment))
        .route("/comments/{id}/delete", on_post(post::delete_comment))
        .route("/new", get(compose::page))
        .route("/settings", get(settings::profile_page))
        .route("/settings/profile", get(settings::profile_page).post(settings::profile))
        .route("/settings/privacy", get(settings::privacy_page).post(settings::privacy))
        .route("/settings/password", get(settings::password_page).post(settings::password))
        .route("/settings/picture/remove", on_post(settings::remove_picture))
        .route("/settings/sessions", get(settings::sessions_page))
        .route("/settings/sessions/{id}/end", on_post(settings::end_session))
        .route("/settings/people", get(settings::people_page))
        .route("/settings/delete", get(settings::delete_page).post(settings::delete))
        .route("/admin", get(admin::admin))
        .route("/admin/people", get(admin::people::list))
        .route("/admin/people/{username}/role", on_post(admin::people::set_role))
        .route("/admin/posts", get(admin::posts::list))
        .route("/admin/posts/show", on_post(admin::posts::show))
        .route("/offline", get(errors::offline))
        .route("/oembed", get(meta::oembed))
        .route("/robots.txt", get(meta::robots))
        .route("/sitemap.xml", get(meta::sitemap))
        .route("/manifest.webmanifest", get(meta::manifest))
        .route("/sw.js", get(meta::worker))
        .route("/favicon.ico", get(meta::favicon))
        // A path of one part is a name or nothing at all, whatever is asked of it.
        .route("/{username}", get(profile::profile).fallback(nothing_here))
        .route("/{username}/rss", get(meta::rss))
        .route("/{username}/followers", get(people::followers))
        .route("/{username}/following", get(people::following))
        .route("/{username}/mutual", get(people::mutual))
        .fallback(nothing_here)
        .with_state(web)
}

/// Routes whose bodies are pictures.
pub(crate) fn upload_routes(web: App) -> Router {
    Router::new()
        .route("/new", on_post(compose::create))
        .route("/new/media", on_post(compose::upload))
        .route("/settings/picture", on_post(settings::picture))
        .with_state(web)
}

async fn nothing_here(State(_): State<App>) -> Answer {
    Err(nothing())
}

fn nothing() -> Error {
    Error::not_found("not_found", "There is nothing at this address")
}

/// What a list is asked for: up to `most` at once, from `cursor` on.
fn page_query(cursor: Option<String>, most: i64) -> PageQuery {
    PageQuery { cursor, limit: Some(Limit::clamped(most)), ..PageQuery::default() }
}

/// Where the next page of a list is.
fn next_page(path: &str, pairs: &[(&str, &str)], cursor: Option<String>) -> Option<String> {
    let cursor = cursor?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        query.append_pair(name, value);
    }
    query.append_pair("cursor", &cursor);
    Some(format!("{path}?{}", query.finish()))
}

/// Text that is no id is the same as an id that there is not.
fn post_id(text: &str) -> Result<PostId> {
    text.parse().map_err(|_| Error::not_found("post_not_found", "Post not found"))
}

fn comment_id(text: &str) -> Result<CommentId> {
    text.parse().map_err(|_| Error::not_found("comment_not_found", "Comment not found"))
}
