use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tintype_api::MediaId;
use tintype_api::accounts::Role;
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::posts::shapes::PublicPost;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path};
use utoipa::ToSchema;

use super::Done;
use crate::routes::{own_post_id, post_id};
use crate::service::{Change, Draft, PostsService};
use crate::words::{self, AltText, Caption, Field, Location, MediaUrl};

/// A post that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicNewPost)]
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
    comments_disabled: Option<bool>,
}

/// What is to change; what is left out stays as it is, null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicPostChange)]
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
    comments_disabled: Option<bool>,
    /// Whether only you see it.
    is_hidden: Option<bool>,
}

/// Whether a post is hidden now.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicPostHidden)]
pub(super) struct Hidden {
    /// A sentence for people.
    message: &'static str,
    /// Whether only its author sees it.
    is_hidden: bool,
}

/// Make a post
#[utoipa::path(
    post, path = "/api/posts", tag = "posts", operation_id = "create_post",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])), request_body = NewPost,
    responses(
        (status = 201, body = PublicPost<'static>),
        (status = 400, description = "`At least one media URL is required`, or a field that is not allowed"),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn create(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Json(new): Json<NewPost>,
) -> Result<Response> {
    let draft = Draft {
        media: words::media("mediaUrls", new.media_urls, new.media_ids)?,
        kind: None,
        caption: new.caption,
        location: new.location,
        alt_text: new.alt_text,
        comments_disabled: new.comments_disabled.unwrap_or(false),
    };
    let view = service.create(caller.user, draft).await?;
    Ok((StatusCode::CREATED, Json(PublicPost::new(&view, true))).into_response())
}

/// Look at a post
///
/// Counts that it was seen, unless by its author. `liked_by_user` and `saved_by_user` are there for
/// a caller with a token.
#[utoipa::path(
    get, path = "/api/posts/{id}", tag = "posts", operation_id = "get_post",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = PublicPost<'static>),
        (status = 404, description = "`Post not found`, also for what the caller may not see"),
    ),
)]
pub(super) async fn show(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
) -> Result<Response> {
    let view = service.show(caller.as_ref().map(|caller| caller.user), post_id(&id)?).await?;
    Ok(Json(PublicPost::new(&view, caller.is_some())).into_response())
}

/// Change a post of yours
#[utoipa::path(
    put, path = "/api/posts/{id}", tag = "posts", operation_id = "edit_post",
    security(("bearer" = [])), request_body = PostChange,
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = PublicPost<'static>),
        (status = 400, description = "A field that is not allowed"),
        (status = 401, description = "No good token"),
        (status = 403, description = "A moderator has hidden it and you ask to show it"),
        (status = 404, description = "`Post not found or not authorized`"),
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
        comments_disabled: change.comments_disabled,
        hidden: change.is_hidden,
    };
    let view = service.edit(caller.user, own_post_id(&id)?, change).await?;
    Ok(Json(PublicPost::new(&view, true)).into_response())
}

/// Delete a post of yours
#[utoipa::path(
    delete, path = "/api/posts/{id}", tag = "posts", operation_id = "delete_post",
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

/// Hide a post, so that only its author sees it
///
/// One of yours, or any if you may moderate: what a moderator has hidden, its author cannot show.
#[utoipa::path(
    post, path = "/api/posts/{id}/hide", tag = "posts", operation_id = "hide_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Hidden),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found or not authorized`"),
    ),
)]
pub(super) async fn hide(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Hidden>> {
    let moderates = caller.role >= Role::Moderator;
    service.set_hidden_by(caller.user, moderates, own_post_id(&id)?, true).await?;
    Ok(Json(Hidden { message: "Post hidden", is_hidden: true }))
}

/// Show a hidden post again
#[utoipa::path(
    delete, path = "/api/posts/{id}/hide", tag = "posts", operation_id = "unhide_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Hidden),
        (status = 401, description = "No good token"),
        (status = 403, description = "A moderator has hidden it and you are none"),
        (status = 404, description = "`Post not found or not authorized`"),
    ),
)]
pub(super) async fn unhide(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Hidden>> {
    let moderates = caller.role >= Role::Moderator;
    service.set_hidden_by(caller.user, moderates, own_post_id(&id)?, false).await?;
    Ok(Json(Hidden { message: "Post shown", is_hidden: false }))
}
