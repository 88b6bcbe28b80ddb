//! The trusted dialect and its keys.

use serde_json::{Value, json};

use crate::rig::{PICTURE, Rig, Visitor};

/// Every route of the dialect that reads, and every one that changes something.
fn routes(user: u64, post: &str) -> [Vec<(&'static str, String, Option<Value>)>; 2] {
    let new_user = json!({ "username": "made.for", "email": "made@tintype.example" });
    let new_post = json!({ "user_id": user, "media_url": PICTURE, "media_type": "image" });
    let pair = json!({ "follower_id": user, "followee_id": user });
    let comment = json!({ "user_id": user, "content": "hello" });
    let reads = [
        format!("/v1/users/{user}"),
        "/v1/users/search?q=ann".to_owned(),
        format!("/v1/users/{user}/posts"),
        format!("/v1/users/{user}/followers"),
        format!("/v1/users/{user}/following"),
        format!("/v1/posts/{post}"),
        format!("/v1/posts/{post}/comments"),
        format!("/v1/feed?user_id={user}"),
    ];
    let writes = vec![
        ("POST", "/v1/users".to_owned(), Some(new_user)),
        ("POST", "/v1/posts".to_owned(), Some(new_post)),
        ("DELETE", format!("/v1/posts/{post}?user_id={user}"), None),
        ("POST", format!("/v1/posts/{post}/like"), Some(json!({ "user_id": user }))),
        ("DELETE", format!("/v1/posts/{post}/like?user_id={user}"), None),
        ("POST", "/v1/follow".to_owned(), Some(pair)),
        ("DELETE", format!("/v1/follow?follower_id={user}&followee_id={user}"), None),
        ("POST", format!("/v1/posts/{post}/comments"), Some(comment)),
        ("DELETE", format!("/v1/comments/{post}?user_id={user}"), None),
    ];
    [reads.map(|path| ("GET", path, None)).into(), writes]
}

async fn assert_all(
    visitor: &Visitor,
    routes: &[(&'static str, String, Option<Value>)],
    status: u16,
) {
    for (method, path, body) in routes {
        visitor.ask(method, path, body.clone()).await.good(status);
    }
}

#[tokio::test]
async fn a_backend_needs_a_key_once_there_is_one() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let post = ann.posts("hello").await;
    let [reads, writes] = routes(ann.number(), &post);
    let accounts = rig.site().accounts.clone();

    assert_all(&rig.stranger, &reads, 200).await;
    let made =
        rig.stranger.post("/v1/users", json!({ "username": "first", "email": "f@x.example" }));
    made.await.good(201);

    let reader = accounts.create_key("reader", false).await.unwrap();
    let writer = accounts.create_key("writer", true).await.unwrap();
    let (reader, writer) = (rig.stranger.with_key(&reader), rig.stranger.with_key(&writer));
    for visitor in
        [&rig.stranger, &*ann, &rig.stranger.with_key("tt_no_such_key"), &rig.stranger.with_key("")]
    {
        assert_all(visitor, &reads, 401).await;
        assert_all(visitor, &writes, 401).await;
    }
    assert_all(&reader, &reads, 200).await;
    assert_all(&reader, &writes, 403).await;
    assert_all(&writer, &reads, 200).await;
    let made = writer.post("/v1/users", json!({ "username": "second", "email": "s@x.example" }));
    made.await.good(201);
    // A key is no token, and a token is no key.
    writer.get("/api/users/me").await.good(401);

    for key in accounts.keys().await.unwrap() {
        assert!(key.revoked_at.is_none());
        accounts.revoke_key(key.number).await.unwrap();
    }
    for visitor in [&reader, &writer, &rig.stranger] {
        // Not open again: whoever makes keys means that they are asked for.
        assert_all(visitor, &reads, 401).await;
        assert_all(visitor, &writes, 401).await;
    }
    rig.close().await;
}

#[tokio::test]
async fn away_from_the_own_machine_a_key_is_always_asked_for() {
    let rig = Rig::configured(|config| config.server.listen = "0.0.0.0:0".parse().unwrap()).await;
    let ann = rig.person("ann").await;
    let [reads, writes] = routes(ann.number(), &ann.posts("hello").await);
    assert_all(&rig.stranger, &reads, 401).await;
    assert_all(&rig.stranger, &writes, 401).await;
    let key = rig.site().accounts.create_key("backend", true).await.unwrap();
    assert_all(&rig.stranger.with_key(&key), &reads, 200).await;
    rig.close().await;
}
