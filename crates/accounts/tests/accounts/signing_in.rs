//! Registering, signing in and out, tokens and passwords, as clients of `/api` meet them.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use tintype_accounts::Settings;
use tokio::task::JoinSet;

use crate::site::{PASSWORD, Site, settings};

#[tokio::test]
async fn a_newcomer_is_answered_as_the_contract_says_and_signed_in() {
    let site = Site::start().await;
    let body = json!({
        "username": "Anna", "email": "Anna@Example.com", "password": PASSWORD,
        "fullName": " Anna Álvarez ", "unknown": {"is": "ignored"},
    });
    let mut answer = site.post("/api/auth/register", "", body).await;
    assert_eq!(answer.status, 201);
    let token = answer.token();
    assert!(site.counts(&token).await);
    let object = answer.body.as_object_mut().unwrap();
    object.remove("token");
    let id = answer.body["user"]["id"].clone();
    assert!(id.as_str().unwrap().parse::<u64>().is_ok());
    assert_eq!(
        answer.body,
        json!({"user": {
            "id": id, "username": "anna", "email": "anna@example.com",
            "full_name": "Anna Álvarez", "created_at": "2026-01-01T00:00:00.000Z",
        }})
    );
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_with_the_reason() {
    let site = Site::start().await;
    let good = json!({"username": "anna", "email": "a@b.co", "password": PASSWORD});
    let missing = "Missing required fields";
    let name = "username must be 3 to 30 of the letters a to z, digits, dots and underscores";
    let reserved = "username is reserved; choose another";
    let email = "email must be an e-mail address of at most 254 characters";
    for (field, value, error) in [
        ("username", json!(null), missing),
        ("username", json!("  "), missing),
        ("email", json!(""), missing),
        ("password", json!(null), missing),
        ("username", json!("an"), name),
        ("username", json!("a".repeat(31)), name),
        ("username", json!("ann a"), name),
        ("username", json!("ann\0"), name),
        ("username", json!("Settings"), reserved),
        ("username", json!(7), "username must be a string"),
        ("email", json!("nowhere"), email),
        ("email", json!("a@b\n.co"), email),
        ("password", json!("seven77"), "password must have at least 8 characters"),
        ("password", json!("x".repeat(73)), "password must have at most 72 bytes"),
        ("password", json!(["x"]), "password must be a string"),
        ("fullName", json!("x".repeat(101)), "fullName must be at most 100 characters on one line"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = site.post("/api/auth/register", "", body).await;
        assert_eq!((answer.status, answer.error()), (400, error), "{value}");
    }
    let both_missing = site.post("/api/auth/register", "", json!({"username": "x"})).await;
    assert_eq!((both_missing.status, both_missing.error()), (400, missing));
    assert_eq!(both_missing.code(), "missing_fields");
    let list = site.post("/api/auth/register", "", json!([])).await;
    assert_eq!(list.status, 400);
}

#[tokio::test]
async fn a_name_and_an_address_are_somebodys_whatever_their_case() {
    let site = Site::start().await;
    site.newcomer("anna").await;
    for (username, email) in
        [("ANNA", "other@example.com"), ("other", "ANNA@example.com"), ("anna", "anna@example.com")]
    {
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        let answer = site.post("/api/auth/register", "", body).await;
        assert_eq!((answer.status, answer.error()), (409, "Username or email already exists"));
    }
}

#[tokio::test]
async fn of_many_who_want_a_name_at_once_one_gets_it() {
    let site = Arc::new(Site::start().await);
    let mut tasks = JoinSet::new();
    for number in 0..24 {
        let site = site.clone();
        tasks.spawn(async move {
            let email = format!("{number}@example.com");
            let body = json!({"username": "wanted", "email": email, "password": PASSWORD});
            site.post("/api/auth/register", "", body).await.status
        });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
}

#[tokio::test]
async fn one_signs_in_by_name_or_address_in_any_case() {
    let site = Site::start().await;
    let (id, _) = site.newcomer("anna").await;
    for name in ["anna", "ANNA", " anna ", "anna@example.com", "Anna@EXAMPLE.com"] {
        let answer = site.sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 200, "{name}");
        assert!(site.counts(&answer.token()).await);
        assert_eq!(
            answer.body["user"],
            json!({
                "id": id.to_string(), "username": "anna", "email": "anna@example.com",
                "full_name": null, "bio": null, "website": null, "profile_picture_url": null,
                "is_private": false, "role": "user",
                "followers_count": 0, "following_count": 0, "posts_count": 0,
                "created_at": "2026-01-01T00:00:00.000Z",
                "updated_at": "2026-01-01T00:00:00.000Z",
            })
        );
    }
    let by_email = json!({"email": "anna@example.com", "password": PASSWORD});
    assert_eq!(site.post("/api/auth/login", "", by_email).await.status, 200);
}

#[tokio::test]
async fn a_wrong_sign_in_does_not_say_what_is_wrong() {
    let site = Site::start().await;
    site.newcomer("anna").await;
    let without_password = json!({"username": "ben", "email": "ben@example.com"});
    let created = site.keyed(Method::POST, "/v1/users", "", without_password).await;
    assert_eq!(created.status, 201);
    let long = "x".repeat(10_000);
    for (name, password) in [
        ("anna", "correct hors"),
        ("anna", "Correct horse"),
        ("anna", " correct horse"),
        ("anna", long.as_str()),
        ("anna\0", PASSWORD),
        ("nobody", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("ben", PASSWORD),
        ("ben", "!"),
        ("me", PASSWORD),
        ("%", PASSWORD),
        (long.as_str(), PASSWORD),
    ] {
        let answer = site.sign_in(name, password).await;
        assert_eq!((answer.status, answer.error()), (401, "Invalid credentials"), "{name:.20}");
        assert_eq!(answer.code(), "invalid_credentials");
    }
    for body in [json!({}), json!({"username": "anna"}), json!({"username": "", "password": "x"})] {
        let answer = site.post("/api/auth/login", "", body).await;
        assert_eq!((answer.status, answer.error()), (400, "Missing required fields"));
    }
}

#[tokio::test]
async fn signing_out_ends_this_token_alone() {
    let site = Site::start().await;
    let (_, first) = site.newcomer("anna").await;
    let second = site.sign_in("anna", PASSWORD).await.token();
    assert!(site.counts(&first).await && site.counts(&second).await);
    let answer = site.post("/api/auth/logout", &first, json!(null)).await;
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({"message": "Logged out successfully"}))
    );
    assert!(!site.counts(&first).await);
    assert!(site.counts(&second).await);
    let again = site.post("/api/auth/logout", &first, json!(null)).await;
    assert_eq!((again.status, again.code()), (401, "ended_token"));
}

#[tokio::test]
async fn a_refreshed_token_takes_the_place_of_the_one_before() {
    let site = Arc::new(Site::start().await);
    let (_, first) = site.newcomer("anna").await;
    let answer = site.post("/api/auth/refresh", &first, json!(null)).await;
    assert_eq!(answer.status, 200);
    let second = answer.token();
    assert!(!site.counts(&first).await);
    assert!(site.counts(&second).await);

    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (site, token) = (site.clone(), second.clone());
        tasks
            .spawn(async move { site.post("/api/auth/refresh", &token, json!(null)).await.status });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 401), "{statuses:?}");
}

