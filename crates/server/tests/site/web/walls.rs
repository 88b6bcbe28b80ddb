//! What pages do not show, and what they do not let others do.

use reqwest::StatusCode;
use tintype_api::accounts::Role;

use super::browser::Browser;
use crate::rig::Rig;

#[tokio::test]
async fn private_accounts_are_asked_first() {
    let rig = Rig::new().await;
    let bob = rig.person("bob").await;
    let post = bob.posts("Secret words").await;
    bob.is_private(true).await;
    let mut ann = Browser::joined(&rig, "ann").await;
    let page = ann.get("/bob").await;
    page.says("This account is private").lacks(&post);
    let page = ann.get("/bob/followers").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("This account is private");
    let page = ann.get(&format!("/p/{post}")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.lacks("Secret words");
    for path in ["/bob/rss", &*format!("/oembed?url=http://x/p/{post}")] {
        let page = Browser::at(&rig).get(path).await;
        assert!(page.status.is_client_error(), "{path}");
        page.lacks("Secret words");
    }

    let page = ann.submit("/bob/follow", &[]).await;
    ann.follow(&page).await.says("Your request was sent.").says("Requested");
    rig.drained().await;
    let mut owner = Browser::at(&rig);
    owner.set_cookie("tintype_session", &bob.token);
    owner.get("/activity").await.says("Follow requests").says("href=\"/ann\"");
    let page = owner.submit("/requests/ann/accept", &[]).await;
    owner.follow(&page).await.says("They follow you now.").lacks("Follow requests");
    ann.get("/bob").await.says(&post);
    rig.drained().await;
    ann.get("/activity").await.says("has accepted your request.");
    ann.get("/activity").await.lacks("<span class=\"unseen\"> New</span>");
    rig.close().await;
}

#[tokio::test]
async fn who_is_blocked_is_not_there() {
    let rig = Rig::new().await;
    let bob = rig.person("bob").await;
    let post = bob.posts("Words").await;
    let mut ann = Browser::joined(&rig, "ann").await;
    let page = ann.submit("/bob/block", &[]).await;
    ann.follow(&page).await.says("You have blocked bob").lacks(&post);
    assert_eq!(ann.get(&format!("/p/{post}")).await.status, StatusCode::NOT_FOUND);
    let mut other = Browser::at(&rig);
    other.set_cookie("tintype_session", &bob.token);
    assert_eq!(other.get("/ann").await.status, StatusCode::NOT_FOUND);
    ann.get("/settings/people").await.says("href=\"/bob\"");
    let page = ann.submit("/bob/unblock", &[]).await;
    ann.follow(&page).await.says("Unblocked.").says(&post);
    rig.close().await;
}

#[tokio::test]
async fn forms_of_others_change_nothing() {
    let rig = Rig::new().await;
    let bob = rig.person("bob").await;
    let post = bob.posts("Words").await;
    let mut ann = Browser::joined(&rig, "ann").await;
    ann.get("/").await;
    let page = ann.forge(&format!("/p/{post}/like"), &[]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("That took too long");
    let page = ann.forge(&format!("/p/{post}/like"), &[("csrf", "AAAAAAAAAAAAAAAAAAAAAA")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    ann.get(&format!("/p/{post}")).await.lacks("1 like");
    let mut nobody = Browser::at(&rig);
    nobody.get("/login").await;
    let fields = [("username", "bob"), ("password", crate::rig::PASSWORD)];
    assert_eq!(nobody.forge("/login", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!(nobody.cookie("tintype_session"), None);
    let page = nobody.submit(&format!("/p/{post}/like"), &[]).await;
    assert!(page.location.unwrap().starts_with("/login?next="));
    // Whose session has ended meanwhile is asked to sign in, not told of forms.
    ann.set_cookie("tintype_session", "ended");
    let page = ann.submit(&format!("/p/{post}/like"), &[]).await;
    assert!(page.location.unwrap().starts_with("/login?next="));
    rig.close().await;
}

#[tokio::test]
async fn cookies_are_for_tls_alone_where_a_trusted_proxy_says_so() {
    for (trusted, secure) in [("127.0.0.1", true), ("10.0.0.0/8", false)] {
        let proxies = vec![trusted.parse().unwrap()];
        let rig = Rig::configured(|config| config.http.trusted_proxies = proxies).await;
        let request = rig.stranger.request(reqwest::Method::GET, "/login");
        let request = request.header("accept", "text/html").header("x-forwarded-proto", "https");
        let response = request.send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert_eq!(cookie.ends_with("; Secure"), secure, "{cookie}");
        rig.close().await;
    }
}

#[tokio::test]
async fn pages_run_and_load_nothing_of_others() {
    let rig = Rig::new().await;
    let mut ann = Browser::joined(&rig, "ann").await;
    for path in
        ["/", "/explore", "/search?q=x", "/new", "/settings", "/ann", "/nobody", "/a/b", "/a/b/c"]
    {
        let page = ann.get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        page.lacks(" style=\"").lacks("<style").lacks(" onclick");
        assert_eq!(page.html.matches("<script").count(), 1, "{path}");
        page.says("<title>").says("lang=\"en\"").says("id=\"main\"");
    }
    for path in ["/a/b", "/a/b/c"] {
        let page = ann.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        page.says("There is nothing here");
    }
    let page = ann.get("/api/nothing").await;
    assert_eq!(page.headers["content-type"], "application/json");
    assert_eq!(ann.get("/admin").await.status, StatusCode::NOT_FOUND);
    rig.site().accounts.set_role("ann", Role::Admin).await.unwrap();
    let page = ann.get("/admin").await;
    page.says("How the site is doing").says("None: every event was handled.").says("posts");
    rig.close().await;
}
