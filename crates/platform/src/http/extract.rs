//! Extractors that refuse with our [`Error`], naming the field.

use axum::RequestExt;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{dialect, shape};
use crate::error::{Error, Kind, Place, Result};

/// A JSON body, in a request and in a response.
///
/// As an extractor it refuses another content type (415), a body over the limit (413), text that
/// is not JSON (400 `malformed_json`) and JSON of another shape ([`Kind::Invalid`], naming the
/// field as the client writes it). It is always an object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

/// A JSON body that may be left out: an empty body is `T::default()`, whatever its content type.
#[derive(Debug, Clone, Copy, Default)]
pub struct OptionalJson<T>(pub T);

/// The query string.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

/// The parts of the path that the route names.
///
/// A part that is not of the wanted type is [`Kind::Invalid`]; a route to whose clients a broken
/// id is the same as an unknown one takes a `String` and decides itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Path<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        require_json(request.headers())?;
        let body = read_body(request).await?;
        parse(&body).map(Self)
    }
}

impl<T, S> FromRequest<S> for OptionalJson<T>
where
    T: DeserializeOwned + Default,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let typed = require_json(request.headers());
        let body = read_body(request).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        typed?;
        parse(&body).map(Self)
    }
}

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = axum::extract::Query::try_from_uri(&parts.uri).map_err(query_error)?;
        Ok(Self(query.0))
    }
}

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(path) => Ok(Self(path.0)),
            Err(rejection) => {
                let params = RawPathParams::from_request_parts(parts, state).await.ok();
                Err(path_error(rejection, params.as_ref()))
            }
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let mut response = Response::new(body.into());
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Err(cause) => Error::internal(cause).into_response(),
        }
    }
}

/// Reads a whole body, up to the limit of the route.
pub(super) async fn read_body(request: Request) -> Result<Bytes> {
    request.extract::<Bytes, _>().await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            dialect::too_large()
        } else {
            Error::refused("body_incomplete", "The body did not arrive whole; send it again")
                .with_cause(rejection)
        }
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    // What is passed over is not looked at any closer, so this is seen to first.
    if std::str::from_utf8(body).is_err() {
        return Err(Error::refused("malformed_json", "The body is not UTF-8 text"));
    }
    // The way that keeps track of the path is slower; it is only worth it when something is wrong.
    let value = serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => data_error::<T>(body, &error),
        _ => Error::refused(
            "malformed_json",
            format!("The body is not JSON (line {}, column {})", error.line(), error.column()),
        ),
    })?;
    // Serde would also take the fields of an object one after another without their names.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(shape::error(Place::Body, "", "invalid type: sequence, expected struct"));
    }
    Ok(value)
}

fn data_error<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Error {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let path = serde_path_to_error::deserialize::<_, T>(&mut deserializer)
        .err()
        .map_or_else(String::new, |error| error.path().to_string());
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    shape::error(Place::Body, &path, text)
}

fn query_error(rejection: QueryRejection) -> Error {
    type Refused = serde_path_to_error::Error<serde::de::value::Error>;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&rejection);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return shape::error(
                Place::Query,
                &refused.path().to_string(),
                &refused.inner().to_string(),
            );
        }
        cause = error.source();
    }
    shape::error(Place::Query, "", "is not allowed")
}

fn path_error(rejection: PathRejection, params: Option<&RawPathParams>) -> Error {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return Error::internal(rejection);
    };
    let name = |index: usize| {
        let name = params.and_then(|params| params.iter().nth(index)).map(|(name, _)| name);
        name.unwrap_or_default().to_owned()
    };
    match failed.into_kind() {
        ErrorKind::ParseErrorAtKey { key, .. } => not_a_number(&key),
        ErrorKind::ParseErrorAtIndex { index, .. } => not_a_number(&name(index)),
        ErrorKind::ParseError { .. } => not_a_number(&name(0)),
        ErrorKind::DeserializeError { key, message, .. } => {
            shape::error(Place::Path, &key, &message)
        }
        ErrorKind::InvalidUtf8InPathParam { key } => {
            shape::error(Place::Path, &key, "must be UTF-8 text")
        }
        ErrorKind::Message(message) => shape::error(Place::Path, &name(0), &message),
        // The route and its handler do not fit together.
        other => Error::internal(other.to_string()),
    }
}

