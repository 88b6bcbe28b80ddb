//! Two people of whom one blocks the other are not there for each other.

use serde_json::{Value, json};

use crate::rig::{Person, Rig, ids_of, texts_of};

/// Every route that names somebody, or something of theirs, as `other`. Each answers 404.
fn routes(
    me: &Person,
    other: &Person,
    post: &str,
    comment: &str,
) -> Vec<(&'static str, String, Option<Value>)> {
    let (name, id, user) = (&other.username, &other.id, me.number());
    let says = || Some(json!({ "content": "hello" }));
    let decides = || Some(json!({ "action": "accept" }));
    let mut routes = vec![
        ("GET", format!("/api/users/{name}"), None),
        ("POST", format!("/api/users/{name}/follow"), None),
        ("DELETE", format!("/api/users/{name}/follow"), None),
        ("GET", format!("/api/users/{name}/followers"), None),
        ("GET", format!("/api/users/{name}/following"), None),
        ("POST", format!("/api/users/requests/{name}"), decides()),
        ("POST", format!("/api/users/{name}/mute"), None),
        ("DELETE", format!("/api/users/{name}/mute"), None),
        ("GET", format!("/api/posts/{post}"), None),
        ("PUT", format!("/api/posts/{post}"), Some(json!({ "caption": "mine now" }))),
        ("DELETE", format!("/api/posts/{post}"), None),
        ("GET", format!("/api/posts/user/{id}"), None),
        ("POST", format!("/api/posts/{post}/like"), None),
        ("DELETE", format!("/api/posts/{post}/like"), None),
        ("GET", format!("/api/posts/{post}/likes"), None),
        ("POST", format!("/api/posts/{post}/save"), None),
        ("DELETE", format!("/api/posts/{post}/save"), None),
        ("POST", format!("/api/posts/{post}/comments"), says()),
        ("GET", format!("/api/posts/{post}/comments"), None),
        ("DELETE", format!("/api/comments/{comment}"), None),
        ("POST", format!("/api/comments/{comment}/like"), None),
        ("DELETE", format!("/api/comments/{comment}/like"), None),
        ("POST", format!("/api/v1/graph/follow/{id}"), None),
        ("DELETE", format!("/api/v1/graph/unfollow/{id}"), None),
        ("GET", format!("/api/v1/graph/followers/{id}"), None),
        ("GET", format!("/api/v1/graph/following/{id}"), None),
        ("GET", format!("/api/v1/graph/relationship/{id}"), None),
        ("GET", format!("/api/v1/graph/stats/{id}"), None),
        ("GET", format!("/api/v1/graph/mutual/{id}"), None),
        ("POST", format!("/api/v1/graph/requests/{id}"), decides()),
        ("GET", format!("/api/v1/posts?user_id={id}"), None),
        ("GET", format!("/api/v1/posts/{post}"), None),
        ("PUT", format!("/api/v1/posts/{post}"), Some(json!({ "caption": "mine now" }))),
        ("DELETE", format!("/api/v1/posts/{post}"), None),
        ("POST", format!("/api/v1/posts/{post}/like"), None),
        ("DELETE", format!("/api/v1/posts/{post}/like"), None),
        ("GET", format!("/api/v1/posts/{post}/stats"), None),
        ("POST", format!("/api/v1/posts/{post}/comments"), says()),
        ("GET", format!("/api/v1/posts/{post}/comments"), None),
    ];
    // The trusted dialect says in the request for whom it acts.
    let pair = json!({ "follower_id": user, "followee_id": id });
    routes.extend([
        ("GET", format!("/v1/users/{id}/posts?user_id={user}"), None),
        ("GET", format!("/v1/users/{id}/followers?user_id={user}"), None),
        ("GET", format!("/v1/users/{id}/following?user_id={user}"), None),
        ("GET", format!("/v1/posts/{post}?user_id={user}"), None),
        ("DELETE", format!("/v1/posts/{post}?user_id={user}"), None),
        ("POST", format!("/v1/posts/{post}/like"), Some(json!({ "user_id": user }))),
        ("DELETE", format!("/v1/posts/{post}/like?user_id={user}"), None),
        ("POST", "/v1/follow".to_owned(), Some(pair)),
        ("DELETE", format!("/v1/follow?follower_id={user}&followee_id={id}"), None),
        ("GET", format!("/v1/posts/{post}/comments?user_id={user}"), None),
        (
            "POST",
            format!("/v1/posts/{post}/comments"),
            Some(json!({ "user_id": user, "content": "hello" })),
        ),
        ("DELETE", format!("/v1/comments/{comment}?user_id={user}"), None),
    ]);
    routes
}

