//! `/api`: every route answers with exactly these fields.

use serde_json::{Value, json};

use super::Described;
use crate::rig::{PASSWORD, PICTURE, Rig, on_postgres};

pub(super) fn card() -> Value {
    json!({
        "id": "id",
        "username": "text",
        "full_name": "text?",
        "profile_picture_url": "text?",
    })
}

fn own_profile() -> Value {
    json!({
        "id": "id",
        "username": "text",
        "email": "text",
        "full_name": "text?",
        "bio": "text?",
        "website": "text?",
        "profile_picture_url": "text?",
        "is_private": "bool",
        "role": "=user",
        "followers_count": "number",
        "following_count": "number",
        "posts_count": "number",
        "created_at": "time",
        "updated_at": "time",
    })
}

fn others_profile(relationship: bool) -> Value {
    let mut profile = own_profile();
    let fields = profile.as_object_mut().unwrap();
    fields.remove("email");
    fields.remove("role");
    if relationship {
        let ways = ["following", "followed_by", "mutual", "pending", "requested", "muting"];
        let ways = ways.map(|way| (way.to_owned(), json!("bool")));
        fields.insert("relationship".to_owned(), ways.into_iter().collect());
    }
    profile
}

fn post(signed_in: bool) -> Value {
    let mut post = json!({
        "id": "id",
        "user_id": "id",
        "caption": "text?",
        "media_urls": ["text"],
        "media": [null],
        "location": "text?",
        "alt_text": "text?",
        "hashtags": ["text"],
        "mentions": ["text"],
        "likes_count": "number",
        "comments_count": "number",
        "views_count": "number",
        "comments_disabled": "bool",
        "created_at": "time",
        "updated_at": "time",
        "author": card(),
    });
    if signed_in {
        post["liked_by_user"] = json!("bool");
        post["saved_by_user"] = json!("bool");
    }
    post
}

fn comment(signed_in: bool) -> Value {
    let mut comment = json!({
        "id": "id",
        "post_id": "id",
        "user_id": "id",
        "content": "text",
        "likes_count": "number",
        "created_at": "time",
        "author": card(),
    });
    if signed_in {
        comment["liked_by_user"] = json!("bool");
    }
    comment
}

fn done(message: &str) -> Value {
    json!({ "message": format!("={message}") })
}

#[tokio::test]
async fn sessions_and_profiles() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let stranger = &rig.stranger;
    let bob = rig.person("bob").await;

    let new = json!({ "username": "ann", "email": "ann@x.example", "password": PASSWORD, "fullName": "Ann" });
    let registered = json!({
        "user": { "id": "id", "username": "=ann", "email": "=ann@x.example", "full_name": "=Ann", "created_at": "time" },
        "token": "text",
    });
    let ann =
        api.answers(stranger, "POST /api/auth/register", &[], Some(new), (201, registered)).await;
    let ann = stranger.with_token(ann["token"].as_str().unwrap());
    let login = json!({ "username": "ann", "password": PASSWORD });
    let logged_in = json!({ "user": own_profile(), "token": "text" });
    let again =
        api.answers(stranger, "POST /api/auth/login", &[], Some(login), (200, logged_in)).await;
    let again = stranger.with_token(again["token"].as_str().unwrap());
    api.answers(&again, "POST /api/auth/logout", &[], None, (200, done("Logged out successfully")))
        .await;
    let token = json!({ "token": "text" });
    let fresh = api.answers(&ann, "POST /api/auth/refresh", &[], None, (200, token)).await;
    let ann = stranger.with_token(fresh["token"].as_str().unwrap());
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "another password" });
    let changed = done("Password changed successfully");
    api.answers(&ann, "PUT /api/auth/password", &[], Some(change), (200, changed)).await;

    api.answers(&ann, "GET /api/users/me", &[], None, (200, own_profile())).await;
    let change = json!({ "fullName": "Ann S.", "bio": "Hi", "website": "https://ann.example/", "isPrivate": false });
    let mut changed = own_profile();
    changed["bio"] = json!("=Hi");
    changed["website"] = json!("=https://ann.example/");
    api.answers(&ann, "PUT /api/users/me", &[], Some(change), (200, changed)).await;
    api.answers(
        stranger,
        "GET /api/users/{username}",
        &["bob"],
        None,
        (200, others_profile(false)),
    )
    .await;
    api.answers(&ann, "GET /api/users/{username}", &["bob"], None, (200, others_profile(true)))
        .await;
    api.answers(&bob, "GET /api/users/{username}", &["bob"], None, (200, others_profile(true)))
        .await;
    let cards = || (200, json!([card()]));
    api.answers(stranger, "GET /api/users?q=ann", &[], None, cards()).await;
    let delete = json!({ "password": "another password" });
    let deleted = done("Account deleted successfully");
    api.answers(&ann, "DELETE /api/users/me", &[], Some(delete), (200, deleted)).await;
    api.assert_complete(|path| path.starts_with("/api/auth/") || path == "/api/users/me");
    rig.close().await;
}

