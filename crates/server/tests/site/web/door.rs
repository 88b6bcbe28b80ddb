//! Joining, signing in and out, and what people set about themselves.

use reqwest::StatusCode;

use super::browser::Browser;
use crate::rig::{PASSWORD, Rig};

#[tokio::test]
async fn somebody_joins_looks_around_and_signs_out() {
    let rig = Rig::new().await;
    let mut browser = Browser::at(&rig);
    browser.get("/").await.says("Join Tintype").lacks("Sign out");
    let page = browser.get("/saved").await;
    assert_eq!(page.location.as_deref(), Some("/login?next=%2Fsaved"));

    browser.get("/signup").await;
    let fields = [("username", "Me"), ("email", "no"), ("password", "short"), ("fullName", "<b>")];
    let page = browser.submit("/signup", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Your username must be 3 to 30").says("value=\"Me\"").lacks("short").lacks("<b>\"");
    let fields = [("username", "Ann"), ("email", "ann@example.com"), ("password", PASSWORD)];
    let page = browser.submit("/signup", &fields).await;
    browser.follow(&page).await.says("Welcome to Tintype");
    browser.get("/").await.says("Your feed is waiting for people").lacks("Welcome to Tintype");
    browser.get("/ann").await.says("Edit profile");
    let session = browser.cookie("tintype_session").unwrap().to_owned();

    let page = browser.submit("/logout", &[]).await;
    browser.follow(&page).await.says("You are signed out.");
    assert_eq!(browser.cookie("tintype_session"), None);
    browser.set_cookie("tintype_session", &session);
    assert_eq!(browser.get("/saved").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.cookie("tintype_session"), None, "an ended session leaves the browser");

    browser.get("/login?next=/saved").await.says("value=\"/saved\"");
    let wrong = [("username", "ann"), ("password", "something else"), ("next", "/saved")];
    let page = browser.submit("/login", &wrong).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    page.says("do not go together").says("value=\"ann\"").says("value=\"/saved\"");
    let right = [("username", "ann@example.com"), ("password", PASSWORD), ("next", "/saved")];
    let page = browser.submit("/login", &right).await;
    assert_eq!(page.location.as_deref(), Some("/saved"));
    browser.follow(&page).await.says("Nothing saved yet");
    let away = [("username", "ann"), ("password", PASSWORD), ("next", "//elsewhere.example")];
    browser.submit("/logout", &[]).await;
    browser.get("/login").await;
    assert_eq!(browser.submit("/login", &away).await.location.as_deref(), Some("/"));
    rig.close().await;
}

#[tokio::test]
async fn people_set_what_is_said_of_them() {
    let rig = Rig::new().await;
    let mut ann = Browser::joined(&rig, "ann").await;
    ann.get("/settings").await;
    let fields = [("fullName", "Ann & Co"), ("bio", "one\r\ntwo #sea"), ("website", "a.example/x")];
    let page = ann.submit("/settings/profile", &fields).await;
    ann.follow(&page).await.says("Your profile is saved.").says("value=\"Ann &#38; Co\"");
    let profile = ann.get("/ann").await;
    profile.says("href=\"/tags/sea\"").says("href=\"https://a.example/x\"").says("one\ntwo ");
    let page = ann.submit("/settings/profile", &[("website", "javascript://x")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("This must be an http or https address").says("value=\"javascript://x\"");

    ann.submit("/settings/privacy", &[("isPrivate", "true")]).await;
    Browser::at(&rig).get("/ann").await.says("This account is private");
    ann.submit("/settings/privacy", &[]).await;
    Browser::at(&rig).get("/ann").await.lacks("This account is private");
    rig.close().await;
}

#[tokio::test]
async fn devices_are_signed_out_and_accounts_deleted() {
    let rig = Rig::new().await;
    let mut here = Browser::joined(&rig, "ann").await;
    let mut there = Browser::at(&rig);
    there.get("/login").await;
    there.submit("/login", &[("username", "ann"), ("password", PASSWORD)]).await;
    there.get("/saved").await.says("Nothing saved yet");

    let page = here.get("/settings/sessions").await;
    let other = page.between("action=\"/settings/sessions/", "/end\"").to_owned();
    here.submit(&format!("/settings/sessions/{other}/end"), &[]).await;
    assert_eq!(there.get("/saved").await.status, StatusCode::SEE_OTHER);

    let wrong = [("currentPassword", "nonsense"), ("newPassword", "another one")];
    here.submit("/settings/password", &wrong).await.says("not the password that you have now");
    let right = [("currentPassword", PASSWORD), ("newPassword", "another one")];
    let page = here.submit("/settings/password", &right).await;
    here.follow(&page).await.says("Your password is changed.");

    here.get("/settings/delete").await;
    here.submit("/settings/delete", &[("password", PASSWORD)]).await.says("Nothing was deleted.");
    let page = here.submit("/settings/delete", &[("password", "another one")]).await;
    here.follow(&page).await.says("is gone. Take care.");
    let gone = here.get("/ann").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    gone.says("Nobody here goes by that name");
    rig.close().await;
}
