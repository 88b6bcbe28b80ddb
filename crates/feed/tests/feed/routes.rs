//! The routes over a real connection, in the three dialects.

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::testkit::user;
use tintype_feed::Settings;
use tintype_platform::config::Strategy;
use tintype_platform::page::Limit;

use crate::site::Site;
use crate::world::settings;

async fn site() -> Site {
    let settings = Settings { default_limit: Limit::clamped(5), ..settings(Strategy::Hybrid, 20) };
    let site = Site::new(settings).await;
    for number in 0..12 {
        site.post(user(number % 4 + 1)).await;
    }
    site
}

fn ids(page: &Value) -> Vec<u64> {
    let id = |post: &Value| match &post["id"] {
        Value::String(text) => text.parse().unwrap(),
        number => number.as_u64().unwrap(),
    };
    page["posts"].as_array().unwrap().iter().map(id).collect()
}

fn numbers(posts: &[tintype_api::PostId]) -> Vec<u64> {
    posts.iter().map(|post| post.get()).collect()
}

#[tokio::test]
async fn the_public_feed() {
    let site = site().await;
    let defined = numbers(&site.world.definition(user(1)).await);
    let (status, page) = site.get("user1", "/api/feed?limit=3&offset=1").await;
    assert_eq!((status, ids(&page)), (200, defined[1..4].to_vec()));
    let fields: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["hasMore", "nextCursor", "offset", "posts"]);
    assert_eq!((&page["hasMore"], &page["offset"]), (&json!(true), &json!(4)));
    let post = &page["posts"][0];
    let author = post["user_id"].as_str().unwrap();
    assert_eq!(post["author"]["id"], author);
    assert_eq!(post["author"]["username"], format!("user{author}"));
    assert_eq!((&post["liked_by_user"], &post["saved_by_user"]), (&json!(false), &json!(false)));
    assert!(post.get("score").is_none());
    let cursor = page["nextCursor"].as_str().unwrap();
    let (_, rest) = site.get("user1", &format!("/api/feed?limit=100&cursor={cursor}")).await;
    assert_eq!(ids(&rest), defined[4..]);
    assert_eq!(
        (&rest["hasMore"], &rest["offset"], &rest["nextCursor"]),
        (&json!(false), &json!(12), &Value::Null)
    );
    let (_, page) = site.get("user1", "/api/feed").await;
    assert_eq!(ids(&page), defined[..5], "the default is five");
    let (_, page) = site.get("user4", "/api/feed?limit=-3").await;
    assert_eq!(ids(&page), numbers(&site.world.definition(user(4)).await)[..1]);
    let (_, page) = site.get("user5", "/api/feed").await;
    assert_eq!(page, json!({"posts": [], "hasMore": false, "offset": 0, "nextCursor": null}));
}

#[tokio::test]
async fn a_ranked_feed_explains_itself_when_asked() {
    let site = site().await;
    let (status, page) = site.get("user1", "/api/feed?order=ranked&explain=true&limit=4").await;
    assert_eq!((status, ids(&page).len()), (200, 4));
    for post in page["posts"].as_array().unwrap() {
        let part = |name: &str| post["score"][name].as_f64().unwrap();
        let total = 0.5 * part("recency") + 0.3 * part("engagement") + 0.2 * part("affinity");
        assert!((part("total") - total).abs() < 1e-9, "{post}");
        assert!(post["author"]["username"].is_string());
    }
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = format!("/api/feed?order=ranked&limit=4&cursor={cursor}");
    let (status, page) = site.get("user1", &next).await;
    assert_eq!((status, ids(&page).len(), &page["offset"]), (200, 4, &json!(8)));
    assert!(page["posts"][0].get("score").is_none());
    let (status, error) = site.get("user2", &next).await;
    assert_eq!((status, &error["code"]), (400, &json!("cursor_expired")));
    let (_, page) = site.get("user1", "/api/v1/feed?order=ranked&explain=true").await;
    assert!(page["posts"][0]["score"]["total"].is_f64());
    let (_, page) = site.get("user1", "/api/feed?explain=true").await;
    assert!(page["posts"][0].get("score").is_none(), "only a ranking has scores");
}

