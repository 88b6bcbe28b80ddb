//! What is done with a post.

use serde_json::{Value, json};

use crate::rig::{PICTURE, Rig, id_of, ids_of, texts_of};

#[tokio::test]
async fn a_post_is_made_edited_and_read() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let body = json!({
        "caption": "Über den #Dächern von #Tōkyō, #dächern",
        "mediaUrls": [PICTURE, "https://pictures.example/two.mp4"],
        "location": "Tōkyō",
        "altText": "Roofs in the evening",
    });
    let made = ann.post("/api/posts", body).await.good(201);
    assert_eq!(made["hashtags"], json!(["dächern", "tōkyō"]), "in lower case, each once");
    assert_eq!(made["media_urls"], json!([PICTURE, "https://pictures.example/two.mp4"]));
    let path = format!("/api/posts/{}", id_of(&made));
    let read = rig.stranger.get(&path).await.good(200);
    for field in ["id", "caption", "media_urls", "location", "hashtags", "created_at", "author"] {
        assert_eq!(read[field], made[field], "{field}");
    }
    for (tag, found) in [("DÄCHERN", 1), ("%23tōkyō", 1), ("dach", 0), ("abend", 0)] {
        let page = rig.stranger.get(&format!("/api/posts/hashtag/{tag}")).await.good(200);
        assert_eq!(page["posts"].as_array().unwrap().len(), found, "{tag}");
    }

    let change = json!({ "caption": "Am #Abend", "location": null });
    let edited = ann.put(&path, change).await.good(200);
    assert_eq!((&edited["caption"], &edited["location"]), (&json!("Am #Abend"), &Value::Null));
    assert_eq!(edited["alt_text"], "Roofs in the evening", "what is left out stays");
    assert_eq!(edited["created_at"], made["created_at"]);
    assert!(edited["updated_at"].as_str() >= made["updated_at"].as_str());
    for (tag, found) in [("dächern", 0), ("abend", 1)] {
        let page = rig.stranger.get(&format!("/api/posts/hashtag/{tag}")).await.good(200);
        assert_eq!(page["posts"].as_array().unwrap().len(), found, "{tag}");
    }
    rig.close().await;
}

#[tokio::test]
async fn liking_and_saving_twice_is_liking_and_saving_once() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let post = ann.posts("Like me").await;
    let like = format!("/api/posts/{post}/like");
    for (method, message, count) in [
        ("POST", "Post liked", 1),
        ("POST", "Post liked", 1),
        ("DELETE", "Post unliked", 0),
        ("DELETE", "Post unliked", 0),
    ] {
        let answer = bob.ask(method, &like, None).await.good(200);
        assert_eq!(answer, json!({ "message": message, "likes_count": count }));
    }
    let trusted = format!("/v1/posts/{post}/like");
    let body = json!({ "user_id": bob.id });
    let undo = format!("{trusted}?user_id={}", bob.id);
    for (status, count) in [("liked", 1), ("already_liked", 1)] {
        let answer = rig.stranger.post(&trusted, body.clone()).await.good(200);
        assert_eq!(answer, json!({ "status": status, "like_count": count }));
    }
    for (status, count) in [("unliked", 0), ("not_liked", 0)] {
        let answer = rig.stranger.delete(&undo).await.good(200);
        assert_eq!(answer, json!({ "status": status, "like_count": count }));
    }
    let save = format!("/api/posts/{post}/save");
    for _ in 0..2 {
        bob.post(&save, None).await.good(200);
        assert_eq!(ids_of(&bob.get("/api/posts/saved").await.good(200)["posts"]), [post.as_str()]);
    }
    for _ in 0..2 {
        bob.delete(&save).await.good(200);
        assert_eq!(bob.get("/api/posts/saved").await.good(200)["posts"], json!([]));
    }
    rig.close().await;
}

