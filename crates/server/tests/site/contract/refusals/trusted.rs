//! `/v1`.

use serde_json::{Value, json};

use super::World;
use crate::rig::PICTURE;

const NONE: Value = Value::Null;

#[tokio::test]
async fn what_is_refused_is_refused_as_documented() {
    let world = World::new().await;
    let World { rig, ann, bob, post, silent, comment, .. } = &world;
    let backend = &rig.stranger;
    let follow = |follower: u64, followee: u64| {
        let pair = json!({ "follower_id": follower, "followee_id": followee });
        ("POST /v1/follow".to_owned(), pair)
    };
    let like =
        |id: &str, user: u64| (format!("POST /v1/posts/{id}/like"), json!({ "user_id": user }));
    let says = |id: &str, user: u64| {
        (format!("POST /v1/posts/{id}/comments"), json!({ "user_id": user, "content": "x" }))
    };
    let [a, b] = [ann.number(), bob.number()];

    let nobody = (404, "user_not_found", "User not found");
    let reads =
        ["users/7", "users/7/posts", "users/7/followers", "users/7/following", "feed?user_id=7"];
    world.refused(backend, nobody, reads.map(|rest| (format!("GET /v1/{rest}"), NONE))).await;
    let new_post = json!({ "user_id": 7, "media_url": PICTURE, "media_type": "image" });
    let writes = [
        ("POST /v1/posts".to_owned(), new_post),
        like(post, 7),
        says(post, 7),
        follow(a, 7),
        follow(7, a),
        (format!("DELETE /v1/follow?follower_id={a}&followee_id=7"), NONE),
        (format!("DELETE /v1/posts/{post}/like?user_id=7"), NONE),
    ];
    world.refused(backend, nobody, writes).await;
    let no_post = (404, "post_not_found", "Post not found");
    let nowhere = [("GET /v1/posts/7".to_owned(), NONE), like("7", a), says("7", a)];
    world.refused(backend, no_post, nowhere).await;
    let not_yours = (404, "post_not_found", "Post not found or not authorized");
    let deletes = [post, "7"].map(|id| (format!("DELETE /v1/posts/{id}?user_id={b}"), NONE));
    world.refused(backend, not_yours, deletes).await;
    let not_yours = (404, "comment_not_found", "Comment not found or not authorized");
    let deletes = [comment, "7"].map(|id| (format!("DELETE /v1/comments/{id}?user_id={b}"), NONE));
    world.refused(backend, not_yours, deletes).await;
    let myself = (400, "self_follow", "Cannot follow yourself");
    world.refused(backend, myself, [follow(a, a)]).await;
    let taken = (400, "already_exists", "Username or email already exists");
    let twice = json!({ "username": "ann", "email": "new@x.example" });
    world.refused(backend, taken, [("POST /v1/users".to_owned(), twice)]).await;
    let disabled = (403, "comments_disabled", "Comments are disabled");
    world.refused(backend, disabled, [says(silent, b)]).await;
    let query = (422, "invalid", "Search query required");
    let queries = ["", "?q=", "?q=%20"];
    let queries = queries.map(|query| (format!("GET /v1/users/search{query}"), NONE));
    world.refused(backend, query, queries).await;

    for id in ["abc", "0", "-1", "99999999999999999999", "1.5"] {
        for path in [format!("users/{id}"), format!("posts/{id}"), format!("feed?user_id={id}")] {
            let answer = backend.get(&format!("/v1/{path}")).await;
            assert_eq!((answer.status, answer.code()), (422, "invalid"), "{answer:?}");
        }
    }
    assert_eq!(backend.get("/v1/feed").await.code(), "invalid");
    world.rig.close().await;
}
