//! The routes over a real connection, in the three dialects.

use reqwest::Method;
use serde_json::{Value, json};

use super::site::{Site, detail, read, refused};

/// ann (1), ben (2), eve (3) and kim (4), whose account is private.
async fn site() -> Site {
    let site = Site::new().await;
    for (number, name) in [(1, "ann"), (2, "ben"), (3, "eve")] {
        site.stage.people.put(number, name, false);
    }
    site.stage.people.put(4, "kim", true);
    site
}

fn media(extra: Value) -> Value {
    let mut body = json!({"mediaUrls": ["https://a.example/x.jpg"]});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

/// A post of ann's; its id.
async fn a_post(site: &Site) -> String {
    let (status, post) = site.post("ann", "/api/posts", media(json!({}))).await;
    assert_eq!(status, 201, "{post}");
    post["id"].as_str().unwrap().to_owned()
}

const AT: &str = "2026-01-01T00:00:00.000Z";

#[tokio::test]
async fn a_post_in_the_public_dialect() {
    let site = site().await;
    let draft = json!({
        "caption": "At the #Beach with @Ben", "location": "Nice", "altText": "sea",
        "mediaUrls": ["https://a.example/x.jpg", "https://a.example/y.mp4"], "unknown": 1,
    });
    let (status, created) = site.post("ann", "/api/posts", draft).await;
    let id = created["id"].as_str().unwrap().to_owned();
    let shown = |views: u64| {
        json!({
            "id": id, "user_id": "1", "caption": "At the #Beach with @Ben",
            "media_urls": ["https://a.example/x.jpg", "https://a.example/y.mp4"],
            "media": [null, null],
            "location": "Nice", "alt_text": "sea", "hashtags": ["beach"], "mentions": ["ben"],
            "likes_count": 0, "comments_count": 0, "views_count": views,
            "comments_disabled": false, "created_at": AT, "updated_at": AT,
            "author": {
                "id": "1", "username": "ann", "full_name": null, "profile_picture_url": null,
            },
        })
    };
    let mut signed_in = shown(0);
    signed_in["liked_by_user"] = json!(false);
    signed_in["saved_by_user"] = json!(false);
    assert_eq!((status, created), (201, signed_in));
    let path = format!("/api/posts/{id}");
    assert_eq!(site.get("", &path).await, (200, shown(1)));
    let (_, seen) = site.get("ben", &path).await;
    assert_eq!((&seen["views_count"], &seen["liked_by_user"]), (&json!(2), &json!(false)));

    let change = json!({"caption": "At #home", "location": null, "commentsDisabled": true});
    let (status, edited) = site.put("ann", &path, change).await;
    assert_eq!(
        (status, &edited["caption"], &edited["location"]),
        (200, &json!("At #home"), &Value::Null)
    );
    assert_eq!(
        (&edited["hashtags"], &edited["comments_disabled"], &edited["alt_text"]),
        (&json!(["home"]), &json!(true), &json!("sea"))
    );
    let not_yours = refused(404, "Post not found or not authorized", "post_not_found");
    assert_eq!(site.put("ben", &path, json!({})).await, not_yours);
    assert_eq!(site.delete("ben", &path).await, not_yours);
    let gone = (200, json!({"message": "Post deleted successfully"}));
    assert_eq!(site.delete("ann", &path).await, gone);
    assert_eq!(site.delete("ann", &path).await, not_yours);
    assert_eq!(site.get("ann", &path).await, refused(404, "Post not found", "post_not_found"));
    assert_eq!(
        site.get("", "/api/posts/none").await,
        refused(404, "Post not found", "post_not_found")
    );
}

#[tokio::test]
async fn a_post_that_is_not_allowed_is_refused_at_the_door() {
    let site = site().await;
    let required = "At least one media URL is required";
    let urls = |count: usize| json!({"mediaUrls": vec!["https://a.example/x.jpg"; count]});
    for (body, status, error) in [
        (json!({}), 400, required),
        (json!({"mediaUrls": []}), 400, required),
        (json!({"mediaUrls": null, "mediaIds": []}), 400, required),
        (urls(11), 400, "A post may have at most 10 pictures and films"),
        (
            json!({"mediaUrls": ["javascript:alert(1)"]}),
            400,
            "mediaUrls[0] must be an http or https address",
        ),
        (json!({"mediaUrls": "https://a.example/x.jpg"}), 400, "mediaUrls must be a list"),
        (
            media(json!({"caption": "x".repeat(2201)})),
            400,
            "caption must be at most 2200 characters long",
        ),
        (media(json!({"caption": 5})), 400, "caption must be a string"),
        (media(json!({"caption": "a\u{0}"})), 400, "caption may not contain control characters"),
        (
            media(json!({"location": "x".repeat(256)})),
            400,
            "location must be at most 255 characters long",
        ),
        (
            media(json!({"altText": "x".repeat(1001)})),
            400,
            "altText must be at most 1000 characters long",
        ),
        (media(json!({"commentsDisabled": "no"})), 400, "commentsDisabled must be true or false"),
    ] {
        let (got, answer) = site.post("ann", "/api/posts", body.clone()).await;
        assert_eq!((got, answer["error"].as_str()), (status, Some(error)), "{body}");
    }
    let ids = site.post("ann", "/api/posts", json!({"mediaIds": ["1"]})).await;
    assert_eq!((ids.0, &ids.1["error"]), (400, &json!("There is no such upload of yours")));
    assert_eq!(site.post("", "/api/posts", urls(1)).await.0, 401);
    let (status, post) = site.post("ann", "/api/posts", urls(10)).await;
    assert_eq!((status, post["caption"].clone()), (201, Value::Null));
    let (status, body) = site.post("ann", "/api/v1/posts", json!({"caption": "no media"})).await;
    assert_eq!(status, 422);
    assert_eq!(
        body["detail"],
        json!([{"loc": ["body", "media_urls"], "msg": required, "type": "value_error"}])
    );
}

#[tokio::test]
async fn likes_in_the_public_dialect() {
    let site = site().await;
    let id = a_post(&site).await;
    let path = format!("/api/posts/{id}/like");
    for (who, count) in [("ann", 1), ("ben", 2), ("ben", 2), ("eve", 3)] {
        let liked = (200, json!({"message": "Post liked", "likes_count": count}));
        assert_eq!(site.post(who, &path, Value::Null).await, liked);
        site.stage.bench.clock.advance_millis(1000);
    }
    let unliked = (200, json!({"message": "Post unliked", "likes_count": 2}));
    assert_eq!(site.delete("ann", &path).await, unliked);
    assert_eq!(site.delete("ann", &path).await, unliked);
    let (_, seen) = site.get("ben", &format!("/api/posts/{id}")).await;
    assert_eq!((&seen["liked_by_user"], &seen["likes_count"]), (&json!(true), &json!(2)));

    let likers = format!("/api/posts/{id}/likes");
    let first = site.ask("", Method::GET, &format!("{likers}?limit=1"), None).await;
    let link = first.headers()["link"].to_str().unwrap().to_owned();
    let at = "2026-01-01T00:00:03.000Z";
    let eve = json!([{"user_id": "3", "username": "eve", "created_at": at}]);
    assert_eq!(read(first).await, (200, eve));
    let next =
        link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap();
    let last = site.ask("", Method::GET, next, None).await;
    assert!(last.headers().get("link").is_none());
    let at = "2026-01-01T00:00:01.000Z";
    let ben = json!([{"user_id": "2", "username": "ben", "created_at": at}]);
    assert_eq!(read(last).await, (200, ben));
    assert_eq!(site.post("", &path, Value::Null).await.0, 401);
    let none = refused(404, "Post not found", "post_not_found");
    assert_eq!(site.post("ann", "/api/posts/1/like", Value::Null).await, none);
    assert_eq!(site.get("", &format!("{likers}?cursor=broken")).await.0, 400);
    assert_eq!(site.get("", &format!("{likers}?limit=ten")).await.0, 400);
}

#[tokio::test]
async fn comments_in_the_public_dialect() {
    let site = site().await;
    let id = a_post(&site).await;
    let path = format!("/api/posts/{id}/comments");
    let (status, said) = site.post("ben", &path, json!({"content": " hello @ann \n"})).await;
    let comment = said["id"].as_str().unwrap().to_owned();
    let mut shown = json!({
        "id": comment, "post_id": id, "user_id": "2", "content": "hello @ann", "likes_count": 0,
        "liked_by_user": false, "created_at": AT,
        "author": {"id": "2", "username": "ben", "full_name": null, "profile_picture_url": null},
    });
    assert_eq!((status, &said), (201, &shown));
    let required = refused(400, "Comment content is required", "invalid");
    for body in
        [json!({}), json!({"content": ""}), json!({"content": " "}), json!({"content": null})]
    {
        assert_eq!(site.post("ben", &path, body).await, required);
    }
    let long = json!({"content": "x".repeat(2201)});
    assert_eq!(site.post("ben", &path, long).await.0, 400);

    let like = format!("/api/comments/{comment}/like");
    for _ in 0..2 {
        let liked = (200, json!({"message": "Comment liked", "likes_count": 1}));
        assert_eq!(site.post("ann", &like, Value::Null).await, liked);
    }
    shown["likes_count"] = json!(1);
    shown["liked_by_user"] = json!(true);
    let page = (200, json!({"comments": [shown.clone()], "nextCursor": null}));
    assert_eq!(site.get("ann", &path).await, page);
    shown.as_object_mut().unwrap().remove("liked_by_user");
    let page = (200, json!({"comments": [shown], "nextCursor": null}));
    assert_eq!(site.get("", &path).await, page);
    let unliked = (200, json!({"message": "Comment unliked", "likes_count": 0}));
    assert_eq!(site.delete("ann", &like).await, unliked);

    let delete = format!("/api/comments/{comment}");
    let others = "Only its author or the owner of the post may delete a comment";
    assert_eq!(site.delete("eve", &delete).await, refused(403, others, "not_your_comment"));
    let deleted = (200, json!({"message": "Comment deleted successfully"}));
    assert_eq!(site.delete("ben", &delete).await, deleted);
    let none = refused(404, "Comment not found", "comment_not_found");
    assert_eq!(site.delete("ben", &delete).await, none);
    assert_eq!(site.post("ben", "/api/comments/x/like", Value::Null).await, none);

    site.put("ann", &format!("/api/posts/{id}"), json!({"commentsDisabled": true})).await;
    let disabled = refused(403, "Comments are disabled", "comments_disabled");
    assert_eq!(site.post("ben", &path, json!({"content": "hi"})).await, disabled);
}

#[tokio::test]
async fn lists_in_the_public_dialect() {
    let site = site().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, a_post(&site).await);
    }
    let listed = |body: &Value| -> Vec<String> {
        let posts = body["posts"].as_array().unwrap();
        posts.iter().map(|post| post["id"].as_str().unwrap().to_owned()).collect()
    };
    for path in ["/api/posts/user/1", "/api/posts/user/me"] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, body) = site.get("ann", &format!("{path}?limit=2&cursor={cursor}")).await;
            assert_eq!(status, 200, "{body}");
            found.extend(listed(&body));
            let Some(next) = body["nextCursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!(found, ids, "{path}");
    }
    let (_, body) = site.get("", "/api/posts/user/1?offset=3&limit=2").await;
    assert_eq!(listed(&body), ids[3..]);
    let (_, body) = site.get("", "/api/posts/user/1?page=2&page_size=2").await;
    assert_eq!(listed(&body), ids[2..4]);
    assert_eq!(site.get("", "/api/posts/user/me").await.0, 401);
    let unknown = refused(404, "User not found", "user_not_found");
    assert_eq!(site.get("", "/api/posts/user/99").await, unknown);
    assert_eq!(site.get("", "/api/posts/user/nobody").await, unknown);

    let saved = (200, json!({"message": "Post saved"}));
    assert_eq!(site.post("ben", &format!("/api/posts/{}/save", ids[2]), Value::Null).await, saved);
    site.post("ben", &format!("/api/posts/{}/save", ids[0]), Value::Null).await;
    let (_, body) = site.get("ben", "/api/posts/saved").await;
    assert_eq!(listed(&body), [ids[0].clone(), ids[2].clone()]);
    assert_eq!(body["posts"][0]["saved_by_user"], json!(true));
    let unsaved = (200, json!({"message": "Post unsaved"}));
    let path = format!("/api/posts/{}/save", ids[0]);
    assert_eq!(site.delete("ben", &path).await, unsaved);
    assert_eq!(listed(&site.get("ben", "/api/posts/saved").await.1), [ids[2].clone()]);
    assert_eq!(site.get("", "/api/posts/saved").await.0, 401);

    let draft = media(json!({"caption": "#Café"}));
    let (_, post) = site.post("ann", "/api/posts", draft).await;
    for tag in ["caf%C3%A9", "%23CAFE%CC%81"] {
        let (_, body) = site.get("", &format!("/api/posts/hashtag/{tag}")).await;
        assert_eq!(listed(&body), [post["id"].as_str().unwrap()]);
        assert_eq!(body["nextCursor"], Value::Null);
    }
    let none = (200, json!({"posts": [], "nextCursor": null}));
    assert_eq!(site.get("", "/api/posts/hashtag/no%20tag").await, none);
}

