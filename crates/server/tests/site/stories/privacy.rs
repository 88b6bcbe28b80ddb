//! Who is shown what of a private account.

use serde_json::{Value, json};

use crate::rig::{Person, Rig, Visitor, id_of, ids_of, texts_of};

/// What a private account keeps from those who do not follow it.
async fn assert_kept_from(visitor: &Visitor, owner: &Person, post: &str, comment: &str) {
    let (name, id) = (&owner.username, &owner.id);
    for path in [
        format!("/api/users/{name}/followers"),
        format!("/api/users/{name}/following"),
        format!("/api/posts/user/{id}"),
        format!("/api/v1/posts?user_id={id}"),
        format!("/v1/users/{id}/posts"),
        format!("/v1/users/{id}/followers"),
        format!("/v1/users/{id}/following"),
    ] {
        visitor.get(&path).await.refused(403, "This account is private");
    }
    for path in [
        format!("/api/posts/{post}"),
        format!("/api/posts/{post}/likes"),
        format!("/api/posts/{post}/comments"),
        format!("/api/v1/posts/{post}"),
        format!("/api/v1/posts/{post}/stats"),
        format!("/api/v1/posts/{post}/comments"),
        format!("/v1/posts/{post}"),
        format!("/v1/posts/{post}/comments"),
    ] {
        visitor.get(&path).await.refused(404, "Post not found");
    }
    let tagged = visitor.get("/api/posts/hashtag/quiet").await.good(200);
    assert_eq!(tagged["posts"], json!([]));
    // The name, the picture, the bio and the counts are there for all.
    let profile = visitor.get(&format!("/api/users/{name}")).await.good(200);
    assert_eq!((&profile["is_private"], &profile["posts_count"]), (&json!(true), &json!(1)));
    assert_eq!(profile["bio"], "Not for everybody");
    assert!(!profile.to_string().contains(comment));
}

/// What only somebody with a token could try.
async fn assert_cannot_act(visitor: &Person, owner: &Person, post: &str, comment: &str) {
    for (method, path, body) in [
        ("POST", format!("/api/posts/{post}/like"), None),
        ("DELETE", format!("/api/posts/{post}/like"), None),
        ("POST", format!("/api/posts/{post}/save"), None),
        ("POST", format!("/api/posts/{post}/comments"), Some(json!({ "content": "hello" }))),
        ("POST", format!("/api/comments/{comment}/like"), None),
        ("DELETE", format!("/api/comments/{comment}"), None),
        ("POST", format!("/api/v1/posts/{post}/like"), None),
        ("POST", format!("/api/v1/posts/{post}/comments"), Some(json!({ "content": "hello" }))),
        ("POST", format!("/v1/posts/{post}/like"), Some(json!({ "user_id": visitor.number() }))),
    ] {
        visitor.ask(method, &path, body).await.missing();
    }
    for list in ["followers", "following", "mutual"] {
        let path = format!("/api/v1/graph/{list}/{}", owner.id);
        visitor.get(&path).await.refused(403, "This account is private");
    }
}

#[tokio::test]
async fn a_private_account_is_there_for_whom_it_accepts() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    ann.put("/api/users/me", json!({ "bio": "Not for everybody", "isPrivate": true }))
        .await
        .good(200);
    let post = ann.posts("A #quiet day").await;
    let comment = ann.comments(&post, "Only for friends").await;

    assert_kept_from(&rig.stranger, &ann, &post, &comment).await;
    assert_kept_from(&bob, &ann, &post, &comment).await;
    assert_cannot_act(&bob, &ann, &post, &comment).await;

    let asked = bob.follows(&ann).await;
    assert_eq!(asked, json!({ "message": "Follow request sent", "status": "pending" }));
    assert_eq!(bob.follows(&ann).await, asked, "asking again changes nothing");
    cat.follows(&ann).await;
    assert_kept_from(&bob, &ann, &post, &comment).await;
    assert_eq!(bob.feed().await, [""; 0]);
    let requests = ann.get("/api/users/requests").await.good(200);
    assert_eq!(texts_of(&requests, "username"), ["cat", "bob"]);
    let standing = bob.get("/api/users/ann").await.good(200)["relationship"].clone();
    assert_eq!((&standing["pending"], &standing["following"]), (&json!(true), &json!(false)));
    let standing = ann.get("/api/users/bob").await.good(200)["relationship"].clone();
    assert_eq!(standing["requested"], true);

    let decide = async |name: &str, action: &str| {
        ann.post(&format!("/api/users/requests/{name}"), json!({ "action": action })).await
    };
    assert_eq!(decide("bob", "accept").await.good(200)["status"], "accepted");
    assert_eq!(decide("cat", "reject").await.good(200)["status"], "rejected");
    for (name, action) in [("bob", "accept"), ("cat", "accept"), ("cat", "reject")] {
        decide(name, action).await.refused(404, "Follow request not found");
    }

    // The accepted one sees everything on the very next read, the rejected one still nothing.
    assert_eq!(bob.feed().await, [post.as_str()]);
    bob.likes(&post).await;
    bob.comments(&post, "Thank you").await;
    let followers = bob.get("/api/users/ann/followers").await.good(200);
    assert_eq!(texts_of(&followers, "username"), ["bob"]);
    let tagged = bob.get("/api/posts/hashtag/quiet").await.good(200);
    assert_eq!(ids_of(&tagged["posts"]), [post.as_str()]);
    assert_kept_from(&cat, &ann, &post, &comment).await;
    assert_eq!(cat.counts_of("ann").await, [1, 0, 1]);

    // Whoever follows no more is a stranger again.
    bob.unfollows(&ann).await;
    assert_eq!(bob.feed().await, [""; 0]);
    assert_kept_from(&bob, &ann, &post, &comment).await;
    rig.close().await;
}

