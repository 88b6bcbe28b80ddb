//! What happened to you.

use serde_json::{Value, json};

use crate::rig::{Person, Rig, ids_of};

/// What somebody is told, newest first: what was done, by whom, to what.
async fn told(rig: &Rig, person: &Person) -> Vec<(String, String, String)> {
    rig.drained().await;
    let page = person.get("/api/feed/activity?limit=100").await.good(200);
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let items = page["activities"].as_array().unwrap().iter();
    items.map(|item| (text(item, "type"), text(item, "actorId"), text(item, "targetId"))).collect()
}

fn happened(kind: &str, actor: &Person, target: &str) -> (String, String, String) {
    (kind.to_owned(), actor.id.clone(), target.to_owned())
}

#[tokio::test]
async fn everything_that_is_done_to_somebody_is_told_them_and_taken_back() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.is_private(true).await;
    bob.follows(&ann).await;
    assert_eq!(told(&rig, &ann).await, [happened("follow_request", &bob, &ann.id)]);
    ann.post("/api/users/requests/bob", json!({ "action": "accept" })).await.good(200);
    assert_eq!(told(&rig, &ann).await, [happened("follow", &bob, &ann.id)]);
    assert_eq!(told(&rig, &bob).await, [happened("follow_accepted", &ann, &bob.id)]);

    let post = ann.posts("Hello @bob").await;
    let answer = ann.comments(&post, "And who else?").await;
    bob.likes(&post).await;
    bob.likes(&post).await;
    bob.post(&format!("/api/comments/{answer}/like"), None).await.good(200);
    let comment = bob.comments(&post, "Only @ann and me").await;
    assert_eq!(
        told(&rig, &ann).await,
        [
            happened("comment", &bob, &comment),
            happened("comment_like", &bob, &answer),
            happened("like", &bob, &post),
            happened("follow", &bob, &ann.id),
        ]
    );
    let page = ann.get("/api/feed/activity?limit=1").await.good(200);
    assert_eq!(page["activities"][0]["targetType"], "comment");
    assert_eq!(page["activities"][0]["metadata"], json!({ "post_id": post }));
    let mention = happened("mention", &ann, &post);
    assert_eq!(told(&rig, &bob).await[0], mention);
    // An edit that names nobody new tells nobody anything again.
    ann.put(&format!("/api/posts/{post}"), json!({ "caption": "Hello again @bob" }))
        .await
        .good(200);
    assert_eq!(told(&rig, &bob).await.iter().filter(|told| **told == mention).count(), 1);

    bob.delete(&format!("/api/posts/{post}/like")).await.good(200);
    bob.delete(&format!("/api/comments/{answer}/like")).await.good(200);
    bob.delete(&format!("/api/comments/{comment}")).await.good(200);
    assert_eq!(told(&rig, &ann).await, [happened("follow", &bob, &ann.id)]);
    ann.delete(&format!("/api/posts/{post}")).await.good(200);
    bob.unfollows(&ann).await;
    assert_eq!(told(&rig, &ann).await, []);
    assert_eq!(told(&rig, &bob).await, []);
    rig.close().await;
}

#[tokio::test]
async fn what_was_not_seen_is_counted_until_it_is() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    let post = ann.posts("Like me").await;
    bob.likes(&post).await;
    cat.likes(&post).await;
    cat.follows(&ann).await;
    rig.drained().await;
    let page = ann.get("/api/feed/activity?limit=2").await.good(200);
    assert_eq!(page["unreadCount"], 3);
    assert!(page["activities"].as_array().unwrap().iter().all(|item| item["read"] == false));
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = ann.get(&format!("/api/feed/activity?limit=2&cursor={cursor}")).await.good(200);
    assert_eq!((ids_of(&rest["activities"]).len(), &rest["nextCursor"]), (1, &Value::Null));

    ann.post("/api/feed/activity/read", None).await.good(200);
    let page = ann.get("/api/feed/activity").await.good(200);
    assert_eq!(page["unreadCount"], 0);
    assert!(page["activities"].as_array().unwrap().iter().all(|item| item["read"] == true));
    bob.comments(&post, "hello").await;
    rig.drained().await;
    let page = ann.get("/api/feed/activity").await.good(200);
    assert_eq!(page["unreadCount"], 1);
    assert_eq!(
        (&page["activities"][0]["read"], &page["activities"][1]["read"]),
        (&json!(false), &json!(true))
    );
    rig.close().await;
}

#[tokio::test]
async fn nobody_learns_of_a_post_that_they_may_not_see() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    ann.is_private(true).await;
    bob.follows(&ann).await;
    ann.post("/api/users/requests/bob", json!({ "action": "accept" })).await.good(200);
    let post = ann.posts("A word about @cat").await;
    bob.comments(&post, "What would @cat say?").await;
    assert_eq!(told(&rig, &cat).await, []);
    ann.posts("A word about @ann and @nobody").await;
    assert_eq!(told(&rig, &ann).await.len(), 2, "nobody is told of what they did themselves");
    rig.close().await;
}
