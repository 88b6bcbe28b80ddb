//! Extractors that say who is calling.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tintype_platform::http::operations::Admission;
use tintype_platform::http::{Dialect, Limits};
use tintype_platform::rpc::async_trait;
use tintype_platform::{Error, Result};

use crate::accounts::{Accounts, Caller, KeyStanding, Role};

/// What the extractors ask; the server puts it into the extensions of every request.
#[derive(Clone)]
pub struct Gate {
    /// Who says what a token or a key is worth.
    pub accounts: Arc<dyn Accounts>,
    /// Counts the requests of each caller.
    pub limits: Arc<Limits>,
    /// Whether the server listens on a loopback address alone.
    pub loopback: bool,
}

/// The caller of a route that asks for a bearer token; 401 without a good one.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Visitor(caller) = Visitor::from_request_parts(parts, state).await?;
        caller.map(Self).ok_or_else(|| {
            Error::unauthenticated(
                "token_required",
                "Sign in first: this needs a token in the Authorization header",
            )
        })
    }
}

/// The caller of a route that a token only says more to. A token that is given must be good.
#[derive(Debug, Clone)]
pub struct Visitor(pub Option<Caller>);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let Some(header) = parts.headers.get(AUTHORIZATION) else { return Ok(Self(None)) };
        let token = header.to_str().ok().and_then(bearer).ok_or_else(|| {
            Error::unauthenticated(
                "not_a_bearer_token",
                "The Authorization header must be: Bearer <token>",
            )
        })?;
        let token: Arc<str> = token.into();
        let gate = gate(parts);
        let caller = gate.accounts.caller(token).await?;
        gate.limits.check_user(parts, caller.user.get())?;
        Ok(Self(Some(caller)))
    }
}

/// A caller who may moderate; 403 for others.
#[derive(Debug, Clone)]
pub struct Moderator(pub Caller);

impl<S: Sync> FromRequestParts<S> for Moderator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        if caller.role < Role::Moderator {
            return Err(Error::forbidden("not_a_moderator", "Only a moderator may do this"));
        }
        Ok(Self(caller))
    }
}

/// What requests without a key are counted as, where none is asked for; no key has this number.
const OPEN: u64 = 0;

/// A backend that acts for its users: an `X-API-Key` that is ours, or no key at all on a loopback
/// address for which none has been made.
#[derive(Debug, Clone, Copy)]
pub struct Trusted;

impl<S: Sync> FromRequestParts<S> for Trusted {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let key = parts.headers.get("x-api-key").map(|key| key.to_str().unwrap_or("").to_owned());
        let gate = gate(parts);
        match gate.accounts.key_standing(key).await? {
            KeyStanding::Known { key, may_write } => {
                if !may_write && !parts.method.is_safe() {
                    return Err(Error::forbidden(
                        "read_only_key",
                        "This API key may only read; use one that may write",
                    ));
                }
                gate.limits.check_key(parts, key)?;
                Ok(Self)
            }
            KeyStanding::NoneConfigured if gate.loopback => {
                gate.limits.check_key(parts, OPEN)?;
                Ok(Self)
            }
            KeyStanding::NoneConfigured | KeyStanding::Unknown => Err(Error::unauthenticated(
                "api_key_required",
                "Send an API key in X-API-Key; `tintype apikey create` makes one",
            )),
        }
    }
}

/// While the database is down a token of ours is believed, and so is an API key that was last known to
/// be good.
#[async_trait]
impl Admission for Gate {
    async fn admit(&self, parts: &mut Parts) -> Result<()> {
        parts.extensions.insert(self.clone());
        if Dialect::of(parts.uri.path()) == Dialect::Trusted {
            return Trusted::from_request_parts(parts, &()).await.map(drop);
        }
        match SignedIn::from_request_parts(parts, &()).await {
            // Its signature and its age were looked at before its session was.
            Err(error) if error.code() == "database_unavailable" => Ok(()),
            admitted => admitted.map(drop),
        }
    }
}

/// The token of a `Bearer` header; the scheme's case does not matter.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn gate(parts: &Parts) -> Gate {
    parts.extensions.get::<Gate>().expect("the server puts a Gate into every request").clone()
}
