//! What a feed is, at the moment of reading.

use std::sync::Arc;

use serde_json::{Value, json};
use tintype_platform::clock::ManualClock;
use tintype_platform::config::Strategy;
use tintype_platform::testkit::START;

use crate::rig::{PICTURE, Rig, eventually, ids_of};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Every way to make a feed holds the same promises.
async fn with_each_strategy(story: impl AsyncFn(Rig)) {
    for (strategy, threshold) in [(Strategy::Pull, 2), (Strategy::Push, 2), (Strategy::Hybrid, 2)] {
        let rig = Rig::configured(|config| {
            config.feed.strategy = strategy;
            config.feed.celebrity_threshold = threshold;
        });
        story(rig.await).await;
    }
}

#[tokio::test]
async fn what_is_taken_away_is_gone_on_the_very_next_read() {
    with_each_strategy(async |rig| {
        let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
        ann.follows(&bob).await;
        ann.follows(&cat).await;
        let mut posts = Vec::new();
        for number in 0..3 {
            posts.push(bob.posts(&format!("bob's {number}")).await);
            posts.push(cat.posts(&format!("cat's {number}")).await);
        }
        posts.reverse();
        let all = posts.clone();
        eventually("all are there", async || (ann.feed().await == all).then_some(())).await;

        bob.delete(&format!("/api/posts/{}", posts.remove(1))).await.good(200);
        assert_eq!(ann.feed().await, posts);
        cat.put(&format!("/api/posts/{}", posts.remove(0)), json!({ "isHidden": true }))
            .await
            .good(200);
        assert_eq!(ann.feed().await, posts);
        ann.unfollows(&bob).await;
        let by_bob = [posts[1].clone(), posts[3].clone()];
        posts.retain(|post| !by_bob.contains(post));
        assert_eq!(ann.feed().await, posts);
        cat.blocks(&ann).await;
        assert_eq!(ann.feed().await, [""; 0]);
        // A new follow shows what was there before, on the very next read as well.
        ann.follows(&bob).await;
        assert_eq!(ann.feed().await, by_bob);
        rig.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_new_post_is_in_every_feed_of_every_dialect() {
    with_each_strategy(async |rig| {
        let [ann, bob] = rig.people(["ann", "bob"]).await;
        bob.follows(&ann).await;
        let by_backend = json!({ "user_id": ann.id, "media_url": PICTURE, "media_type": "image" });
        let mut posts = vec![
            ann.posts("in the public dialect").await,
            ann.post("/api/v1/posts", json!({ "media_urls": [PICTURE] })).await.good(201)["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            rig.stranger.post("/v1/posts", by_backend).await.good(201)["id"].to_string(),
        ];
        posts.reverse();
        assert_eq!(ann.feed().await, posts, "one's own posts are there at once");
        for path in ["/api/feed", "/api/v1/feed", &format!("/v1/feed?user_id={}", bob.id)] {
            let complete = async || {
                let feed = ids_of(&bob.get(path).await.good(200)["posts"]);
                (feed == posts).then_some(())
            };
            eventually(path, complete).await;
        }
        // The trusted dialect leaves out the own posts of whom it asks for.
        let own = rig.stranger.get(&format!("/v1/feed?user_id={}", ann.id)).await.good(200);
        assert_eq!(own["posts"], json!([]));

        let refreshed = bob.post("/api/feed/refresh", None).await.good(200);
        assert_eq!(refreshed["feedSize"], 3);
        let stats = bob.get("/api/feed/stats").await.good(200);
        let counts =
            ["feedSize", "followingCount", "followersCount"].map(|name| stats[name].clone());
        assert_eq!(counts, [json!(3), json!(1), json!(0)]);
        rig.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_feed_is_as_long_as_it_may_be_and_no_longer() {
    let rig = Rig::configured(|config| config.feed.timeline_size = 7).await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.follows(&bob).await;
    let mut posts = Vec::new();
    for number in 0..5 {
        posts.push(bob.posts(&format!("bob's {number}")).await);
        posts.push(ann.posts(&format!("ann's {number}")).await);
    }
    posts.reverse();
    posts.truncate(7);
    eventually("all are there", async || (ann.feed().await == posts).then_some(())).await;
    assert_eq!(walk(&ann, "/api/feed?limit=3").await, posts);
    assert_eq!(ann.get("/api/feed/stats").await.good(200)["feedSize"], 7);
    rig.close().await;
}

/// The ids of a feed, page by page.
async fn walk(person: &crate::rig::Person, path: &str) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = person.get(&next).await.good(200);
        ids.extend(ids_of(&page["posts"]));
        assert_eq!(page["hasMore"], !page["nextCursor"].is_null());
        assert_eq!(page["offset"], ids.len());
        match page["nextCursor"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn a_ranked_feed_explains_itself_and_gives_nobody_four_places_in_a_row() {
    let clock = Arc::new(ManualClock::at(START));
    let rig = Rig::timed(clock.clone(), |_| ()).await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    ann.follows(&bob).await;
    ann.follows(&cat).await;
    for number in 0..6 {
        cat.posts(&format!("cat's {number}")).await;
        clock.advance_millis(60_000);
    }
    let mut loved = String::new();
    for number in 0..10 {
        loved = bob.posts(&format!("bob's {number}")).await;
        clock.advance_millis(60_000);
    }
    ann.likes(&loved).await;
    cat.likes(&loved).await;
    cat.comments(&loved, "the best of them").await;
    eventually("all are there", async || (ann.feed().await.len() == 16).then_some(())).await;

    let path = "/api/feed?order=ranked&explain=true&limit=100";
    let page = ann.get(path).await.good(200);
    let posts = page["posts"].as_array().unwrap();
    assert_eq!(posts.len(), 16);
    assert_eq!(posts[0]["id"], loved.as_str());
    for post in posts {
        let part = |name: &str| post["score"][name].as_f64().unwrap();
        let [recency, engagement, affinity] = ["recency", "engagement", "affinity"].map(part);
        assert!(
            [recency, engagement, affinity].iter().all(|part| (0.0..=1.0).contains(part)),
            "{post}"
        );
        let total = 0.5 * recency + 0.3 * engagement + 0.2 * affinity;
        assert!((total - part("total")).abs() < 1e-9, "{post}");
    }
    let authors: Vec<&Value> = posts.iter().map(|post| &post["author"]["username"]).collect();
    let others_left =
        |place: usize, author: &Value| authors[place..].iter().any(|other| *other != author);
    for (place, four) in authors.windows(4).enumerate() {
        let same = four.iter().all(|author| *author == four[0]);
        assert!(!same || !others_left(place, four[0]), "{authors:?}");
    }
    // Pages of it neither repeat nor skip, even as the posts change in the meantime.
    let first = ann.get("/api/feed?order=ranked&limit=5").await.good(200);
    let cursor = first["nextCursor"].as_str().unwrap();
    assert!(first["posts"][0].get("score").is_none(), "not explained unless asked");
    let last = ids_of(&page["posts"])[15].clone();
    for one in [&ann, &cat] {
        one.likes(&last).await;
    }
    bob.posts("too new for this reading").await;
    let mut read = ids_of(&first["posts"]);
    read.extend(walk_on(&ann, "/api/feed?order=ranked&limit=5", cursor).await);
    assert_eq!(read, ids_of(&page["posts"]));
    rig.close().await;
}

async fn walk_on(person: &crate::rig::Person, path: &str, cursor: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), Some(cursor.to_owned()));
    while let Some(place) = cursor {
        let page = person.get(&format!("{path}&cursor={place}")).await.good(200);
        ids.extend(ids_of(&page["posts"]));
        cursor = page["nextCursor"].as_str().map(str::to_owned);
    }
    ids
}

#[tokio::test]
async fn exploring_shows_what_is_popular_among_strangers() {
    let rig = Rig::new().await;
    let people = rig.people(["ann", "bob", "cat", "dan", "eve", "fay"]).await;
    let [ann, bob, cat, dan, eve, fay] = &people;
    let mut posts = Vec::new();
    for person in &people {
        posts.push(person.posts("look").await);
    }
    // One's own, a followee's, a muted one's, a private one's and a blocked one's are not new.
    ann.follows(bob).await;
    ann.post("/api/users/cat/mute", None).await.good(200);
    dan.is_private(true).await;
    eve.blocks(ann).await;
    let most_liked = fay.posts("look again").await;
    fay.posts("liked by nobody").await;
    for person in [bob, cat, dan] {
        person.likes(&most_liked).await;
    }
    cat.likes(&posts[5]).await;
    rig.drained().await;
    let page = ann.get("/api/feed/explore?limit=2").await.good(200);
    assert_eq!(ids_of(&page["posts"]), [most_liked, posts[5].clone()]);
    let explore = async || ids_of(&ann.get("/api/feed/explore").await.good(200)["posts"]);
    assert_eq!(explore().await.len(), 3);
    ann.follows(fay).await;
    assert_eq!(explore().await, [""; 0]);
    rig.close().await;
}

#[tokio::test]
async fn the_feed_of_a_backend_goes_back_seven_days() {
    let clock = Arc::new(ManualClock::at(START));
    let rig = Rig::timed(clock.clone(), |_| ()).await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.follows(&bob).await;
    let old = bob.posts("old").await;
    clock.advance_millis(4 * DAY);
    let new = bob.posts("new").await;
    let path = format!("/v1/feed?user_id={}", ann.id);
    let feed = async || ids_of(&rig.stranger.get(&path).await.good(200)["posts"]);
    eventually("both are there", async || {
        (feed().await == [new.as_str(), old.as_str()]).then_some(())
    })
    .await;
    clock.advance_millis(3 * DAY - 1);
    assert_eq!(feed().await.len(), 2);
    clock.advance_millis(2);
    assert_eq!(feed().await, [new.as_str()]);
    clock.advance_millis(4 * DAY);
    assert_eq!(feed().await, [""; 0]);
    rig.close().await;
}

#[tokio::test]
async fn a_feed_is_right_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for strategy in [Strategy::Pull, Strategy::Push, Strategy::Hybrid] {
        let mut config = crate::rig::configuration(&folder);
        config.feed.strategy = strategy;
        config.feed.celebrity_threshold = 2;
        let rig = Rig::on(&config, Arc::new(tintype_platform::clock::SystemClock)).await;
        let login = rig.stranger.log_in("ann", crate::rig::PASSWORD).await;
        if login.status == 401 {
            let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
            ann.follows(&bob).await;
            ann.follows(&cat).await;
            cat.follows(&bob).await;
            for number in 0..5 {
                bob.posts(&format!("bob's {number}")).await;
                cat.posts(&format!("cat's {number}")).await;
            }
        } else {
            let ann = crate::rig::Person::new(&rig.stranger, &login.good(200));
            let feed = ann.feed().await;
            assert_eq!(feed.len(), 10);
            assert!(feed.windows(2).all(|pair| pair[0] > pair[1]));
        }
        rig.close().await;
    }
}
