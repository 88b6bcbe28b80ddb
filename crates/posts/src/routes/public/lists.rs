use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use tintype_api::auth::Visitor;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Error, Result};

use super::PostPage;
use crate::lists;
use crate::service::{PostsService, Wanted, no_such_user};

/// Somebody's posts, the newest first
///
/// `me` stands for the caller, who alone sees their hidden ones.
#[utoipa::path(
    get, path = "/api/posts/user/{user_id}", tag = "posts", operation_id = "posts_of_user",
    security((), ("bearer" = [])),
    params(("user_id" = String, Path, description = "Whose; `me` for your own"), PageQuery),
    responses(
        (status = 200, body = PostPage<'static>),
        (status = 401, description = "`me` without a good token"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn by_user(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(user): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let author = if user == "me" {
        viewer.ok_or_else(|| {
            Error::unauthenticated(
                "token_required",
                "Sign in first: without a token there is no me",
            )
        })?
    } else {
        user.parse().map_err(|_| no_such_user())?
    };
    let wanted = Wanted::new(&query, lists::OF_AUTHOR)?;
    let page = service.by_author(viewer, author, wanted).await?;
    Ok(Json(PostPage::new(&page, viewer.is_some())).into_response())
}

/// Posts with a hashtag, the newest first
///
/// Those that the caller may see. Case and the way accents are typed do not matter.
#[utoipa::path(
    get, path = "/api/posts/hashtag/{tag}", tag = "posts", operation_id = "posts_with_hashtag",
    security((), ("bearer" = [])),
    params(("tag" = String, Path, description = "With or without `#`"), PageQuery),
    responses((status = 200, body = PostPage<'static>)),
)]
pub(super) async fn by_hashtag(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(tag): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let page = service.by_hashtag(viewer, &tag, Wanted::new(&query, lists::OF_HASHTAG)?).await?;
    Ok(Json(PostPage::new(&page, viewer.is_some())).into_response())
}
