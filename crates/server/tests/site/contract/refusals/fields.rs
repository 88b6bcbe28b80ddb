//! Fields that are not allowed are named, by every dialect in its way.

use serde_json::{Value, json};

use crate::rig::{Answer, PASSWORD, PICTURE, Rig};

/// `body` with another value for one of its fields, or without it.
fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    if value.is_null() {
        body.as_object_mut().unwrap().remove(field);
    } else {
        body[field] = value;
    }
    body
}

#[tokio::test]
async fn what_is_said_of_oneself_is_looked_at() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let good = json!({ "username": "good.name", "email": "good@x.example", "password": PASSWORD });
    let (long, longer) = ("a".repeat(31), "x".repeat(300));
    let shapes = ["ab", &long, "with space", "with-dash", "ümlaut", "a/b", "a@b"];
    let reserved = ["admin", "me", "search", "requests", "blocked", "muted"];
    let usernames = shapes.iter().chain(&reserved).map(|name| ("username", *name));
    let too_long = format!("{longer}@x.example");
    let emails = ["x", "x@", "@x", "x y@x.example", &too_long, "x@x\n.example"];
    let emails = emails.map(|email| ("email", email));
    for (field, value) in usernames.chain(emails) {
        for path in ["/api/auth/register", "/api/v1/auth/register", "/v1/users"] {
            let answer = rig.stranger.post(path, with(&good, field, json!(value))).await;
            assert_names(&answer, path, field);
        }
    }
    for password in ["1234567", &"x".repeat(73), &"ä".repeat(37)] {
        for path in ["/api/auth/register", "/api/v1/auth/register"] {
            let answer = rig.stranger.post(path, with(&good, "password", json!(password))).await;
            assert_names(&answer, path, "password");
        }
    }
    for (field, value) in [
        ("fullName", json!(longer)),
        ("bio", json!("x".repeat(501))),
        ("website", json!("javascript:alert(1)")),
        ("website", json!("/relative")),
        ("isPrivate", json!("yes")),
        ("bio", json!(7)),
    ] {
        let answer = ann.put("/api/users/me", json!({ field: value })).await;
        assert_names(&answer, "/api/users/me", field);
    }
    rig.close().await;
}

#[tokio::test]
async fn what_is_posted_is_looked_at() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let public = ("/api/posts", json!({ "mediaUrls": [PICTURE] }));
    let mesh = ("/api/v1/posts", json!({ "media_urls": [PICTURE] }));
    let trusted = json!({ "user_id": ann.id, "media_url": PICTURE, "media_type": "image" });
    let trusted = ("/v1/posts", trusted);
    let pair = ("/v1/follow", json!({ "follower_id": ann.id, "followee_id": ann.id }));
    let decision = ("/api/users/requests/ann", json!({ "action": "accept" }));
    let decides = format!("/api/v1/graph/requests/{}", ann.id);
    let decides = (&*decides, json!({ "action": "accept" }));
    let eleven = json!(vec![PICTURE; 11]);
    let long = |length: usize| json!("x".repeat(length));
    for ((path, good), field, value) in [
        (&public, "mediaUrls", eleven.clone()),
        (&public, "mediaUrls", json!(["file:///etc/passwd"])),
        (&public, "mediaUrls", json!(PICTURE)),
        (&public, "caption", long(2201)),
        (&public, "location", long(256)),
        (&public, "altText", long(1001)),
        (&mesh, "media_urls", Value::Null),
        (&mesh, "media_urls", eleven),
        (&mesh, "caption", long(2201)),
        (&trusted, "caption", long(2201)),
        (&trusted, "media_url", Value::Null),
        (&trusted, "media_url", json!("ftp://x/y")),
        (&trusted, "media_type", json!("sound")),
        (&trusted, "user_id", Value::Null),
        (&trusted, "user_id", json!(0)),
        (&trusted, "user_id", json!(-7)),
        (&trusted, "user_id", json!(1.5)),
        (&trusted, "user_id", json!("x")),
        (&pair, "followee_id", Value::Null),
        (&pair, "follower_id", json!([])),
        (&decision, "action", json!("perhaps")),
        (&decision, "action", Value::Null),
        (&decides, "action", json!("perhaps")),
    ] {
        let visitor = if path.starts_with("/v1") { &rig.stranger } else { &*ann };
        assert_names(&visitor.post(path, with(good, field, value)).await, path, field);
    }

    // As long as may be, counted in characters.
    let post = ann.posts(&"ü".repeat(2200)).await;
    ann.comments(&post, &"ü".repeat(2200)).await;
    let path = format!("/v1/posts/{post}/comments");
    let says = |length: usize| json!({ "user_id": ann.id, "content": "ü".repeat(length) });
    rig.stranger.post(&path, says(1000)).await.good(201);
    assert_names(&rig.stranger.post(&path, says(1001)).await, &path, "content");
    rig.close().await;
}

/// 400 with a sentence in the public dialect, 422 with the field's place in the others.
#[track_caller]
fn assert_names(answer: &Answer, path: &str, field: &str) {
    assert_eq!(answer.code(), "invalid", "{field}: {answer:?}");
    if path.starts_with("/api/v1") || path.starts_with("/v1") {
        assert_eq!(answer.status, 422, "{answer:?}");
        let named = answer.body["detail"].as_array().unwrap();
        assert!(named.iter().any(|error| error["loc"][1] == field), "{field}: {answer:?}");
    } else {
        assert_eq!(answer.status, 400, "{answer:?}");
        // A sentence for people may call `fullName` by another name, but says what is meant.
        assert!(answer.sentence().is_some_and(|text| text.len() > 10), "{answer:?}");
    }
}
