//! What is left of somebody who goes: nothing.

use serde_json::json;

use crate::rig::{PASSWORD, Rig, ids_of, texts_of};

#[tokio::test]
async fn an_account_goes_with_everything_that_hangs_on_it() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    for (follower, followee) in [(&ann, &bob), (&bob, &ann), (&cat, &ann), (&cat, &bob)] {
        follower.follows(followee).await;
    }
    let of_bob = bob.posts("with @ann").await;
    let of_ann = ann.posts("to be gone #soon").await;
    for person in [&ann, &cat] {
        person.likes(&of_bob).await;
    }
    let by_ann = ann.comments(&of_bob, "farewell").await;
    let by_cat = cat.comments(&of_bob, "no!").await;
    ann.post(&format!("/api/comments/{by_cat}/like"), None).await.good(200);
    cat.post(&format!("/api/comments/{by_ann}/like"), None).await.good(200);
    cat.comments(&of_ann, "stay").await;
    cat.post(&format!("/api/posts/{of_ann}/save"), None).await.good(200);
    let second = rig.stranger.log_in("ann", PASSWORD).await.good(200);
    let second = rig.stranger.with_token(second["token"].as_str().unwrap());
    rig.drained().await;

    let wrong = json!({ "password": "not this one" });
    ann.ask("DELETE", "/api/users/me", Some(wrong)).await.good(403);
    ann.ask("DELETE", "/api/users/me", Some(json!({})))
        .await
        .refused(400, "Missing required fields");
    let right = json!({ "password": PASSWORD });
    let gone = ann.ask("DELETE", "/api/users/me", Some(right)).await.good(200);
    assert_eq!(gone, json!({ "message": "Account deleted successfully" }));

    // At once: no token, no name, no post, no place in a feed.
    ann.get("/api/users/me").await.good(401);
    second.get("/api/users/me").await.good(401);
    rig.stranger.log_in("ann", PASSWORD).await.refused(401, "Invalid credentials");
    cat.get("/api/users/ann").await.refused(404, "User not found");
    cat.get(&format!("/api/posts/{of_ann}")).await.refused(404, "Post not found");
    assert_eq!(cat.feed().await, [of_bob.as_str()]);
    assert_eq!(bob.feed().await, [of_bob.as_str()]);
    assert_eq!(rig.stranger.get("/api/users?q=ann").await.good(200), json!([]));
    rig.stranger.get(&format!("/v1/users/{}", ann.id)).await.refused(404, "User not found");

    // And soon what hung on it, with every count.
    rig.drained().await;
    assert_eq!(cat.counts_of("bob").await, [1, 0, 1]);
    assert_eq!(cat.counts_of("cat").await, [0, 1, 0]);
    let post = cat.get(&format!("/api/posts/{of_bob}")).await.good(200);
    assert_eq!((&post["likes_count"], &post["comments_count"]), (&json!(1), &json!(1)));
    let comments = cat.get(&format!("/api/posts/{of_bob}/comments")).await.good(200);
    assert_eq!(ids_of(&comments["comments"]), [by_cat]);
    assert_eq!(comments["comments"][0]["likes_count"], 0);
    let likers = cat.get(&format!("/api/posts/{of_bob}/likes")).await.good(200);
    assert_eq!(texts_of(&likers, "username"), ["cat"]);
    assert_eq!(cat.get("/api/posts/saved").await.good(200)["posts"], json!([]));
    let tagged = rig.stranger.get("/api/posts/hashtag/soon").await.good(200);
    assert_eq!(tagged["posts"], json!([]));
    let page = bob.get("/api/feed/activity").await.good(200);
    assert!(!texts_of(&page["activities"], "actorId").contains(&ann.id), "{page}");

    // The name is free again, for somebody else.
    let other = rig.person("ann").await;
    assert_ne!(other.id, ann.id);
    assert_eq!(cat.counts_of("ann").await, [0, 0, 0]);
    assert_eq!(other.feed().await, [""; 0]);
    rig.close().await;
}

#[tokio::test]
async fn requests_and_blocks_go_with_the_account() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.is_private(true).await;
    bob.follows(&ann).await;
    assert_eq!(texts_of(&ann.get("/api/users/requests").await.good(200), "username"), ["bob"]);
    bob.ask("DELETE", "/api/users/me", Some(json!({ "password": PASSWORD }))).await.good(200);
    assert_eq!(ann.get("/api/users/requests").await.good(200), json!([]));
    rig.drained().await;
    let stats = ann.get(&format!("/api/v1/graph/stats/{}", ann.id)).await.good(200);
    assert_eq!(stats["pending_requests_count"], 0);
    let bob = rig.person("bob").await;
    ann.blocks(&bob).await;
    ann.ask("DELETE", "/api/users/me", Some(json!({ "password": PASSWORD }))).await.good(200);
    let ann = rig.person("ann").await;
    bob.follows(&ann).await;
    rig.close().await;
}

#[tokio::test]
async fn a_deleted_post_takes_along_what_hung_on_it() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let post = ann.posts("Soon gone #gone").await;
    let path = format!("/api/posts/{post}");
    bob.likes(&post).await;
    let comment = bob.comments(&post, "Why?").await;
    bob.post(&format!("{path}/save"), None).await.good(200);
    bob.delete(&path).await.refused(404, "Post not found or not authorized");
    let deleted = ann.delete(&path).await.good(200);
    assert_eq!(deleted, json!({ "message": "Post deleted successfully" }));
    ann.delete(&path).await.refused(404, "Post not found or not authorized");
    for person in [&ann, &bob] {
        person.get(&path).await.refused(404, "Post not found");
        person.get(&format!("{path}/likes")).await.refused(404, "Post not found");
        person.get(&format!("{path}/comments")).await.refused(404, "Post not found");
    }
    bob.post(&format!("/api/comments/{comment}/like"), None)
        .await
        .refused(404, "Comment not found");
    assert_eq!(bob.counts_of("ann").await, [0, 0, 0]);
    assert_eq!(bob.get("/api/posts/saved").await.good(200)["posts"], json!([]));
    rig.drained().await;
    bob.delete(&format!("/api/comments/{comment}")).await.refused(404, "Comment not found");
    rig.close().await;
}
