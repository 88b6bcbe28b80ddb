//! Compresses answers for clients that ask for it.

use std::convert::Infallible;
use std::future::ready;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY};
use http::{HeaderMap, Request, StatusCode};
use tower::{Service, service_fn};
use tower_http::compression::Compression;

/// Shorter answers fit into one packet as they are.
const SHORTEST: u64 = 1024;

/// The encoding that a client likes best of those we speak; none if it asks for none of them.
pub(super) fn wanted(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let quality = |wanted: &str| {
        let mut items = asked.split(',').map(|item| item.split_once(';').unwrap_or((item, "")));
        let (_, parameters) = items.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
        let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        quality.ok().filter(|quality| *quality > 0.0)
    };
    match (quality("br"), quality("gzip")) {
        (Some(brotli), gzip) if gzip.is_none_or(|gzip| gzip <= brotli) => {
            Some(HeaderValue::from_static("br"))
        }
        (_, Some(_)) => Some(HeaderValue::from_static("gzip")),
        _ => None,
    }
}

/// The answer as the client wants it, if it is worth it. Event streams are left alone: a compressor
/// would hold events back.
pub(super) async fn compress(mut response: Response, wanted: Option<HeaderValue>) -> Response {
    if !is_worth_it(&response) {
        return response;
    }
    let Some(wanted) = wanted else {
        response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        return response;
    };
    let mut request = Request::new(());
    request.headers_mut().insert(ACCEPT_ENCODING, wanted);
    // The service of tower-http, around an answer that is already there. It would make a 406 of an
    // answer in none of the client's encodings, so it is asked for one of ours alone.
    let mut response = Some(response);
    let inner = service_fn(move |_: Request<()>| {
        ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    });
    match Compression::new(inner).compress_when(Always).call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let size = response.body().size_hint();
    let partial = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT);
    size.upper().is_none_or(|size| size >= SHORTEST)
        && !partial
        && !headers.contains_key(CONTENT_ENCODING)
        && headers.get(CONTENT_TYPE).is_some_and(is_text)
}

fn is_text(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some(("text", kind)) => kind != "event-stream",
        Some(("application", kind)) => {
            kind == "json" || kind == "javascript" || kind.ends_with("+json") || kind == "xml"
        }
        Some(("image", kind)) => kind == "svg+xml",
        _ => false,
    }
}

#[derive(Clone, Copy)]
struct Always;

impl tower_http::compression::Predicate for Always {
    fn should_compress<B: HttpBody>(&self, _: &http::Response<B>) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_encoding_that_both_speak_is_taken() {
        for (asked, encoding) in [
            ("gzip", Some("gzip")),
            ("gzip, deflate, br", Some("br")),
            ("br;q=0.5, gzip;q=0.8", Some("gzip")),
            ("GZIP; q=1", Some("gzip")),
            ("br;q=0, gzip;q=0", None),
            ("identity;q=0", None),
            ("zstd", None),
            ("gzip;q=lots", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, asked.parse().unwrap());
            assert_eq!(wanted(&headers), encoding.map(HeaderValue::from_static), "{asked}");
        }
    }
}
