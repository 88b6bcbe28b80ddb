//! Names, passwords and tokens.

use std::sync::Arc;

use serde_json::json;
use tintype_platform::clock::ManualClock;
use tintype_platform::testkit::START;

use crate::rig::{PASSWORD, Person, Rig};

const DAY: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn names_and_addresses_are_the_same_in_any_case() {
    let rig = Rig::new().await;
    let body =
        json!({ "username": "Ann.Smith", "email": "Ann@Tintype.Example", "password": PASSWORD });
    let made = rig.stranger.post("/api/auth/register", body.clone()).await.good(201);
    assert_eq!(made["user"]["username"], "ann.smith");
    for (username, email) in
        [("ANN.SMITH", "other@tintype.example"), ("other", "ann@TINTYPE.example")]
    {
        let body = json!({ "username": username, "email": email, "password": PASSWORD });
        let refused = rig.stranger.post("/api/auth/register", body.clone()).await;
        refused.refused(409, "Username or email already exists");
        let refused = rig.stranger.post("/api/v1/auth/register", body.clone()).await;
        refused.refused(409, "Username or email already exists");
        let refused = rig.stranger.post("/v1/users", body).await;
        refused.refused(400, "Username or email already exists");
    }
    for login in ["ann.smith", "ANN.smith", "ann@tintype.example", "ANN@TINTYPE.EXAMPLE"] {
        rig.stranger.log_in(login, PASSWORD).await.good(200);
    }
    let other = rig.person("other").await;
    assert_eq!(other.get("/api/users/ANN.SMITH").await.good(200)["username"], "ann.smith");
    other.post("/api/users/Ann.Smith/follow", None).await.good(200);
    rig.close().await;
}

#[tokio::test]
async fn a_login_says_no_more_than_that_it_is_wrong() {
    let rig = Rig::new().await;
    rig.person("ann").await;
    let backend = json!({ "username": "made.for", "email": "made@tintype.example" });
    rig.stranger.post("/v1/users", backend).await.good(201);
    for (login, password) in [
        ("ann", "not the password"),
        ("ann", "correct horse batterY"),
        ("nobody", PASSWORD),
        ("made.for", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("ann\0", PASSWORD),
        ("a@b@c", PASSWORD),
    ] {
        let answer = rig.stranger.log_in(login, password).await;
        answer.refused(401, "Invalid credentials");
        let body = json!({ "username": login, "password": password });
        let answer = rig.stranger.post("/api/v1/auth/login", body).await;
        answer.refused(401, "Invalid credentials");
    }
    let long = "x".repeat(100_000);
    rig.stranger.log_in(&long, &long).await.refused(401, "Invalid credentials");
    rig.close().await;
}

#[tokio::test]
async fn a_token_ends_with_its_logout_and_is_exchanged_by_a_refresh() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let login =
        async || Person::new(&rig.stranger, &rig.stranger.log_in("ann", PASSWORD).await.good(200));
    let (phone, laptop) = (login().await, login().await);
    phone.post("/api/auth/logout", None).await.good(200);
    phone.get("/api/users/me").await.good(401);
    phone.post("/api/auth/logout", None).await.good(401);
    laptop.get("/api/users/me").await.good(200);

    let token = laptop.post("/api/auth/refresh", None).await.good(200)["token"]
        .as_str()
        .unwrap()
        .to_owned();
    laptop.get("/api/users/me").await.good(401);
    laptop.post("/api/auth/refresh", None).await.good(401);
    rig.stranger.with_token(&token).get("/api/users/me").await.good(200);
    let verified =
        rig.stranger.post("/api/v1/auth/verify", json!({ "token": token })).await.good(200);
    assert_eq!(verified["user_id"], ann.number());
    rig.stranger.post("/api/v1/auth/verify", json!({ "token": laptop.token })).await.good(401);
    ann.get("/api/users/me").await.good(200);
    rig.close().await;
}

#[tokio::test]
async fn a_new_password_ends_every_other_token() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let other = Person::new(&rig.stranger, &rig.stranger.log_in("ann", PASSWORD).await.good(200));
    let change =
        |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
    let put = async |body| ann.put("/api/auth/password", body).await;
    assert_eq!(put(change("wrong", "a new password")).await.good(403)["code"], "wrong_password");
    put(change(PASSWORD, "short")).await.good(400);
    put(change(PASSWORD, &"ä".repeat(37))).await.good(400);
    other.get("/api/users/me").await.good(200);

    put(change(PASSWORD, "a new password")).await.good(200);
    ann.get("/api/users/me").await.good(200);
    other.get("/api/users/me").await.good(401);
    rig.stranger.log_in("ann", PASSWORD).await.refused(401, "Invalid credentials");
    rig.stranger.log_in("ann", "a new password").await.good(200);
    rig.close().await;
}

#[tokio::test]
async fn a_token_is_good_for_seven_days_and_only_as_it_was_given() {
    let clock = Arc::new(ManualClock::at(START));
    let rig = Rig::timed(clock.clone(), |_| ()).await;
    let ann = rig.person("ann").await;
    clock.advance_millis(7 * DAY - 1);
    ann.get("/api/users/me").await.good(200);
    clock.advance_millis(1);
    assert_eq!(ann.get("/api/users/me").await.good(401)["code"], "expired_token");
    // Where a token only says more, a bad one is not passed over in silence.
    ann.get("/api/users/ann").await.good(401);

    let bob = rig.person("bob").await;
    let (head, signature) = bob.token.rsplit_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let claims = head.split('.').nth(1).unwrap();
    for token in [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{head}.{}", "A".repeat(signature.len())),
        format!("{head}."),
        head.to_owned(),
        "x".to_owned(),
        "é".to_owned(),
        "x".repeat(7000),
    ] {
        let visitor = rig.stranger.with_token(&token);
        visitor.get("/api/users/me").await.good(401);
        visitor.get("/api/v1/auth/verify").await.good(401);
    }
    for header in ["", "Bearer", "Bearer ", "Basic YW5uOmFubg==", &bob.token] {
        let request = rig.stranger.request("GET".parse().unwrap(), "/api/users/me");
        let answer = request.header("authorization", header).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{header}");
    }
    rig.close().await;
}
