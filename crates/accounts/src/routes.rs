//! The slice's routes in the three dialects.

mod mesh;
mod public;
mod trusted;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use tintype_platform::Error;
use tintype_platform::http::ClientAddress;
use utoipa_axum::router::OpenApiRouter;

use crate::account;
use crate::input::Refusal;
use crate::service::AccountsService;

/// All routes.
pub(crate) fn all(service: Arc<AccountsService>) -> OpenApiRouter {
    public::routes().merge(mesh::routes()).merge(trusted::routes()).with_state(service)
}

/// Where a request comes from, for the trail.
struct Origin(account::Origin);

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        /// Enough to know a browser by.
        const LONGEST: usize = 256;
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let user_agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let user_agent = user_agent.map(|agent| agent.chars().take(LONGEST).collect());
        Ok(Self(account::Origin { address: Some(address), user_agent }))
    }
}

/// A field of a body whose presence was looked at first.
fn parse<T: TryFrom<String, Error = Refusal>>(
    field: &'static str,
    text: String,
) -> Result<T, Error> {
    T::try_from(text).map_err(|refusal| Error::invalid(field, format!("{field} {refusal}")))
}