#[tokio::test]
async fn hiding_in_the_public_dialect() {
    let site = site().await;
    let id = a_post(&site).await;
    let (path, hide) = (format!("/api/posts/{id}"), format!("/api/posts/{id}/hide"));
    let hidden = (200, json!({"message": "Post hidden", "is_hidden": true}));
    assert_eq!(site.post("ann", &hide, Value::Null).await, hidden);
    assert_eq!(site.get("ben", &path).await.0, 404);
    assert_eq!(site.get("ann", &path).await.1["is_hidden"], json!(true));
    let shown = (200, json!({"message": "Post shown", "is_hidden": false}));
    assert_eq!(site.delete("ann", &hide).await, shown);
    assert_eq!(site.get("ben", &path).await.0, 200);
    let (_, edited) = site.put("ann", &path, json!({"isHidden": true})).await;
    assert_eq!(edited["is_hidden"], json!(true));
    assert_eq!(site.get("ben", &path).await.0, 404);
}

#[tokio::test]
async fn the_mesh() {
    let site = site().await;
    let draft = json!({"caption": "#one", "media_urls": ["https://a.example/x.jpg"]});
    let (status, created) = site.post("ann", "/api/v1/posts", draft).await;
    let id = created["id"].as_str().unwrap().to_owned();
    let shown = json!({
        "id": id, "user_id": 1, "caption": "#one", "media_urls": ["https://a.example/x.jpg"],
        "location": null, "hashtags": ["one"], "mentions": [], "like_count": 0,
        "comment_count": 0, "view_count": 0, "is_comments_disabled": false, "is_hidden": false,
        "is_liked": false, "created_at": AT, "updated_at": AT,
    });
    assert_eq!((status, &created), (201, &shown));
    let path = format!("/api/v1/posts/{id}");
    let like = format!("{path}/like");
    for status in ["liked", "already_liked"] {
        let liked = (200, json!({"status": status, "like_count": 1}));
        assert_eq!(site.post("ben", &like, Value::Null).await, liked);
    }
    let (status, said) =
        site.post("ben", &format!("{path}/comments"), json!({"content": "hi"})).await;
    let comment = json!({
        "id": said["id"], "post_id": id, "user_id": 2, "username": "ben", "content": "hi",
        "like_count": 0, "is_liked": false, "created_at": AT,
    });
    assert_eq!((status, &said), (201, &comment));
    assert!(said["id"].is_string());
    let page = json!({"comments": [comment], "next_cursor": null, "has_more": false});
    assert_eq!(site.get("", &format!("{path}/comments")).await, (200, page));
    let (_, seen) = site.get("ben", &path).await;
    assert_eq!((&seen["is_liked"], &seen["view_count"]), (&json!(true), &json!(1)));
    let stats = (200, json!({"like_count": 1, "comment_count": 1, "view_count": 1}));
    assert_eq!(site.get("", &format!("{path}/stats")).await, stats);
    for status in ["unliked", "not_liked"] {
        let unliked = (200, json!({"status": status, "like_count": 0}));
        assert_eq!(site.delete("ben", &like).await, unliked);
    }
    for query in ["user_id=1", "hashtag=ONE", "hashtag=%23one"] {
        let (status, body) = site.get("", &format!("/api/v1/posts?{query}")).await;
        assert_eq!((status, &body["posts"][0]["id"]), (200, &json!(id)), "{query}");
        assert_eq!((&body["next_cursor"], &body["has_more"]), (&Value::Null, &json!(false)));
    }
    for query in ["", "user_id=1&hashtag=one", "user_id=x"] {
        assert_eq!(site.get("", &format!("/api/v1/posts?{query}")).await.0, 422, "{query}");
    }
    let change = json!({"caption": "two", "is_comments_disabled": true, "is_hidden": true});
    let (status, edited) = site.put("ann", &path, change).await;
    assert_eq!(
        (status, &edited["caption"], &edited["is_hidden"]),
        (200, &json!("two"), &json!(true))
    );
    let not_yours = detail(404, "Post not found or not authorized", "post_not_found");
    assert_eq!(site.delete("ben", &path).await, not_yours);
    let deleted = (200, json!({"message": "Post deleted successfully"}));
    assert_eq!(site.delete("ann", &path).await, deleted);
    assert_eq!(site.get("ann", &path).await, detail(404, "Post not found", "post_not_found"));
}

