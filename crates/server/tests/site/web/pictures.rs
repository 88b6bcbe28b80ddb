//! Posts: made, looked at, talked about, changed and deleted.

use reqwest::StatusCode;

use super::browser::Browser;
use crate::rig::{PICTURE, Rig};

/// The smallest GIF there is: one white pixel.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

#[tokio::test]
async fn a_post_of_uploads_is_made_and_goes_again() {
    let rig = Rig::new().await;
    let mut ann = Browser::joined(&rig, "ann").await;
    ann.get("/new").await.says("multipart/form-data");
    let page = ann.upload("/new", &[("caption", "nothing")], &[("files", b"")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = ann.upload("/new", &[("caption", "words <b>")], &[("files", b"words")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("none of JPEG").says(">words &#60;b&#62;</textarea>");

    let texts = [("caption", "Two #dots\r\nby @ann"), ("location", "Here"), ("altText", "A dot")];
    let page = ann.upload("/new", &texts, &[("files", GIF), ("files", GIF)]).await;
    let post = page.location.clone().unwrap();
    let page = ann.follow(&page).await;
    page.says("Your post is up.").says("alt=\"A dot\"").says("href=\"/tags/dots\"");
    page.says("/media/images/").says("srcset=").says(">1/2</span>").says("Here");
    ann.get("/").await.says(&post).says("all caught up");
    ann.get("/ann").await.says(&post);
    ann.get("/tags/dots").await.says(&post);

    ann.get(&format!("{post}/edit")).await.says(">Two #dots\nby @ann</textarea>");
    let fields = [("caption", "One #line"), ("commentsDisabled", "true")];
    let page = ann.submit(&format!("{post}/edit"), &fields).await;
    ann.follow(&page).await.says("Your changes are saved.").says("Comments are off").lacks("Here<");
    ann.get("/tags/dots").await.lacks(&post);

    ann.get(&format!("{post}/delete")).await.says("Delete this post?");
    let page = ann.submit(&format!("{post}/delete"), &[]).await;
    ann.follow(&page).await.says("The post is deleted.");
    let gone = ann.get(&post).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    gone.says("This post isn’t here");
    rig.close().await;
}

#[tokio::test]
async fn files_can_go_ahead_of_their_post() {
    let rig = Rig::new().await;
    let mut ann = Browser::joined(&rig, "ann").await;
    let page = ann.upload("/new/media", &[("altText", "Ahead")], &[("file", GIF)]).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.html);
    let id = page.between("\"id\":\"", "\"").to_owned();
    // What is up already comes back with the form, should something else be wrong.
    let long = "x".repeat(2201);
    let texts = [("mediaIds", &*id), ("caption", &*long)];
    let page = ann.upload("/new", &texts, &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says(&format!("name=\"mediaIds\" value=\"{id}\"")).says("at most 2200 characters");
    let page = ann.upload("/new", &[("mediaIds", &id)], &[]).await;
    ann.follow(&page).await.says("Your post is up.").says("alt=\"Ahead\"");

    let mut bob = Browser::joined(&rig, "bob").await;
    let page = bob.upload("/new", &[("mediaIds", &id)], &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "it is another's");
    let mut forged = Browser::joined(&rig, "eve").await;
    forged.forget_the_word();
    let page = forged.upload("/new/media", &[], &[("file", GIF)]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    rig.close().await;
}

#[tokio::test]
async fn people_have_a_picture_of_themselves() {
    let rig = Rig::new().await;
    let mut ann = Browser::joined(&rig, "ann").await;
    let page = ann.upload("/settings/picture", &[], &[("file", b"words")]).await;
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    page.says("none of JPEG");
    let page = ann.upload("/settings/picture", &[], &[("file", GIF)]).await;
    ann.follow(&page).await.says("That is your new picture.").says("Remove picture");
    let page = ann.get("/ann").await;
    page.says("/media/profiles/").says("_medium.jpg");
    let page = ann.submit("/settings/picture/remove", &[]).await;
    ann.follow(&page).await.says("Your picture is gone.").lacks("/media/profiles/");
    rig.close().await;
}

#[tokio::test]
async fn people_like_save_and_talk_by_forms() {
    let rig = Rig::new().await;
    let author = rig.person("bob").await;
    let post = author.posts("For @ann").await;
    let mut ann = Browser::joined(&rig, "ann").await;
    let page = ann.submit("/bob/follow", &[("back", "/bob?x=1")]).await;
    assert_eq!(page.location.as_deref(), Some("/bob?x=1"));
    ann.get("/").await.says(&format!("id=\"p{post}\"")).says(PICTURE);

    let path = format!("/p/{post}");
    ann.submit(&format!("{path}/like"), &[]).await;
    ann.submit(&format!("{path}/save"), &[]).await;
    let page = ann.get(&path).await;
    page.says("1 like").says(&format!("{path}/unlike")).says(&format!("{path}/unsave"));
    ann.get(&format!("{path}/likes")).await.says("href=\"/ann\"");
    ann.get("/saved").await.says(&path);
    ann.submit(&format!("{path}/unlike"), &[]).await;
    ann.get(&path).await.lacks("1 like<").says(&format!("{path}/like\""));

    let page = ann.submit(&format!("{path}/comments"), &[("content", " \r\n ")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.says("Write something first.");
    let words = "<script>alert(1)</script> https://a.example/?a=1&b=2 javascript:x";
    let page = ann.submit(&format!("{path}/comments"), &[("content", words)]).await;
    let page = ann.follow(&page).await;
    page.lacks("<script>alert").says("&#60;script&#62;").lacks("href=\"javascript:");
    page.says("href=\"https://a.example/?a=1&#38;b=2\" rel=\"nofollow ugc noopener\"");
    let comment = page.between("class=\"comment\" id=\"c", "\"").to_owned();
    ann.submit(&format!("/comments/{comment}/like"), &[]).await;
    ann.get(&path).await.says(&format!("/comments/{comment}/unlike"));
    let back = ann.submit(&format!("/comments/{comment}/delete"), &[("back", &path)]).await;
    ann.follow(&back).await.says("The comment is deleted.").lacks("a.example");
    rig.close().await;
}

#[tokio::test]
async fn lists_go_on_by_links() {
    let rig = Rig::new().await;
    let author = rig.person("bob").await;
    for number in 0..25 {
        author.posts(&format!("Number {number}.")).await;
    }
    let mut ann = Browser::joined(&rig, "ann").await;
    ann.submit("/bob/follow", &[]).await;
    // What a page may weigh without its pictures, as it is and over the wire.
    let page = ann.get("/").await;
    assert!(page.html.len() < 60_000, "{} bytes", page.html.len());
    assert!(ann.weigh("/").await < 20_000);
    for start in ["/", "/?order=ranked"] {
        let mut seen = 0;
        let mut path = start.to_owned();
        loop {
            let page = ann.get(&path).await;
            seen += page.html.matches("<article").count();
            if page.html.contains("caught-up") {
                break;
            }
            path = page.between("rel=\"next\" href=\"", "\"").replace("&#38;", "&");
        }
        assert_eq!(seen, 25, "{start}");
    }
    let page = ann.get("/bob").await;
    assert_eq!(page.html.matches("class=\"tile\"").count(), 24);
    let page = ann.get(page.between("rel=\"next\" href=\"", "\"")).await;
    assert_eq!(page.html.matches("class=\"tile\"").count(), 1);
    page.lacks("rel=\"next\"");
    assert_eq!(ann.get("/?cursor=nonsense").await.status, StatusCode::BAD_REQUEST);
    rig.close().await;
}
