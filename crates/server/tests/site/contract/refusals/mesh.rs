//! `/api/v1`.

use serde_json::{Value, json};

use super::World;
use crate::rig::Rig;

const NONE: Value = Value::Null;

#[tokio::test]
async fn what_is_refused_is_refused_as_documented() {
    let world = World::new().await;
    let World { ann, bob, cat, post, silent, .. } = &world;
    bob.follows(cat).await;
    let follow = |id: &str| format!("POST /api/v1/graph/follow/{id}");
    let unfollow = |id: &str| format!("DELETE /api/v1/graph/unfollow/{id}");
    let decide = |id: &str| format!("POST /api/v1/graph/requests/{id}");
    let comments = |id: &str| format!("POST /api/v1/posts/{id}/comments");
    let accept = || json!({ "action": "accept" });
    let says = |text: &str| json!({ "content": text });

    let myself = (400, "self_follow", "You cannot follow yourself");
    world.refused(ann, myself, [(follow(&ann.id), NONE)]).await;
    let already = (400, "already_following", "You are already following this user");
    world.refused(bob, already, [(follow(&ann.id), NONE)]).await;
    let pending = (400, "request_pending", "Follow request already pending");
    world.refused(bob, pending, [(follow(&cat.id), NONE)]).await;
    let not_following = (400, "not_following", "You are not following this user");
    world.refused(ann, not_following, [(unfollow(&bob.id), NONE)]).await;
    let no_request = (404, "request_not_found", "Follow request not found");
    world.refused(bob, no_request, [(decide(&ann.id), accept())]).await;
    let nobody = (404, "user_not_found", "User not found");
    let lists = ["followers", "following", "mutual", "relationship", "stats"];
    world
        .refused(bob, nobody, lists.map(|list| (format!("GET /api/v1/graph/{list}/7"), NONE)))
        .await;
    let others = [(follow("7"), NONE), (unfollow("7"), NONE), (decide("7"), accept())];
    world.refused(bob, nobody, others).await;
    world.refused(bob, nobody, [("GET /api/v1/posts?user_id=7".to_owned(), NONE)]).await;

    let no_post = (404, "post_not_found", "Post not found");
    let reads = ["7", "x", "7/stats", "7/comments"];
    world
        .refused(bob, no_post, reads.map(|rest| (format!("GET /api/v1/posts/{rest}"), NONE)))
        .await;
    world.refused(bob, no_post, [(comments("7"), says("x"))]).await;
    let not_yours = (404, "post_not_found", "Post not found or not authorized");
    let of_ann = [
        (format!("DELETE /api/v1/posts/{post}"), NONE),
        (format!("PUT /api/v1/posts/{post}"), json!({ "caption": "mine" })),
    ];
    world.refused(bob, not_yours, of_ann).await;
    let disabled = (403, "comments_disabled", "Comments are disabled");
    world.refused(bob, disabled, [(comments(silent), says("x"))]).await;
    let empty = (422, "invalid", "Comment content is required");
    world.refused(bob, empty, [(comments(post), says(" ")), (comments(post), json!({}))]).await;
    let private = (403, "private_account", "This account is private");
    world.refused(ann, private, [(format!("GET /api/v1/posts?user_id={}", cat.id), NONE)]).await;
    let one_of = (422, "invalid", "Give either user_id or hashtag");
    let both = format!("GET /api/v1/posts?user_id={}&hashtag=x", ann.id);
    world.refused(bob, one_of, [("GET /api/v1/posts".to_owned(), NONE), (both, NONE)]).await;
    let wrong = (401, "invalid_credentials", "Invalid credentials");
    let login = json!({ "username": "ann", "password": "wrong" });
    let login = ("POST /api/v1/auth/login".to_owned(), login);
    world.refused(&world.rig.stranger, wrong, [login]).await;
    world.rig.close().await;
}

#[tokio::test]
async fn one_follows_so_many_and_no_more() {
    let rig = Rig::configured(|config| config.graph.max_followings = 2).await;
    let [ann, bob, cat, dan] = rig.people(["ann", "bob", "cat", "dan"]).await;
    cat.is_private(true).await;
    ann.follows(&bob).await;
    ann.follows(&cat).await;
    ann.follows(&bob).await;
    let public = ann.post("/api/users/dan/follow", None).await;
    let mesh = ann.post(&format!("/api/v1/graph/follow/{}", dan.id), None).await;
    let pair = json!({ "follower_id": ann.id, "followee_id": dan.id });
    let trusted = rig.stranger.post("/v1/follow", pair).await;
    for refused in [public, mesh, trusted] {
        assert_eq!((refused.status, refused.code()), (400, "too_many_followings"), "{refused:?}");
    }
    ann.unfollows(&cat).await;
    ann.follows(&dan).await;
    rig.close().await;
}