#[tokio::test]
async fn the_trusted_backend() {
    let site = site().await;
    let draft = json!({
        "user_id": "1", "caption": "hello", "media_url": "https://a.example/x", "media_type": "video",
    });
    let (status, created) = site.post("", "/v1/posts", draft).await;
    let id = created["id"].as_u64().unwrap();
    let shown = json!({
        "id": id, "user_id": 1, "username": "ann", "user_avatar_url": null, "caption": "hello",
        "media_url": "https://a.example/x", "media_type": "video", "like_count": 0,
        "comment_count": 0, "is_liked": false, "created_at": AT,
    });
    assert_eq!((status, &created), (201, &shown));
    for (body, status) in [
        (json!({"user_id": 99, "media_url": "https://a.example/x"}), 404),
        (json!({"user_id": 1}), 422),
        (json!({"media_url": "https://a.example/x"}), 422),
        (json!({"user_id": 1, "media_url": "nope"}), 422),
        (json!({"user_id": 1, "media_url": "https://a.example/x", "media_type": "gif"}), 422),
        (
            json!({"user_id": 1, "media_url": "https://a.example/x", "caption": "x".repeat(2201)}),
            422,
        ),
    ] {
        assert_eq!(site.post("", "/v1/posts", body.clone()).await.0, status, "{body}");
    }
    let like = format!("/v1/posts/{id}/like");
    for status in ["liked", "already_liked"] {
        let liked = (200, json!({"status": status, "like_count": 1}));
        assert_eq!(site.post("", &like, json!({"user_id": 2})).await, liked);
    }
    let no_user = detail(404, "User not found", "user_not_found");
    let no_post = detail(404, "Post not found", "post_not_found");
    assert_eq!(site.post("", &like, json!({"user_id": 99})).await, no_user);
    assert_eq!(site.post("", "/v1/posts/9/like", json!({"user_id": 2})).await, no_post);
    assert_eq!(site.get("", "/v1/posts/9").await, no_post);
    assert_eq!(site.get("", &format!("/v1/posts/{id}?viewer_id=99")).await, no_user);
    for viewer in ["viewer_id", "user_id"] {
        let (_, seen) = site.get("", &format!("/v1/posts/{id}?{viewer}=2")).await;
        assert_eq!(seen["is_liked"], json!(true));
    }
    assert_eq!(site.get("", &format!("/v1/posts/{id}")).await.1["is_liked"], json!(false));
    for status in ["unliked", "not_liked"] {
        let unliked = (200, json!({"status": status, "like_count": 0}));
        assert_eq!(site.delete("", &format!("{like}?user_id=2")).await, unliked);
    }
    assert_eq!(site.delete("", &like).await.0, 422);

    let comments = format!("/v1/posts/{id}/comments");
    let (status, said) = site.post("", &comments, json!({"user_id": 2, "content": " hi "})).await;
    let comment = json!({
        "id": said["id"], "user_id": 2, "username": "ben", "user_avatar_url": null, "post_id": id,
        "content": "hi", "created_at": AT,
    });
    assert_eq!((status, &said), (201, &comment));
    let number = said["id"].as_u64().unwrap();
    let page = json!({"comments": [comment], "next_cursor": null, "has_more": false});
    assert_eq!(site.get("", &comments).await, (200, page));
    for content in [json!(""), json!("x".repeat(1001)), Value::Null] {
        let body = json!({"user_id": 2, "content": content});
        assert_eq!(site.post("", &comments, body).await.0, 422);
    }
    let not_yours = detail(404, "Comment not found or not authorized", "comment_not_found");
    assert_eq!(site.delete("", &format!("/v1/comments/{number}?user_id=3")).await, not_yours);
    let gone = (204, Value::Null);
    assert_eq!(site.delete("", &format!("/v1/comments/{number}?user_id=2")).await, gone);
    assert_eq!(site.delete("", &format!("/v1/comments/{number}?user_id=2")).await, not_yours);

    let (_, page) = site.get("", "/v1/users/1/posts?user_id=2").await;
    assert_eq!(page, json!({"posts": [shown], "next_cursor": null, "has_more": false}));
    assert_eq!(site.get("", "/v1/users/99/posts").await, no_user);
    let private = detail(403, "This account is private", "private_account");
    assert_eq!(site.get("", "/v1/users/4/posts").await, private);
    let not_yours = detail(404, "Post not found or not authorized", "post_not_found");
    assert_eq!(site.delete("", &format!("/v1/posts/{id}?user_id=2")).await, not_yours);
    assert_eq!(site.delete("", &format!("/v1/posts/{id}?user_id=1")).await, gone);
    assert_eq!(site.delete("", &format!("/v1/posts/{id}?user_id=1")).await, not_yours);
}