fn not_a_number(name: &str) -> Error {
    shape::error(Place::Path, name, "invalid digit found in string")
}

fn require_json(headers: &HeaderMap) -> Result<()> {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/json") => Ok(()),
        Some(other) if other.starts_with("application/") && other.ends_with("+json") => Ok(()),
        _ => Err(Error::new(
            Kind::UnsupportedMedia,
            "unsupported_media_type",
            "The content type must be application/json",
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::page::PageQuery;

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Draft {
        caption: String,
        media_urls: Vec<String>,
        #[serde(default)]
        place: Option<Spot>,
    }

    #[derive(Debug, Deserialize)]
    struct Spot {
        name: String,
        kind: SpotKind,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum SpotKind {
        City,
        Bar,
        Beach,
    }

    fn refused(body: &str) -> (Kind, String, String, String) {
        let error = parse::<Draft>(body.as_bytes()).unwrap_err();
        let field = error.fields().first();
        (
            error.kind(),
            field.map_or_else(String::new, |field| field.field.to_string()),
            error.message().to_owned(),
            field.map_or_else(|| error.code().to_owned(), |field| field.kind.to_string()),
        )
    }

    #[test]
    fn a_right_shape_is_read() {
        let body = r#"{"caption":"x","mediaUrls":["a"],"place":{"name":"Rome","kind":"city"}}"#;
        let draft: Draft = parse(body.as_bytes()).unwrap();
        let spot = draft.place.unwrap();
        assert_eq!((draft.caption.as_str(), draft.media_urls.len()), ("x", 1));
        assert_eq!((spot.name.as_str(), spot.kind), ("Rome", SpotKind::City));
    }

    #[test]
    fn a_wrong_shape_names_the_field_as_the_client_writes_it() {
        for (body, field, message, kind) in [
            (r#"{"mediaUrls":[]}"#, "caption", "caption is required", "missing"),
            (
                r#"{"caption":5,"mediaUrls":[]}"#,
                "caption",
                "caption must be a string",
                "string_type",
            ),
            (
                r#"{"caption":"","mediaUrls":{}}"#,
                "mediaUrls",
                "mediaUrls must be a list",
                "list_type",
            ),
            (
                r#"{"caption":"","mediaUrls":["a",null]}"#,
                "mediaUrls[1]",
                "mediaUrls[1] must be a string",
                "string_type",
            ),
            (
                r#"{"caption":"","mediaUrls":[],"place":{"name":"Rome"}}"#,
                "place.kind",
                "place.kind is required",
                "missing",
            ),
            (
                r#"{"caption":"","mediaUrls":[],"place":{"name":"Rome","kind":"hill"}}"#,
                "place.kind",
                "place.kind must be one of: city, bar, beach",
                "enum",
            ),
            ("7", "", "The body must be an object", "model_type"),
            (r#" ["a",["b"],null]"#, "", "The body must be an object", "model_type"),
        ] {
            let wanted = (Kind::Invalid, field.to_owned(), message.to_owned(), kind.to_owned());
            assert_eq!(refused(body), wanted, "{body}");
        }
    }

    #[test]
    fn text_that_is_not_json_is_refused() {
        for body in ["", "{", "nope", "{\"caption\":\"\\ud800\"}", "{\"caption\": 1e999}", "{}x"] {
            let error = parse::<serde_json::Value>(body.as_bytes()).unwrap_err();
            assert_eq!((error.kind(), error.code()), (Kind::Refused, "malformed_json"), "{body}");
        }
        let latin = b"{\"caption\":\"\",\"mediaUrls\":[],\"unknown\":\"\xe9\"}";
        assert_eq!(parse::<Draft>(latin).unwrap_err().code(), "malformed_json");
        assert!(parse::<Draft>("[".repeat(10_000).as_bytes()).is_err());
    }

    #[test]
    fn a_wrong_query_names_its_parameter() {
        let refused = |uri: &str| {
            let uri = uri.parse().unwrap();
            query_error(axum::extract::Query::<PageQuery>::try_from_uri(&uri).unwrap_err())
        };
        let error = refused("/?limit=ten");
        assert_eq!(error.message(), "limit must be a whole number");
        assert_eq!(error.fields()[0].place, Place::Query);
        assert_eq!(error.fields()[0].field, "limit");
        assert_eq!(refused("/?limit=1&limit=2").message(), "limit may stand only once");
    }
}
