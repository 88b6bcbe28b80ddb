//! `/api/users`: profiles and the search for people.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{HeaderValue, LINK};
use serde::{Deserialize, Serialize};
use tintype_api::auth::{SignedIn, Visitor};
use tintype_api::graph;
use tintype_api::ids::{UserId, text};
use tintype_api::posts::shapes::PublicCard;
use tintype_platform::http::{Json, LoginAllowance, Path, Query};
use tintype_platform::page::Limit;
use tintype_platform::{Error, Result, Timestamp};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Done, OwnProfile};
use crate::account::ProfileChange;
use crate::input::{Bio, Change, FullName, WebAddress};
use crate::routes::Origin;
use crate::service::{AccountsService, Profile};

pub(super) fn routes() -> OpenApiRouter<Arc<AccountsService>> {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(me, change_me, delete_me))
        .routes(routes!(profile))
}

/// The own profile.
#[utoipa::path(get, path = "/api/users/me", tag = "users", operation_id = "own_profile", security(("bearer" = [])), responses(
    (status = 200, description = "Always with every field", body = OwnProfile<'_>),
    (status = 401, description = "No good token"),
))]
async fn me(
    State(service): State<Arc<AccountsService>>,
    SignedIn(caller): SignedIn,
) -> Result<Response> {
    let profile = service.profile_of(caller.user).await?;
    Ok(Json(OwnProfile::from(&profile)).into_response())
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ProfileChange)]
#[serde(rename_all = "camelCase")]
struct ProfileBody {
    /// At most 100 characters.
    #[serde(default, alias = "full_name")]
    #[schema(value_type = Option<String>, max_length = 100)]
    full_name: Change<FullName>,
    /// At most 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    bio: Change<Bio>,
    /// Going public accepts all requests that wait.
    #[serde(default, alias = "is_private")]
    is_private: Option<bool>,
    /// An http or https address of at most 2048 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2048)]
    website: Change<WebAddress>,
}

/// Changes the own profile: what is left out stays, what is null or empty is cleared.
#[utoipa::path(put, path = "/api/users/me", tag = "users", operation_id = "change_profile", security(("bearer" = [])),
    request_body = ProfileBody, responses(
    (status = 200, description = "The own profile as it is now", body = OwnProfile<'_>),
    (status = 400, description = "A field is not allowed"),
    (status = 401, description = "No good token"),
))]
async fn change_me(
    State(service): State<Arc<AccountsService>>,
    SignedIn(caller): SignedIn,
    Json(body): Json<ProfileBody>,
) -> Result<Response> {
    let ProfileBody { full_name, bio, is_private, website } = body;
    let change = ProfileChange { full_name, bio, website, is_private };
    let profile = service.change_profile(caller.user, change).await?;
    Ok(Json(OwnProfile::from(&profile)).into_response())
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AccountDeletion)]
struct Deletion {
    #[schema(required, value_type = String, format = "password")]
    password: Option<String>,
}

/// Removes the account with its posts, follows, likes, comments and tokens.
#[utoipa::path(delete, path = "/api/users/me", tag = "users", operation_id = "delete_account", security(("bearer" = [])),
    request_body = Deletion, responses(
    (status = 200, description = "It is gone", body = Done),
    (status = 400, description = "`Missing required fields`"),
    (status = 401, description = "No good token"),
    (status = 403, description = "The password is another"),
    (status = 429, description = "Too many tries from this address"),
    (status = 503, description = "Too many people are signing in at this moment"),
))]
async fn delete_me(
    State(service): State<Arc<AccountsService>>,
    SignedIn(caller): SignedIn,
    _: LoginAllowance,
    Origin(origin): Origin,
    Json(body): Json<Deletion>,
) -> Result<Json<Done>> {
    let Some(password) = body.password else {
        return Err(Error::refused("missing_fields", "Missing required fields"));
    };
    service.delete(&caller, password, origin).await?;
    Ok(Json(Done { message: "Account deleted successfully" }))
}

/// A profile as others see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
struct OthersProfile<'a> {
    #[serde(with = "text")]
    #[schema(value_type = String)]
    id: UserId,
    username: &'a str,
    full_name: Option<&'a str>,
    bio: Option<&'a str>,
    website: Option<&'a str>,
    profile_picture_url: Option<&'a str>,
    is_private: bool,
    followers_count: u64,
    following_count: u64,
    posts_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Only for a caller with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    relationship: Option<Relationship>,
}