#[tokio::test]
async fn a_request_can_be_withdrawn_and_made_again() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.is_private(true).await;
    bob.follows(&ann).await;
    bob.unfollows(&ann).await;
    assert_eq!(ann.get("/api/users/requests").await.good(200), json!([]));
    let accept = json!({ "action": "accept" });
    ann.post("/api/users/requests/bob", accept.clone())
        .await
        .refused(404, "Follow request not found");
    bob.follows(&ann).await;
    ann.post("/api/users/requests/bob", accept).await.good(200);
    assert_eq!(bob.counts_of("ann").await, [1, 0, 0]);
    rig.close().await;
}

#[tokio::test]
async fn going_public_accepts_all_who_asked() {
    let rig = Rig::new().await;
    let [ann, bob, cat, dan] = rig.people(["ann", "bob", "cat", "dan"]).await;
    dan.follows(&ann).await;
    ann.is_private(true).await;
    let post = ann.posts("Soon for all").await;
    bob.follows(&ann).await;
    cat.follows(&ann).await;
    assert_eq!(dan.feed().await, [post.as_str()], "who followed before still does");

    ann.is_private(false).await;
    assert_eq!(bob.feed().await, [post.as_str()]);
    assert_eq!(cat.feed().await, [post.as_str()]);
    assert_eq!(bob.counts_of("ann").await, [3, 0, 1]);
    assert_eq!(ann.get("/api/users/requests").await.good(200), Value::Array(Vec::new()));
    let stats = ann.get(&format!("/api/v1/graph/stats/{}", ann.id)).await.good(200);
    assert_eq!(stats["pending_requests_count"], 0);
    rig.stranger.get(&format!("/api/posts/{post}")).await.good(200);
    rig.close().await;
}

/// What the owner of a hidden post sees and nobody else.
#[tokio::test]
async fn a_hidden_post_is_there_for_its_author_alone() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    bob.follows(&ann).await;
    let post = ann.posts("Now you see me #now").await;
    let path = format!("/api/posts/{post}");
    bob.likes(&post).await;
    assert_eq!(bob.feed().await, [post.as_str()]);

    let hidden = ann.put(&path, json!({ "isHidden": true })).await.good(200);
    assert_eq!(hidden["is_hidden"], true);
    assert_eq!(bob.feed().await, [""; 0]);
    assert_eq!(ann.feed().await, [""; 0], "a feed has no hidden posts, not even of the viewer");
    bob.get(&path).await.refused(404, "Post not found");
    bob.ask("DELETE", &format!("{path}/like"), None).await.refused(404, "Post not found");
    let listed = bob.get(&format!("/api/posts/user/{}", ann.id)).await.good(200);
    assert_eq!(listed["posts"], json!([]));
    let tagged = rig.stranger.get("/api/posts/hashtag/now").await.good(200);
    assert_eq!(tagged["posts"], json!([]));
    let own = ann.get("/api/posts/user/me").await.good(200);
    assert_eq!(ids_of(&own["posts"]), [post.as_str()]);
    assert_eq!(id_of(&ann.get(&path).await.good(200)), post);

    ann.put(&path, json!({ "isHidden": false })).await.good(200);
    assert_eq!(bob.feed().await, [post.as_str()]);
    assert_eq!(bob.get(&path).await.good(200)["liked_by_user"], true);
    rig.close().await;
}

/// Whoever turns private takes back what strangers have put aside; who followed keeps it.
#[tokio::test]
async fn turning_private_takes_posts_from_those_who_do_not_follow() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    bob.follows(&ann).await;
    let post = ann.posts("#open for now").await;
    for person in [&bob, &cat] {
        person.likes(&post).await;
        person.post(&format!("/api/posts/{post}/save"), None).await.good(200);
    }
    ann.is_private(true).await;
    for (person, kept) in [(&bob, true), (&cat, false)] {
        let saved = person.get("/api/posts/saved").await.good(200);
        assert_eq!(ids_of(&saved["posts"]).contains(&post), kept);
        let tagged = person.get("/api/posts/hashtag/open").await.good(200);
        assert_eq!(ids_of(&tagged["posts"]).contains(&post), kept);
        let status = person.get(&format!("/api/posts/{post}")).await.status;
        assert_eq!(status, if kept { 200 } else { 404 });
        let explore = person.get("/api/feed/explore").await.good(200);
        assert_eq!(explore["posts"], json!([]));
    }
    rig.stranger.get(&format!("/api/posts/{post}")).await.refused(404, "Post not found");
    ann.is_private(false).await;
    let shown = cat.get(&format!("/api/posts/{post}")).await.good(200);
    assert_eq!((&shown["liked_by_user"], &shown["likes_count"]), (&json!(true), &json!(2)));
    rig.close().await;
}