#[tokio::test]
async fn a_new_password_ends_every_other_token() {
    let site = Site::start().await;
    let (_, other) = site.newcomer("anna").await;
    let token = site.sign_in("anna", PASSWORD).await.token();
    assert!(site.counts(&other).await);
    let change = async |current: &str, new: &str| {
        let body = json!({"currentPassword": current, "newPassword": new});
        site.send(Method::PUT, "/api/auth/password", &token, body).await
    };
    let wrong = change("incorrect horse", "battery staple").await;
    assert_eq!((wrong.status, wrong.code()), (403, "wrong_password"));
    let short = change(PASSWORD, "battery").await;
    assert_eq!((short.status, short.error()), (400, "newPassword must have at least 8 characters"));
    assert!(site.counts(&other).await);

    let changed = change(PASSWORD, "battery staple").await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert!(!site.counts(&other).await);
    assert!(site.counts(&token).await);
    assert_eq!(site.sign_in("anna", PASSWORD).await.status, 401);
    assert_eq!(site.sign_in("anna", "battery staple").await.status, 200);
    let missing = site.send(Method::PUT, "/api/auth/password", &token, json!({})).await;
    assert_eq!((missing.status, missing.error()), (400, "Missing required fields"));
}

#[tokio::test]
async fn a_token_expires_by_the_clock() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    site.bench.clock.advance_millis(7 * DAY_MS - 1);
    assert!(site.counts(&token).await);
    site.bench.clock.advance_millis(1);
    let answer = site.get("/api/users/me", &token).await;
    assert_eq!((answer.status, answer.code()), (401, "expired_token"));
    let refresh = site.post("/api/auth/refresh", &token, json!(null)).await;
    assert_eq!(refresh.status, 401);
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused_everywhere() {
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    let elsewhere = Site::with(
        Settings { jwt_secret: "another secret, also long enough".to_owned(), ..settings() },
        true,
    )
    .await;
    let (_, foreign) = elsewhere.newcomer("anna").await;
    let cut = &token[..token.len() - 1];
    for bad in ["x", "a.b.c", "null", cut, &foreign, &"x".repeat(5000)] {
        for path in ["/api/users/me", "/api/users/anna", "/api/users?q=anna", "/api/v1/auth/me"] {
            let answer = site.get(path, bad).await;
            assert_eq!((answer.status, answer.code()), (401, "invalid_token"), "{path} {bad:.20}");
        }
    }
    let none = site.get("/api/users/me", "").await;
    assert_eq!((none.status, none.code()), (401, "token_required"));
}

