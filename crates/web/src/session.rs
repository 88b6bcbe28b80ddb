//! The layer around all pages: who is there, and what an error looks like.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, REFERER, RETRY_AFTER, SET_COOKIE,
};
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use tintype_api::Accounts;
use tintype_api::accounts::Caller;
use tintype_platform::error::Kind;

use crate::pages::errors;
use crate::visit::{Visit, local_path};
use crate::{App, cookie};

/// An error of the routes inside is no longer than this.
const LONGEST_ERROR: usize = 64 * 1024;

/// Who came in and how, for the extractors inside.
#[derive(Clone)]
pub(crate) struct Entered {
    /// Who is signed in.
    pub(crate) caller: Option<Caller>,
    /// Whether they came by TLS.
    pub(crate) is_secure: bool,
}

/// Finds out who is signed in, and turns what goes wrong inside into a page.
///
/// Inside, the cookie is a bearer token like that of the API, so that requests are counted as the
/// account's and nothing of them is kept by caches. What the browser itself says in that header is
/// not looked at: it would be sent along with requests that other sites made.
pub(crate) async fn enter(State(web): State<App>, mut request: Request, next: Next) -> Response {
    let is_secure = web.ground.came_by_tls(&request);
    let asked = Asked::of(&request, is_secure);
    let headers = request.headers_mut();
    headers.remove(AUTHORIZATION);
    let token: Option<Arc<str>> = cookie::read(headers, cookie::SESSION).map(Into::into);
    let mut ended = false;
    let caller = match &token {
        Some(token) => match web.parts.accounts.caller(token.clone()).await {
            Ok(caller) => Some(caller),
            Err(error) if error.kind() == Kind::Unauthenticated => {
                ended = true;
                None
            }
            Err(error) => {
                let entered = Entered { caller: None, is_secure };
                let visit = Visit::outside(web, &request, entered);
                let failed = errors::Failed::of(&error);
                return errors::page(&visit, &failed).await;
            }
        },
        None => None,
    };
    if let (Some(_), Some(token)) = (&caller, &token)
        && let Ok(bearer) = HeaderValue::from_str(&format!("Bearer {token}"))
    {
        headers.insert(AUTHORIZATION, bearer);
    }
    let entered = Entered { caller, is_secure };
    let visit = asked.is_page.then(|| Visit::outside(web, &request, entered.clone()));
    request.extensions_mut().insert(entered);
    let mut response = next.run(request).await;
    if let Some(visit) = visit
        && is_error(&response)
    {
        response = asked.error_page(&visit, response).await;
    }
    if ended {
        let secure = asked.is_secure;
        let gone = cookie::write(cookie::SESSION, "", 0, secure);
        let is_set_anew = response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .any(|set| set.as_bytes().starts_with(cookie::SESSION.as_bytes()));
        if !is_set_anew {
            response.headers_mut().append(SET_COOKIE, gone);
        }
    }
    response
}

/// What is known of a request after it has gone inside.
struct Asked {
    method: Method,
    here: String,
    referer: Option<String>,
    /// Whether a person looks at the answer.
    is_page: bool,
    is_secure: bool,
}

impl Asked {
    fn of(request: &Request, is_secure: bool) -> Self {
        let headers = request.headers();
        let path = request.uri().path();
        let here = request.uri().path_and_query().map_or(path, |all| all.as_str());
        Self {
            method: request.method().clone(),
            here: here.to_owned(),
            referer: referer_path(headers),
            is_page: accepts_pages(headers) && !is_for_programs(path),
            is_secure,
        }
    }

    async fn error_page(&self, visit: &Visit, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let said = to_bytes(body, LONGEST_ERROR).await.unwrap_or_default();
        let said: Said = serde_json::from_slice(&said).unwrap_or_default();
        if parts.status == StatusCode::UNAUTHORIZED && said.code != "invalid_credentials" {
            return self.to_login();
        }
        let failed = errors::Failed { status: parts.status, message: said.error, code: said.code };
        let mut page = errors::page(visit, &failed).await;
        if let Some(seconds) = parts.headers.get(RETRY_AFTER) {
            page.headers_mut().insert(RETRY_AFTER, seconds.clone());
        }
        page
    }

    /// Who must sign in first comes back afterwards.
    fn to_login(&self) -> Response {
        let next = if self.method.is_safe() { Some(&self.here) } else { self.referer.as_ref() };
        let next = next.map_or("/", String::as_str);
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let mut response = Body::empty().into_response();
        *response.status_mut() = StatusCode::SEE_OTHER;
        if let Ok(location) = HeaderValue::from_str(&format!("/login?{query}")) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

/// The error as the routes inside write it.
#[derive(Default, Deserialize)]
struct Said {
    error: String,
    #[serde(default)]
    code: String,
}

fn is_error(response: &Response) -> bool {
    let status = response.status();
    let is_json = || {
        let content_type = response.headers().get(CONTENT_TYPE);
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
    };
    (status.is_client_error() || status.is_server_error()) && is_json()
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Whether programs alone ask below this path.
fn is_for_programs(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "api" | "v1" | "media" | "assets" | "health" | "rpc")
}

/// The page on this site that the browser came from, if it says.
fn referer_path(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(REFERER)?.to_str().ok()?;
    let (_, rest) = referer.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    local_path(path).map(str::to_owned)
}
