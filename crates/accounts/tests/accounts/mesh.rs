//! `/api/v1/auth`.

use serde_json::json;

use crate::site::{PASSWORD, Site};

#[tokio::test]
async fn people_register_sign_in_and_are_verified_with_numbers_for_ids() {
    let site = Site::start().await;
    let body = json!({
        "username": "Anna", "email": "anna@example.com", "password": PASSWORD, "full_name": "Anna",
    });
    let registered = site.post("/api/v1/auth/register", "", body.clone()).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let id = registered.body["user"]["id"].as_u64().unwrap();
    let user = json!({
        "id": id, "username": "anna", "email": "anna@example.com", "full_name": "Anna",
        "bio": null, "website": null, "profile_picture_url": null, "is_private": false,
        "role": "user", "follower_count": 0, "following_count": 0, "post_count": 0,
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(registered.body["user"], user);
    assert_eq!(registered.body["token_type"], "bearer");
    assert_eq!(registered.body["access_token"], registered.body["token"]);
    assert!(site.counts(&registered.token()).await);

    let taken = site.post("/api/v1/auth/register", "", body).await;
    assert_eq!(
        (taken.status, &taken.body["detail"]),
        (409, &json!("Username or email already exists"))
    );
    for name in [json!({"username": "anna"}), json!({"email": "anna@example.com"})] {
        let mut body = name;
        body["password"] = PASSWORD.into();
        let signed_in = site.post("/api/v1/auth/login", "", body).await;
        assert_eq!((signed_in.status, &signed_in.body["user"]), (200, &user));
        assert_eq!(site.get("/api/v1/auth/me", &signed_in.token()).await.body, user);
    }
    let wrong =
        site.post("/api/v1/auth/login", "", json!({"username": "anna", "password": ""})).await;
    assert_eq!((wrong.status, &wrong.body["detail"]), (401, &json!("Invalid credentials")));
}

#[tokio::test]
async fn a_token_is_verified_from_the_header_or_the_body() {
    let site = Site::start().await;
    let (id, token) = site.newcomer("anna").await;
    let good = json!({"valid": true, "user_id": id, "username": "anna", "role": "user"});
    let path = "/api/v1/auth/verify";
    assert_eq!(site.get(path, &token).await.body, good);
    assert_eq!(site.post(path, &token, json!(null)).await.body, good);
    assert_eq!(site.post(path, "", json!({"token": token})).await.body, good);

    site.post("/api/auth/logout", &token, json!(null)).await;
    for (answer, code) in [
        (site.get(path, &token).await, "ended_token"),
        (site.get(path, "").await, "token_required"),
        (site.post(path, "", json!(null)).await, "token_required"),
        (site.post(path, "", json!({"token": "x"})).await, "invalid_token"),
        (site.post(path, "", json!({"token": token})).await, "ended_token"),
    ] {
        assert_eq!((answer.status, answer.code()), (401, code), "{answer:?}");
        assert!(answer.body["detail"].is_string());
    }
}

#[tokio::test]
async fn refusals_name_the_field() {
    let site = Site::start().await;
    let good = json!({"username": "anna", "email": "a@b.co", "password": PASSWORD});
    for (field, value, message, kind) in [
        ("username", json!(null), "username must be a string", "string_type"),
        (
            "username",
            json!("x"),
            "username must be 3 to 30 of the letters a to z, digits, dots and underscores",
            "value_error",
        ),
        ("password", json!("short"), "password must have at least 8 characters", "value_error"),
        (
            "email",
            json!("x"),
            "email must be an e-mail address of at most 254 characters",
            "value_error",
        ),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let answer = site.post("/api/v1/auth/register", "", body).await;
        assert_eq!(answer.status, 422);
        assert_eq!(
            answer.body["detail"],
            json!([{"loc": ["body", field], "msg": message, "type": kind}])
        );
    }
    for path in ["/api/v1/auth/register", "/api/v1/auth/login"] {
        let answer = site.post(path, "", json!({"password": PASSWORD})).await;
        assert_eq!(answer.status, 422);
        assert_eq!(
            answer.body["detail"],
            json!([{"loc": ["body", "username"], "msg": "username is required", "type": "missing"}])
        );
    }
}