#[tokio::test]
async fn deleting_an_account_wants_the_password_and_leaves_nothing() {
    let site = Site::start().await;
    let (anna, token) = site.newcomer("anna").await;
    let other = site.sign_in("anna", PASSWORD).await.token();
    let delete = async |body| site.send(Method::DELETE, "/api/users/me", &token, body).await;
    assert_eq!(delete(json!({})).await.error(), "Missing required fields");
    let wrong = delete(json!({"password": "incorrect horse"})).await;
    assert_eq!((wrong.status, wrong.code()), (403, "wrong_password"));
    assert!(site.counts(&other).await);

    let gone = delete(json!({"password": PASSWORD})).await;
    assert_eq!((gone.status, gone.body), (200, json!({"message": "Account deleted successfully"})));
    assert!(!site.counts(&token).await && !site.counts(&other).await);
    assert_eq!(site.get("/api/users/anna", "").await.status, 404);
    assert_eq!(site.sign_in("anna", PASSWORD).await.status, 401);
    assert_eq!(site.get("/api/users?q=anna", "").await.body, json!([]));
    let kinds: Vec<String> =
        site.bench.happened_after(0).await.into_iter().map(|record| record.kind).collect();
    assert_eq!(kinds, ["user.created", "user.deleted"]);
    // The name is free again, for somebody else.
    let (newcomer, new_token) = site.newcomer("anna").await;
    assert_ne!(anna, newcomer);
    assert!(!site.counts(&token).await && site.counts(&new_token).await);
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_again() {
    let slow = Settings { bcrypt_cost: 10, bcrypt_threads: 1, bcrypt_queue: 1, ..settings() };
    let site = Arc::new(Site::with(slow, true).await);
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let site = site.clone();
        tasks.spawn(async move { site.sign_in("nobody", PASSWORD).await });
    }
    let answers = tasks.join_all().await;
    let statuses: BTreeSet<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, BTreeSet::from([401, 503]));
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert_eq!(answer.code(), "too_many_sign_ins");
        assert_eq!(answer.retry_after.as_deref(), Some("2"));
    }
    assert_eq!(site.sign_in("nobody", PASSWORD).await.status, 401);
}
