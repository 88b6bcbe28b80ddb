//! `/v1`: every route answers with exactly these fields.

use serde_json::{Value, json};

use super::Described;
use crate::rig::{PICTURE, Rig};

fn user() -> Value {
    json!({
        "id": "number",
        "username": "text",
        "display_name": "text?",
        "avatar_url": "text?",
        "bio": "text?",
        "follower_count": "number",
        "following_count": "number",
        "post_count": "number",
        "created_at": "time",
    })
}

fn post() -> Value {
    json!({
        "id": "number",
        "user_id": "number",
        "username": "text",
        "user_avatar_url": "text?",
        "caption": "text?",
        "media_url": "text",
        "media_type": "text",
        "like_count": "number",
        "comment_count": "number",
        "is_liked": "bool",
        "created_at": "time",
    })
}

fn comment() -> Value {
    json!({
        "id": "number",
        "user_id": "number",
        "username": "text",
        "user_avatar_url": "text?",
        "post_id": "number",
        "content": "text",
        "created_at": "time",
    })
}

/// A page of `list`, the last one or not.
fn page(list: &str, item: Value, more: bool) -> (u16, Value) {
    let next = if more { "text" } else { "null" };
    (200, json!({ list: [item], "next_cursor": next, "has_more": more }))
}

#[tokio::test]
async fn a_backend_acts_for_its_users() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let backend = &rig.stranger;
    let new = json!({
        "username": "ann",
        "email": "ann@x.example",
        "display_name": "Ann",
        "bio": "Hi",
        "avatar_url": "https://pictures.example/ann.jpg",
    });
    let mut made = user();
    made["avatar_url"] = json!("=https://pictures.example/ann.jpg");
    let ann = api.answers(backend, "POST /v1/users", &[], Some(new), (201, made)).await;
    let bob = json!({ "username": "bob", "email": "bob@x.example" });
    let bob = api.answers(backend, "POST /v1/users", &[], Some(bob), (201, user())).await;
    let [ann, bob] = [&ann, &bob].map(|user| user["id"].as_u64().unwrap());
    let [ann_text, bob_text] = [ann, bob].map(|id| id.to_string());
    api.answers(backend, "GET /v1/users/{id}", &[&ann_text], None, (200, user())).await;
    let found = page("users", user(), false);
    api.answers(backend, "GET /v1/users/search?q=ann", &[], None, found).await;

    let pair = Some(json!({ "follower_id": bob, "followee_id": ann }));
    let standing = |status: &str, count: u64| {
        (200, json!({ "status": format!("={status}"), "follower_count": count }))
    };
    for status in ["followed", "already_following"] {
        api.answers(backend, "POST /v1/follow", &[], pair.clone(), standing(status, 1)).await;
    }
    let member = json!({ "id": "number", "username": "text", "display_name": "text?", "avatar_url": "text?" });
    let followers = page("followers", member.clone(), false);
    api.answers(backend, "GET /v1/users/{id}/followers", &[&ann_text], None, followers).await;
    let following = page("following", member, false);
    api.answers(backend, "GET /v1/users/{id}/following", &[&bob_text], None, following).await;

    let new = |kind: &str| {
        Some(
            json!({ "user_id": ann, "caption": "hello", "media_url": PICTURE, "media_type": kind }),
        )
    };
    let first = api.answers(backend, "POST /v1/posts", &[], new("image"), (201, post())).await;
    let mut film = post();
    film["media_type"] = json!("=video");
    let second = api.answers(backend, "POST /v1/posts", &[], new("video"), (201, film)).await;
    let [first, second] = [first, second].map(|post| post["id"].to_string());
    api.answers(backend, "GET /v1/posts/{id}", &[&first], None, (200, post())).await;
    let posts = page("posts", post(), false);
    api.answers(backend, "GET /v1/users/{id}/posts", &[&ann_text], None, posts).await;
    let posts = page("posts", post(), true);
    api.answers(backend, "GET /v1/users/{id}/posts?limit=1", &[&ann_text], None, posts).await;
    rig.drained().await;
    let feed = format!("GET /v1/feed?user_id={bob}");
    api.answers(backend, &feed, &[], None, page("posts", post(), false)).await;
    let feed = format!("{feed}&limit=1");
    api.answers(backend, &feed, &[], None, page("posts", post(), true)).await;

    let liked = |status: &str, count: u64| {
        (200, json!({ "status": format!("={status}"), "like_count": count }))
    };
    let by_bob = Some(json!({ "user_id": bob }));
    let like = "POST /v1/posts/{id}/like";
    api.answers(backend, like, &[&first], by_bob, liked("liked", 1)).await;
    let unlike = format!("DELETE /v1/posts/{{id}}/like?user_id={bob}");
    api.answers(backend, &unlike, &[&first], None, liked("unliked", 0)).await;
    let says = Some(json!({ "user_id": bob, "content": " hello " }));
    let said = (201, comment());
    let said = api.answers(backend, "POST /v1/posts/{id}/comments", &[&first], says, said).await;
    assert_eq!(said["content"], "hello");
    let comments = page("comments", comment(), false);
    api.answers(backend, "GET /v1/posts/{id}/comments", &[&first], None, comments).await;
    let delete = format!("DELETE /v1/comments/{{id}}?user_id={bob}");
    let said = said["id"].to_string();
    api.answers(backend, &delete, &[&said], None, (204, Value::Null)).await;
    let delete = format!("DELETE /v1/posts/{{id}}?user_id={ann}");
    api.answers(backend, &delete, &[&second], None, (204, Value::Null)).await;
    for status in ["unfollowed", "not_following"] {
        let unfollow = format!("DELETE /v1/follow?follower_id={bob}&followee_id={ann}");
        api.answers(backend, &unfollow, &[], None, standing(status, 0)).await;
    }
    api.assert_complete(|path| path.starts_with("/v1/"));
    rig.close().await;
}

#[tokio::test]
async fn a_private_account_is_asked_first() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.is_private(true).await;
    let pair = json!({ "follower_id": bob.number(), "followee_id": ann.number() });
    for _ in 0..2 {
        let answer = rig.stranger.post("/v1/follow", pair.clone()).await.good(200);
        assert_eq!(answer, json!({ "status": "requested", "follower_count": 0 }));
    }
    let path = format!("/v1/follow?follower_id={}&followee_id={}", bob.id, ann.id);
    let answer = rig.stranger.delete(&path).await.good(200);
    assert_eq!(answer, json!({ "status": "unfollowed", "follower_count": 0 }));
    rig.close().await;
}
