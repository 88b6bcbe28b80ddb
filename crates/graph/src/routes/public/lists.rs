use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tintype_api::Card;
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::posts::shapes::PublicCard;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::{Page, PageQuery};
use tintype_platform::{Error, Result};
use utoipa::ToSchema;

use crate::routes::Most;
use crate::{Entry, GraphService};

/// Who follows both of two people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicMutualFollowers)]
struct MutualFollowers<'a> {
    /// Some of them.
    users: Vec<PublicCard<'a>>,
    /// How many there are in all.
    count: usize,
}

/// Who follows somebody, the newest first
///
/// A private account shows it to its followers alone. The address of the next page is in the
/// `Link` header.
#[utoipa::path(
    get, path = "/api/users/{username}/followers", tag = "follows", operation_id = "followers_of_user",
    security((), ("bearer" = [])),
    params(("username" = String, Path, description = "Whose"), PageQuery),
    responses(
        (status = 200, body = Vec<PublicCard<'static>>, headers(("Link" = String, description = "The next page"))),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn followers(
    State(service): State<Arc<GraphService>>,
    Visitor(caller): Visitor,
    Path(username): Path<String>,
    Query(query): Query<PageQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let user = service.named(username).await?;
    let page = service.followers(caller.map(|caller| caller.user), user, &query).await?;
    answer(&page, &query, uri.path())
}

/// Whom somebody follows, the newest first
///
/// A private account shows it to its followers alone. The address of the next page is in the
/// `Link` header.
#[utoipa::path(
    get, path = "/api/users/{username}/following", tag = "follows", operation_id = "followees_of_user",
    security((), ("bearer" = [])),
    params(("username" = String, Path, description = "Whose"), PageQuery),
    responses(
        (status = 200, body = Vec<PublicCard<'static>>, headers(("Link" = String, description = "The next page"))),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn following(
    State(service): State<Arc<GraphService>>,
    Visitor(caller): Visitor,
    Path(username): Path<String>,
    Query(query): Query<PageQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response> {
    let user = service.named(username).await?;
    let page = service.following(caller.map(|caller| caller.user), user, &query).await?;
    answer(&page, &query, uri.path())
}

/// Who follows both you and somebody else
#[utoipa::path(
    get, path = "/api/users/{username}/mutual", tag = "discovery", operation_id = "mutual_followers",
    security(("bearer" = [])),
    params(("username" = String, Path, description = "Who else"), Most),
    responses(
        (status = 200, body = MutualFollowers<'static>),
        (status = 401, description = "No good token"),
        (status = 403, description = "`This account is private`"),
        (status = 404, description = "`User not found`"),
    ),
)]
pub(super) async fn mutual(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Path(username): Path<String>,
    Query(most): Query<Most>,
) -> Result<Response> {
    let other = service.named(username).await?;
    let mutual = service.mutual_followers(caller.user, other, most.limit).await?;
    Ok(Json(MutualFollowers { users: shown(&mutual.people), count: mutual.count }).into_response())
}

/// Whom you might want to follow
///
/// Whom the most of those follow whom you follow. Of very many, only the newest are asked.
#[utoipa::path(
    get, path = "/api/users/suggestions", tag = "discovery", operation_id = "suggestions",
    security(("bearer" = [])), params(Most),
    responses(
        (status = 200, body = Vec<PublicCard<'static>>),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn suggestions(
    State(service): State<Arc<GraphService>>,
    SignedIn(caller): SignedIn,
    Query(most): Query<Most>,
) -> Result<Response> {
    let people = service.suggestions(caller.user, most.limit).await?;
    Ok(Json(shown(&people)).into_response())
}

/// A bare list, with the way to its next page in a header.
pub(super) fn answer(page: &Page<Entry>, query: &PageQuery, path: &str) -> Result<Response> {
    let cards: Vec<PublicCard<'_>> =
        page.items.iter().map(|entry| PublicCard::from(&*entry.card)).collect();
    let mut response = Json(cards).into_response();
    if let Some(next) = &page.next {
        let limit = query.limit().get();
        let link = format!("<{path}?limit={limit}&cursor={next}>; rel=\"next\"");
        let link = HeaderValue::try_from(link).map_err(Error::internal)?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

fn shown(people: &[Arc<Card>]) -> Vec<PublicCard<'_>> {
    people.iter().map(|card| PublicCard::from(&**card)).collect()
}
