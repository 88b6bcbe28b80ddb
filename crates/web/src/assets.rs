//! Styles, scripts and icons: compiled into the program, compressed once, kept by browsers for good.
//!
//! Their folder is named after their content, so that a new version is fetched at once and nothing
//! is ever asked for twice.

use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use tintype_platform::Error;

const PICTURE: &str = "image/png";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const STYLE: &str = "text/css; charset=utf-8";

/// The styles of most pages are one file: a browser asks once. What few pages need, and nobody for
/// a first look, is `desk.css`.
const STYLES: &str = concat!(
    include_str!("../assets/base.css"),
    include_str!("../assets/frame.css"),
    include_str!("../assets/post.css"),
    include_str!("../assets/pages.css"),
);

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

const fn asset(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, content_type, bytes, brotli: OnceLock::new(), gzip: OnceLock::new() }
}

macro_rules! assets {
    ($($name:literal $content_type:expr;)*) => {
        [
            asset("tintype.css", STYLE, STYLES.as_bytes()),
            $(asset($name, $content_type, include_bytes!(concat!("../assets/", $name))),)*
        ]
    };
}

static ASSETS: [Asset; 13] = assets! {
    "desk.css" STYLE;
    "icons.svg" "image/svg+xml";
    "icon.svg" "image/svg+xml";
    "icon-180.png" PICTURE;
    "icon-512.png" PICTURE;
    "app.js" SCRIPT;
    "act.js" SCRIPT;
    "carousel.js" SCRIPT;
    "scroll.js" SCRIPT;
    "live.js" SCRIPT;
    "blur.js" SCRIPT;
    "compose.js" SCRIPT;
};

/// The service worker, which must stand at the root to see all pages.
pub(crate) const WORKER: &str = include_str!("../assets/sw.js");

static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in &ASSETS {
        hash.update(asset.name);
        hash.update(asset.bytes);
    }
    format!("/assets/{}", URL_SAFE_NO_PAD.encode(&hash.finalize()[..9]))
});

/// The folder of this version's assets, as pages link to it.
pub(crate) fn folder() -> &'static str {
    &FOLDER
}

/// The names of what pages need without a network.
pub(crate) fn shell() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().filter(|asset| asset.content_type != PICTURE).map(|asset| asset.name)
}

pub(crate) fn routes() -> Router {
    Router::new().route("/assets/{version}/{name}", get(serve))
}

async fn serve(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or_else(|| Error::not_found("not_found", "There is nothing at this address"))?;
    let asked = headers.get(ACCEPT_ENCODING).and_then(|asked| asked.to_str().ok());
    let asked = asked.unwrap_or_default();
    let is_picture = asset.content_type == PICTURE;
    let (bytes, encoding): (&'static [u8], _) = if is_picture {
        (asset.bytes, None)
    } else if asked.contains("br") {
        (asset.brotli.get_or_init(|| brotli(asset.bytes)), Some("br"))
    } else if asked.contains("gzip") {
        (asset.gzip.get_or_init(|| gzip(asset.bytes)), Some("gzip"))
    } else {
        (asset.bytes, None)
    };
    let mut response = (StatusCode::OK, bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // A page of another version may ask for its own, which is not there any more: what it is given
    // instead must not be kept for it.
    let kept = if folder().ends_with(&version) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    let written = brotli::CompressorWriter::new(&mut compressed, 4096, 11, 22).write_all(bytes);
    written.expect("writing to memory does not fail");
    compressed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}
