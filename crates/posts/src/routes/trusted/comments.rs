use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tintype_api::auth::Trusted;
use tintype_api::{CommentId, PostId, UserId};
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Error, Result, Timestamp};
use utoipa::ToSchema;

use super::{ActingUser, Viewer};
use crate::lists;
use crate::service::{CommentView, PostsService, Wanted};
use crate::words::CommentText;

/// What a user says.
#[derive(Deserialize, ToSchema)]
#[schema(as = TrustedNewComment)]
pub(super) struct NewComment {
    /// Who says it.
    user_id: UserId,
    /// 1 to 1,000 characters, blanks around them aside.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    content: Option<String>,
}

/// A comment.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedComment)]
pub(super) struct Comment<'a> {
    /// The comment.
    id: CommentId,
    /// Its author.
    user_id: UserId,
    /// Its author's name.
    username: &'a str,
    /// Its author's picture.
    user_avatar_url: Option<&'a str>,
    /// The post that it is about.
    post_id: PostId,
    /// What it says.
    content: &'a str,
    /// When it was said.
    created_at: Timestamp,
}

/// A page of comments.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedComments)]
pub(super) struct CommentPage<'a> {
    /// The newest first.
    comments: Vec<Comment<'a>>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<&'a str>,
    /// Whether there is one.
    has_more: bool,
}

impl<'a> From<&'a CommentView> for Comment<'a> {
    fn from(view: &'a CommentView) -> Self {
        let comment = &view.comment;
        Self {
            id: comment.id,
            user_id: comment.author,
            username: &view.author.username,
            user_avatar_url: view.author.profile_picture_url.as_deref(),
            post_id: comment.post.post,
            content: &comment.content,
            created_at: comment.id.made_at(),
        }
    }
}

/// Let a user say something about a post
#[utoipa::path(
    post, path = "/v1/posts/{id}/comments", tag = "comments", operation_id = "trusted_comment_on_post",
    extensions(("x-respond-async" = json!(true))),
    security((), ("api_key" = [])), request_body = NewComment,
    params(("id" = PostId, Path, description = "The post")),
    responses(
        (status = 201, body = Comment<'static>),
        (status = 401, description = "No good API key"),
        (status = 403, description = "`Comments are disabled`"),
        (status = 404, description = "`Post not found` or `User not found`"),
        (status = 422, description = "A field that is not allowed"),
    ),
)]
pub(super) async fn comment(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(post): Path<PostId>,
    Json(new): Json<NewComment>,
) -> Result<Response> {
    let text = CommentText::parse(new.content.as_deref(), CommentText::MOST_TRUSTED)?;
    let view = service.comment(new.user_id, post, text).await?;
    Ok((StatusCode::CREATED, Json(Comment::from(&view))).into_response())
}

/// What is said about a post, the newest first
#[utoipa::path(
    get, path = "/v1/posts/{id}/comments", tag = "comments", operation_id = "trusted_comments_of_post",
    security((), ("api_key" = [])),
    params(("id" = PostId, Path, description = "The post"), Viewer, PageQuery),
    responses(
        (status = 200, body = CommentPage<'static>),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`Post not found` or `User not found`"),
    ),
)]
pub(super) async fn comments(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(post): Path<PostId>,
    Query(viewer): Query<Viewer>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    service.known_if_any(viewer.id()).await?;
    let wanted = Wanted::new(&query, lists::COMMENTS)?;
    let page = service.comments(viewer.id(), post, wanted).await?;
    let comments = CommentPage {
        comments: page.items.iter().map(Comment::from).collect(),
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
    };
    Ok(Json(comments).into_response())
}

/// Delete a user's comment, or one under a user's post
#[utoipa::path(
    delete, path = "/v1/comments/{id}", tag = "comments", operation_id = "trusted_delete_comment",
    security((), ("api_key" = [])),
    params(("id" = CommentId, Path, description = "The comment"), ActingUser),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No good API key"),
        (status = 404, description = "`Comment not found or not authorized`"),
    ),
)]
pub(super) async fn delete(
    State(service): State<Arc<PostsService>>,
    _: Trusted,
    Path(comment): Path<CommentId>,
    Query(user): Query<ActingUser>,
) -> Result<StatusCode> {
    let deleted = service.delete_comment(user.user_id, comment, false).await;
    // This dialect does not tell one from the other.
    deleted.map_err(|error| match error.code() {
        "comment_not_found" | "not_your_comment" => {
            Error::not_found("comment_not_found", "Comment not found or not authorized")
        }
        _ => error,
    })?;
    Ok(StatusCode::NO_CONTENT)
}
