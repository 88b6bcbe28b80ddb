//! Whole requests, through everything that is around a route.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, Response};
use axum::routing::{get, post};
use tintype_api::UserId;
use tintype_platform::Result;
use tintype_platform::config::Config;
use tintype_platform::http::idempotency::SqliteIdempotency;
use tintype_platform::http::{Ground, Json, Path, Query, stack};
use tintype_platform::page::PageQuery;
use tintype_platform::testkit::Workbench;
use tokio::runtime::Runtime;
use tower::ServiceExt;

struct Server {
    runtime: Runtime,
    router: Router,
    _bench: Workbench,
}

/// One for all inputs: a database takes longer to make than a request to answer.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let bench = Workbench::new(&[]);
    let mut config = Config::defaults();
    config.limits.enabled = false;
    config.http.trusted_proxies = vec!["127.0.0.0/8".parse().expect("it is a network")];
    config.http.cors_origins = vec!["https://app.example".to_owned()];
    let store = Arc::new(SqliteIdempotency::new(bench.sqlite().clone()));
    let ground = Arc::new(Ground::new(&config).with_idempotency(store, bench.clock.clone()));
    let mut router = Router::new();
    for prefix in ["/api", "/api/v1", "/v1"] {
        router = router
            .route(&format!("{prefix}/list"), get(list))
            .route(&format!("{prefix}/people/{{id}}"), get(person))
            .route(&format!("{prefix}/posts"), post(made));
    }
    let runtime = Runtime::new().expect("a runtime can be made");
    Server { runtime, router: stack(router, &ground), _bench: bench }
});

async fn list(Query(query): Query<PageQuery>) -> Result<String> {
    query.cursor::<2>(b'p')?;
    Ok(query.skip().to_string())
}

async fn person(Path(id): Path<UserId>) -> String {
    id.to_string()
}

#[derive(serde::Deserialize)]
struct New {
    author: UserId,
    caption: Option<String>,
    #[serde(default)]
    media: Vec<String>,
    hidden: Option<bool>,
}

async fn made(Json(new): Json<New>) -> String {
    format!("{} {:?} {:?} {:?}", new.author, new.caption, new.media, new.hidden)
}

/// Whatever is sent, the answer is a good one or an error in JSON that says so, and never our fault.
pub(crate) fn request(bytes: &[u8]) {
    let Some(request) = read(bytes) else { return };
    let method = request.method().clone();
    let server = &*SERVER;
    let (parts, body) = server.runtime.block_on(async {
        let answer = server.router.clone().oneshot(request).await;
        let (parts, body) = answer.map_or_else(|never| match never {}, Response::into_parts);
        (parts, to_bytes(body, usize::MAX).await.expect("the body is in memory"))
    });
    assert!(!parts.status.is_server_error(), "{}", parts.status);
    let compressed = parts.headers.contains_key("content-encoding");
    if parts.status.is_client_error() && method != Method::HEAD && !compressed {
        let error: serde_json::Value = serde_json::from_slice(&body).expect("an error is JSON");
        assert!(error["code"].is_string() && error["request_id"].is_string(), "{error}");
    }
}

/// As on the wire: a line with method and target, headers, an empty line, the body.
fn read(bytes: &[u8]) -> Option<Request<Body>> {
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let method = Method::from_bytes(first.next()?).ok()?;
    let mut request = Request::builder().method(method).uri(first.next()?);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711)));
    let body = bytes.get(end + 2..).unwrap_or_default().to_vec();
    request.extension(peer).body(Body::from(body)).ok()
}
