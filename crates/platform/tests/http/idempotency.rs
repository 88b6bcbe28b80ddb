use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::routing::post;
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tintype_platform::Error;
use tintype_platform::config::Config;
use tintype_platform::http::idempotency::{IdempotencyStore, KEPT, SqliteIdempotency};
use tintype_platform::http::{Ground, Json};
use tintype_platform::sqlite::Sql;
use tintype_platform::testkit::{START, Workbench};
use tokio::sync::Semaphore;

use super::{Site, header};

struct Story {
    site: Site,
    bench: Workbench,
    store: Arc<SqliteIdempotency>,
    /// How many requests were carried out.
    done: Arc<AtomicU32>,
    /// Requests to `/slow` wait for a permit.
    gate: Arc<Semaphore>,
}

async fn story() -> Story {
    let bench = Workbench::new(&[]);
    let store = Arc::new(SqliteIdempotency::new(bench.sqlite().clone()));
    let ground =
        Ground::new(&Config::defaults()).with_idempotency(store.clone(), bench.clock.clone());
    let (done, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
    let count = {
        let done = done.clone();
        move || done.fetch_add(1, Ordering::SeqCst) + 1
    };
    let (slow, made, failed, large, refused) =
        (count.clone(), count.clone(), count.clone(), count.clone(), count);
    let waiting = gate.clone();
    let router = Router::new()
        .route(
            "/made",
            post(async move |body: String| {
                (StatusCode::CREATED, Json(json!({ "number": made(), "body": body })))
            }),
        )
        .route(
            "/slow",
            post(async move || {
                waiting.acquire().await.unwrap().forget();
                Json(json!(slow()))
            }),
        )
        .route(
            "/failed",
            post(async move || Error::internal(format!("for the {}. time", failed()))),
        )
        .route(
            "/refused",
            post(async move || Error::conflict("taken", format!("Refused {}", refused()))),
        )
        .route(
            "/large",
            post(async move || {
                large();
                "x".repeat(300 * 1024)
            }),
        );
    let site = Site::with(router, ground).await;
    Story { site, bench, store, done, gate }
}

impl Story {
    async fn post(&self, path: &str, key: &str, body: &'static str) -> (u16, bool, Value) {
        let request = self.site.post(path).header("idempotency-key", key).bearer_auth("me");
        let response = request.body(body).send().await.unwrap();
        let replayed = header(&response, "idempotency-replayed") == "true";
        (response.status().as_u16(), replayed, response.json().await.unwrap_or_default())
    }
}

#[tokio::test]
async fn the_same_request_is_carried_out_once_and_answered_the_same() {
    let story = story().await;
    let first = story.post("/made", "k", "a").await;
    assert_eq!(first, (201, false, json!({ "number": 1, "body": "a" })));
    assert_eq!(story.post("/made", "k", "a").await, (201, true, first.2));
    assert_eq!(story.post("/made", "another", "a").await.2["number"], 2);
    let other = story.site.post("/made").header("idempotency-key", "k").bearer_auth("you");
    let other: Value = other.body("a").send().await.unwrap().json().await.unwrap();
    assert_eq!(other["number"], 3, "the key of another caller");
    let nobody = story.site.post("/made").header("idempotency-key", "k");
    let nobody: Value = nobody.body("a").send().await.unwrap().json().await.unwrap();
    assert_eq!(nobody["number"], 4, "the key of an address");
}

#[tokio::test]
async fn a_refusal_is_an_answer_too_and_is_kept_as_it_was_read() {
    let story = story().await;
    let first = story.post("/refused", "k", "").await;
    assert_eq!((first.0, first.1, &first.2["error"]), (409, false, &json!("Refused 1")));
    assert_eq!(story.post("/refused", "k", "").await, (409, true, first.2));
}

#[tokio::test]
async fn the_same_key_for_another_request_is_refused() {
    let story = story().await;
    story.post("/made", "k", "a").await;
    for (path, body) in [("/made", "b"), ("/refused", "a"), ("/made?x=1", "a")] {
        let (status, _, answer) = story.post(path, "k", body).await;
        assert_eq!((status, &answer["code"]), (422, &json!("idempotency_key_reused")));
    }
    assert_eq!(story.done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    let story = story().await;
    let all = join_all((0..8).map(|_| story.post("/slow", "k", "")));
    let release = async {
        // Seven are refused at once; only then may the one go on.
        while story.gate.available_permits() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            story.gate.add_permits(1);
        }
    };
    let (answers, ()) = tokio::join!(all, release);
    let count = |wanted: u16| answers.iter().filter(|answer| answer.0 == wanted).count();
    assert_eq!(story.done.load(Ordering::SeqCst), 1);
    let replayed = answers.iter().filter(|answer| answer.1).count();
    assert_eq!((count(200) - replayed, count(200) + count(409)), (1, 8));
    for answer in answers.iter().filter(|answer| answer.0 == 409) {
        assert_eq!(answer.2["code"], "request_in_progress");
    }
}

#[tokio::test]
async fn while_the_first_is_carried_out_the_second_is_told_to_wait() {
    let story = story().await;
    let first = story.post("/slow", "k", "");
    let second = async {
        loop {
            let request = story.site.post("/slow").header("idempotency-key", "k").bearer_auth("me");
            let second =
                tokio::time::timeout(std::time::Duration::from_millis(200), request.send());
            // If it was the first to arrive after all, it goes on waiting by itself.
            if let Ok(second) = second.await {
                let second = second.unwrap();
                assert_eq!((second.status().as_u16(), header(&second, "retry-after")), (409, "1"));
                return story.gate.add_permits(1);
            }
        }
    };
    let (first, ()) = tokio::join!(first, second);
    assert!(first.0 == 200 || first.2["code"] == "request_in_progress");
    assert!(story.post("/slow", "k", "").await.1);
}

#[tokio::test]
async fn what_failed_may_be_tried_again_with_the_same_key() {
    let story = story().await;
    assert_eq!(story.post("/failed", "k", "").await.0, 500);
    assert_eq!(story.post("/failed", "k", "").await.0, 500);
    assert_eq!(story.done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_too_large_to_keep_is_given_and_not_kept() {
    let story = story().await;
    assert_eq!(story.post("/large", "k", "").await.0, 200);
    assert_eq!(story.post("/large", "k", "").await.0, 200);
    assert_eq!(story.done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn after_a_day_a_key_is_new_again() {
    let story = story().await;
    story.post("/made", "k", "a").await;
    story.bench.clock.advance_millis(KEPT - 1);
    assert!(story.post("/made", "k", "a").await.1);
    story.bench.clock.advance_millis(2);
    assert_eq!(story.post("/made", "k", "a").await.2["number"], 2);
    assert!(story.post("/made", "k", "a").await.1);
}

#[tokio::test]
async fn what_was_interrupted_says_so() {
    let story = story().await;
    story.post("/made", "k", "a").await;
    // What a process leaves behind that was killed in the middle of this very request.
    let forget = "UPDATE idempotency_keys SET status = NULL, content_type = NULL, body = NULL";
    story.bench.sqlite().write(|write| Ok(write.sql(forget)?.execute([])?)).await.unwrap();
    let (status, _, body) = story.post("/made", "k", "a").await;
    assert_eq!((status, &body["code"]), (409, &json!("outcome_unknown")));
    assert_eq!(story.done.load(Ordering::SeqCst), 1);
}

/// A request may hold a password and its answer a token; copies of the database go far.
#[tokio::test]
async fn nothing_that_was_asked_or_answered_can_be_read_in_the_database() {
    use sha2::{Digest, Sha256};
    let story = story().await;
    let (.., answer) = story.post("/made", "a-key", "a password").await;
    assert_eq!(answer["body"], "a password");
    let copy = story.bench.folder().join("copy.db");
    story.bench.sqlite().backup(&copy).unwrap();
    let copy = std::fs::read(copy).unwrap();
    let holds = |bytes: &[u8]| copy.windows(bytes.len()).any(|window| window == bytes);
    assert!(holds(b"application/json"), "the answer is kept somewhere else");
    for secret in ["a password", "a-key", "Bearer me", "\"number\":"] {
        assert!(!holds(secret.as_bytes()), "{secret}");
    }
    // What anybody can compute is as good to guess with as the text itself.
    for guessed in ["a password", "POST\0/made\0a password", "Bearer me\0a-key"] {
        assert!(!holds(&Sha256::digest(guessed)), "{guessed:?}");
    }
}

#[tokio::test]
async fn old_keys_are_forgotten_and_young_ones_kept() {
    let story = story().await;
    story.post("/made", "old", "a").await;
    story.bench.clock.advance_millis(10);
    story.post("/made", "young", "a").await;
    story.store.sweep(START.plus_millis(5)).await.unwrap();
    assert!(story.post("/made", "young", "a").await.1);
    assert!(!story.post("/made", "old", "a").await.1);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let story = story().await;
    for key in ["", "two words", &"x".repeat(256)] {
        let (status, _, body) = story.post("/made", key, "a").await;
        assert_eq!((status, &body["code"]), (400, &json!("invalid")));
    }
    assert_eq!(story.post("/made", &"x".repeat(255), "a").await.0, 201);
}
