//! What other programs read of pages.

use reqwest::StatusCode;
use serde_json::Value;

use super::browser::Browser;
use crate::rig::{PICTURE, Rig};

#[tokio::test]
async fn public_posts_are_described_to_other_programs() {
    let rig = Rig::new().await;
    let bob = rig.person("bob").await;
    let post = bob.posts("Fish & <chips>").await;
    let mut nobody = Browser::at(&rig);
    let page = nobody.get(&format!("/p/{post}")).await;
    page.says("property=\"og:title\"")
        .says(&format!("property=\"og:image\" content=\"{PICTURE}\""));
    page.says("application/json+oembed").says("Fish &#38; &#60;chips&#62;");
    let described = nobody.get(&format!("/oembed?url=http://localhost/p/{post}")).await;
    let described: Value = serde_json::from_str(&described.html).unwrap();
    assert_eq!((&described["type"], &described["url"]), (&"photo".into(), &PICTURE.into()));
    let feed = nobody.get("/bob/rss").await;
    assert_eq!(feed.headers["content-type"], "application/rss+xml; charset=utf-8");
    feed.says("<title>Fish &amp; &lt;chips&gt;</title>").says(&format!("/p/{post}</link>"));
    nobody.get("/sitemap.xml").await.says("/bob</loc>");
    nobody.get("/robots.txt").await.says("Disallow: /settings").says("/sitemap.xml");
    bob.is_private(true).await;
    nobody.get("/sitemap.xml").await.lacks("/bob</loc>");
    rig.close().await;
}

#[tokio::test]
async fn the_site_is_installable_and_its_files_are_kept() {
    let rig = Rig::new().await;
    let mut nobody = Browser::at(&rig);
    let manifest = nobody.get("/manifest.webmanifest").await;
    let manifest: Value = serde_json::from_str(&manifest.html).unwrap();
    for icon in manifest["icons"].as_array().unwrap() {
        let file = nobody.get(icon["src"].as_str().unwrap()).await;
        assert_eq!(file.status, StatusCode::OK, "{icon}");
    }
    let worker = nobody.get("/sw.js").await;
    worker.lacks("__FILES__").lacks("__VERSION__").says("/offline");
    nobody.get("/offline").await.says("You are offline");
    let page = nobody.get("/").await;
    for (start, end) in [("rel=\"stylesheet\" href=\"", "\""), ("type=\"module\" src=\"", "\"")] {
        let file = nobody.get(page.between(start, end)).await;
        assert_eq!(file.status, StatusCode::OK);
        let kept = file.headers["cache-control"].to_str().unwrap();
        assert!(kept.contains("immutable"), "{kept}");
    }
    rig.close().await;
}
