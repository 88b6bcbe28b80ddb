use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use tintype_platform::http::{Json, OptionalJson, Path, Query};
use tintype_platform::page::PageQuery;
use tintype_platform::{Error, Result};

use super::{Site, header, status_and_json};

#[derive(Debug, Default, Deserialize)]
struct Draft {
    #[serde(default)]
    caption: String,
    urls: Vec<String>,
}

/// The same routes below each dialect's prefix.
fn routes() -> Router {
    let one = || {
        Router::new()
            .route(
                "/posts",
                post(async |Json(draft): Json<Draft>| Json(json!([draft.urls, draft.caption]))),
            )
            .route("/posts/{id}", get(async |Path(id): Path<u64>| Json(json!(id))))
            .route("/list", get(async |Query(page): Query<PageQuery>| Json(json!(page.limit()))))
            .route(
                "/maybe",
                post(async |OptionalJson(draft): OptionalJson<Draft>| Json(json!(draft.caption))),
            )
            .route(
                "/broken",
                get(async || -> Result<()> { Err(Error::internal("the secret cause")) }),
            )
            .route(
                "/down",
                get(async || -> Result<()> { Err(Error::unavailable("down", "It is down", 7)) }),
            )
            .route("/nobody", get(async || Error::unauthenticated("token_required", "Sign in")))
            .route("/panic", get(panics).post(panics))
            .route(
                "/page",
                get(async || (http::StatusCode::NOT_FOUND, axum::response::Html("<p>"))),
            )
            .route("/plain", get(async || http::StatusCode::CONFLICT.into_response()))
    };
    Router::new().nest("/api", one()).nest("/api/v1", one()).nest("/v1", one())
}

async fn panics() {
    panic!("at the disco");
}

const PREFIXES: [&str; 3] = ["/api", "/api/v1", "/v1"];

/// The sentence of an error body, wherever its dialect writes it.
fn sentence<'b>(prefix: &str, body: &'b Value) -> &'b Value {
    if prefix == "/api" { &body["error"] } else { &body["detail"] }
}

#[tokio::test]
async fn every_dialect_writes_what_was_refused_in_its_own_way() {
    let site = Site::start(routes()).await;
    for prefix in PREFIXES {
        let request = site.post(&format!("{prefix}/posts")).header("x-request-id", "r-1");
        let (status, body) = status_and_json(request.json(&json!({ "caption": "no urls" }))).await;
        let expected = if prefix == "/api" {
            json!({ "error": "urls is required", "code": "invalid", "request_id": "r-1" })
        } else {
            json!({
                "detail": [{ "loc": ["body", "urls"], "msg": "urls is required", "type": "missing" }],
                "code": "invalid",
                "request_id": "r-1",
            })
        };
        assert_eq!((status, body), (if prefix == "/api" { 400 } else { 422 }, expected));

        let request = site.post(&format!("{prefix}/posts")).json(&json!({ "urls": ["a", 5] }));
        let (_, body) = status_and_json(request).await;
        if prefix != "/api" {
            assert_eq!(body["detail"][0]["loc"], json!(["body", "urls", 1]));
        }

        for (path, place, message) in [
            ("/posts/seven", "id", "id must be a number"),
            ("/list?limit=ten", "limit", "limit must be a whole number"),
            ("/posts/%ff", "id", "id must be UTF-8 text"),
        ] {
            let (status, body) = status_and_json(site.get(&format!("{prefix}{path}"))).await;
            if prefix == "/api" {
                assert_eq!((status, &body["error"]), (400, &json!(message)));
            } else {
                assert_eq!((status, &body["detail"][0]["msg"]), (422, &json!(message)));
                assert_eq!(body["detail"][0]["loc"][1], place);
            }
        }
    }
}