#[tokio::test]
async fn follows_blocks_and_mutes() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let [ann, bob, cat, dan] = rig.people(["ann", "bob", "cat", "dan"]).await;
    let followed = |message: &str, status: &str| {
        (200, json!({ "message": format!("={message}"), "status": format!("={status}") }))
    };
    let follow = async |person, name, wanted| {
        api.answers(person, "POST /api/users/{username}/follow", &[name], None, wanted).await
    };
    for person in [&*ann, &*cat] {
        follow(person, "bob", followed("Followed successfully", "accepted")).await;
    }
    follow(&*bob, "dan", followed("Followed successfully", "accepted")).await;
    follow(&*cat, "dan", followed("Followed successfully", "accepted")).await;
    follow(&*ann, "cat", followed("Followed successfully", "accepted")).await;
    cat.is_private(true).await;
    follow(&*bob, "cat", followed("Follow request sent", "pending")).await;
    follow(&*dan, "cat", followed("Follow request sent", "pending")).await;

    let cards = || (200, json!([card()]));
    for (person, operation, parts) in [
        (&*ann, "GET /api/users/{username}/followers", &["bob"][..]),
        (&rig.stranger, "GET /api/users/{username}/followers", &["bob"]),
        (&*ann, "GET /api/users/{username}/following", &["bob"]),
        (&*ann, "GET /api/users/suggestions", &[]),
        (&*cat, "GET /api/users/requests", &[]),
    ] {
        api.answers(person, operation, parts, None, cards()).await;
    }
    let mutual = json!({ "users": [card()], "count": 1 });
    api.answers(
        &ann,
        "GET /api/users/{username}/mutual",
        &["bob"],
        None,
        (200, json!({ "users": [], "count": 0 })),
    )
    .await;
    rig.person("eve").await.follows(&bob).await;
    let eve = rig.stranger.log_in("eve", PASSWORD).await.good(200);
    let eve = rig.stranger.with_token(eve["token"].as_str().unwrap());
    eve.post("/api/users/ann/follow", None).await.good(200);
    api.answers(&ann, "GET /api/users/{username}/mutual", &["bob"], None, (200, mutual)).await;
    for (name, action, message, status) in [
        ("bob", "accept", "Follow request accepted", "accepted"),
        ("dan", "reject", "Follow request rejected", "rejected"),
    ] {
        let wanted = followed(message, status);
        let body = Some(json!({ "action": action }));
        api.answers(&cat, "POST /api/users/requests/{username}", &[name], body, wanted).await;
    }
    let unfollowed = followed("Unfollowed successfully", "none");
    api.answers(&ann, "DELETE /api/users/{username}/follow", &["bob"], None, unfollowed).await;

    for (operation, message) in [
        ("POST /api/users/{username}/block", "Blocked successfully"),
        ("POST /api/users/{username}/mute", "Muted successfully"),
    ] {
        let name = if operation.ends_with("block") { "dan" } else { "bob" };
        api.answers(&ann, operation, &[name], None, (200, done(message))).await;
    }
    api.answers(&ann, "GET /api/users/blocked", &[], None, cards()).await;
    api.answers(&ann, "GET /api/users/muted", &[], None, cards()).await;
    for (operation, name, message) in [
        ("DELETE /api/users/{username}/block", "dan", "Unblocked successfully"),
        ("DELETE /api/users/{username}/mute", "bob", "Unmuted successfully"),
    ] {
        api.answers(&ann, operation, &[name], None, (200, done(message))).await;
    }
    api.answers(&ann, "GET /api/users/blocked", &[], None, (200, json!([]))).await;
    let elsewhere = ["/api/users", "/api/users/me", "/api/users/{username}"];
    api.assert_complete(|path| path.starts_with("/api/users") && !elsewhere.contains(&path));
    rig.close().await;
}

