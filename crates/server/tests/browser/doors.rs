//! What is refused, and how the pages say so.

use crate::browser::Browser;
use crate::driver;
use crate::site::{PASSWORD, Site};

#[tokio::test]
async fn what_goes_wrong_is_said_where_it_can_be_mended() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    site.person("ann").await;
    let browser = Browser::new(&site).await;
    browser.go("/").await;
    let paper = "getComputedStyle(document.body).backgroundColor";
    let look = browser.script(&format!("return {paper}")).await;
    browser.go("/nothing/at/all").await;
    browser.says("There is nothing here").await;
    assert_eq!(browser.script(&format!("return {paper}")).await, look, "the site's own look");
    browser.click("main a[href='/']").await;
    browser.is_at("/").await;

    browser.go("/login?next=/saved").await;
    browser.until("document.activeElement.id === 'username'").await;
    browser.fill("#username", "ann").await;
    browser.fill("#password", "nonsense").await;
    browser.click("#login button").await;
    browser.shows("#login #wrong").await;
    browser.says("do not go together").await;
    assert_eq!(browser.script("return username.value").await, "ann");
    browser.until("document.activeElement.id === 'password'").await;
    let told = "return password.getAttribute('aria-describedby')";
    assert_eq!(browser.script(told).await, "wrong");
    browser.press(&format!("{PASSWORD}\u{e007}")).await;
    browser.is_at("/saved").await;

    browser.shows("form[action='/logout'] button").await;
    browser.click("form[action='/logout'] button").await;
    browser.says("You are signed out.").await;
    browser.go("/signup").await;
    browser.fill("#username", "ANN").await;
    browser.fill("#email", "other@tintype.example").await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#signup button").await;
    browser.shows("#signup [role=alert]").await;
    assert_eq!(browser.script("return username.value").await, "ANN");
    assert_eq!(browser.script("return email.value").await, "other@tintype.example");

    browser.assert_quiet(&[401, 404, 409]).await;
    drop(browser);
    site.close().await;
}

#[tokio::test]
async fn forms_of_others_change_nothing() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let post = site.post(&ann, "Words", &[(400, 400)]).await;
    let browser = Browser::new(&site).await;
    browser.be(&ann).await;
    let likes = async || {
        let post = site.ask(Some(&ann), "GET", &format!("/api/posts/{post}"), None).await;
        post["likes_count"].as_u64().unwrap()
    };

    browser.go(&format!("/p/{post}")).await;
    browser
        .script(
            "const form = document.querySelector('form.acts');
             form.querySelector('[name=csrf]').remove();
             form.submit();",
        )
        .await;
    browser.shows("[data-status='403']").await;
    browser.says("That took too long").await;
    assert_eq!(likes().await, 0);

    // Another site's page, which knows nothing but the address.
    let page = format!(
        "data:text/html,<form method=post action='{}/p/{post}/like'><button>A prize</button></form>",
        site.origin
    );
    browser.open(&page).await;
    browser.click("button").await;
    browser.until("!location.href.startsWith('data:')").await;
    assert_eq!(likes().await, 0);

    browser.go(&format!("/p/{post}")).await;
    browser.click("[data-toggle=like]").await;
    browser.says("1 like").await;
    assert_eq!(likes().await, 1, "the site's own form does");
    browser.assert_quiet(&[403]).await;
    drop(browser);
    site.close().await;
}
