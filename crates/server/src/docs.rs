//! The API's description, and two pages to read it in: Swagger UI at `/docs`, ReDoc at `/redoc`.
//!
//! Both are part of the program and load nothing from elsewhere. Each page says in a policy of its
//! own what it needs, which is more than the rest of the site allows: styles that scripts write.

mod refusals;

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_swagger_ui::Config;

const REDOC_SCRIPT: &[u8] =
    include_bytes!("../../../third_party/redoc/redoc.standalone.js.gz").as_slice();

const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// ReDoc's search runs in a worker that it makes from a blob. Its mark in the corner would come from
/// its maker's server and is not let in.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src blob:; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// `/openapi.json` with this description, and the pages that show it.
pub(crate) fn routes(openapi: OpenApi) -> Router {
    let mut json = serde_json::to_value(openapi).expect("an OpenAPI description is plain data");
    refusals::describe(&mut json);
    describe_responses(&mut json);
    let json = Bytes::from(json.to_string());
    let description =
        || async move { ([(header::CONTENT_TYPE, "application/json")], json).into_response() };
    let swagger = || async { page(SWAGGER_POLICY, include_str!("docs/swagger.html")) };
    let redoc = || async { page(REDOC_POLICY, include_str!("docs/redoc.html")) };
    Router::new()
        .route("/openapi.json", get(description))
        .route("/docs", get(swagger))
        .route("/docs/", get(swagger))
        .route("/docs/init.js", get(|| async { script(include_str!("docs/swagger-init.js")) }))
        .route("/docs/{file}", get(swagger_file))
        .route("/redoc", get(redoc))
        .route("/redoc/", get(redoc))
        .route("/redoc/init.js", get(|| async { script(include_str!("docs/redoc-init.js")) }))
        .route("/redoc/redoc.standalone.js", get(redoc_script))
}

/// What the description says before its routes: whose API it is and how a caller proves who it is.
pub(crate) fn about() -> OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(
        info(
            title = "Tintype",
            description = "A photo-sharing network in three dialects: `/api` for people's apps, \
                `/api/v1` for services of a mesh, `/v1` for a trusted backend that acts for its \
                users. Ids are taken as numbers or as decimal text everywhere.",
            license(name = "MIT", identifier = "MIT"),
        ),
        modifiers(&Schemes),
    )]
    struct About;
    <About as utoipa::OpenApi>::openapi()
}

struct Schemes;

impl utoipa::Modify for Schemes {
    fn modify(&self, openapi: &mut OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let key = ApiKey::Header(ApiKeyValue::new("X-API-Key"));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(key));
    }
}

/// The standard asks for a description of every response: where a route says no more than the
/// status, that is it.
fn describe_responses(openapi: &mut Value) {
    let paths = openapi["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations {
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        for (status, response) in responses.into_iter().flatten() {
            let status = StatusCode::from_bytes(status.as_bytes()).ok();
            let reason = status.and_then(|status| status.canonical_reason()).unwrap_or("An answer");
            if let Some(response) = response.as_object_mut() {
                response.entry("description").or_insert_with(|| reason.into());
            }
        }
    }
}

fn page(policy: &'static str, html: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, html).into_response()
}

fn script(text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, JAVASCRIPT), (header::CACHE_CONTROL, "no-cache")];
    (headers, text).into_response()
}

async fn redoc_script(headers: HeaderMap) -> Response {
    embedded(JAVASCRIPT, Bytes::from_static(REDOC_SCRIPT), &headers)
}

/// A file of Swagger UI's own.
async fn swagger_file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    const USED: [&str; 4] =
        ["swagger-ui-bundle.js", "swagger-ui.css", "index.css", "favicon-32x32.png"];
    let found = USED.contains(&name.as_str()).then(|| {
        // The configuration would go into a start script that we do not use.
        utoipa_swagger_ui::serve(&name, Arc::new(Config::from("/openapi.json")))
    });
    let Some(Ok(Some(file))) = found else { return StatusCode::NOT_FOUND.into_response() };
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    embedded(&file.content_type, bytes, &headers)
}

/// Answers with a file that lies compressed within the program: as it is if the client can take it
/// so. It changes with the program alone, so it may be kept for a day.
fn embedded(content_type: &str, gzip: Bytes, request: &HeaderMap) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::VARY, "accept-encoding"),
    ];
    if accepts_gzip(request) {
        return (headers, [(header::CONTENT_ENCODING, "gzip")], gzip).into_response();
    }
    let mut plain = Vec::new();
    GzDecoder::new(&*gzip).read_to_end(&mut plain).expect("what was compressed here reads back");
    (headers, plain).into_response()
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=");
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse() != Ok(0.0)
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY};
    use utoipa::OpenApi as _;

    use super::*;

    #[derive(utoipa::OpenApi)]
    #[openapi(info(title = "Small", version = "1"))]
    struct Small;

    async fn listen() -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, routes(Small::openapi())).await.unwrap() });
        format!("http://{address}")
    }

    async fn fetch(url: String, encoding: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.no_proxy().build().unwrap();
        client.get(url).header(ACCEPT_ENCODING, encoding).send().await.unwrap()
    }

    #[tokio::test]
    async fn describes_itself() {
        let root = listen().await;
        let answer = fetch(format!("{root}/openapi.json"), "identity").await;
        let json: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(json["info"]["title"], "Small");
        assert!(json["openapi"].as_str().unwrap().starts_with("3.1"));
    }

    /// Every file that a page names is there, none is elsewhere, and no script is within the page,
    /// which its policy would not run.
    #[tokio::test]
    async fn the_pages_are_whole_without_a_network() {
        let root = listen().await;
        for path in ["/docs", "/docs/", "/redoc", "/redoc/"] {
            let answer = fetch(format!("{root}{path}"), "identity").await;
            assert_eq!(answer.status(), 200, "{path}");
            let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
            assert!(policy.contains("script-src 'self';") && !policy.contains("http"), "{policy}");
            let html = answer.text().await.unwrap();
            assert!(!html.contains("//"), "{path} names another server");
            assert_eq!(html.matches("<script").count(), html.matches("></script>").count());
            let links = html.split("src=\"").skip(1).chain(html.split("href=\"").skip(1));
            let mut linked = 0;
            for link in links.filter_map(|rest| rest.split('"').next()) {
                if link.starts_with('/') {
                    let answer = fetch(format!("{root}{link}"), "identity").await;
                    assert_eq!(answer.status(), 200, "{path} names {link}");
                    assert!(!answer.bytes().await.unwrap().is_empty(), "{link} is empty");
                    linked += 1;
                }
            }
            assert!(linked >= 3, "{path}");
        }
        assert_eq!(fetch(format!("{root}/docs/none.js"), "identity").await.status(), 404);
    }

    #[tokio::test]
    async fn scripts_are_compressed_for_whom_it_suits() {
        let root = listen().await;
        for path in ["/docs/swagger-ui-bundle.js", "/redoc/redoc.standalone.js"] {
            for encoding in ["identity", "br", "gzip;q=0"] {
                let answer = fetch(format!("{root}{path}"), encoding).await;
                assert!(!answer.headers().contains_key(CONTENT_ENCODING), "{path} as {encoding}");
                assert!(answer.headers()["content-type"].to_str().unwrap().contains("javascript"));
                assert!(answer.text().await.unwrap().contains("function"), "{path} as {encoding}");
            }
            let answer = fetch(format!("{root}{path}"), "br, gzip;q=0.5").await;
            assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
            assert_eq!(answer.headers()["vary"], "accept-encoding");
            assert_eq!(&answer.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
        }
    }
}
