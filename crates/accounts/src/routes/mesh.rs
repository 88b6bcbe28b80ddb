//! `/api/v1/auth`: services of the mesh, and apps that prefer numbers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tintype_api::UserId;
use tintype_api::accounts::{Accounts, Caller, Role};
use tintype_api::auth::{SignedIn, Visitor};
use tintype_platform::error::Place;
use tintype_platform::http::{Json, LoginAllowance, OptionalJson, RegisterAllowance};
use tintype_platform::{Error, Result, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Origin;
use crate::input::{self, Email, FullName, Password, Username};
use crate::service::{AccountsService, Profile, Registration, SignedUp};

pub(super) fn routes() -> OpenApiRouter<Arc<AccountsService>> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(me))
        .routes(routes!(verify, verify_body))
}

/// A profile as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshOwnProfile)]
struct OwnProfile<'a> {
    id: UserId,
    username: &'a str,
    email: &'a str,
    full_name: Option<&'a str>,
    bio: Option<&'a str>,
    website: Option<&'a str>,
    profile_picture_url: Option<&'a str>,
    is_private: bool,
    /// `user`, `moderator` or `admin`.
    #[schema(value_type = String)]
    role: Role,
    follower_count: u64,
    following_count: u64,
    post_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> From<&'a Profile> for OwnProfile<'a> {
    fn from(profile: &'a Profile) -> Self {
        let account = &*profile.account;
        let card = &*account.card;
        Self {
            id: card.id,
            username: &card.username,
            email: &account.email,
            full_name: card.full_name.as_deref(),
            bio: account.bio.as_deref(),
            website: account.website.as_deref(),
            profile_picture_url: card.profile_picture_url.as_deref(),
            is_private: card.is_private,
            role: account.role,
            follower_count: profile.graph.followers,
            following_count: profile.graph.following,
            post_count: profile.posts,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

/// Somebody with a new token, which is there under both of the names that clients look for.
#[derive(Serialize, ToSchema)]
#[schema(as = MeshToken)]
struct WithToken<'a> {
    user: OwnProfile<'a>,
    access_token: &'a str,
    token: &'a str,
    token_type: &'static str,
}

async fn with_token(service: &AccountsService, signed_up: SignedUp) -> Result<Response> {
    let profile = service.with_counts(signed_up.account).await?;
    let body = WithToken {
        user: (&profile).into(),
        access_token: &signed_up.token,
        token: &signed_up.token,
        token_type: "bearer",
    };
    Ok(Json(body).into_response())
}

#[derive(Deserialize, ToSchema)]
#[schema(as = MeshRegistration)]
struct Register {
    /// 3 to 30 of a to z, digits, dots and underscores; upper case is turned into lower case.
    #[schema(value_type = String, min_length = 3, max_length = 30)]
    username: Username,
    /// At most 254 characters; upper case is turned into lower case.
    #[schema(value_type = String, format = "email")]
    email: Email,
    /// 8 characters to 72 bytes.
    #[schema(value_type = String, format = "password", min_length = 8)]
    password: Password,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "input::optional")]
    #[schema(value_type = Option<String>, max_length = 100)]
    full_name: Option<FullName>,
}

/// Makes an account and signs in.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", request_body = Register,
    operation_id = "mesh_register", responses(
    (status = 201, description = "The account and a token", body = WithToken<'_>),
    (status = 409, description = "`Username or email already exists`"),
    (status = 422, description = "A field is missing or not allowed"),
    (status = 429, description = "Too many accounts from this address"),
    (status = 503, description = "Too many people are signing in at this moment"),
))]
async fn register(
    State(service): State<Arc<AccountsService>>,
    _: RegisterAllowance,
    Origin(origin): Origin,
    Json(body): Json<Register>,
) -> Result<Response> {
    let Register { username, email, password, full_name } = body;
    let registration =
        Registration { username, email, full_name, bio: None, profile_picture_url: None };
    let signed_up = service.register(registration, password, origin).await?;
    Ok((StatusCode::CREATED, with_token(&service, signed_up).await?).into_response())
}

#[derive(Deserialize, ToSchema)]
#[schema(as = MeshLogin)]
struct Login {
    /// Username or e-mail address.
    #[schema(required, value_type = String)]
    username: Option<String>,
    /// Looked at when there is no `username`.
    email: Option<String>,
    #[schema(format = "password")]
    password: String,
}

/// Signs in by username or e-mail address.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = Login,
    operation_id = "mesh_login", responses(
    (status = 200, description = "The own profile and a token", body = WithToken<'_>),
    (status = 401, description = "`Invalid credentials`"),
    (status = 422, description = "A field is missing"),
    (status = 429, description = "Too many tries from this address"),
    (status = 503, description = "Too many people are signing in at this moment"),
))]
async fn login(
    State(service): State<Arc<AccountsService>>,
    _: LoginAllowance,
    Origin(origin): Origin,
    Json(body): Json<Login>,
) -> Result<Response> {
    let name = body.username.or(body.email).ok_or_else(|| {
        Error::invalid_at(Place::Body, "username", "username is required", "missing")
    })?;
    let signed_in = service.sign_in(&name, body.password, origin).await?;
    with_token(&service, signed_in).await
}

/// The own profile.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", security(("bearer" = [])),
    operation_id = "mesh_me", responses(
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

#[derive(Serialize, ToSchema)]
#[schema(as = MeshVerified)]
struct Verified {
    valid: bool,
    user_id: UserId,
    #[schema(value_type = String)]
    username: Arc<str>,
    /// `user`, `moderator` or `admin`.
    #[schema(value_type = String)]
    role: Role,
}

impl From<Caller> for Verified {
    fn from(caller: Caller) -> Self {
        Self { valid: true, user_id: caller.user, username: caller.username, role: caller.role }
    }
}

/// Says whom the token that is sent speaks for.
#[utoipa::path(get, path = "/api/v1/auth/verify", tag = "auth", operation_id = "mesh_verify", security(("bearer" = [])), responses(
    (status = 200, description = "The token counts", body = Verified),
    (status = 401, description = "It does not"),
))]
async fn verify(SignedIn(caller): SignedIn) -> Json<Verified> {
    Json(caller.into())
}

#[derive(Deserialize, Default, ToSchema)]
#[schema(as = MeshVerify)]
struct Verify {
    /// If left out, the token of the `Authorization` header is meant.
    token: Option<String>,
}

/// Says whom a token speaks for: the one in the body, else the one that is sent.
#[utoipa::path(post, path = "/api/v1/auth/verify", tag = "auth", operation_id = "mesh_verify_body", request_body = Verify,
    security((), ("bearer" = [])), responses(
    (status = 200, description = "The token counts", body = Verified),
    (status = 401, description = "It does not"),
))]
async fn verify_body(
    State(service): State<Arc<AccountsService>>,
    Visitor(caller): Visitor,
    OptionalJson(body): OptionalJson<Verify>,
) -> Result<Json<Verified>> {
    let caller = match body.token {
        Some(token) => Some(service.caller(token.into()).await?),
        None => caller,
    };
    let caller = caller.ok_or_else(|| {
        Error::unauthenticated(
            "token_required",
            "Send a token, in the body or in the Authorization header",
        )
    })?;
    Ok(Json(caller.into()))
}
