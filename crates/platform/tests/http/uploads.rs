//! The ground of routes whose bodies are too large to be held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures::StreamExt;
use serde_json::{Value, json};
use tintype_platform::Error;
use tintype_platform::config::Config;
use tintype_platform::http::context::Waiting;
use tintype_platform::http::idempotency::{Once, SqliteIdempotency};
use tintype_platform::http::{Ground, Json};
use tintype_platform::testkit::Workbench;
use tokio::sync::mpsc;

use super::{Site, header, status_and_json};

const MEGABYTE: usize = 1024 * 1024;

fn uploads(change: impl FnOnce(&mut Config)) -> Ground {
    let mut config = Config::defaults();
    change(&mut config);
    Ground::new(&config).for_uploads(Duration::from_mins(1))
}

async fn length(request: Request) -> Result<String, Error> {
    let mut body = request.into_body().into_data_stream();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        length += chunk.map_err(Error::internal)?.len();
    }
    Ok(length.to_string())
}

#[tokio::test]
async fn bodies_may_be_larger_and_take_longer() {
    let router = Router::new().route("/", post(length));
    let ground = uploads(|config| {
        config.http.body_limit_kb = 1;
        config.http.timeout = Duration::from_millis(1);
    });
    let site = Site::with(router.layer(DefaultBodyLimit::disable()), ground).await;
    let answer = site.post("/").body(vec![0; 5 * MEGABYTE]).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), (5 * MEGABYTE).to_string());
}

#[tokio::test]
async fn a_route_that_reads_its_body_itself_is_carried_out_once_for_a_key() {
    let bench = Workbench::new(&[]);
    let store = Arc::new(SqliteIdempotency::new(bench.sqlite().clone()));
    let ground = uploads(|_| ()).with_idempotency(store, bench.clock.clone());
    let done = Arc::new(AtomicU32::new(0));
    let counter = done.clone();
    let answer = async move |once: Once, request: Request| {
        let keyed = once.is_asked();
        let said = length(request).await?;
        once.answer(said.as_bytes(), async || {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            if said == "13" {
                return Err(Error::conflict("unlucky", "Not this many"));
            }
            Ok(Json(json!({ "number": number, "keyed": keyed })).into_response())
        })
        .await
    };
    let site = Site::with(Router::new().route("/", post(answer)), ground).await;
    let send = async |key: &str, length: usize| {
        let request = site.post("/").body("x".repeat(length));
        let request = if key.is_empty() { request } else { request.header("idempotency-key", key) };
        let answer = request.send().await.unwrap();
        let replayed = header(&answer, "idempotency-replayed") == "true";
        let status = answer.status().as_u16();
        (status, replayed, answer.json::<Value>().await.unwrap())
    };
    let first = json!({ "number": 0, "keyed": true });
    assert_eq!(send("a", 7).await, (200, false, first.clone()));
    assert_eq!(send("a", 7).await, (200, true, first));
    let (status, _, other) = send("a", 8).await;
    assert_eq!((status, &other["code"]), (422, &json!("idempotency_key_reused")));
    let (status, replayed, refused) = send("b", 13).await;
    assert_eq!((status, replayed, &refused["code"]), (409, false, &json!("unlucky")));
    // A refusal is the answer as well, word for word.
    assert_eq!(send("b", 13).await, (409, true, refused));
    for number in [2, 3] {
        let without = json!({ "number": number, "keyed": false });
        assert_eq!(send("", 7).await, (200, false, without));
    }
    assert_eq!(done.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_client_that_hangs_up_is_not_waited_for() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let answer = async move |waiting: Waiting| {
        tell.send(waiting.clone()).unwrap();
        // Whoever hangs up ends this, and nothing else does.
        while !waiting.is_over() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tell.send(waiting).unwrap();
    };
    let site = Site::start(Router::new().route("/", post(answer))).await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    let client = site.raw(head).await;
    assert!(!told.recv().await.unwrap().is_over());
    drop(client);
    assert!(told.recv().await.unwrap().is_over());
}

#[tokio::test]
async fn files_are_neither_counted_nor_compressed() {
    let mut config = Config::defaults();
    config.limits.requests_per_minute_address = 1;
    let text = "x".repeat(10_000);
    let router = Router::new().route("/", get(async move || Json(json!({ "text": text }))));
    let site = Site::with(router, Ground::new(&config).for_files()).await;
    for _ in 0..5 {
        let answer = site.get("/").header("accept-encoding", "br").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        for name in ["content-encoding", "x-ratelimit-limit"] {
            assert_eq!(header(&answer, name), "");
        }
    }
    assert_eq!(status_and_json(site.get("/nothing")).await.0, 404);
}
