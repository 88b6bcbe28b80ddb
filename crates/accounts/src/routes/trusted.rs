//! `/v1/users`: a trusted backend that acts for its users.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tintype_api::UserId;
use tintype_api::auth::Trusted;
use tintype_platform::error::Place;
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::page::Limit;
use tintype_platform::{Error, Result, Timestamp};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::input::{self, Bio, Email, FullName, Username, WebAddress};
use crate::service::{AccountsService, Profile, Registration};

pub(super) fn routes() -> OpenApiRouter<Arc<AccountsService>> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(search)).routes(routes!(user))
}

/// An account with its counts.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedUser)]
struct User<'a> {
    id: UserId,
    username: &'a str,
    display_name: Option<&'a str>,
    avatar_url: Option<&'a str>,
    bio: Option<&'a str>,
    follower_count: u64,
    following_count: u64,
    post_count: u64,
    created_at: Timestamp,
}

impl<'a> From<&'a Profile> for User<'a> {
    fn from(profile: &'a Profile) -> Self {
        let account = &*profile.account;
        let card = &*account.card;
        Self {
            id: card.id,
            username: &card.username,
            display_name: card.full_name.as_deref(),
            avatar_url: card.profile_picture_url.as_deref(),
            bio: account.bio.as_deref(),
            follower_count: profile.graph.followers,
            following_count: profile.graph.following,
            post_count: profile.posts,
            created_at: account.created_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[schema(as = TrustedNewUser)]
struct NewUser {
    /// 3 to 30 of a to z, digits, dots and underscores; upper case is turned into lower case.
    #[schema(value_type = String, min_length = 3, max_length = 30)]
    username: Username,
    /// At most 254 characters; upper case is turned into lower case.
    #[schema(value_type = String, format = "email")]
    email: Email,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "input::optional")]
    #[schema(value_type = Option<String>, max_length = 100)]
    display_name: Option<FullName>,
    /// At most 500 characters.
    #[serde(default, deserialize_with = "input::optional")]
    #[schema(value_type = Option<String>, max_length = 500)]
    bio: Option<Bio>,
    /// An http or https address of at most 2048 characters.
    #[serde(default, deserialize_with = "input::optional")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    avatar_url: Option<WebAddress>,
}

/// Makes an account, which nobody can sign in to until a password is set.
#[utoipa::path(post, path = "/v1/users", tag = "users", security((), ("api_key" = [])),
    request_body = NewUser, operation_id = "trusted_create_user", responses(
    (status = 201, description = "The account", body = User<'_>),
    (status = 400, description = "`Username or email already exists`"),
    (status = 401, description = "No good API key"),
    (status = 403, description = "The API key may only read"),
    (status = 422, description = "A field is missing or not allowed"),
))]
async fn create(
    State(service): State<Arc<AccountsService>>,
    _: Trusted,
    Json(body): Json<NewUser>,
) -> Result<Response> {
    let NewUser { username, email, display_name, bio, avatar_url } = body;
    let registration = Registration {
        username,
        email,
        full_name: display_name,
        bio,
        profile_picture_url: avatar_url,
    };
    let account = service.create(registration).await.map_err(|error| match error.code() {
        // The documents of this dialect answer 400 where the others have 409.
        "already_exists" => Error::refused("already_exists", "Username or email already exists"),
        _ => error,
    })?;
    let profile = service.with_counts(account).await?;
    Ok((StatusCode::CREATED, Json(User::from(&profile))).into_response())
}

/// On whose behalf an account is read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Viewer {
    /// Who is shown it; to whom it blocks, or who blocks it, it is not there.
    viewer_id: Option<UserId>,
}

/// An account.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users", security((), ("api_key" = [])),
    params(("id" = UserId, Path), Viewer), operation_id = "trusted_user", responses(
    (status = 200, description = "The account", body = User<'_>),
    (status = 401, description = "No good API key"),
    (status = 404, description = "`User not found`"),
    (status = 422, description = "Not an id"),
))]
async fn user(
    State(service): State<Arc<AccountsService>>,
    _: Trusted,
    Path(id): Path<UserId>,
    Query(viewer): Query<Viewer>,
) -> Result<Response> {
    let profile = service.profile_for(viewer.viewer_id, id).await?;
    Ok(Json(User::from(&profile)).into_response())
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
    /// Where to go on: `next_cursor` of the last page.
    cursor: Option<String>,
    /// Who is shown the people: not those who block them or whom they block.
    viewer_id: Option<UserId>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TrustedUsers)]
struct Found<'a> {
    users: Vec<User<'a>>,
    next_cursor: Option<&'a str>,
    has_more: bool,
}

/// Searches for people by username and full name, best first.
#[utoipa::path(get, path = "/v1/users/search", tag = "users", security((), ("api_key" = [])),
    params(Search), operation_id = "trusted_search_users", responses(
    (status = 200, description = "A page of accounts", body = Found<'_>),
    (status = 400, description = "A broken cursor"),
    (status = 401, description = "No good API key"),
    (status = 422, description = "`q` is missing"),
))]
async fn search(
    State(service): State<Arc<AccountsService>>,
    _: Trusted,
    Query(query): Query<Search>,
) -> Result<Response> {
    let text = query
        .q
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| Error::invalid_at(Place::Query, "q", "Search query required", "missing"))?;
    let limit = query.limit.unwrap_or_default();
    let page = service.search(query.viewer_id, &text, query.cursor.as_deref(), limit).await?;
    let profiles = service.with_counts_all(page.items).await?;
    let found = Found {
        users: profiles.iter().map(User::from).collect(),
        next_cursor: page.next.as_deref(),
        has_more: page.next.is_some(),
    };
    Ok(Json(found).into_response())
}