#[tokio::test]
async fn what_no_route_answers_is_refused_in_every_dialect() {
    let site = Site::start(routes()).await;
    for prefix in PREFIXES {
        let (status, body) = status_and_json(site.get(&format!("{prefix}/nowhere"))).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        assert_eq!(sentence(prefix, &body), "There is nothing at this address");
        assert!(body["request_id"].as_str().unwrap().len() == 32);

        let response = site.request(http::Method::DELETE, &format!("{prefix}/posts")).send().await;
        let response = response.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, "POST"));
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], "method_not_allowed");

        let (status, body) = status_and_json(site.get(&format!("{prefix}/plain"))).await;
        assert_eq!((status, &body["code"]), (409, &json!("conflict")));
    }
    let (status, body) = status_and_json(site.get("/")).await;
    assert_eq!((status, &body["error"]), (404, &json!("There is nothing at this address")));
}

#[tokio::test]
async fn a_body_of_another_type_not_json_or_too_large_is_refused() {
    let site = Site::configured(routes(), |config| config.http.body_limit_kb = 64).await;
    for prefix in PREFIXES {
        let post = || site.post(&format!("{prefix}/posts"));
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "json"] {
            let (status, body) =
                status_and_json(post().header("content-type", content_type).body("{}")).await;
            assert_eq!((status, &body["code"]), (415, &json!("unsupported_media_type")));
        }
        let (status, _) = status_and_json(post().body("{}")).await;
        assert_eq!(status, 415);
        for text in ["{", "", "nope"] {
            let request = post().header("content-type", "application/json; charset=utf-8");
            let (status, body) = status_and_json(request.body(text)).await;
            assert_eq!((status, &body["code"]), (400, &json!("malformed_json")));
        }
        let large = json!({ "urls": [], "caption": "x".repeat(65 * 1024) });
        let (status, body) = status_and_json(post().json(&large)).await;
        assert_eq!((status, &body["code"]), (413, &json!("body_too_large")));
        let fits = json!({ "urls": [], "caption": "x".repeat(63 * 1024) });
        assert_eq!(post().json(&fits).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_body_far_over_the_limit_is_told_so_before_it_is_all_sent() {
    let site = Site::configured(routes(), |config| config.http.body_limit_kb = 64).await;
    for _ in 0..20 {
        let huge = site.post("/api/posts").header("content-type", "application/json");
        let (status, body) = status_and_json(huge.body(vec![b' '; 8 * 1024 * 1024])).await;
        assert_eq!((status, &body["code"]), (413, &json!("body_too_large")));
    }
}

#[tokio::test]
async fn an_optional_body_may_be_empty_whatever_its_type() {
    let site = Site::start(routes()).await;
    let post = || site.post("/api/maybe");
    assert_eq!(status_and_json(post()).await, (200, json!("")));
    for content_type in ["application/json", "text/plain", ""] {
        let answer = status_and_json(post().header("content-type", content_type).body("")).await;
        assert_eq!(answer, (200, json!("")));
    }
    let given = json!({ "caption": "here", "urls": [] });
    assert_eq!(status_and_json(post().json(&given)).await, (200, json!("here")));
    assert_eq!(status_and_json(post().body("{}")).await.0, 415);
    assert_eq!(status_and_json(post().json(&json!({}))).await.0, 400);
}

#[tokio::test]
async fn a_fault_of_ours_shows_nothing_of_its_cause() {
    let site = Site::start(routes()).await;
    for prefix in PREFIXES {
        for request in [
            site.get(&format!("{prefix}/broken")),
            site.get(&format!("{prefix}/panic")),
            site.post(&format!("{prefix}/panic")),
        ] {
            let (status, body) = status_and_json(request).await;
            assert_eq!((status, &body["code"]), (500, &json!("internal")));
            assert_eq!(sentence(prefix, &body), "Something went wrong on our side");
        }
    }
}

#[tokio::test]
async fn errors_say_in_headers_what_to_do() {
    let site = Site::start(routes()).await;
    let down = site.get("/v1/down").send().await.unwrap();
    assert_eq!((down.status().as_u16(), header(&down, "retry-after")), (503, "7"));
    let nobody = site.get("/api/nobody").send().await.unwrap();
    assert_eq!((nobody.status().as_u16(), header(&nobody, "www-authenticate")), (401, "Bearer"));
    // A page of a route's own is left as it is.
    let page = site.get("/api/page").send().await.unwrap();
    assert_eq!((page.status().as_u16(), page.text().await.unwrap()), (404, "<p>".to_owned()));
}
