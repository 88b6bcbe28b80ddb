use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::ids::text;
use tintype_api::{CommentId, PostId, UserId};
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Result, Timestamp};
use utoipa::ToSchema;

use crate::routes::{lists, post_id};
use crate::service::{CommentView, PostsService, Wanted};
use crate::words::CommentText;

/// What is to be said.
#[derive(Deserialize, ToSchema)]
#[schema(as = MeshNewComment)]
pub(super) struct NewComment {
    /// 1 to 2,200 characters, blanks around them aside.
    #[schema(value_type = String, min_length = 1, max_length = 2200)]
    content: Option<String>,
}

/// A comment.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshComment)]
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
    user_id: UserId,
    /// Its author's name.
    username: &'a str,
    /// What it says.
    content: &'a str,
    /// How many like it.
    like_count: u64,
    /// Whether the caller likes it.
    is_liked: bool,
    /// When it was said.
    created_at: Timestamp,
}

/// A page of comments.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshComments)]
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
            post_id: comment.post.post,
            user_id: comment.author,
            username: &view.author.username,
            content: &comment.content,
            like_count: comment.likes,
            is_liked: view.liked,
            created_at: comment.id.made_at(),
        }
    }
}

/// Say something about a post
#[utoipa::path(
    post, path = "/api/v1/posts/{id}/comments", tag = "comments", operation_id = "mesh_comment_on_post",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])), request_body = NewComment,
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 201, body = Comment<'static>),
        (status = 401, description = "No good token"),
        (status = 403, description = "`Comments are disabled`"),
        (status = 404, description = "`Post not found`"),
        (status = 422, description = "`Comment content is required`, or it is too long"),
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
    Ok((StatusCode::CREATED, Json(Comment::from(&view))).into_response())
}

/// What is said about a post, the newest first
#[utoipa::path(
    get, path = "/api/v1/posts/{id}/comments", tag = "comments", operation_id = "mesh_comments_of_post",
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
    let comments = CommentPage {
        comments: page.items.iter().map(Comment::from).collect(),
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
    };
    Ok(Json(comments).into_response())
}
