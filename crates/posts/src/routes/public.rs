//! The public API.

mod comments;
mod likes;
mod lists;
mod posts;
mod saves;

use serde::Serialize;
use tintype_api::PostView;
use tintype_api::posts::shapes::PublicPost;
use tintype_platform::page::Page;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(posts::create))
        .routes(routes!(posts::show, posts::edit, posts::delete))
        .routes(routes!(posts::hide, posts::unhide))
        .routes(routes!(lists::by_user))
        .routes(routes!(lists::by_hashtag))
        .routes(routes!(likes::like, likes::unlike))
        .routes(routes!(likes::likers))
        .routes(routes!(saves::save, saves::unsave))
        .routes(routes!(saves::saved))
        .routes(routes!(comments::comment, comments::comments))
        .routes(routes!(comments::delete))
        .routes(routes!(comments::like, comments::unlike))
}

/// A page of posts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicPosts)]
struct PostPage<'a> {
    /// In order.
    posts: Vec<PublicPost<'a>>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
}

impl<'a> PostPage<'a> {
    fn new(page: &'a Page<PostView>, signed_in: bool) -> Self {
        Self {
            posts: page.items.iter().map(|view| PublicPost::new(view, signed_in)).collect(),
            next_cursor: page.next.as_deref(),
        }
    }
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicPostDone)]
struct Done {
    /// A sentence for people.
    message: &'static str,
}

/// What was done, and how many like it now.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicLiked)]
struct Liked {
    /// A sentence for people.
    message: &'static str,
    /// How many like it now.
    likes_count: u64,
}
