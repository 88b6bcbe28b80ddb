use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, IF_RANGE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tintype_platform::error::Kind;
use tintype_platform::objects::ByteRange;
use tintype_platform::{Error, Result, objects};

use crate::MediaService;
use crate::names::Name;
use crate::service::no_such_file;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Should a browser ever take a file for a page, it runs nothing of it.
const POLICY: &str = "sandbox; default-src 'none'";

/// A picture or film
///
/// Whoever was shown its address may fetch it. What is at an address never changes. One range of
/// bytes can be asked for.
#[utoipa::path(
    get, path = "/media/{name}", tag = "media", operation_id = "get_file",
    params(("name" = String, Path, description = "As in the addresses of an upload, with slashes")),
    responses(
        (status = 200, description = "The file", content_type = "image/jpeg", body = String),
        (status = 304, description = "The client has it already"),
        (status = 404, description = "There is no such picture or film"),
        (status = 416, description = "The file has no such bytes"),
        (status = 503, description = "The store does not answer"),
    ),
)]
pub(super) async fn file(
    State(service): State<Arc<MediaService>>,
    method: Method,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let name = Name::read(&name).ok_or_else(no_such_file)?;
    // A name is given to one file, once.
    let etag = format!("\"{}{}\"", name.stem.token, name.ending);
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if header(IF_NONE_MATCH).is_some_and(|tags| is_among(&etag, tags)) {
        service.look(name).await?;
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        describe(response.headers_mut(), name, &etag);
        response.headers_mut().remove(CONTENT_TYPE);
        return Ok(response);
    }
    let current = header(IF_RANGE).is_none_or(|tag| tag.trim() == etag);
    let range = header(RANGE).filter(|_| current).and_then(ByteRange::parse);

    let (info, bytes, body) = if method == Method::HEAD {
        let info = service.look(name).await?;
        let whole = 0..info.size;
        let bytes = range.map_or(Some(whole), |range| range.within(info.size));
        (info, bytes, Body::empty())
    } else {
        let object = service.open(name, range).await?;
        let bytes = Some(object.range).filter(|bytes| range.is_none() || !bytes.is_empty());
        (object.info, bytes, Body::from_stream(object.stream))
    };
    let size = info.size;
    let Some(bytes) = bytes else { return Ok(no_such_range(size)) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    describe(headers, name, &etag);
    headers.insert(CONTENT_LENGTH, (bytes.end - bytes.start).into());
    if range.is_some() {
        let told = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
        headers.insert(CONTENT_RANGE, told.try_into().map_err(Error::internal)?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, name: Name, etag: &str) {
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_TYPE, name.content_type());
    set(CACHE_CONTROL, objects::CACHE_CONTROL);
    set(ACCEPT_RANGES, "bytes");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(RESOURCE_POLICY, "cross-origin");
    // Tokens and endings are plain characters.
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
}

/// Whether a tag is in a list of them, weak or strong.
fn is_among(etag: &str, tags: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn no_such_range(size: u64) -> Response {
    let mut response = Error::new(
        Kind::NoSuchRange,
        "no_such_range",
        "The file has no such bytes; the Content-Range header says how long it is",
    )
    .into_response();
    if let Ok(size) = HeaderValue::try_from(format!("bytes */{size}")) {
        response.headers_mut().insert(CONTENT_RANGE, size);
    }
    response
}