#[tokio::test]
async fn who_is_blocked_is_not_there_on_any_route_in_either_direction() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    ann.follows(&bob).await;
    bob.follows(&ann).await;
    let [of_ann, of_bob] = [ann.posts("by ann").await, bob.posts("by bob").await];
    // What each says stands under the post of a third, who is there for both.
    let of_cat = cat.posts("by cat").await;
    let said_by_ann = ann.comments(&of_cat, "ann was here").await;
    let said_by_bob = bob.comments(&of_cat, "bob was here").await;
    for (me, other, post, comment) in
        [(&ann, &bob, &of_bob, &said_by_bob), (&bob, &ann, &of_ann, &said_by_ann)]
    {
        let reads =
            routes(me, other, post, comment).into_iter().filter(|(method, ..)| *method == "GET");
        for (method, path, body) in reads {
            me.ask(method, &path, body).await.good(200);
        }
    }

    ann.blocks(&bob).await;
    for (me, other, post, comment) in
        [(&ann, &bob, &of_bob, &said_by_bob), (&bob, &ann, &of_ann, &said_by_ann)]
    {
        for (method, path, body) in routes(me, other, post, comment) {
            let asker = if path.starts_with("/v1") { &rig.stranger } else { &**me };
            asker.ask(method, &path, body).await.missing();
        }
        assert_eq!(me.feed().await.len(), 1, "only one's own post is left");
    }
    // A third sees both, with what both said; and nothing that was tried above has happened.
    assert_eq!(cat.counts_of("ann").await, [0, 0, 1]);
    assert_eq!(cat.counts_of("bob").await, [0, 0, 1]);
    let comments = cat.get(&format!("/api/posts/{of_cat}/comments")).await.good(200);
    assert_eq!(comments["comments"].as_array().unwrap().len(), 2);

    // Only who blocks can tell, and end it; the follows do not come back.
    bob.post("/api/users/ann/block", None).await.missing();
    bob.delete("/api/users/ann/block").await.missing();
    ann.blocks(&bob).await;
    ann.delete("/api/users/bob/block").await.good(200);
    bob.get(&format!("/api/posts/{of_ann}")).await.good(200);
    let standing = bob.get("/api/users/ann").await.good(200)["relationship"].clone();
    assert_eq!((&standing["following"], &standing["followed_by"]), (&json!(false), &json!(false)));
    rig.close().await;
}