/// How the caller and somebody else stand to each other. Neither blocks the other: they would not
/// find each other.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfileRelationship)]
#[expect(clippy::struct_excessive_bools, reason = "the documents answer each of them by itself")]
struct Relationship {
    /// The caller follows them.
    following: bool,
    /// They follow the caller.
    followed_by: bool,
    /// Both.
    mutual: bool,
    /// The caller has asked them.
    pending: bool,
    /// They have asked the caller.
    requested: bool,
    /// The caller mutes them.
    muting: bool,
}

impl From<graph::Relationship> for Relationship {
    fn from(relationship: graph::Relationship) -> Self {
        let graph::Relationship { following, followed_by, pending, requested, muting, .. } =
            relationship;
        let mutual = following && followed_by;
        Self { following, followed_by, mutual, pending, requested, muting }
    }
}

impl<'a> From<&'a Profile> for OthersProfile<'a> {
    fn from(profile: &'a Profile) -> Self {
        let account = &*profile.account;
        let card = &*account.card;
        Self {
            id: card.id,
            username: &card.username,
            full_name: card.full_name.as_deref(),
            bio: account.bio.as_deref(),
            website: account.website.as_deref(),
            profile_picture_url: card.profile_picture_url.as_deref(),
            is_private: card.is_private,
            followers_count: profile.graph.followers,
            following_count: profile.graph.following,
            posts_count: profile.posts,
            created_at: account.created_at,
            updated_at: account.updated_at,
            relationship: profile.relationship.map(Into::into),
        }
    }
}

/// Somebody's profile.
#[utoipa::path(get, path = "/api/users/{username}", tag = "users", operation_id = "user_profile",
    params(("username" = String, Path, description = "In any case")),
    security((), ("bearer" = [])), responses(
    (status = 200, description = "The profile", body = OthersProfile<'_>),
    (status = 401, description = "A token that does not count"),
    (status = 404, description = "`User not found`, also where one blocks the other"),
))]
async fn profile(
    State(service): State<Arc<AccountsService>>,
    Visitor(caller): Visitor,
    Path(username): Path<String>,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let profile = service.profile(viewer, &username).await?;
    Ok(Json(OthersProfile::from(&profile)).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// What the username or full name is, begins with or contains.
    #[param(required)]
    q: Option<String>,
    /// 1 to 100, 20 if left out.
    #[param(value_type = Option<u16>)]
    limit: Option<Limit>,
    /// Where to go on, from the `Link` header of the last page.
    cursor: Option<String>,
}

/// Searches for people by username and full name.
///
/// First the one that is called so, then those whose names begin with it, then those that contain
/// it; each kind by followers. The `Link` header names the next page, if there is one.
#[utoipa::path(get, path = "/api/users", tag = "users", operation_id = "search_users", params(Search),
    security((), ("bearer" = [])), responses(
    (status = 200, description = "Best first", body = Vec<PublicCard<'_>>,
        headers(("Link" = String, description = "`<address>; rel=\"next\"`"))),
    (status = 400, description = "`Search query required`, or a broken cursor"),
    (status = 401, description = "A token that does not count"),
))]
async fn search(
    State(service): State<Arc<AccountsService>>,
    Visitor(caller): Visitor,
    Query(query): Query<Search>,
) -> Result<Response> {
    let viewer = caller.map(|caller| caller.user);
    let text = query.q.unwrap_or_default();
    let limit = query.limit.unwrap_or_default();
    let page = service.search(viewer, &text, query.cursor.as_deref(), limit).await?;
    let cards: Vec<_> = page.items.iter().map(|account| PublicCard::from(&*account.card)).collect();
    let mut response = Json(cards).into_response();
    if let Some(cursor) = page.next {
        response.headers_mut().insert(LINK, next_page(&text, limit, &cursor)?);
    }
    Ok(response)
}

fn next_page(text: &str, limit: Limit, cursor: &str) -> Result<HeaderValue> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("q", text)
        .append_pair("limit", &limit.get().to_string())
        .append_pair("cursor", cursor)
        .finish();
    let link = format!("</api/users?{query}>; rel=\"next\"");
    HeaderValue::try_from(link).map_err(Error::internal)
}
