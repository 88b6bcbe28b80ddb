//! How an [`Error`] is written: the three dialects say the same in different shapes.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::error::{Error, FieldError, Kind, Place};

/// Whom a path is for, which decides how its errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `/api/*` and everything that is not below: `{"error": "…"}`.
    Public,
    /// `/api/v1/*`: `{"detail": …}`, refused fields 422.
    Mesh,
    /// `/v1/*`: like the mesh.
    Trusted,
}

impl Dialect {
    /// The dialect of a path.
    pub fn of(path: &str) -> Self {
        let below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if below("/api/v1") {
            Self::Mesh
        } else if below("/v1") {
            Self::Trusted
        } else {
            Self::Public
        }
    }

    /// The HTTP status of an error of this kind.
    pub fn status(self, kind: Kind) -> StatusCode {
        match (self, kind) {
            (Self::Mesh | Self::Trusted, Kind::Invalid) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => kind.status(),
        }
    }
}

/// Only marks the response; the layer around all routes, which knows the path, writes the body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind().status();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes `error` into `headers` and answers status and body.
pub(super) fn write(
    error: &Error,
    dialect: Dialect,
    request_id: &str,
    headers: &mut HeaderMap,
) -> (StatusCode, Body) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let retry_after = error.retry_after().or(match error.kind() {
        Kind::TooMany | Kind::Unavailable => Some(1),
        _ => None,
    });
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if error.kind() == Kind::Unauthenticated {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let code = error.code();
    let written = match dialect {
        Dialect::Public => {
            serde_json::to_vec(&PublicBody { error: error.message(), code, request_id })
        }
        Dialect::Mesh | Dialect::Trusted => {
            let detail = if error.kind() == Kind::Invalid && !error.fields().is_empty() {
                Detail::Fields(error.fields().iter().map(Field::from).collect())
            } else {
                Detail::Sentence(error.message())
            };
            serde_json::to_vec(&DetailBody { detail, code, request_id })
        }
    };
    let body = written.expect("texts and numbers are always written").into();
    (dialect.status(error.kind()), body)
}

/// What a bare status of axum or hyper means, for responses that no handler of ours made.
pub(super) fn from_status(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::not_found("not_found", "There is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => Error::new(
            Kind::MethodNotAllowed,
            "method_not_allowed",
            "This address does not take this method; the Allow header names those it takes",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::new(
            Kind::UnsupportedMedia,
            "unsupported_media_type",
            "The content type is not one that this address takes",
        ),
        StatusCode::UNAUTHORIZED => Error::unauthenticated("unauthenticated", "Say who you are"),
        StatusCode::FORBIDDEN => Error::forbidden("forbidden", "You may not do this"),
        StatusCode::CONFLICT => Error::conflict("conflict", "This clashes with what is there"),
        StatusCode::TOO_MANY_REQUESTS => {
            Error::new(Kind::TooMany, "too_many_requests", "Too many requests; slow down")
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::BAD_GATEWAY => {
            Error::unavailable("unavailable", "The service is not available; try again", 1)
        }
        status if status.is_client_error() => {
            Error::refused("bad_request", "The request cannot be understood")
        }
        status => Error::internal(format!("a route answered a bare {status}")),
    }
}

pub(super) fn too_large() -> Error {
    Error::new(Kind::TooLarge, "body_too_large", "The body is larger than this address takes")
}

#[derive(Serialize)]
struct PublicBody<'a> {
    error: &'a str,
    code: &'a str,
    request_id: &'a str,
}

#[derive(Serialize)]
struct DetailBody<'a> {
    detail: Detail<'a>,
    code: &'a str,
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Sentence(&'a str),
    Fields(Vec<Field<'a>>),
}

#[derive(Serialize)]
struct Field<'a> {
    loc: Vec<Step<'a>>,
    msg: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> From<&'a FieldError> for Field<'a> {
    fn from(error: &'a FieldError) -> Self {
        let place = match error.place {
            Place::Body => "body",
            Place::Query => "query",
            Place::Path => "path",
            Place::Header => "header",
        };
        // `media_urls[1].alt` is `["body", "media_urls", 1, "alt"]`.
        let steps = error.field.split(['.', '[', ']']).filter(|step| !step.is_empty());
        let steps = steps.map(|step| step.parse().map_or(Step::Name(step), Step::Index));
        let loc = std::iter::once(Step::Name(place)).chain(steps).collect();
        Self { loc, msg: &error.message, r#type: &error.kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_their_dialect() {
        for (path, dialect) in [
            ("/api/v1/posts", Dialect::Mesh),
            ("/api/v1", Dialect::Mesh),
            ("/api/v10/posts", Dialect::Public),
            ("/api/posts", Dialect::Public),
            ("/v1/feed", Dialect::Trusted),
            ("/v1", Dialect::Trusted),
            ("/v12", Dialect::Public),
            ("/", Dialect::Public),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