#[tokio::test]
async fn comments_are_their_authors_and_the_posts_owners() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    let post = ann.posts("Say something").await;
    let path = format!("/api/posts/{post}/comments");
    let first = bob.comments(&post, "  first  ").await;
    let second = cat.comments(&post, "second").await;
    let third = cat.comments(&post, "third").await;
    let comments = rig.stranger.get(&path).await.good(200);
    assert_eq!(texts_of(&comments["comments"], "content"), ["third", "second", "first"]);

    let of = |comment: &str| format!("/api/comments/{comment}");
    bob.delete(&of(&second)).await.good(403);
    bob.delete(&of(&first)).await.good(200);
    ann.delete(&of(&second)).await.good(200);
    ann.delete(&of(&second)).await.refused(404, "Comment not found");
    let like = format!("{}/like", of(&third));
    for (method, count) in [("POST", 1), ("POST", 1), ("DELETE", 0)] {
        assert_eq!(bob.ask(method, &like, None).await.good(200)["likes_count"], count);
    }
    ann.put(&format!("/api/posts/{post}"), json!({ "commentsDisabled": true })).await.good(200);
    for person in [&ann, &bob] {
        let refused = person.post(&path, json!({ "content": "one more" })).await;
        refused.refused(403, "Comments are disabled");
    }
    let mesh = format!("/api/v1/posts/{post}/comments");
    bob.post(&mesh, json!({ "content": "x" })).await.refused(403, "Comments are disabled");
    let body = json!({ "user_id": bob.id, "content": "x" });
    let trusted = format!("/v1/posts/{post}/comments");
    rig.stranger.post(&trusted, body).await.refused(403, "Comments are disabled");
    let left = rig.stranger.get(&path).await.good(200);
    assert_eq!(ids_of(&left["comments"]), [third], "what was said stays");
    assert_eq!(bob.get(&format!("/api/posts/{post}")).await.good(200)["comments_count"], 1);
    rig.close().await;
}

#[tokio::test]
async fn a_view_is_counted_unless_it_is_the_authors() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let post = ann.posts("Look at me").await;
    let path = format!("/api/posts/{post}");
    for person in [&*bob, &*ann, &rig.stranger, &*bob] {
        person.get(&path).await.good(200);
    }
    let stats = ann.get(&format!("/api/v1/posts/{post}/stats")).await.good(200);
    assert_eq!(stats, json!({ "like_count": 0, "comment_count": 0, "view_count": 3 }));
    rig.site().posts.flush_views().await.unwrap();
    assert_eq!(ann.get(&path).await.good(200)["views_count"], 3);
    rig.close().await;
}

#[tokio::test]
async fn people_are_found_by_name_the_best_first() {
    let rig = Rig::new().await;
    let [ann, _, joanna, anna] = rig.people(["ann", "bob", "joanna", "anna"]).await;
    joanna.follows(&anna).await;
    let annabel = rig.person("annabel").await;
    let find = async |path: &str| texts_of(&rig.stranger.get(path).await.good(200), "username");
    assert_eq!(find("/api/users?q=ANN").await, ["ann", "anna", "annabel", "joanna"]);
    assert_eq!(find("/api/users?q=joanna%20of").await, ["joanna"]);
    assert_eq!(find("/api/users?q=ann%25").await, [""; 0], "no pattern");
    assert_eq!(find("/api/users?q=a_n").await, [""; 0], "no pattern");
    assert_eq!(find("/api/users?q=%22ann%22*").await, [""; 0], "no query language");
    let trusted = rig.stranger.get("/v1/users/search?q=anna&limit=2").await.good(200);
    assert_eq!(texts_of(&trusted["users"], "username"), ["anna", "annabel"]);
    let walked = rig.stranger.linked("/api/users?q=ann", 1).await;
    assert_eq!(texts_of(&Value::Array(walked), "username"), ["ann", "anna", "annabel", "joanna"]);
    ann.put("/api/users/me", json!({ "fullName": "Somebody Else" })).await.good(200);
    assert_eq!(find("/api/users?q=somebody").await, ["ann"]);
    annabel.follows(&ann).await;
    rig.close().await;
}

#[tokio::test]
async fn friends_of_friends_are_suggested() {
    let rig = Rig::new().await;
    let [ann, bob, cat, dan, eve] = rig.people(["ann", "bob", "cat", "dan", "eve"]).await;
    for (follower, followee) in
        [(&ann, &bob), (&ann, &cat), (&bob, &dan), (&cat, &dan), (&cat, &eve), (&bob, &ann)]
    {
        follower.follows(followee).await;
    }
    let suggested = ann.get("/api/users/suggestions").await.good(200);
    assert_eq!(texts_of(&suggested, "username"), ["dan", "eve"]);
    let mesh = ann.get("/api/v1/graph/suggestions?limit=1").await.good(200);
    assert_eq!(mesh, json!({ "suggestions": [dan.number()], "count": 1 }));
    let mutual = ann.get(&format!("/api/v1/graph/mutual/{}", dan.id)).await.good(200);
    assert_eq!(mutual["mutual_followers"], json!([bob.number()]));
    rig.close().await;
}
