//! `/api`.

use serde_json::{Value, json};

use super::World;
use crate::rig::PASSWORD;

const NONE: Value = Value::Null;

#[tokio::test]
async fn accounts_are_refused_as_documented() {
    let world = World::new().await;
    let World { ann, rig, .. } = &world;
    let stranger = &rig.stranger;
    let register = |username: &str, email: &str, password: &str| {
        let body = json!({ "username": username, "email": email, "password": password });
        ("POST /api/auth/register".to_owned(), body)
    };
    let login = |body: Value| ("POST /api/auth/login".to_owned(), body);

    let missing = (400, "missing_fields", "Missing required fields");
    let incomplete = [
        ("POST /api/auth/register".to_owned(), json!({})),
        register("", "e@x.example", PASSWORD),
        register("eve", "", PASSWORD),
        register("eve", "e@x.example", ""),
        login(json!({ "username": "ann" })),
        login(json!({ "password": PASSWORD })),
        login(json!({})),
    ];
    world.refused(stranger, missing, incomplete).await;
    let incomplete = [("PUT /api/auth/password".to_owned(), json!({}))];
    world.refused(ann, missing, incomplete).await;
    let taken = (409, "already_exists", "Username or email already exists");
    let twice = [
        register("ann", "e@x.example", PASSWORD),
        register("eve", "ann@tintype.example", PASSWORD),
    ];
    world.refused(stranger, taken, twice).await;
    let wrong = (401, "invalid_credentials", "Invalid credentials");
    let wrongly = json!({ "username": "ann", "password": "wrong" });
    world.refused(stranger, wrong, [login(wrongly)]).await;
    let sign_in = "Sign in first: this needs a token in the Authorization header";
    let me = [("GET /api/users/me".to_owned(), NONE)];
    world.refused(stranger, (401, "token_required", sign_in), me).await;
    let query = (400, "query_required", "Search query required");
    let queries = ["", "?q=", "?q=%20", "?limit=3"];
    world
        .refused(stranger, query, queries.map(|query| (format!("GET /api/users{query}"), NONE)))
        .await;
    world.rig.close().await;
}

#[tokio::test]
async fn people_are_refused_as_documented() {
    let world = World::new().await;
    let World { ann, cat, .. } = &world;
    let nobody = (404, "user_not_found", "User not found");
    let profiles = ["nobody", "%00", "nobody/followers", "nobody/following", "nobody/mutual"];
    world.refused(ann, nobody, profiles.map(|rest| (format!("GET /api/users/{rest}"), NONE))).await;
    for verb in ["follow", "block", "mute"] {
        let both =
            ["POST", "DELETE"].map(|method| (format!("{method} /api/users/nobody/{verb}"), NONE));
        world.refused(ann, nobody, both).await;
    }
    world.refused(ann, nobody, [("GET /api/posts/user/7".to_owned(), NONE)]).await;
    let myself = (400, "self_follow", "Cannot follow yourself");
    world.refused(ann, myself, [("POST /api/users/ann/follow".to_owned(), NONE)]).await;
    let private = (403, "private_account", "This account is private");
    let lists = [
        ("GET /api/users/cat/followers".to_owned(), NONE),
        ("GET /api/users/cat/following".to_owned(), NONE),
        (format!("GET /api/posts/user/{}", cat.id), NONE),
    ];
    world.refused(ann, private, lists).await;
    let no_request = (404, "request_not_found", "Follow request not found");
    let decide =
        |action: &str| ("POST /api/users/requests/bob".to_owned(), json!({ "action": action }));
    world.refused(ann, no_request, [decide("accept"), decide("reject")]).await;
    world.rig.close().await;
}

#[tokio::test]
async fn posts_are_refused_as_documented() {
    let world = World::new().await;
    let World { ann, bob, post, silent, comment, .. } = &world;
    let media = (400, "invalid", "At least one media URL is required");
    let without = [json!({}), json!({ "mediaUrls": [] }), json!({ "mediaUrls": null })];
    world.refused(ann, media, without.map(|body| ("POST /api/posts".to_owned(), body))).await;

    let (none, not_yours) = ("Post not found", "Post not found or not authorized");
    let nowhere = ["1", "abc", "0", "-1", "99999999999999999999", "%20", "9007199254740993"];
    let to = |id: &str, request: &str| request.replace("{}", &format!("/api/posts/{id}"));
    for id in nowhere {
        let reads = ["GET {}", "GET {}/likes", "GET {}/comments"];
        let likes = ["POST {}/like", "DELETE {}/like", "POST {}/save", "DELETE {}/save"];
        let requests = reads.iter().chain(&likes).map(|request| (to(id, request), NONE));
        world.refused(bob, (404, "post_not_found", none), requests).await;
        let says = [(to(id, "POST {}/comments"), json!({ "content": "x" }))];
        world.refused(bob, (404, "post_not_found", none), says).await;
    }
    for id in nowhere.into_iter().chain([&**post, &**silent]) {
        let changes = [
            (to(id, "PUT {}"), json!({ "caption": "mine" })),
            (to(id, "DELETE {}"), NONE),
            (to(id, "POST {}/hide"), NONE),
            (to(id, "DELETE {}/hide"), NONE),
        ];
        world.refused(bob, (404, "post_not_found", not_yours), changes).await;
    }

    let says = |id: &str, body: Value| (to(id, "POST {}/comments"), body);
    let required = (400, "invalid", "Comment content is required");
    let empty = [json!({}), json!({ "content": "" }), json!({ "content": " \n\t" })];
    world.refused(bob, required, empty.map(|body| says(post, body))).await;
    let long = (400, "invalid", "Comment content must be at most 2200 characters long");
    world.refused(bob, long, [says(post, json!({ "content": "x".repeat(2201) }))]).await;
    let disabled = (403, "comments_disabled", "Comments are disabled");
    world.refused(bob, disabled, [says(silent, json!({ "content": "x" }))]).await;
    let others = "Only its author or the owner of the post may delete a comment";
    let delete = |id: &str| (format!("DELETE /api/comments/{id}"), NONE);
    world.refused(bob, (403, "not_your_comment", others), [delete(comment)]).await;
    let no_comment = (404, "comment_not_found", "Comment not found");
    let like = |id: &str| (format!("POST /api/comments/{id}/like"), NONE);
    world.refused(bob, no_comment, [delete("7"), delete("x"), like("7"), like("x")]).await;
    world.rig.close().await;
}