#[tokio::test]
async fn who_is_blocked_is_in_no_list() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    let post = cat.posts("Look at #this").await;
    for one in [&ann, &bob] {
        one.follows(&cat).await;
        cat.follows(one).await;
        one.likes(&post).await;
        one.comments(&post, "seen").await;
        one.posts("#this too").await;
    }
    let of_ann = ann.posts("by ann").await;
    bob.likes(&of_ann).await;
    let of_bob = bob.posts("by bob").await;
    ann.likes(&of_bob).await;
    ann.post(&format!("/api/posts/{of_bob}/save"), None).await.good(200);
    rig.drained().await;

    // Path, the list within the answer, and where in an item the author stands.
    let lists: [(String, &str, &str); 12] = [
        ("/api/users?q=tintype".to_owned(), "", "/username"),
        ("/api/users/cat/followers".to_owned(), "", "/username"),
        ("/api/users/cat/following".to_owned(), "", "/username"),
        (format!("/api/posts/{post}/likes"), "", "/username"),
        (format!("/api/posts/{post}/comments"), "/comments", "/author/username"),
        ("/api/posts/hashtag/this".to_owned(), "/posts", "/author/username"),
        ("/api/posts/saved".to_owned(), "/posts", "/author/username"),
        ("/api/feed".to_owned(), "/posts", "/author/username"),
        ("/api/feed/explore".to_owned(), "/posts", "/author/username"),
        ("/api/users/suggestions".to_owned(), "", "/username"),
        (format!("/api/v1/posts/{post}/comments"), "/comments", "/username"),
        ("/api/users/requests".to_owned(), "", "/username"),
    ];
    let names = async |person: &Person, path: &str, list: &str, name: &str| {
        let body = person.get(path).await.good(200);
        let items = body.pointer(list).unwrap().as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item.pointer(name).unwrap().as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let shown = |names: &[String], person: &Person| names.contains(&person.username);
    let mut before = 0;
    for (path, list, name) in &lists {
        before += usize::from(shown(&names(&ann, path, list, name).await, &bob));
        before += usize::from(shown(&names(&bob, path, list, name).await, &ann));
    }
    assert!(before >= 16, "before the block the lists show both: {before}");
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        let page = one.get("/api/feed/activity").await.good(200);
        assert!(texts_of(&page["activities"], "actorId").contains(&other.id), "{page}");
    }

    bob.blocks(&ann).await;
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        for (path, list, name) in &lists {
            assert!(
                !shown(&names(one, path, list, name).await, other),
                "{path} for {}",
                one.username
            );
        }
        let page = one.get("/api/feed/activity").await.good(200);
        assert!(!texts_of(&page["activities"], "actorId").contains(&other.id), "{page}");
    }
    // Whoever blocks has a list of their own, which is nobody else's.
    let blocked = bob.get("/api/users/blocked").await.good(200);
    assert_eq!(texts_of(&blocked, "username"), ["ann"]);
    assert_eq!(ann.get("/api/users/blocked").await.good(200), json!([]));
    rig.close().await;
}

#[tokio::test]
async fn muting_keeps_somebody_out_of_the_feed_and_does_nothing_else() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.follows(&bob).await;
    let post = bob.posts("Listen to #me").await;
    let own = ann.posts("mine").await;
    let before = bob.get("/api/users/ann").await.good(200);
    assert_eq!(ann.feed().await, [own.as_str(), post.as_str()]);

    ann.post("/api/users/bob/mute", None).await.good(200);
    ann.post("/api/users/bob/mute", None).await.good(200);
    assert_eq!(ann.feed().await, [own.as_str()]);
    let mesh = ann.get("/api/v1/feed").await.good(200);
    assert_eq!(ids_of(&mesh["posts"]), [own.as_str()]);
    let trusted = rig.stranger.get(&format!("/v1/feed?user_id={}", ann.id)).await.good(200);
    assert_eq!(trusted["posts"], json!([]));
    assert_eq!(ids_of(&ann.get("/api/feed/explore").await.good(200)["posts"]), [""; 0]);

    // Everywhere else nothing has changed, for neither of them.
    ann.get(&format!("/api/posts/{post}")).await.good(200);
    let tagged = ann.get("/api/posts/hashtag/me").await.good(200);
    assert_eq!(ids_of(&tagged["posts"]), [post.as_str()]);
    assert_eq!(ann.counts_of("bob").await, [1, 0, 1]);
    assert_eq!(bob.get("/api/users/ann").await.good(200), before);
    ann.likes(&post).await;
    let muted = ann.get("/api/users/muted").await.good(200);
    assert_eq!(texts_of(&muted, "username"), ["bob"]);
    assert_eq!(bob.get("/api/users/muted").await.good(200), json!([]));

    ann.delete("/api/users/bob/mute").await.good(200);
    assert_eq!(ann.feed().await, [own, post]);
    rig.close().await;
}

#[tokio::test]
async fn nobody_blocks_or_mutes_themselves() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    ann.post("/api/users/ann/block", None).await.refused(400, "Cannot block yourself");
    ann.post("/api/users/ann/mute", None).await.refused(400, "Cannot mute yourself");
    rig.close().await;
}