#[tokio::test]
async fn explore_refresh_and_stats() {
    let site = site().await;
    let (status, page) = site.get("user2", "/api/feed/explore?limit=4").await;
    assert_eq!((status, ids(&page).len()), (200, 4));
    assert_eq!((&page["hasMore"], &page["offset"]), (&json!(true), &json!(4)));
    assert!(page["posts"].as_array().unwrap().iter().all(|post| post["user_id"] != "2"));
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = site.get("user2", &format!("/api/feed/explore?limit=9&cursor={cursor}")).await.1;
    assert_eq!((ids(&rest).len(), &rest["nextCursor"]), (5, &Value::Null));
    let (_, page) = site.get("user1", "/api/feed/explore").await;
    assert_eq!(page, json!({"posts": [], "hasMore": false, "offset": 0, "nextCursor": null}));

    let (status, answer) = site.ask("user1", Method::POST, "/api/feed/refresh").await;
    assert_eq!((status, answer), (200, json!({"message": "Feed refreshed", "feedSize": 12})));
    let (status, answer) = site.ask("user1", Method::POST, "/api/v1/feed/refresh").await;
    assert_eq!((status, answer), (200, json!({"message": "Feed refreshed", "feed_size": 12})));
    let (_, stats) = site.get("user1", "/api/feed/stats").await;
    let wanted = json!({
        "feedSize": 12, "followingCount": 3, "followersCount": 0,
        "storage": "memory-timelines (hybrid)", "cache": "in-process",
    });
    assert_eq!(stats, wanted);
    let (_, stats) = site.get("user2", "/api/v1/feed/stats").await;
    let wanted = json!({
        "feed_size": 3, "following_count": 0, "followers_count": 1,
        "storage": "memory-timelines (hybrid)", "cache": "in-process",
    });
    assert_eq!(stats, wanted);
}

#[tokio::test]
async fn the_mesh_feed() {
    let site = site().await;
    let defined = numbers(&site.world.definition(user(1)).await);
    let (status, page) = site.get("user1", "/api/v1/feed?page=2&page_size=4").await;
    assert_eq!((status, ids(&page)), (200, defined[4..8].to_vec()));
    assert_eq!((&page["has_more"], &page["offset"]), (&json!(true), &json!(8)));
    assert!(page["posts"][0]["user_id"].is_u64() && page["posts"][0]["id"].is_string());
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, page) = site.get("user1", &format!("/api/v1/feed?cursor={cursor}")).await;
    assert_eq!((ids(&page), &page["next_cursor"]), (defined[8..].to_vec(), &Value::Null));
    assert_eq!(page["has_more"], false);
}

#[tokio::test]
async fn the_trusted_feed() {
    let site = site().await;
    let others = numbers(&site.world.all_of(user(1), false).await);
    let (status, page) = site.get("", "/v1/feed?user_id=1").await;
    assert_eq!((status, ids(&page)), (200, others[..5].to_vec()));
    let fields: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["has_more", "next_cursor", "posts"]);
    let post = &page["posts"][0];
    assert!(post["id"].is_u64() && post["user_id"].is_u64() && post["username"].is_string());
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, page) = site.get("", &format!("/v1/feed?user_id=1&cursor={cursor}")).await;
    assert_eq!((ids(&page), &page["has_more"]), (others[5..].to_vec(), &json!(false)));
    let (status, error) = site.get("", "/v1/feed?user_id=77").await;
    assert_eq!((status, &error["detail"]), (404, &json!("User not found")));
    for _ in 0..60 {
        site.world.post(user(2));
    }
    let (_, page) = site.get("", "/v1/feed?user_id=2&limit=1000").await;
    assert_eq!(ids(&page), Vec::<u64>::new(), "one's own posts are not in it");
}

#[tokio::test]
async fn what_is_refused() {
    let site = site().await;
    for (who, method, path, status, code) in [
        ("", Method::GET, "/api/feed", 401, "token_required"),
        ("nobody", Method::GET, "/api/feed", 401, "invalid_token"),
        ("", Method::GET, "/api/feed/explore", 401, "token_required"),
        ("", Method::GET, "/api/feed/stats", 401, "token_required"),
        ("", Method::GET, "/api/feed/stream", 401, "token_required"),
        ("", Method::POST, "/api/feed/refresh", 401, "token_required"),
        ("", Method::GET, "/api/v1/feed", 401, "token_required"),
        ("user1", Method::GET, "/api/feed?limit=ten", 400, "invalid"),
        ("user1", Method::GET, "/api/feed?order=best", 400, "invalid"),
        ("user1", Method::GET, "/api/feed?explain=perhaps", 400, "invalid"),
        ("user1", Method::GET, "/api/feed?cursor=nonsense", 400, "broken_cursor"),
        ("user1", Method::GET, "/api/feed/explore?cursor=nonsense", 400, "broken_cursor"),
        ("user1", Method::GET, "/api/v1/feed?order=best", 422, "invalid"),
        ("user1", Method::GET, "/api/v1/feed?cursor=nonsense", 400, "broken_cursor"),
        ("", Method::GET, "/v1/feed", 422, "invalid"),
        ("", Method::GET, "/v1/feed?user_id=me", 422, "invalid"),
        ("", Method::GET, "/v1/feed?user_id=1&limit=x", 422, "invalid"),
        ("", Method::GET, "/v1/feed?user_id=1&cursor=x", 400, "broken_cursor"),
        ("user1", Method::DELETE, "/api/feed", 405, "method_not_allowed"),
    ] {
        let (found, error) = site.ask(who, method, path).await;
        assert_eq!((found, &error["code"]), (status, &json!(code)), "{path}: {error}");
    }
    let (_, error) = site.get("user1", "/api/feed?order=best").await;
    assert_eq!(error["error"], "order must be one of: latest, ranked");
}
