//! What commands do, beside a server that runs.

use std::sync::Arc;

use tintype_accounts::account::{Audited, NewAccount};
use tintype_accounts::{AccountsService, start};
use tintype_api::UserId;
use tintype_api::accounts::{Accounts, Role};

use crate::site::{PASSWORD, Site, settings};

/// Another process on the same database.
fn command(site: &Site) -> Arc<AccountsService> {
    start(&site.base, settings()).unwrap().service
}

/// Somebody as a demo makes them.
pub(crate) fn seeded(site: &Site, username: &str) -> NewAccount {
    let id = UserId::made_by(&site.bench.ids);
    NewAccount {
        id,
        username: username.parse().unwrap(),
        email: format!("{username}@example.com").parse().unwrap(),
        password_hash: None,
        full_name: None,
        bio: None,
        website: None,
        profile_picture_url: None,
        is_private: false,
        role: Role::User,
        created_at: id.made_at(),
    }
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    let site = Site::start().await;
    let (anna, token) = site.newcomer("anna").await;
    let role = async || site.service.caller(token.as_str().into()).await.unwrap().role;
    assert_eq!(role().await, Role::User);
    site.service.set_role("Anna", Role::Moderator).await.unwrap();
    assert_eq!(role().await, Role::Moderator);
    assert_eq!(site.get("/api/users/me", &token).await.body["role"], "moderator");
    let nobody = site.service.set_role("nobody", Role::Admin).await.unwrap_err();
    assert_eq!(nobody.code(), "user_not_found");

    // By another process: the server is told that the database has changed.
    command(&site).set_role("anna", Role::Admin).await.unwrap();
    site.service.forget_caches();
    assert_eq!(role().await, Role::Admin);
    let account = site.service.account(anna).await.unwrap().unwrap();
    assert_eq!(account.role, Role::Admin);
}

#[tokio::test]
async fn a_reset_password_ends_every_token() {
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    assert!(site.counts(&token).await);
    site.service.set_password("anna", "battery staple".parse().unwrap()).await.unwrap();
    assert!(!site.counts(&token).await);
    assert_eq!(site.sign_in("anna", PASSWORD).await.status, 401);
    let token = site.sign_in("anna", "battery staple").await.token();
    assert!(site.counts(&token).await);

    command(&site).set_password("anna", PASSWORD.parse().unwrap()).await.unwrap();
    site.service.forget_caches();
    assert!(!site.counts(&token).await);
    let nobody = site.service.set_password("nobody", PASSWORD.parse().unwrap()).await;
    assert_eq!(nobody.unwrap_err().code(), "user_not_found");
}

#[tokio::test]
async fn the_trail_tells_who_signed_in_and_what_was_changed() {
    let site = Site::start().await;
    let (_, token) = site.newcomer("anna").await;
    site.sign_in("anna", "wrong password").await;
    // The answer does not wait for the trail.
    while site.service.trail("anna").await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    site.sign_in("anna", PASSWORD).await;
    let body = serde_json::json!({"currentPassword": PASSWORD, "newPassword": "battery staple"});
    site.send(reqwest::Method::PUT, "/api/auth/password", &token, body).await;
    site.service.set_role("anna", Role::Moderator).await.unwrap();
    site.service.set_password("anna", PASSWORD.parse().unwrap()).await.unwrap();
    let trail = site.service.trail("anna").await.unwrap();
    let what: Vec<Audited> = trail.iter().rev().map(|entry| entry.what).collect();
    assert_eq!(
        what,
        [
            Audited::SignInFailed,
            Audited::SignedIn,
            Audited::PasswordChanged,
            Audited::RoleGiven(Role::Moderator),
            Audited::PasswordReset,
        ]
    );
    let from = |index: usize| trail[trail.len() - 1 - index].origin.address;
    assert_eq!(from(0), Some("127.0.0.1".parse().unwrap()));
    assert_eq!(from(3), None);
}

#[tokio::test]
async fn a_seed_makes_accounts_that_can_sign_in_and_be_found() {
    let site = Site::start().await;
    let hash = site.service.hash_password(PASSWORD.parse().unwrap()).await.unwrap();
    let mut accounts: Vec<NewAccount> =
        (0..600).map(|number| seeded(&site, &format!("seeded{number}"))).collect();
    for account in &mut accounts {
        account.password_hash = Some(hash.clone());
        account.full_name = Some("A Seeded Person".parse().unwrap());
    }
    site.service.seed(accounts.clone()).await.unwrap();
    let events = site.bench.happened_after(0).await;
    assert_eq!(events.len(), 600);
    assert!(events.iter().all(|event| event.kind == "user.created"));
    assert_eq!(events[599].key, accounts[599].id.get());
    assert_eq!(site.sign_in("seeded599", PASSWORD).await.status, 200);
    let found = site.get("/api/users?q=seeded%20person&limit=100", "").await;
    assert_eq!(found.body.as_array().unwrap().len(), 100);
    // Doing it again makes nobody twice.
    site.service.seed(accounts).await.unwrap();
    assert_eq!(site.bench.happened_after(0).await.len(), 600);
}

#[tokio::test]
async fn a_key_needs_a_name() {
    let site = Site::start().await;
    for name in ["", "  ", "a\nb", &"x".repeat(101)] {
        assert_eq!(site.service.create_key(name, true).await.unwrap_err().code(), "invalid");
    }
    assert_eq!(site.service.keys().await.unwrap(), []);
    site.service.create_key(" reports ", false).await.unwrap();
    let keys = site.service.keys().await.unwrap();
    assert_eq!((keys[0].name.as_str(), keys[0].may_write), ("reports", false));
}
