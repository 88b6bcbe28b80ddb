use std::convert::Infallible;

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use serde_json::json;
use tintype_platform::http::context;
use tintype_platform::http::{ClientAddress, Json};

use super::{Site, header};

fn routes() -> Router {
    let long = || Json(json!({ "text": "tintype ".repeat(1000) }));
    Router::new()
        .route("/short", get(async || Json(json!({}))))
        .route("/long", get(async move || long()))
        .route(
            "/own",
            get(async || {
                (
                    [
                        (CACHE_CONTROL, "max-age=60"),
                        (CONTENT_SECURITY_POLICY, "default-src 'self'"),
                    ],
                    "x",
                )
            }),
        )
        .route("/who", get(async |address: ClientAddress| address.to_string()))
        .route("/context", get(about_context).post(about_context))
        .route(
            "/events",
            get(async || {
                let event = Event::default().data("tintype ".repeat(1000));
                Sse::new(futures::stream::iter([Ok::<_, Infallible>(event)]))
            }),
        )
}

async fn about_context() -> String {
    let context = context::current().unwrap();
    let traceparent = context.traceparent.as_deref().unwrap_or("none");
    format!("{} {traceparent} {}", context.request_id, context.deadline.is_some())
}

#[tokio::test]
async fn every_answer_bears_the_headers_of_a_careful_server() {
    let site = Site::start(routes()).await;
    for path in ["/short", "/nowhere"] {
        let response = site.get(path).send().await.unwrap();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cache-control", ""),
        ] {
            assert_eq!(header(&response, name), value, "{path}");
        }
    }
    let signed = site.get("/short").bearer_auth("token").send().await.unwrap();
    assert_eq!(header(&signed, "cache-control"), "no-store");
    let own = site.get("/own").bearer_auth("token").send().await.unwrap();
    assert_eq!(header(&own, "cache-control"), "max-age=60");
    assert_eq!(header(&own, "content-security-policy"), "default-src 'self'");
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made_and_known_to_the_handler() {
    let site = Site::start(routes()).await;
    for method in [Method::GET, Method::POST] {
        let request = site.request(method, "/context").header("x-request-id", "abc-1");
        let response = request.header("traceparent", "00-1-2-01").send().await.unwrap();
        assert_eq!(header(&response, "x-request-id"), "abc-1");
        assert_eq!(response.text().await.unwrap(), "abc-1 00-1-2-01 true");
    }
    let response = site.get("/context").header("x-request-id", "two words").send().await.unwrap();
    let made = header(&response, "x-request-id").to_owned();
    assert_eq!(made.len(), 32);
    assert_eq!(response.text().await.unwrap(), format!("{made} none true"));
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let site = Site::start(routes()).await;
    let get = site.get("/long").send().await.unwrap();
    let head = site.request(Method::HEAD, "/long").header("accept-encoding", "gzip");
    let head = head.send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "content-length"), header(&get, "content-length"));
    assert_eq!(head.text().await.unwrap(), "");
    let missing = site.request(Method::HEAD, "/nowhere").send().await.unwrap();
    assert_eq!((missing.status().as_u16(), missing.text().await.unwrap().len()), (404, 0));
}

#[tokio::test]
async fn long_texts_are_compressed_for_who_asks() {
    let site = Site::start(routes()).await;
    let encoding = async |path: &str, asked: &str| {
        let response = site.get(path).header("accept-encoding", asked).send().await.unwrap();
        let encoding = header(&response, "content-encoding").to_owned();
        (encoding, response.bytes().await.unwrap().len())
    };
    let (gzip, length) = encoding("/long", "gzip").await;
    assert!(gzip == "gzip" && length < 1000, "{gzip} {length}");
    let (brotli, length) = encoding("/long", "gzip, br").await;
    assert!(brotli == "br" && length < 1000, "{brotli} {length}");
    assert_eq!(encoding("/long", "identity;q=0").await, (String::new(), 8011));
    assert_eq!(encoding("/short", "gzip").await, (String::new(), 2));
    let (events, length) = encoding("/events", "gzip, br").await;
    assert!(events.is_empty() && length > 8000, "{events} {length}");
    let plain = site.get("/long").send().await.unwrap();
    assert_eq!(header(&plain, "vary"), "accept-encoding");

    let site = Site::configured(routes(), |config| config.http.compression = false).await;
    let plain = site.get("/long").header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(header(&plain, "content-encoding"), "");
}

#[tokio::test]
async fn pages_of_listed_origins_may_call_and_no_others() {
    let site = Site::configured(routes(), |config| {
        config.http.cors_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let preflight = async |origin: &str| {
        let request = site.request(Method::OPTIONS, "/short").header("origin", origin);
        request.header("access-control-request-method", "POST").send().await.unwrap()
    };
    let listed = preflight("https://app.example").await;
    assert_eq!(listed.status(), 204);
    assert_eq!(header(&listed, "access-control-allow-origin"), "https://app.example");
    assert!(header(&listed, "access-control-allow-methods").contains("DELETE"));
    assert!(header(&listed, "access-control-allow-headers").contains("idempotency-key"));
    let other = preflight("https://evil.example").await;
    assert_eq!(header(&other, "access-control-allow-origin"), "");
    assert_eq!(header(&other, "access-control-allow-methods"), "");

    let get = site.get("/short").header("origin", "https://app.example").send().await.unwrap();
    assert_eq!(header(&get, "access-control-allow-origin"), "https://app.example");
    assert_eq!(header(&get, "vary"), "origin");
    let get = site.get("/short").header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(header(&get, "access-control-allow-origin"), "");
    // A page may read what went wrong, too.
    let missing =
        site.get("/nowhere").header("origin", "https://app.example").send().await.unwrap();
    assert_eq!(header(&missing, "access-control-allow-origin"), "https://app.example");
}

#[tokio::test]
async fn without_a_list_no_page_may_call_and_a_star_lets_all() {
    let site = Site::start(routes()).await;
    let request = site.request(Method::OPTIONS, "/short").header("origin", "https://app.example");
    let response = request.header("access-control-request-method", "GET").send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(header(&response, "access-control-allow-origin"), "");

    let site =
        Site::configured(routes(), |config| config.http.cors_origins = vec!["*".to_owned()]).await;
    let response = site.get("/short").header("origin", "https://any.example").send().await.unwrap();
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
}

#[tokio::test]
async fn the_clients_address_is_the_peers_unless_a_trusted_proxy_says_otherwise() {
    let who = async |site: &Site| {
        let request = site.get("/who").header("x-forwarded-for", "203.0.113.9");
        request.send().await.unwrap().text().await.unwrap()
    };
    let site = Site::start(routes()).await;
    assert_eq!(who(&site).await, "127.0.0.1");
    let site = Site::configured(routes(), |config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    assert_eq!(who(&site).await, "203.0.113.9");
}
