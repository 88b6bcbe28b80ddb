//! What people come for: pictures of those they follow.

use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::driver;
use crate::site::Site;

#[tokio::test]
async fn a_picture_comes_to_those_who_follow() {
    a_picture_comes(Scripts::On).await;
}

#[tokio::test]
async fn a_picture_comes_without_scripts_as_well() {
    a_picture_comes(Scripts::Off).await;
}

/// Joining, following, posting, liking, saying something, deleting. What differs without scripts
/// is that one has to look again for what is new.
async fn a_picture_comes(scripts: Scripts) {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let [ann, bob] = Browser::pair(&site, scripts).await;
    let is_lively = scripts == Scripts::On;
    ann.join("ann").await;
    bob.join("bob").await;
    let is_scripted = bob.script("return document.documentElement.className").await == "scripted";
    assert_eq!(is_scripted, is_lively, "the pages' scripts run, or do not");
    bob.go("/ann").await;
    bob.shows("form[action='/ann/follow']").await;
    bob.click("form[action='/ann/follow'] button").await;
    bob.shows("form[action$='/ann/unfollow']").await;
    bob.until("document.querySelector('#followers-count').textContent === '1'").await;
    bob.go("/").await;
    if is_lively {
        bob.until("globalThis.stream?.readyState === 1").await;
    }

    let post = posted(&site, &ann, is_lively).await;
    if is_lively {
        bob.until("document.querySelector('#new-posts')?.textContent === '1 new post'").await;
        bob.click("#new-posts").await;
    } else {
        site.drained().await;
        bob.go("/").await;
    }
    enjoy(&bob, &post).await;

    site.drained().await;
    if is_lively {
        ann.until("document.querySelector('#unread:not([hidden])')?.textContent > 0").await;
    }
    ann.go("/activity").await;
    // A follower, a like and a comment.
    ann.until("document.querySelectorAll('#happened > li').length === 3").await;
    ann.go(&post).await;
    ann.says("I can smell it").await;
    ann.click("article .menu summary").await;
    ann.click(&format!("a[href='{post}/delete']")).await;
    ann.is_at(&format!("{post}/delete")).await;
    ann.click("#delete .danger").await;
    ann.says("The post is deleted.").await;
    bob.go(&post).await;
    bob.shows("[data-status='404']").await;
    site.drained().await;
    bob.go("/").await;
    bob.lacks("#feed > article").await;

    ann.assert_quiet(&[]).await;
    bob.assert_quiet(&[404]).await;
    drop((ann, bob));
    site.close().await;
}

/// Posts two pictures from files, and answers where the post is.
async fn posted(site: &Site, ann: &Browser, is_lively: bool) -> String {
    ann.go("/new").await;
    let (one, two) = (site.file("one.jpg", 1), site.file("two.jpg", 2));
    ann.choose("#files", &[&one, &two]).await;
    if is_lively {
        ann.until("document.querySelectorAll('#previews img').length === 2").await;
        ann.fill("#previews li:nth-child(2) textarea", "A hill by the sea").await;
        ann.click("#previews li:nth-child(2) [aria-label^=Move]").await;
        ann.click("#crops label:has(input[value='1:1'])").await;
    } else {
        ann.fill("#altText", "A hill by the sea").await;
    }
    ann.fill("#caption", "Last #light").await;
    ann.click("#post-button").await;
    ann.says("Your post is up.").await;
    let post = ann.script("return location.pathname").await.as_str().unwrap().to_owned();
    assert!(post.starts_with("/p/"), "{post}");
    ann.until("document.querySelectorAll('.slide img').length === 2").await;
    let first = "document.querySelector('.slide img')";
    assert_eq!(ann.script(&format!("return {first}.alt")).await, "A hill by the sea");
    ann.until(&format!("{first}.naturalWidth > 0")).await;
    let shape = ann.script(&format!("return {first}.naturalWidth / {first}.naturalHeight")).await;
    let wanted = if is_lively { 1.0 } else { 0.8 };
    assert!((shape.as_f64().unwrap() - wanted).abs() < 0.02, "{shape}");
    post
}

/// Likes, saves and talks about a post that is in the feed.
async fn enjoy(bob: &Browser, post: &str) {
    let article = format!("#feed > article[data-post='{}']", post.trim_start_matches("/p/"));
    bob.shows(&article).await;
    let image = json!(format!("{article} img"));
    bob.until(&format!("document.querySelector({image}).naturalWidth > 0")).await;
    bob.click(&format!("{article} [data-toggle=like]")).await;
    let liked = format!("{article} [data-toggle=like][aria-pressed=true]");
    bob.shows(&liked).await;
    bob.says("1 like").await;
    bob.click(&format!("{article} [data-toggle=save]")).await;
    bob.shows(&format!("{article} [data-toggle=save][formaction$='/unsave'][aria-pressed=true]"))
        .await;
    bob.go("/saved").await;
    bob.shows(&format!("a.tile[href='{post}']")).await;

    bob.go("/").await;
    bob.shows(&liked).await;
    bob.click(&format!("{article} [aria-label=Comments]")).await;
    bob.is_at(post).await;
    bob.fill("#content", "I can smell it").await;
    bob.click("#say button").await;
    bob.until("document.querySelector('.comment')?.innerText.includes('I can smell it')").await;
}

#[tokio::test]
async fn a_private_account_is_asked_first() {
    if !driver::is_here() {
        return;
    }
    let site = Site::new().await;
    let ann = site.person("ann").await;
    let post = site.post(&ann, "Only for friends", &[(400, 400)]).await;
    let [owner, asker] = Browser::pair(&site, Scripts::On).await;
    owner.be(&ann).await;
    owner.go("/settings/privacy").await;
    owner.click("#privacy [name=isPrivate]").await;
    owner.click("#privacy button").await;
    owner.says("Your privacy settings are saved.").await;

    asker.join("bob").await;
    asker.go(&format!("/p/{post}")).await;
    asker.shows("[data-status='404']").await;
    asker.go("/ann").await;
    asker.shows("#private").await;
    asker.click("form[action='/ann/follow'] button").await;
    asker.says("Requested").await;
    asker.go("/ann").await;
    asker.shows("#private").await;
    asker.lacks(".tile").await;

    site.drained().await;
    owner.go("/activity").await;
    owner.says("Follow requests").await;
    owner.click("#requests [data-request=bob] form[action$='/accept'] button").await;
    owner.lacks("[data-request=bob]").await;
    owner.says("They follow you now.").await;

    asker.go("/ann").await;
    asker.lacks("#private").await;
    asker.click(&format!("a.tile[href='/p/{post}']")).await;
    asker.is_at(&format!("/p/{post}")).await;
    asker.says("Only for friends").await;

    owner.assert_quiet(&[]).await;
    asker.assert_quiet(&[404]).await;
    drop((owner, asker));
    site.close().await;
}
