//! `/api/v1`: every route answers with exactly these fields.

use serde_json::{Value, json};

use super::Described;
use crate::rig::{PASSWORD, PICTURE, Rig};

fn own_profile() -> Value {
    json!({
        "id": "number",
        "username": "text",
        "email": "text",
        "full_name": "text?",
        "bio": "text?",
        "website": "text?",
        "profile_picture_url": "text?",
        "is_private": "bool",
        "role": "=user",
        "follower_count": "number",
        "following_count": "number",
        "post_count": "number",
        "created_at": "time",
        "updated_at": "time",
    })
}

fn post() -> Value {
    json!({
        "id": "id",
        "user_id": "number",
        "caption": "text?",
        "media_urls": ["text"],
        "location": "text?",
        "hashtags": ["text"],
        "mentions": ["text"],
        "like_count": "number",
        "comment_count": "number",
        "view_count": "number",
        "is_comments_disabled": "bool",
        "is_hidden": "bool",
        "is_liked": "bool",
        "created_at": "time",
        "updated_at": "time",
    })
}

fn member_page(list: &str) -> Value {
    json!({
        list: [{ "user_id": "number", "created_at": "time" }],
        "total": 1,
        "page": 1,
        "page_size": 20,
        "has_more": false,
        "next_cursor": null,
    })
}

#[tokio::test]
async fn sessions() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let stranger = &rig.stranger;
    let signed_in = || {
        json!({
            "user": own_profile(), "access_token": "text", "token": "text", "token_type": "=bearer",
        })
    };
    let new = json!({ "username": "ann", "email": "ann@x.example", "password": PASSWORD, "full_name": "Ann" });
    let made = (201, signed_in());
    api.answers(stranger, "POST /api/v1/auth/register", &[], Some(new), made).await;
    let login = Some(json!({ "username": "ann", "password": PASSWORD }));
    let ann =
        api.answers(stranger, "POST /api/v1/auth/login", &[], login, (200, signed_in())).await;
    let token = ann["token"].as_str().unwrap();
    let ann = stranger.with_token(token);
    api.answers(&ann, "GET /api/v1/auth/me", &[], None, (200, own_profile())).await;
    let verified = || {
        (200, json!({ "valid": true, "user_id": "number", "username": "=ann", "role": "=user" }))
    };
    api.answers(&ann, "GET /api/v1/auth/verify", &[], None, verified()).await;
    api.answers(&ann, "POST /api/v1/auth/verify", &[], None, verified()).await;
    let body = Some(json!({ "token": token }));
    api.answers(stranger, "POST /api/v1/auth/verify", &[], body, verified()).await;
    api.assert_complete(|path| path.starts_with("/api/v1/auth"));
    rig.close().await;
}

