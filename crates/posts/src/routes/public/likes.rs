use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tintype_api::UserId;
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::ids::text;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Error, Result, Timestamp};
use utoipa::ToSchema;

use super::Liked;
use crate::routes::{lists, post_id};
use crate::service::{PostsService, Wanted};

/// Somebody who likes a post.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicLiker)]
pub(super) struct Liker<'a> {
    /// Who.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    user_id: UserId,
    /// Their name.
    username: &'a str,
    /// Since when.
    created_at: Timestamp,
}

/// Like a post
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/api/posts/{id}/like", tag = "likes", operation_id = "like_post",
    extensions(("x-respond-async" = json!(true))),
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn like(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Liked>> {
    let counted = service.like(caller.user, post_id(&id)?).await?;
    Ok(Json(Liked { message: "Post liked", likes_count: counted.count }))
}

/// Like a post no more
///
/// Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/api/posts/{id}/like", tag = "likes", operation_id = "unlike_post",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses(
        (status = 200, body = Liked),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn unlike(
    State(service): State<Arc<PostsService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Liked>> {
    let counted = service.unlike(caller.user, post_id(&id)?).await?;
    Ok(Json(Liked { message: "Post unliked", likes_count: counted.count }))
}

/// Who likes a post, the newest first
///
/// The address of the next page is in the `Link` header.
#[utoipa::path(
    get, path = "/api/posts/{id}/likes", tag = "likes", operation_id = "likes_of_post",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The post"), PageQuery),
    responses(
        (status = 200, body = Vec<Liker<'static>>, headers(("Link" = String, description = "The next page"))),
        (status = 404, description = "`Post not found`"),
    ),
)]
pub(super) async fn likers(
    State(service): State<Arc<PostsService>>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let wanted = Wanted::new(&query, lists::LIKES)?;
    let page = service.likers(viewer, post_id(&id)?, wanted).await?;
    let likers = page.items.iter().map(|liker| Liker {
        user_id: liker.card.id,
        username: &liker.card.username,
        created_at: liker.at,
    });
    let mut response = Json(likers.collect::<Vec<_>>()).into_response();
    if let Some(next) = &page.next {
        let (path, limit) = (uri.path(), query.limit().get());
        let link = format!("<{path}?limit={limit}&cursor={next}>; rel=\"next\"");
        let link = HeaderValue::try_from(link).map_err(Error::internal)?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}
