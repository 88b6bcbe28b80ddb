//! The tour of the README.

use serde_json::json;

use crate::rig::{PASSWORD, PICTURE, Person, Rig, eventually, id_of, ids_of, texts_of};

#[tokio::test]
async fn a_newcomer_looks_around() {
    let rig = Rig::new().await;
    let bruno = rig.person("bruno.albers").await;
    let newcomer = rig.person("newcomer").await;

    // Signing in again gives another token for the same person.
    let again = rig.stranger.log_in("newcomer", PASSWORD).await.good(200);
    let again = Person::new(&rig.stranger, &again);
    assert!(again.id == newcomer.id && again.token != newcomer.token);

    let change = json!({ "bio": "I was there", "website": "https://new.example/" });
    let profile = newcomer.put("/api/users/me", change).await.good(200);
    assert_eq!(profile["bio"], "I was there");
    assert_eq!(profile["full_name"], "newcomer of Tintype", "what is left out stays");
    assert_eq!(again.get("/api/users/me").await.good(200), profile);

    // Found by a part of the name, followed, and their posts are there on the very next read.
    let old = bruno.posts("Before you came").await;
    let found = newcomer.get("/api/users?q=brun&limit=3").await.good(200);
    assert_eq!(texts_of(&found, "username"), ["bruno.albers"]);
    assert_eq!(newcomer.feed().await, [""; 0]);
    let standing = newcomer.follows(&bruno).await;
    assert_eq!(standing, json!({ "message": "Followed successfully", "status": "accepted" }));
    assert_eq!(newcomer.feed().await, [old.as_str()]);

    // A post is in the feed of its author at once, and in a follower's within a moment.
    bruno.follows(&newcomer).await;
    let body =
        json!({ "caption": "First light #morning with @bruno.albers", "mediaUrls": [PICTURE] });
    let post = id_of(&newcomer.post("/api/posts", body).await.good(201));
    assert_eq!(newcomer.feed().await, [post.as_str(), old.as_str()]);
    let in_feed = async || bruno.feed().await.contains(&post).then_some(());
    eventually("a new post is in the feed of a follower", in_feed).await;

    bruno.likes(&post).await;
    let comment = bruno.comments(&post, "So was I").await;
    bruno.post(&format!("/api/posts/{post}/save"), None).await.good(200);
    let seen = bruno.get(&format!("/api/posts/{post}")).await.good(200);
    assert_eq!(seen["likes_count"], 1);
    assert_eq!(seen["comments_count"], 1);
    assert_eq!(seen["liked_by_user"], true);
    assert_eq!(seen["saved_by_user"], true);
    assert_eq!(seen["hashtags"], json!(["morning"]));
    assert_eq!(seen["mentions"], json!(["bruno.albers"]));
    assert_eq!(seen["author"]["username"], "newcomer");
    let comments = newcomer.get(&format!("/api/posts/{post}/comments")).await.good(200);
    assert_eq!(ids_of(&comments["comments"]), [comment]);
    let saved = bruno.get("/api/posts/saved").await.good(200);
    assert_eq!(ids_of(&saved["posts"]), [post.as_str()]);
    let tagged = rig.stranger.get("/api/posts/hashtag/morning").await.good(200);
    assert_eq!(ids_of(&tagged["posts"]), [post]);

    rig.drained().await;
    let kinds = async |person: &Person| {
        let page = person.get("/api/feed/activity").await.good(200);
        let mut kinds = texts_of(&page["activities"], "type");
        kinds.sort_unstable();
        kinds
    };
    assert_eq!(kinds(&newcomer).await, ["comment", "follow", "like"]);
    assert_eq!(kinds(&bruno).await, ["follow", "mention"]);
    assert_eq!(newcomer.counts_of("bruno.albers").await, [1, 1, 1]);
    rig.close().await;
}

#[tokio::test]
async fn the_same_network_is_seen_in_three_dialects() {
    let rig = Rig::new().await;
    let ann = rig.stranger.post(
        "/api/v1/auth/register",
        json!({
            "username": "ann", "email": "ann@tintype.example", "password": PASSWORD,
        }),
    );
    let ann = ann.await.good(201);
    let backend = &rig.stranger;
    let bob = backend.post("/v1/users", json!({ "username": "bob", "email": "b@tintype.example" }));
    let bob = bob.await.good(201)["id"].as_u64().unwrap();
    let cat = rig.person("cat").await;
    let mesh = rig.stranger.with_token(ann["token"].as_str().unwrap());
    let ann = ann["user"]["id"].as_u64().unwrap();

    // Each follows the next, each in a dialect of its own.
    mesh.post(&format!("/api/v1/graph/follow/{bob}"), None).await.good(200);
    let follow = json!({ "follower_id": bob, "followee_id": cat.id });
    assert_eq!(backend.post("/v1/follow", follow).await.good(200)["status"], "followed");
    cat.post("/api/users/ann/follow", None).await.good(200);

    let by_ann = mesh.post("/api/v1/posts", json!({ "media_urls": [PICTURE] })).await.good(201);
    let by_bob = json!({ "user_id": bob, "media_url": PICTURE, "media_type": "image" });
    let by_bob = backend.post("/v1/posts", by_bob).await.good(201);
    let by_cat = cat.posts("hello").await;

    let feed = async |visitor: &crate::rig::Visitor, path: &str| {
        ids_of(&visitor.get(path).await.good(200)["posts"])
    };
    let [ann_post, bob_post] = [&by_ann, &by_bob].map(|post| match &post["id"] {
        serde_json::Value::String(id) => id.clone(),
        id => id.to_string(),
    });
    let own = [bob_post.as_str(), ann_post.as_str()];
    eventually("the follower sees it", async || {
        (feed(&mesh, "/api/v1/feed").await == own).then_some(())
    })
    .await;
    eventually("the backend sees it", async || {
        (feed(backend, &format!("/v1/feed?user_id={bob}")).await == [by_cat.as_str()]).then_some(())
    })
    .await;
    assert_eq!(cat.feed().await, [by_cat.as_str(), ann_post.as_str()]);

    mesh.post(&format!("/api/v1/posts/{by_cat}/like"), None).await.good(200);
    backend.post(&format!("/v1/posts/{by_cat}/like"), json!({ "user_id": bob })).await.good(200);
    cat.likes(&by_cat).await;
    let liked = backend.get(&format!("/v1/posts/{by_cat}?user_id={ann}")).await.good(200);
    assert_eq!((&liked["like_count"], &liked["is_liked"]), (&json!(3), &json!(true)));
    let stats = mesh.get(&format!("/api/v1/posts/{by_cat}/stats")).await.good(200);
    assert_eq!(stats["like_count"], 3);
    let likers = cat.get(&format!("/api/posts/{by_cat}/likes")).await.good(200);
    assert_eq!(texts_of(&likers, "username"), ["cat", "bob", "ann"]);
    rig.close().await;
}
