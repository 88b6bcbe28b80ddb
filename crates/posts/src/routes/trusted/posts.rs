use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tintype_api::auth::Trusted;
use tintype_api::posts::MediaKind;
use tintype_api::posts::shapes::TrustedPost;
use tintype_api::{PostId, UserId};
use tintype_platform::Result;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use utoipa::ToSchema;

use super::{ActingUser, Viewer};
use crate::lists;
use crate::service::{Draft, PostsService, Wanted};
use crate::words::{Caption, MediaUrl, NewMedia};

/// A post that is to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = TrustedNewPost)]
pub(super) struct NewPost {
    /// Its author.
    user_id: UserId,
    /// Up to 2,200 characters.
    #[schema(value_type = Option<String>, max_length = 2200)]
    caption: Option<Caption>,
    /// The address of its picture or film: `http` or `https`, or that of an upload.
    #[schema(value_type = String)]
    media_url: MediaUrl,
    /// What that is; told by the extension of the address if it is left out.
    media_type: Option<MediaKind>,
}

/// A page of posts.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedPosts)]
pub(super) struct PostPage<'a> {
    /// The newest first.
    posts: Vec<TrustedPost<'a>>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
    /// Whether there is one.
    has_more: bool,
}

/// Make a post
#[utoipa::path(
    post, path = "/v1/posts", tag = "posts", operation_id = "trusted_create_post",
    extensions(("x-respond-async" = json!(true))),
    security((), ("api_key" = [])), request_body = NewPost,
    responses(
        (status = 201, body = TrustedPost<'static>),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`User not found`"),
        (status = 422, description = "A field that is not allowed"),
    ),
)]
pub(super) async fn create(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Json(new): Json<NewPost>,
) -> Result<Response> {
    let draft = Draft {
        caption: new.caption,
        media: vec![NewMedia::At(new.media_url)],
        kind: new.media_type,
        location: None,
        alt_text: None,
        comments_disabled: false,
    };
    let view = service.create(new.user_id, draft).await?;
    Ok((StatusCode::CREATED, Json(TrustedPost::from(&view))).into_response())
}

/// Look at a post
///
/// Counts that it was seen, unless by its author.
#[utoipa::path(
    get, path = "/v1/posts/{id}", tag = "posts", operation_id = "trusted_get_post",
    security((), ("api_key" = [])),
    params(("id" = PostId, Path, description = "The post"), Viewer),
    responses(
        (status = 200, body = TrustedPost<'static>),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`Post not found` or `User not found`"),
    ),
)]
pub(super) async fn show(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(post): Path<PostId>,
    Query(viewer): Query<Viewer>,
) -> Result<Response> {
    service.known_if_any(viewer.id()).await?;
    let view = service.show(viewer.id(), post).await?;
    Ok(Json(TrustedPost::from(&view)).into_response())
}

/// Delete a user's post
#[utoipa::path(
    delete, path = "/v1/posts/{id}", tag = "posts", operation_id = "trusted_delete_post",
    security((), ("api_key" = [])),
    params(("id" = PostId, Path, description = "The post"), ActingUser),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`Post not found or not authorized`"),
    ),
)]
pub(super) async fn delete(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(post): Path<PostId>,
    Query(user): Query<ActingUser>,
) -> Result<StatusCode> {
    service.delete(user.user_id, post).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody's posts, the newest first
#[utoipa::path(
    get, path = "/v1/users/{id}/posts", tag = "posts", operation_id = "trusted_posts_of_user",
    security((), ("api_key" = [])),
    params(("id" = UserId, Path, description = "Whose"), Viewer, PageQuery),
    responses(
        (status = 200, body = PostPage<'static>),
        (status = 401, description = "No good API key"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn by_user(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(author): Path<UserId>,
    Query(viewer): Query<Viewer>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    service.known_if_any(viewer.id()).await?;
    let wanted = Wanted::new(&query, lists::OF_AUTHOR)?;
    let page = service.by_author(viewer.id(), author, wanted).await?;
    let posts = PostPage {
        posts: page.items.iter().map(TrustedPost::from).collect(),
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
    };
    Ok(Json(posts).into_response())
}
