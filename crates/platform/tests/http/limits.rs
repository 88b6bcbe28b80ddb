use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::routing::{get, post};
use http::request::Parts;
use serde_json::{Value, json};
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, Json, Limits, LoginAllowance, RegisterAllowance};
use tintype_platform::{Error, Result};

use super::{Site, header};

/// Knows the tokens `user-N` and the keys `key-N`.
struct Known;

impl FromRequestParts<Arc<Limits>> for Known {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, limits: &Arc<Limits>) -> Result<Self> {
        let number = |name: &str, prefix: &str| {
            let text = parts.headers.get(name)?.to_str().ok()?;
            text.strip_prefix(prefix)?.parse::<u64>().ok()
        };
        if let Some(user) = number("authorization", "Bearer user-") {
            limits.check_user(parts, user)?;
        } else if let Some(key) = number("x-api-key", "key-") {
            limits.check_key(parts, key)?;
        } else {
            return Err(Error::unauthenticated("token_required", "Sign in"));
        }
        Ok(Self)
    }
}

async fn site(change: impl FnOnce(&mut Config)) -> Site {
    let mut config = Config::defaults();
    change(&mut config);
    let ground = Ground::new(&config);
    let router = Router::new()
        .route("/open", get(async || Json(json!({}))))
        .route("/mine", get(async |_: Known| Json(json!({}))))
        .route("/login", post(async |_: LoginAllowance| Json(json!({}))))
        .route("/register", post(async |_: RegisterAllowance| Json(json!({}))))
        .with_state(ground.limits());
    Site::with(router, ground).await
}

#[tokio::test]
async fn an_address_that_asks_too_much_is_told_when_to_come_back() {
    let site = site(|config| config.limits.requests_per_minute_address = 2).await;
    let first = site.get("/open").send().await.unwrap();
    assert_eq!(first.status(), 200);
    let left = |name: &str| header(&first, name).to_owned();
    assert_eq!(left("x-ratelimit-limit"), "2");
    assert_eq!(left("x-ratelimit-remaining"), "1");
    assert_eq!(left("x-ratelimit-reset"), "30");
    assert_eq!(site.get("/open").send().await.unwrap().status(), 200);
    let third = site.get("/open").send().await.unwrap();
    assert_eq!(third.status(), 429);
    assert_eq!(header(&third, "x-ratelimit-remaining"), "0");
    let seconds: u32 = header(&third, "retry-after").parse().unwrap();
    assert!((1..=30).contains(&seconds));
    let body: Value = third.json().await.unwrap();
    assert_eq!(body["code"], "too_many_requests");
}

#[tokio::test]
async fn who_is_signed_in_counts_as_himself_wherever_he_is() {
    let site = site(|config| {
        config.limits.requests_per_minute_address = 1;
        config.limits.requests_per_minute_user = 3;
    })
    .await;
    assert_eq!(site.get("/open").send().await.unwrap().status(), 200);
    assert_eq!(site.get("/open").send().await.unwrap().status(), 429);
    for remaining in ["2", "1", "0"] {
        let response = site.get("/mine").bearer_auth("user-1").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "x-ratelimit-limit"), "3");
        assert_eq!(header(&response, "x-ratelimit-remaining"), remaining);
    }
    assert_eq!(site.get("/mine").bearer_auth("user-1").send().await.unwrap().status(), 429);
    assert_eq!(site.get("/mine").bearer_auth("user-2").send().await.unwrap().status(), 200);
    let key = site.get("/mine").header("x-api-key", "key-1").send().await.unwrap();
    assert_eq!((key.status().as_u16(), header(&key, "x-ratelimit-limit")), (200, "600000"));
}

#[tokio::test]
async fn guessing_at_tokens_counts_as_the_address() {
    let site = site(|config| config.limits.requests_per_minute_address = 2).await;
    let mut statuses = Vec::new();
    for guess in ["a", "b", "c"] {
        statuses.push(site.get("/mine").bearer_auth(guess).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 429]);
}

#[tokio::test]
async fn signing_in_and_registering_have_budgets_of_their_own() {
    let site = site(|config| {
        config.limits.login_per_minute = 1;
        config.limits.register_per_hour = 2;
    })
    .await;
    let mut statuses = Vec::new();
    for path in ["/login", "/login", "/register", "/register", "/register", "/login"] {
        statuses.push(site.post(path).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 429, 200, 200, 429, 429]);
}

#[tokio::test]
async fn nobody_is_limited_when_limits_are_off() {
    let site = site(|config| {
        config.limits.enabled = false;
        config.limits.requests_per_minute_address = 1;
        config.limits.login_per_minute = 1;
    })
    .await;
    for _ in 0..3 {
        assert_eq!(site.get("/open").send().await.unwrap().status(), 200);
        let response = site.post("/login").send().await.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "x-ratelimit-limit")), (200, ""));
    }
}