#[tokio::test]
async fn the_graph() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let [ann, bob, cat, dan] = rig.people(["ann", "bob", "cat", "dan"]).await;
    let standing = |status: &str, message: &str| {
        (
            200,
            json!({ "success": true, "status": format!("={status}"), "message": format!("={message}") }),
        )
    };
    let follow = "POST /api/v1/graph/follow/{user_id}";
    let followed = standing("accepted", "Successfully followed user");
    api.answers(&ann, follow, &[&bob.id], None, followed.clone()).await;
    api.answers(&bob, follow, &[&cat.id], None, followed.clone()).await;
    cat.is_private(true).await;
    let asked = standing("pending", "Follow request sent");
    api.answers(&ann, follow, &[&cat.id], None, asked.clone()).await;

    let relationship =
        async |other: &crate::rig::Person,
               word: &str,
               [following, followed_by, pending, requested]: [bool; 4]| {
            let wanted = json!({
                "user_id": ann.number(),
                "target_user_id": other.number(),
                "relationship": format!("={word}"),
                "is_following": following,
                "is_followed_by": followed_by,
                "is_mutual": following && followed_by,
                "is_pending": pending,
                "is_requested": requested,
            });
            let operation = "GET /api/v1/graph/relationship/{user_id}";
            api.answers(&ann, operation, &[&other.id], None, (200, wanted)).await;
        };
    relationship(&bob, "following", [true, false, false, false]).await;
    relationship(&cat, "pending", [false, false, true, false]).await;
    relationship(&dan, "none", [false, false, false, false]).await;
    bob.follows(&ann).await;
    relationship(&bob, "mutual", [true, true, false, false]).await;
    dan.follows(&ann).await;
    relationship(&dan, "followed_by", [false, true, false, false]).await;
    dan.unfollows(&ann).await;
    ann.is_private(true).await;
    dan.follows(&ann).await;
    relationship(&dan, "requested", [false, false, false, true]).await;

    let page = (200, member_page("followers"));
    api.answers(&ann, "GET /api/v1/graph/followers/{user_id}", &[&bob.id], None, page).await;
    let page = (200, member_page("following"));
    api.answers(&ann, "GET /api/v1/graph/following/{user_id}", &[&ann.id], None, page).await;
    let page = (200, member_page("requests"));
    api.answers(&cat, "GET /api/v1/graph/requests/pending", &[], None, page).await;
    let stats = |pending: u64, followers: u64, user: u64| {
        (
            200,
            json!({
                "user_id": user, "follower_count": followers, "following_count": "number", "pending_requests_count": pending,
            }),
        )
    };
    let operation = "GET /api/v1/graph/stats/{user_id}";
    api.answers(&cat, operation, &[&cat.id], None, stats(1, 1, cat.number())).await;
    api.answers(&ann, operation, &[&cat.id], None, stats(0, 1, cat.number())).await;

    let decide = "POST /api/v1/graph/requests/{follower_id}";
    let body = |action: &str| Some(json!({ "action": action }));
    let accepted = standing("accepted", "Follow request accepted");
    api.answers(&cat, decide, &[&ann.id], body("accept"), accepted).await;
    let rejected = standing("rejected", "Follow request rejected");
    api.answers(&ann, decide, &[&dan.id], body("reject"), rejected).await;

    // Bob is followed by Ann alone, and follows her; both follow Cat.
    let mutual = |others: Value, count: u64| {
        (
            200,
            json!({ "user_id": cat.number(), "other_user_id": ann.number(), "mutual_followers": others, "count": count }),
        )
    };
    let operation = "GET /api/v1/graph/mutual/{user_id}";
    cat.follows(&ann).await;
    ann.post(&format!("/api/v1/graph/requests/{}", cat.id), json!({ "action": "accept" }))
        .await
        .good(200);
    api.answers(&cat, operation, &[&ann.id], None, mutual(json!([bob.number()]), 1)).await;
    let suggestions = json!({ "suggestions": [bob.number()], "count": 1 });
    api.answers(&cat, "GET /api/v1/graph/suggestions", &[], None, (200, suggestions)).await;
    let unfollowed =
        |message: &str| (200, json!({ "success": true, "message": format!("={message}") }));
    let unfollow = "DELETE /api/v1/graph/unfollow/{user_id}";
    api.answers(&ann, unfollow, &[&bob.id], None, unfollowed("Successfully unfollowed user")).await;
    api.answers(&dan, follow, &[&cat.id], None, asked).await;
    api.answers(&dan, unfollow, &[&cat.id], None, unfollowed("Follow request withdrawn")).await;
    api.assert_complete(|path| path.starts_with("/api/v1/graph"));
    rig.close().await;
}

