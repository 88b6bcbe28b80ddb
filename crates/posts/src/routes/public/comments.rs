use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tintype_api::accounts::Role;
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::ids::text;
use tintype_api::posts::shapes::PublicCard;
use tintype_api::{CommentId, PostId, UserId};
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Result, Timestamp};
use utoipa::ToSchema;

use super::{Done, Liked};
use crate::routes::{comment_id, lists, post_id};
use crate::service::{CommentView, PostsService, Wanted};
use crate::words::CommentText;

/// What is to be said.
#[derive(Deserialize, ToSchema)]
#[schema(as = PublicNewComment)]
pub(super) struct NewComment {
    /// 1 to 2,200 characters, blanks around them aside.
    #[schema(value_type = String, min_length = 1, max_length = 2200)]
    content: Option<String>,
}

/// A comment.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicComment)]
pub(super) struct Comment<'a> {
    /// The comment.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    id: CommentId,
    /// The post that it is about.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    post_id: PostId,
    /// Its author.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    user_id: UserId,
    /// What it says.
    content: &'a str,
    /// How many like it.
    likes_count: u64,
    /// Whether the caller likes it; there only for a caller with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    liked_by_user: Option<bool>,
    /// When it was said.
    created_at: Timestamp,
    /// Its author.
    author: PublicCard<'a>,
}

/// A page of comments.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicComments)]
pub(super) struct CommentPage<'a> {
    /// The newest first.
    comments: Vec<Comment<'a>>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
}

impl<'a> Comment<'a> {
    fn new(view: &'a CommentView, signed_in: bool) -> Self {
        let comment = &view.comment;
        Self {
            id: comment.id,
            post_id: comment.post.post,
            user_id: comment.author,
            content: &comment.content,
            likes_count: comment.likes,
            liked_by_user: signed_in.then_some(view.liked),
            created_at: comment.id.made_at(),
            author: PublicCard::from(&*view.author),
        }
    }
}

/// Say something about a post
#[utoipa::path(
    post, path = "/api/posts/{id}/comments", tag = "comments", operation_id = "comment_on_post",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])), request_body = NewComment,
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 201, body = Comment<'static>),
        (status = 400, description = "`Comment content is required`, or it is too long"),
        (status = 401, description = "No good token"),
        (status = 403, description = "`Comments are disabled`"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn comment(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Json(new): Json<NewComment>,
) -> Result<Response> {
    let text = CommentText::parse(new.content.as_deref(), CommentText::MOST)?;
    let view = service.comment(caller.user, post_id(&id)?, text).await?;
    Ok((StatusCode::CREATED, Json(Comment::new(&view, true))).into_response())
}

/// What is said about a post, the newest first
#[utoipa::path(
    get, path = "/api/posts/{id}/comments", tag = "comments", operation_id = "comments_of_post",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The post"), PageQuery),
    responses(
        (status = 200, body = CommentPage<'static>),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn comments(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let wanted = Wanted::new(&query, lists::COMMENTS)?;
    let page = service.comments(viewer, post_id(&id)?, wanted).await?;
    let comments = page.items.iter().map(|view| Comment::new(view, viewer.is_some())).collect();
    Ok(Json(CommentPage { comments, next_cursor: page.next.as_deref() }).into_response())
}

/// Delete a comment
///
/// One of yours, or any under a post of yours, or any if you may moderate.
#[utoipa::path(
    delete, path = "/api/comments/{id}", tag = "comments", operation_id = "delete_comment",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The comment")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 403, description = "It is somebody else's"),
        (status = 404, description = "`Comment not found`"),
    ),
)]
pub(super) async fn delete(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Done>> {
    let moderates = caller.role >= Role::Moderator;
    service.delete_comment(caller.user, comment_id(&id)?, moderates).await?;
    Ok(Json(Done { message: "Comment deleted successfully" }))
}

/// Like a comment
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/comments/{id}/like", tag = "comments", operation_id = "like_comment",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The comment")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Comment not found`"),
    ),
)]
pub(super) async fn like(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Liked>> {
    let counted = service.like_comment(caller.user, comment_id(&id)?, true).await?;
    Ok(Json(Liked { message: "Comment liked", likes_count: counted.count }))
}

/// Like a comment no more
///
/// Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/api/comments/{id}/like", tag = "comments", operation_id = "unlike_comment",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The comment")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Comment not found`"),
    ),
)]
pub(super) async fn unlike(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Liked>> {
    let counted = service.like_comment(caller.user, comment_id(&id)?, false).await?;
    Ok(Json(Liked { message: "Comment unliked", likes_count: counted.count }))
}