#[tokio::test]
async fn posts_and_what_is_done_with_them() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let new = || Some(json!({ "caption": "#one for @bob", "mediaUrls": [PICTURE] }));
    let made = api.answers(&ann, "POST /api/posts", &[], new(), (201, post(true))).await;
    let id = made["id"].as_str().unwrap();

    api.answers(&rig.stranger, "GET /api/posts/{id}", &[id], None, (200, post(false))).await;
    api.answers(&bob, "GET /api/posts/{id}", &[id], None, (200, post(true))).await;
    let change =
        Some(json!({ "location": "Here", "altText": "Nothing", "commentsDisabled": false }));
    let mut changed = post(true);
    changed["location"] = json!("=Here");
    changed["alt_text"] = json!("=Nothing");
    api.answers(&ann, "PUT /api/posts/{id}", &[id], change, (200, changed)).await;

    let page = |signed_in| (200, json!({ "posts": [post(signed_in)], "nextCursor": "null" }));
    api.answers(&bob, "GET /api/posts/user/{user_id}", &[&ann.id], None, page(true)).await;
    api.answers(&ann, "GET /api/posts/user/{user_id}", &["me"], None, page(true)).await;
    api.answers(&rig.stranger, "GET /api/posts/hashtag/{tag}", &["one"], None, page(false)).await;
    let second = api.answers(&ann, "POST /api/posts", &[], new(), (201, post(true))).await;
    let paged = json!({ "posts": [post(true)], "nextCursor": "text" });
    api.answers(&bob, "GET /api/posts/hashtag/{tag}?limit=1", &["one"], None, (200, paged)).await;
    let second = second["id"].as_str().unwrap();
    let hidden = |message: &str, is: bool| {
        (200, json!({ "message": format!("={message}"), "is_hidden": is }))
    };
    api.answers(&ann, "POST /api/posts/{id}/hide", &[second], None, hidden("Post hidden", true))
        .await;
    let mut seen = post(true);
    seen["is_hidden"] = json!(true);
    api.answers(&ann, "GET /api/posts/{id}", &[second], None, (200, seen)).await;
    api.answers(&ann, "DELETE /api/posts/{id}/hide", &[second], None, hidden("Post shown", false))
        .await;
    let deleted = (200, done("Post deleted successfully"));
    api.answers(&ann, "DELETE /api/posts/{id}", &[second], None, deleted).await;

    let liked = |message: &str, count: u64| {
        (200, json!({ "message": format!("={message}"), "likes_count": count }))
    };
    api.answers(&bob, "POST /api/posts/{id}/like", &[id], None, liked("Post liked", 1)).await;
    let likers = json!([{ "user_id": "id", "username": "=bob", "created_at": "time" }]);
    api.answers(&rig.stranger, "GET /api/posts/{id}/likes", &[id], None, (200, likers)).await;
    api.answers(&bob, "DELETE /api/posts/{id}/like", &[id], None, liked("Post unliked", 0)).await;
    api.answers(&bob, "POST /api/posts/{id}/save", &[id], None, (200, done("Post saved"))).await;
    let mut saved = post(true);
    saved["saved_by_user"] = json!(true);
    let saved = (200, json!({ "posts": [saved], "nextCursor": null }));
    api.answers(&bob, "GET /api/posts/saved", &[], None, saved).await;
    api.answers(&bob, "DELETE /api/posts/{id}/save", &[id], None, (200, done("Post unsaved")))
        .await;

    let says = Some(json!({ "content": " hello " }));
    let mut said = comment(true);
    said["content"] = json!("=hello");
    let said = api.answers(&bob, "POST /api/posts/{id}/comments", &[id], says, (201, said)).await;
    let said = said["id"].as_str().unwrap();
    for (visitor, signed_in) in [(&rig.stranger, false), (&*ann, true)] {
        let page = json!({ "comments": [comment(signed_in)], "nextCursor": "null" });
        api.answers(visitor, "GET /api/posts/{id}/comments", &[id], None, (200, page)).await;
    }
    let like = "POST /api/comments/{id}/like";
    api.answers(&ann, like, &[said], None, liked("Comment liked", 1)).await;
    let unlike = "DELETE /api/comments/{id}/like";
    api.answers(&ann, unlike, &[said], None, liked("Comment unliked", 0)).await;
    let deleted = (200, done("Comment deleted successfully"));
    api.answers(&ann, "DELETE /api/comments/{id}", &[said], None, deleted).await;
    api.assert_complete(|path| path.starts_with("/api/posts") || path.starts_with("/api/comments"));
    rig.close().await;
}

