//! `/v1/users`, and who may use it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, settings};

#[tokio::test]
async fn a_backend_makes_and_reads_accounts() {
    let site = Site::start().await;
    let body = json!({
        "username": "Anna", "email": "anna@example.com", "display_name": "Anna Á.",
        "bio": "iron", "avatar_url": "https://example.com/anna.jpg",
    });
    let made = site.keyed(Method::POST, "/v1/users", "", body.clone()).await;
    assert_eq!(made.status, 201);
    let id = made.body["id"].as_u64().unwrap();
    let user = json!({
        "id": id, "username": "anna", "display_name": "Anna Á.",
        "avatar_url": "https://example.com/anna.jpg", "bio": "iron",
        "follower_count": 0, "following_count": 0, "post_count": 0,
        "created_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(made.body, user);
    assert_eq!(
        site.keyed(Method::GET, &format!("/v1/users/{id}"), "", json!(null)).await.body,
        user
    );

    let again = site.keyed(Method::POST, "/v1/users", "", body).await;
    assert_eq!(
        (again.status, &again.body["detail"]),
        (400, &json!("Username or email already exists"))
    );
    let unknown = site.keyed(Method::GET, "/v1/users/77", "", json!(null)).await;
    assert_eq!((unknown.status, &unknown.body["detail"]), (404, &json!("User not found")));
    for path in ["/v1/users/0", "/v1/users/anna", "/v1/users/-1", "/v1/users/9007199254740992"] {
        assert_eq!(site.keyed(Method::GET, path, "", json!(null)).await.status, 422, "{path}");
    }
}

#[tokio::test]
async fn who_is_blocked_is_not_there_for_whom_it_is_asked() {
    let site = Site::start().await;
    let (anna, _) = site.newcomer("anna").await;
    let (ben, _) = site.newcomer("ben").await;
    let (carl, _) = site.newcomer("carl").await;
    site.graph.ties.block(anna, ben, true);
    let read = async |path: String| site.keyed(Method::GET, &path, "", json!(null)).await;
    for (viewer, other) in [(anna, ben), (ben, anna)] {
        let user = read(format!("/v1/users/{other}?viewer_id={viewer}")).await;
        assert_eq!((user.status, &user.body["detail"]), (404, &json!("User not found")));
        let name = if other == ben { "ben" } else { "anna" };
        let found = read(format!("/v1/users/search?q={name}&viewer_id={viewer}")).await;
        assert_eq!((found.status, &found.body["users"]), (200, &json!([])));
    }
    assert_eq!(read(format!("/v1/users/{ben}?viewer_id={carl}")).await.status, 200);
    assert_eq!(read(format!("/v1/users/{ben}")).await.status, 200);
    let found = read(format!("/v1/users/search?q=ben&viewer_id={carl}")).await;
    assert_eq!(found.body["users"][0]["id"], json!(ben));
}

#[tokio::test]
async fn refusals_name_the_field() {
    let site = Site::start().await;
    let good = json!({"username": "anna", "email": "a@b.co"});
    for (field, value) in [
        ("username", json!("an")),
        ("username", json!("x".repeat(31))),
        ("username", json!("search")),
        ("email", json!("a")),
        ("email", json!(null)),
        ("display_name", json!("x".repeat(101))),
        ("bio", json!("x".repeat(501))),
        ("avatar_url", json!("data:image/png;base64,")),
        ("avatar_url", json!(format!("https://a.b/{}", "x".repeat(2048)))),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let answer = site.keyed(Method::POST, "/v1/users", "", body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert_eq!(answer.body["detail"][0]["loc"], json!(["body", field]));
    }
    let missing = site.keyed(Method::POST, "/v1/users", "", json!({"username": "anna"})).await;
    assert_eq!(
        missing.body["detail"],
        json!([{"loc": ["body", "email"], "msg": "email is required", "type": "missing"}])
    );
}

#[tokio::test]
async fn once_a_key_was_made_the_door_wants_one() {
    let site = Site::start().await;
    let get = async |key: &str| {
        site.keyed(Method::GET, "/v1/users/search?q=anna", key, Value::Null).await.status
    };
    let post = async |key: &str, name: &str| {
        let body = json!({"username": name, "email": format!("{name}@example.com")});
        site.keyed(Method::POST, "/v1/users", key, body).await.status
    };
    assert_eq!((get("").await, post("", "anna").await), (200, 201));

    let reader = site.service.create_key("reports", false).await.unwrap();
    let writer = site.service.create_key("backend", true).await.unwrap();
    assert!(reader.starts_with("tt_") && reader.len() == 46 && reader != writer);
    assert_eq!((get("").await, post("", "ben").await), (401, 401));
    assert_eq!((get("tt_wrong").await, get(&reader[..45]).await), (401, 401));
    assert_eq!((get(&reader).await, post(&reader, "ben").await), (200, 403));
    assert_eq!((get(&writer).await, post(&writer, "ben").await), (200, 201));

    for key in site.service.keys().await.unwrap() {
        site.service.revoke_key(key.number).await.unwrap();
        let twice = site.service.revoke_key(key.number).await.unwrap_err();
        assert_eq!(twice.code(), "key_not_found");
    }
    assert_eq!((get(&writer).await, get("").await), (401, 401));
}

#[tokio::test]
async fn an_open_address_always_wants_a_key() {
    let site = Site::with(settings(), false).await;
    let path = "/v1/users/search?q=anna";
    let refused = site.keyed(Method::GET, path, "", Value::Null).await;
    assert_eq!((refused.status, refused.code()), (401, "api_key_required"));
    let key = site.service.create_key("backend", false).await.unwrap();
    assert_eq!(site.keyed(Method::GET, path, &key, Value::Null).await.status, 200);
}
