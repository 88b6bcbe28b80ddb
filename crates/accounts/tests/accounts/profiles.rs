//! Profiles as clients of `/api` meet them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;

#[tokio::test]
async fn others_see_a_profile_without_the_address() {
    let site = Site::start().await;
    let (anna, _) = site.newcomer("anna").await;
    let (ben, token) = site.newcomer("ben").await;
    site.graph.ties.follow(ben, anna, true);
    let mut expected = json!({
        "id": anna.to_string(), "username": "anna", "full_name": null, "bio": null,
        "website": null, "profile_picture_url": null, "is_private": false,
        "followers_count": 1, "following_count": 0, "posts_count": 0,
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(site.get("/api/users/Anna", "").await.body, expected);
    expected["relationship"] = json!({
        "following": true, "followed_by": false, "mutual": false,
        "pending": false, "requested": false, "muting": false,
    });
    assert_eq!(site.get("/api/users/anna", &token).await.body, expected);
    site.graph.ties.follow(anna, ben, true);
    site.graph.ties.mute(ben, anna, true);
    let relationship = &site.get("/api/users/anna", &token).await.body["relationship"];
    assert_eq!(relationship["mutual"], true);
    assert_eq!(relationship["muting"], true);
}

#[tokio::test]
async fn nobody_and_who_is_blocked_are_not_found() {
    let site = Site::start().await;
    let (anna, annas) = site.newcomer("anna").await;
    let (ben, bens) = site.newcomer("ben").await;
    site.graph.ties.block(anna, ben, true);
    let long = format!("/api/users/{}", "x".repeat(1000));
    for (path, token) in [
        ("/api/users/nobody", ""),
        ("/api/users/nobody", annas.as_str()),
        ("/api/users/ben", &annas),
        ("/api/users/anna", &bens),
        ("/api/users/%00", ""),
        ("/api/users/%25", ""),
        ("/api/users/anna@example.com", ""),
        (&long, ""),
    ] {
        let answer = site.get(path, token).await;
        assert_eq!((answer.status, answer.error()), (404, "User not found"), "{path:.40}");
    }
    assert_eq!(site.get("/api/users/anna", "").await.status, 200);
    assert_eq!(site.get("/api/users/anna", &annas).await.status, 200);
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_name() {
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    let put = async |body: Value| site.send(Method::PUT, "/api/users/me", &token, body).await;
    site.bench.clock.advance_millis(1000);
    let all = put(json!({
        "fullName": "Anna", "bio": "tin and iron\n📷", "isPrivate": true,
        "website": "https://example.com/anna", "username": "other", "followers_count": 7,
    }))
    .await;
    assert_eq!(all.status, 200);
    let own = |body: &Value| {
        let fields = ["username", "full_name", "bio", "website", "is_private", "updated_at"];
        fields.map(|field| body[field].clone())
    };
    let later = "2026-01-01T00:00:01.000Z";
    assert_eq!(
        own(&all.body),
        [
            json!("anna"),
            json!("Anna"),
            json!("tin and iron\n📷"),
            json!("https://example.com/anna"),
            json!(true),
            json!(later),
        ]
    );
    assert_eq!(site.get("/api/users/me", &token).await.body, all.body);
    // Nothing new changes nothing, not even the time.
    site.bench.clock.advance_millis(1000);
    assert_eq!(put(json!({})).await.body, all.body);
    assert_eq!(put(json!({"fullName": "Anna", "isPrivate": null})).await.body, all.body);

    let cleared = put(json!({"bio": null, "website": ""})).await;
    assert_eq!(own(&cleared.body)[1..4], [json!("Anna"), json!(null), json!(null)]);
    let kinds: Vec<String> =
        site.bench.happened_after(0).await.into_iter().map(|record| record.kind).collect();
    assert_eq!(kinds, ["user.created", "user.updated", "user.updated"]);
}

#[tokio::test]
async fn a_change_that_is_not_allowed_is_refused_as_a_whole() {
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    for (field, value, error) in [
        ("fullName", json!("a\nb"), "fullName must be at most 100 characters on one line"),
        (
            "bio",
            json!("x".repeat(501)),
            "bio must be at most 500 characters without control characters",
        ),
        ("bio", json!("a\0b"), "bio must be at most 500 characters without control characters"),
        ("bio", json!(7), "bio must be a string"),
        ("isPrivate", json!("yes"), "isPrivate must be true or false"),
        (
            "website",
            json!("javascript:alert(1)"),
            "website must be an http or https address of at most 2048 characters",
        ),
    ] {
        let mut body = json!({"fullName": "Anna", "bio": "iron"});
        body[field] = value.clone();
        let answer = site.send(Method::PUT, "/api/users/me", &token, body).await;
        assert_eq!((answer.status, answer.error()), (400, error), "{value}");
    }
    let own = site.get("/api/users/me", &token).await;
    assert_eq!((&own.body["full_name"], &own.body["bio"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn going_public_accepts_whoever_waits() {
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    let put = async |is_private: bool| {
        let body = json!({"isPrivate": is_private});
        let answer = site.send(Method::PUT, "/api/users/me", &token, body).await;
        assert_eq!(answer.body["is_private"], is_private);
        site.graph.accepted()
    };
    assert_eq!(put(false).await, 0);
    assert_eq!(put(true).await, 0);
    assert_eq!(put(false).await, 1);
    assert_eq!(put(false).await, 1);
}