#[tokio::test]
async fn posts_and_feeds() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let new =
        || Some(json!({ "caption": "#one for @bob", "media_urls": [PICTURE], "location": "Here" }));
    let made = api.answers(&ann, "POST /api/v1/posts", &[], new(), (201, post())).await;
    let id = made["id"].as_str().unwrap();
    let second = api.answers(&ann, "POST /api/v1/posts", &[], new(), (201, post())).await;
    let second = second["id"].as_str().unwrap();

    for visitor in [&rig.stranger, &*bob] {
        api.answers(visitor, "GET /api/v1/posts/{id}", &[id], None, (200, post())).await;
    }
    let page = |more: bool| {
        let next = if more { "text" } else { "null" };
        (200, json!({ "posts": [post()], "next_cursor": next, "has_more": more }))
    };
    let of_ann = format!("GET /api/v1/posts?user_id={}", ann.id);
    api.answers(&rig.stranger, &of_ann, &[], None, page(false)).await;
    api.answers(&bob, "GET /api/v1/posts?hashtag=one&limit=1", &[], None, page(true)).await;
    let change = Some(json!({ "caption": "#two for @bob", "is_hidden": true }));
    let mut changed = post();
    changed["is_hidden"] = json!(true);
    api.answers(&ann, "PUT /api/v1/posts/{id}", &[second], change, (200, changed)).await;
    let deleted = (200, json!({ "message": "=Post deleted successfully" }));
    api.answers(&ann, "DELETE /api/v1/posts/{id}", &[second], None, deleted).await;

    let liked = |status: &str, count: u64| {
        (200, json!({ "status": format!("={status}"), "like_count": count }))
    };
    for (operation, status, count) in [
        ("POST /api/v1/posts/{id}/like", "liked", 1),
        ("POST /api/v1/posts/{id}/like", "already_liked", 1),
        ("DELETE /api/v1/posts/{id}/like", "unliked", 0),
        ("DELETE /api/v1/posts/{id}/like", "not_liked", 0),
    ] {
        api.answers(&bob, operation, &[id], None, liked(status, count)).await;
    }
    let comment = json!({
        "id": "id",
        "post_id": "id",
        "user_id": "number",
        "username": "=bob",
        "content": "=hello",
        "like_count": "number",
        "is_liked": "bool",
        "created_at": "time",
    });
    let says = Some(json!({ "content": " hello " }));
    let said = (201, comment.clone());
    api.answers(&bob, "POST /api/v1/posts/{id}/comments", &[id], says, said).await;
    let comments = json!({ "comments": [comment], "next_cursor": null, "has_more": false });
    let operation = "GET /api/v1/posts/{id}/comments";
    api.answers(&rig.stranger, operation, &[id], None, (200, comments)).await;
    let stats = json!({ "like_count": 0, "comment_count": 1, "view_count": 2 });
    api.answers(&rig.stranger, "GET /api/v1/posts/{id}/stats", &[id], None, (200, stats)).await;

    bob.follows(&ann).await;
    bob.posts("#three for @ann").await;
    let page = |more: bool, post: Value| {
        let next = if more { "text" } else { "null" };
        (200, json!({ "posts": [post], "next_cursor": next, "has_more": more, "offset": "number" }))
    };
    api.answers(&bob, "GET /api/v1/feed", &[], None, page(false, post())).await;
    api.answers(&bob, "GET /api/v1/feed?limit=1", &[], None, page(true, post())).await;
    let mut scored = post();
    scored["score"] = json!({ "recency": "fraction", "engagement": "fraction", "affinity": "fraction", "total": "fraction" });
    let explained = "GET /api/v1/feed?order=ranked&explain=true";
    api.answers(&bob, explained, &[], None, page(false, scored)).await;
    let refreshed = (200, json!({ "message": "text", "feed_size": 2 }));
    api.answers(&bob, "POST /api/v1/feed/refresh", &[], None, refreshed).await;
    let stats = json!({
        "feed_size": 2, "following_count": 1, "followers_count": 0, "storage": "text", "cache": "text",
    });
    api.answers(&bob, "GET /api/v1/feed/stats", &[], None, (200, stats)).await;
    api.assert_complete(|path| {
        path.starts_with("/api/v1/posts") || path.starts_with("/api/v1/feed")
    });
    rig.close().await;
}
