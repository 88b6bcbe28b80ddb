//! What stands in the headers: request ids, limits, keys for doing something once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Answer, PASSWORD, PICTURE, Rig, Visitor, ids_of};

#[tokio::test]
async fn a_request_has_an_id_that_its_client_may_choose() {
    let rig = Rig::new().await;
    for (path, status) in [("/health", 200), ("/api/users/nobody", 404), ("/v1/nonsense", 404)] {
        let request = rig.stranger.request(Method::GET, path).header("x-request-id", "client-7");
        let answer = Answer::of(format!("GET {path}"), request).await;
        assert_eq!((answer.status, answer.header("x-request-id")), (status, Some("client-7")));
        let [one, other] = [rig.stranger.get(path).await, rig.stranger.get(path).await];
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    }
    rig.close().await;
}

/// A POST with a key that says it is the same request.
async fn keyed(visitor: &Visitor, path: &str, key: &str, body: &Value) -> Answer {
    let request = visitor.request(Method::POST, path).header("idempotency-key", key).json(body);
    Answer::of(format!("POST {path}"), request).await
}

#[tokio::test]
async fn what_is_sent_twice_with_one_key_is_done_once() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let of_bob = bob.posts("comment on me").await;
    let (public, mesh, trusted) = (
        json!({ "caption": "public", "mediaUrls": [PICTURE] }),
        json!({ "caption": "mesh", "media_urls": [PICTURE] }),
        json!({ "caption": "trusted", "user_id": ann.id, "media_url": PICTURE, "media_type": "image" }),
    );
    let comments = format!("/api/posts/{of_bob}/comments");
    let says = json!({ "content": "once" });
    for (number, (visitor, path, body)) in [
        (&*ann, "/api/posts", &public),
        (&*ann, "/api/v1/posts", &mesh),
        (&rig.stranger, "/v1/posts", &trusted),
        (&*ann, &*comments, &says),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{number}");
        let first = keyed(visitor, path, &key, body).await;
        assert_eq!(first.header("idempotency-replayed"), None);
        let again = keyed(visitor, path, &key, body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let operation = visitor.get(&format!("/api/operations/{key}")).await.good(200);
        assert_eq!(
            (&operation["state"], &operation["answer"]["body"]),
            (&json!("done"), &first.body)
        );
        assert_eq!(again.good(201), first.good(201));
        let mut other = body.clone();
        other["caption"] = json!("something else");
        let refused = keyed(visitor, path, &key, &other).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "idempotency_key_reused"),
            "{refused:?}"
        );
    }
    // The key is the caller's own: the same of another is another.
    let of_ann = keyed(&ann, "/api/posts", "shared", &public).await.good(201);
    let by_bob = keyed(&bob, "/api/posts", "shared", &public).await.good(201);
    assert_ne!(of_ann["id"], by_bob["id"]);
    assert_eq!(ids_of(&ann.get("/api/posts/user/me").await.good(200)["posts"]).len(), 4);
    let said = ann.get(&comments).await.good(200);
    assert_eq!(ids_of(&said["comments"]).len(), 1);

    // A refusal is an answer too; and a person is registered once.
    let bad = keyed(&ann, "/api/posts", "bad", &json!({})).await;
    let again = keyed(&ann, "/api/posts", "bad", &json!({})).await;
    assert_eq!((bad.status, again.status, &bad.body["error"]), (400, 400, &again.body["error"]));
    let register = json!({ "username": "eve", "email": "eve@x.example", "password": PASSWORD });
    let first = keyed(&rig.stranger, "/api/auth/register", "eve", &register).await.good(201);
    let again = keyed(&rig.stranger, "/api/auth/register", "eve", &register).await.good(201);
    assert_eq!(first, again);
    let eve = rig.stranger.with_token(first["token"].as_str().unwrap());
    for _ in 0..2 {
        let followed = keyed(&eve, "/api/users/ann/follow", "follow", &json!({})).await.good(200);
        assert_eq!(followed["status"], "accepted");
    }
    let too_long = "x".repeat(256);
    for key in ["", "two words", &*too_long] {
        let refused = keyed(&ann, "/api/posts", key, &public).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid"), "{key}");
    }
    rig.close().await;
}

/// The same request many times at the same moment: one is carried out, the others are given its
/// answer or told to ask again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_sent_many_times_at_once_is_done_once() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let body = json!({ "caption": "once", "mediaUrls": [PICTURE] });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (ann, body) = (ann.clone(), body.clone());
        tasks.spawn(async move { keyed(&ann, "/api/posts", "once", &body).await });
    }
    let answers = tasks.join_all().await;
    for answer in &answers {
        let busy = (answer.status, answer.code()) == (409, "request_in_progress");
        assert!(busy || answer.status == 201, "{answer:?}");
    }
    let post = keyed(&ann, "/api/posts", "once", &body).await.good(201);
    for answer in answers.iter().filter(|answer| answer.status == 201) {
        assert_eq!(answer.body, post);
    }
    assert_eq!(ids_of(&ann.get("/api/posts/user/me").await.good(200)["posts"]).len(), 1);
    rig.close().await;
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_when_to_ask_again() {
    let rig = Rig::configured(|config| {
        config.limits.enabled = true;
        config.limits.requests_per_minute_user = 5;
        config.limits.requests_per_minute_address = 40;
        config.limits.requests_per_minute_key = 3;
        config.limits.login_per_minute = 4;
        config.limits.register_per_hour = 2;
    })
    .await;
    let limited = |answer: &Answer| {
        let number = |name: &str| answer.header(name).map(|text| text.parse::<u32>().unwrap());
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(number)
    };
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let body = json!({ "username": "eve", "email": "eve@x.example", "password": PASSWORD });
    let refused = rig.stranger.post("/api/auth/register", body.clone()).await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_requests"));
    let mesh = rig.stranger.post("/api/v1/auth/register", body).await;
    assert_eq!((mesh.status, mesh.code()), (429, "too_many_requests"));

    for left in (0..5).rev() {
        let answer = ann.get("/api/users/me").await;
        let [limit, remaining, reset] = limited(&answer);
        assert_eq!((answer.status, limit, remaining), (200, Some(5), Some(left)));
        assert!(reset.is_some_and(|seconds| (1..=60).contains(&seconds)), "{answer:?}");
    }
    let refused = ann.get("/api/users/me").await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_requests"));
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(limited(&refused)[1], Some(0));
    // The limit is hers alone.
    assert_eq!(bob.get("/api/users/me").await.status, 200);
    assert_eq!(limited(&rig.stranger.get("/api/users/ann").await)[0], Some(40));

    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(rig.stranger.log_in("ann", "wrong password").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
    assert_eq!(rig.stranger.log_in("ann", PASSWORD).await.status, 429);

    let path = format!("/v1/users/{}", bob.id);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(rig.stranger.get(&path).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    // Guessing at tokens counts for the address.
    let guessing = rig.stranger.with_token("nonsense");
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(guessing.get("/api/users/me").await.status);
    }
    assert_eq!((statuses[0], statuses[39]), (401, 429));
    rig.close().await;
}
