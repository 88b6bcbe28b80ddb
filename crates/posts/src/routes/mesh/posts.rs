use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::posts::shapes::MeshPost;
use tintype_api::{MediaId, UserId};
use tintype_platform::error::Place;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Error, Result};
use utoipa::{IntoParams, ToSchema};

use super::Done;
use crate::routes::{lists, own_post_id, post_id};
use crate::service::{Change, Draft, PostsService, Wanted};
use crate::words::{self, AltText, Caption, Field, Location, MediaUrl};

/// A post that is to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = MeshNewPost)]
pub(super) struct NewPost {
    /// Up to 2,200 characters. Its hashtags and mentions are found.
    #[schema(value_type = Option<String>, max_length = 2200)]
    caption: Option<Caption>,
    /// Addresses of pictures and films: `http` or `https`, or those of your uploads.
    #[schema(value_type = Option<Vec<String>>, max_items = 10)]
    media_urls: Option<Vec<MediaUrl>>,
    /// Your uploads. Together with the addresses, which come after them: one to ten.
    #[schema(value_type = Option<Vec<String>>, max_items = 10)]
    media_ids: Option<Vec<MediaId>>,
    /// Where it was taken: up to 255 characters.
    #[schema(value_type = Option<String>, max_length = 255)]
    location: Option<Location>,
    /// What the pictures show: up to 1,000 characters.
    #[schema(value_type = Option<String>, max_length = 1000)]
    alt_text: Option<AltText>,
    /// Whether nobody may comment.
    is_comments_disabled: Option<bool>,
}

/// What is to change; what is left out stays as it is, null takes it away.
#[derive(Deserialize, ToSchema)]
#[schema(as = MeshPostChange)]
pub(super) struct PostChange {
    /// Up to 2,200 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2200)]
    caption: Field<Caption>,
    /// Up to 255 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255)]
    location: Field<Location>,
    /// Up to 1,000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    alt_text: Field<AltText>,
    /// Whether nobody may comment.
    is_comments_disabled: Option<bool>,
    /// Whether only the author sees it.
    is_hidden: Option<bool>,
}

/// Which posts: one of the two.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// By this person.
    user_id: Option<UserId>,
    /// With this hashtag, with or without `#`.
    hashtag: Option<String>,
}

/// A page of posts.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshPosts)]
pub(super) struct PostPage<'a> {
    /// The newest first.
    posts: Vec<MeshPost<'a>>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
    /// Whether there is one.
    has_more: bool,
}

/// Make a post
#[utoipa::path(
    post, path = "/api/v1/posts", tag = "posts", operation_id = "mesh_create_post",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])), request_body = NewPost,
    responses(
        (status = 201, body = MeshPost<'static>),
        (status = 401, description = "No good token"),
        (status = 422, description = "A field that is not allowed"),
    ),
)]
pub(super) async fn create(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewPost>,
) -> Result<Response> {
    let draft = Draft {
        media: words::media("media_urls", new.media_urls, new.media_ids)?,
        kind: None,
        caption: new.caption,
        location: new.location,
        alt_text: new.alt_text,
        comments_disabled: new.is_comments_disabled.unwrap_or(false),
    };
    let view = service.create(caller.user, draft).await?;
    Ok((StatusCode::CREATED, Json(MeshPost::from(&view))).into_response())
}

/// Posts by somebody, or with a hashtag, the newest first
#[utoipa::path(
    get, path = "/api/v1/posts", tag = "posts", operation_id = "mesh_list_posts",
    security((), ("bearer" = [])), params(Which, PageQuery),
    responses(
        (status = 200, body = PostPage<'static>),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
        (status = 422, description = "Neither or both of `user_id` and `hashtag`"),
    ),
)]
pub(super) async fn list(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Query(which): Query<Which>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let page = match (which.user_id, which.hashtag) {
        (Some(author), None) => {
            service.by_author(viewer, author, Wanted::new(&query, lists::OF_AUTHOR)?).await?
        }
        (None, Some(tag)) => {
            service.by_hashtag(viewer, &tag, Wanted::new(&query, lists::OF_HASHTAG)?).await?
        }
        _ => {
            return Err(Error::invalid_at(
                Place::Query,
                "user_id",
                "Give either user_id or hashtag",
                "missing",
            ));
        }
    };
    let posts = PostPage {
        posts: page.items.iter().map(MeshPost::from).collect(),
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
    };
    Ok(Json(posts).into_response())
}

/// Look at a post
///
/// Counts that it was seen, unless by its author.
#[utoipa::path(
    get, path = "/api/v1/posts/{id}", tag = "posts", operation_id = "mesh_get_post",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = MeshPost<'static>),
        (status = 404, description = "`Post not found`, also for what the caller may not see"),
    ),
)]
pub(super) async fn show(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
) -> Result<Response> {
    let view = service.show(caller.map(|caller| caller.user), post_id(&id)?).await?;
    Ok(Json(MeshPost::from(&view)).into_response())
}

/// Change a post of the caller's
#[utoipa::path(
    put, path = "/api/v1/posts/{id}", tag = "posts", operation_id = "mesh_edit_post",
    security(("bearer" = [])), request_body = PostChange,
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = MeshPost<'static>),
        (status = 401, description = "No good token"),
        (status = 403, description = "A moderator has hidden it and the caller asks to show it"),
        (status = 404, description = "`Post not found or not authorized`"),
        (status = 422, description = "A field that is not allowed"),
    ),
)]
pub(super) async fn edit(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Json(change): Json<PostChange>,
) -> Result<Response> {
    let change = Change {
        caption: change.caption,
        location: change.location,
        alt_text: change.alt_text,
        comments_disabled: change.is_comments_disabled,
        hidden: change.is_hidden,
    };
    let view = service.edit(caller.user, own_post_id(&id)?, change).await?;
    Ok(Json(MeshPost::from(&view)).into_response())
}

/// Delete a post of the caller's
#[utoipa::path(
    delete, path = "/api/v1/posts/{id}", tag = "posts", operation_id = "mesh_delete_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found or not authorized`"),
    ),
)]
pub(super) async fn delete(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Done>> {
    service.delete(caller.user, own_post_id(&id)?).await?;
    Ok(Json(Done { message: "Post deleted successfully" }))
}
