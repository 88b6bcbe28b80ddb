//! What every answer has in common.

use std::sync::Arc;

use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, StatusCode};

use super::dialect::{self, Dialect};
use super::request_id::X_REQUEST_ID;
use crate::error::{Error, Kind};

/// How one request is answered.
#[derive(Clone)]
pub(super) struct Reply {
    pub(super) dialect: Dialect,
    pub(super) request_id: Arc<str>,
}

impl Reply {
    /// Writes the body of an error, ours or a bare status of axum's, and logs what is our fault.
    /// A response that has been rendered is left as it is.
    pub(super) fn render(&self, mut response: Response) -> Response {
        let status = response.status();
        if status.is_success() {
            return response;
        }
        let error = match response.extensions_mut().remove::<Error>() {
            Some(error) => error,
            None if is_bare_error(status, response.headers()) => dialect::from_status(status),
            None => return response,
        };
        log(&error);
        response.headers_mut().remove(CONTENT_LENGTH);
        let (status, body) =
            dialect::write(&error, self.dialect, &self.request_id, response.headers_mut());
        *response.status_mut() = status;
        *response.body_mut() = body;
        response
    }

    /// Writes the headers that every answer has, unless the route set its own.
    pub(super) fn write_headers(&self, headers: &mut HeaderMap, has_credentials: bool) {
        // It was taken from a header or is hexadecimal.
        if let Ok(request_id) = HeaderValue::from_str(&self.request_id) {
            headers.insert(X_REQUEST_ID, request_id);
        }
        let mut set = |name: HeaderName, value| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(REFERRER_POLICY, "no-referrer");
        set(X_FRAME_OPTIONS, "DENY");
        set(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
        if has_credentials {
            set(CACHE_CONTROL, "no-store");
        }
    }
}

/// Whether this is an answer of axum itself: an empty body or a plain text of its own.
fn is_bare_error(status: StatusCode, headers: &HeaderMap) -> bool {
    let is_error = status.is_client_error() || status.is_server_error();
    is_error
        && headers.get(CONTENT_TYPE).is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

fn log(error: &Error) {
    // What has no cause was logged where it happened: in a peer, or as a panic.
    let Some(cause) = error.cause() else { return };
    match error.kind() {
        Kind::Internal => tracing::error!(code = error.code(), %cause, "a request failed"),
        Kind::Unavailable | Kind::Full => {
            tracing::warn!(code = error.code(), %cause, "a request could not be carried out");
        }
        _ => {}
    }
}
