//! `/api/auth`: registering and signing in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tintype_api::auth::SignedIn;
use tintype_api::ids::{UserId, text};
use tintype_platform::http::{Json, LoginAllowance, RegisterAllowance};
use tintype_platform::{Error, Result, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Done, OwnProfile};
use crate::input::{self, FullName};
use crate::routes::{Origin, parse};
use crate::service::{AccountsService, Registration};

pub(super) fn routes() -> OpenApiRouter<Arc<AccountsService>> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(refresh))
        .routes(routes!(change_password))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = Registration)]
#[serde(rename_all = "camelCase")]
struct Register {
    /// 3 to 30 of a to z, digits, dots and underscores; upper case is turned into lower case.
    #[schema(required, value_type = String, min_length = 3, max_length = 30)]
    username: Option<String>,
    /// At most 254 characters; upper case is turned into lower case.
    #[schema(required, value_type = String, format = "email")]
    email: Option<String>,
    /// 8 characters to 72 bytes.
    #[schema(required, value_type = String, format = "password", min_length = 8)]
    password: Option<String>,
    /// At most 100 characters.
    #[serde(default, alias = "full_name", deserialize_with = "input::optional")]
    #[schema(value_type = Option<String>, max_length = 100)]
    full_name: Option<FullName>,
}

#[derive(Serialize, ToSchema)]
struct Registered<'a> {
    user: NewUser<'a>,
    token: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredUser)]
struct NewUser<'a> {
    #[serde(with = "text")]
    #[schema(value_type = String)]
    id: UserId,
    username: &'a str,
    email: &'a str,
    full_name: Option<&'a str>,
    created_at: Timestamp,
}

/// Makes an account and signs in.
#[utoipa::path(post, path = "/api/auth/register", tag = "auth", request_body = Register, responses(
    (status = 201, description = "The account and a token", body = Registered<'_>),
    (status = 400, description = "`Missing required fields`, or a field is not allowed"),
    (status = 409, description = "`Username or email already exists`"),
    (status = 429, description = "Too many accounts from this address"),
    (status = 503, description = "Too many people are signing in at this moment"),
))]
async fn register(
    State(service): State<Arc<AccountsService>>,
    _: RegisterAllowance,
    Origin(origin): Origin,
    Json(body): Json<Register>,
) -> Result<Response> {
    let present = |field: Option<String>| field.filter(|text| !text.trim().is_empty());
    let (Some(username), Some(email), Some(password)) =
        (present(body.username), present(body.email), present(body.password))
    else {
        return Err(Error::refused("missing_fields", "Missing required fields"));
    };
    let registration = Registration {
        username: parse("username", username)?,
        email: parse("email", email)?,
        full_name: body.full_name,
        bio: None,
        profile_picture_url: None,
    };
    let password = parse("password", password)?;
    let signed_up = service.register(registration, password, origin).await?;
    let account = &*signed_up.account;
    let user = NewUser {
        id: account.card.id,
        username: &account.card.username,
        email: &account.email,
        full_name: account.card.full_name.as_deref(),
        created_at: account.created_at,
    };
    let registered = Registered { user, token: &signed_up.token };
    Ok((StatusCode::CREATED, Json(registered)).into_response())
}

#[derive(Deserialize, ToSchema)]
struct Login {
    /// Username or e-mail address.
    #[schema(required, value_type = String)]
    username: Option<String>,
    /// Looked at when there is no `username`.
    email: Option<String>,
    #[schema(required, value_type = String, format = "password")]
    password: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LoggedIn<'a> {
    user: OwnProfile<'a>,
    token: &'a str,
}

/// Signs in by username or e-mail address.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login, responses(
    (status = 200, description = "The own profile and a token", body = LoggedIn<'_>),
    (status = 400, description = "`Missing required fields`"),
    (status = 401, description = "`Invalid credentials`"),
    (status = 429, description = "Too many tries from this address"),
    (status = 503, description = "Too many people are signing in at this moment"),
))]
async fn login(
    State(service): State<Arc<AccountsService>>,
    _: LoginAllowance,
    Origin(origin): Origin,
    Json(body): Json<Login>,
) -> Result<Response> {
    let present = |field: Option<String>| field.filter(|text| !text.is_empty());
    let name = present(body.username).or(present(body.email));
    let (Some(name), Some(password)) = (name, present(body.password)) else {
        return Err(Error::refused("missing_fields", "Missing required fields"));
    };
    let signed_in = service.sign_in(&name, password, origin).await?;
    let profile = service.with_counts(signed_in.account).await?;
    let logged_in = LoggedIn { user: (&profile).into(), token: &signed_in.token };
    Ok(Json(logged_in).into_response())
}

/// Ends the token that is sent.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, description = "The token counts no more", body = Done),
    (status = 401, description = "No good token"),
))]
async fn logout(
    State(service): State<Arc<AccountsService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Done>> {
    service.sign_out(&caller).await?;
    Ok(Json(Done { message: "Logged out successfully" }))
}

#[derive(Serialize, ToSchema)]
struct Refreshed {
    token: String,
}

/// Gives a new token; the one that is sent ends.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, description = "A new token", body = Refreshed),
    (status = 401, description = "No good token"),
))]
async fn refresh(
    State(service): State<Arc<AccountsService>>,
    SignedIn(caller): SignedIn,
    Origin(origin): Origin,
) -> Result<Json<Refreshed>> {
    let token = service.refresh(&caller, origin).await?.token;
    Ok(Json(Refreshed { token }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordChange {
    /// The present password. Also: `oldPassword`.
    #[serde(alias = "oldPassword", alias = "current_password")]
    #[schema(required, value_type = String, format = "password")]
    current_password: Option<String>,
    /// 8 characters to 72 bytes.
    #[serde(alias = "new_password")]
    #[schema(required, value_type = String, format = "password", min_length = 8)]
    new_password: Option<String>,
}

/// Changes the password and ends all tokens but the one that is sent.
#[utoipa::path(put, path = "/api/auth/password", tag = "auth", security(("bearer" = [])),
    request_body = PasswordChange, responses(
    (status = 200, description = "The new password counts", body = Done),
    (status = 400, description = "`Missing required fields`, or the new password is not allowed"),
    (status = 401, description = "No good token"),
    (status = 403, description = "The present password is another"),
    (status = 429, description = "Too many tries from this address"),
    (status = 503, description = "Too many people are signing in at this moment"),
))]
async fn change_password(
    State(service): State<Arc<AccountsService>>,
    SignedIn(caller): SignedIn,
    _: LoginAllowance,
    Origin(origin): Origin,
    Json(body): Json<PasswordChange>,
) -> Result<Json<Done>> {
    let (Some(current), Some(new)) = (body.current_password, body.new_password) else {
        return Err(Error::refused("missing_fields", "Missing required fields"));
    };
    let new = parse("newPassword", new)?;
    service.change_password(&caller, current, new, origin).await?;
    Ok(Json(Done { message: "Password changed successfully" }))
}