#[tokio::test]
async fn feeds() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    ann.follows(&bob).await;
    bob.follows(&ann).await;
    let first = bob.posts("#one for @ann").await;
    bob.posts("#two for @ann").await;
    cat.posts("#three for @ann").await;
    bob.likes(&first).await;
    bob.comments(&ann.posts("#four for @bob").await, "hello").await;
    rig.drained().await;

    let page = |more: bool, post: Value| {
        let next = if more { "text" } else { "null" };
        (200, json!({ "posts": [post], "hasMore": more, "offset": "number", "nextCursor": next }))
    };
    api.answers(&ann, "GET /api/feed", &[], None, page(false, post(true))).await;
    api.answers(&ann, "GET /api/feed?limit=1", &[], None, page(true, post(true))).await;
    api.answers(&ann, "GET /api/feed?order=ranked", &[], None, page(false, post(true))).await;
    let mut scored = post(true);
    scored["score"] = json!({ "recency": "fraction", "engagement": "fraction", "affinity": "fraction", "total": "fraction" });
    let explained = "GET /api/feed?order=ranked&explain=true";
    api.answers(&ann, explained, &[], None, page(false, scored)).await;
    let empty = json!({ "posts": [], "hasMore": false, "offset": 0, "nextCursor": null });
    let newcomer = rig.person("newcomer").await;
    api.answers(&newcomer, "GET /api/feed", &[], None, (200, empty)).await;
    api.answers(&ann, "GET /api/feed/explore", &[], None, page(false, post(true))).await;
    let refreshed = (200, json!({ "message": "text", "feedSize": 3 }));
    api.answers(&ann, "POST /api/feed/refresh", &[], None, refreshed).await;
    let stats = json!({
        "feedSize": 3, "followingCount": 1, "followersCount": 1, "storage": "text", "cache": "text",
    });
    api.answers(&ann, "GET /api/feed/stats", &[], None, (200, stats)).await;

    let activity = json!({
        "id": "id",
        "type": "text",
        "actorId": "id",
        "actor": card(),
        "targetId": "id",
        "targetType": "text",
        "metadata": { "post_id": "id" },
        "createdAt": "time",
        "read": false,
    });
    let page = json!({ "activities": [activity], "nextCursor": "text", "unreadCount": "number" });
    api.answers(&ann, "GET /api/feed/activity?limit=1", &[], None, (200, page)).await;
    let read = json!({ "message": "text", "unreadCount": 0 });
    api.answers(&ann, "POST /api/feed/activity/read", &[], None, (200, read)).await;
    let stream = ["/api/feed/stream"];
    api.assert_complete(|path| path.starts_with("/api/feed") && !stream.contains(&path));
    rig.close().await;
}

#[tokio::test]
async fn health() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    let tier = if on_postgres() { "=100k" } else { "=10k" };
    let health = json!({
        "status": "=healthy", "service": "=api-gateway", "database": "=connected", "tier": tier,
    });
    api.answers(&rig.stranger, "GET /health", &[], None, (200, health)).await;
    for part in ["user", "post", "media", "feed", "graph"] {
        let health = json!({ "status": "=healthy", "service": format!("={part}-service") });
        api.answers(&rig.stranger, "GET /health/{part}", &[part], None, (200, health)).await;
    }
    rig.stranger.get("/health/nonsense").await.good(404);
    assert_eq!(rig.stranger.get("/livez").await.good(200), json!({ "status": "alive" }));
    assert_eq!(rig.stranger.get("/readyz").await.good(200), json!({ "status": "ready" }));
    api.assert_complete(|path| path.starts_with("/health"));
    rig.close().await;
}
