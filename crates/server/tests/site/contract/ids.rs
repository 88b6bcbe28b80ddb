//! Ids: how they are made, and that every input takes them as a number or as text.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::rig::{PICTURE, Rig, texts_of};

#[tokio::test]
async fn ids_are_taken_as_numbers_and_as_text() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let backend = &rig.stranger;
    let mut posts = Vec::new();
    for user in [json!(ann.number()), json!(ann.id)] {
        let body = json!({ "user_id": user, "media_url": PICTURE, "media_type": "image" });
        posts.push(backend.post("/v1/posts", body).await.good(201)["id"].as_u64().unwrap());
    }
    assert_eq!(texts_of(&ann.get("/api/posts/user/me").await.good(200)["posts"], "id").len(), 2);
    for (follower, followee, status) in [
        (json!(bob.id), json!(ann.number()), "followed"),
        (json!(bob.number()), json!(ann.id), "already_following"),
    ] {
        let pair = json!({ "follower_id": follower, "followee_id": followee });
        assert_eq!(backend.post("/v1/follow", pair).await.good(200)["status"], status);
    }
    let like = format!("/v1/posts/{}/like", posts[0]);
    for (user, status) in [(json!(bob.id), "liked"), (json!(bob.number()), "already_liked")] {
        let answer = backend.post(&like, json!({ "user_id": user })).await.good(200);
        assert_eq!(answer["status"], status);
    }
    let comments = format!("/v1/posts/{}/comments", posts[0]);
    for user in [json!(bob.id), json!(bob.number())] {
        backend.post(&comments, json!({ "user_id": user, "content": "x" })).await.good(201);
    }
    rig.close().await;
}

#[tokio::test]
async fn ids_rise_with_time_and_are_exact_in_every_browser() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let mut ids = vec![ann.number()];
    for _ in 0..3 {
        let post = ann.posts("hello").await;
        ids.push(post.parse().unwrap());
        ids.push(ann.comments(&post, "hello").await.parse().unwrap());
    }
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert!(ids.iter().all(|id| *id < 1 << 53), "{ids:?}");
    rig.close().await;
}

/// Many at once: no id is given out twice, no follow, like or comment is lost or counted twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_many_do_at_once_is_all_counted() {
    let rig = Rig::new().await;
    let star = rig.person("star").await;
    let post = star.posts("everybody comes").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let (stranger, star, post) = (rig.stranger.clone(), star.clone(), post.clone());
        tasks.spawn(async move {
            let fan = stranger.register(&format!("fan{number}")).await;
            for _ in 0..2 {
                fan.follows(&star).await;
                fan.likes(&post).await;
            }
            let comment = fan.comments(&post, "me too").await;
            let own = fan.posts("mine").await;
            if number % 4 == 0 {
                fan.unfollows(&star).await;
                fan.delete(&format!("/api/posts/{post}/like")).await.good(200);
                fan.delete(&format!("/api/comments/{comment}")).await.good(200);
            }
            [fan.id.clone(), comment, own]
        });
    }
    let ids: BTreeSet<String> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(ids.len(), 16 * 3);
    assert_eq!(star.counts_of("star").await, [12, 0, 1]);
    let seen = star.get(&format!("/api/posts/{post}")).await.good(200);
    assert_eq!((&seen["likes_count"], &seen["comments_count"]), (&json!(12), &json!(12)));
    let likers = star.linked(&format!("/api/posts/{post}/likes"), 5).await;
    assert_eq!(
        texts_of(&Value::Array(likers), "user_id").into_iter().collect::<BTreeSet<_>>().len(),
        12
    );
    rig.close().await;
}

/// The same name, asked for by many at once, is one person's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_is_given_once() {
    let rig = Rig::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let stranger = rig.stranger.clone();
        tasks.spawn(async move {
            let name = if number % 2 == 0 { "ann" } else { "ANN" };
            let body = json!({
                "username": name, "email": format!("a{number}@x.example"), "password": crate::rig::PASSWORD,
            });
            stranger.post("/api/auth/register", body).await.status
        });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    rig.close().await;
}
