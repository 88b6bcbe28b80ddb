//! Posts of what was uploaded.

use tintype_api::media::Urls;
use tintype_api::{Event, MediaId, UserId};
use tintype_platform::Result;
use tintype_platform::error::Kind;

use super::stage::{Stage, draft};
use crate::service::Draft;
use crate::words::{MediaUrl, NewMedia};

fn at(url: &str) -> NewMedia {
    NewMedia::At(MediaUrl::try_from(url.to_owned()).unwrap())
}

async fn urls(stage: &Stage, author: UserId, media: Vec<NewMedia>) -> Result<Vec<String>> {
    let view = stage.posts().create(author, Draft { media, ..draft("of uploads") }).await?;
    // What is shown right after it was made is what is shown from then on.
    let shown = stage.another().await.service.look(None, view.post.id).await.unwrap();
    assert_eq!(shown.post, view.post);
    Ok(view.post.media.iter().map(|media| media.url.clone()).collect())
}

#[tokio::test]
async fn uploads_are_named_by_id_or_by_address_and_shown_whole() {
    let stage = Stage::new().await;
    let [author] = stage.crowd();
    let first = stage.uploads.put(7, author, Some("a harbour"));
    let second = stage.uploads.put(8, author, None);

    let media = vec![
        NewMedia::Upload(second),
        at("/media/images/7_large.jpg"),
        at("https://photos.example/media/images/9_large.jpg"),
    ];
    let view = stage.posts().create(author, Draft { media, ..draft("two") }).await.unwrap();
    let shown: Vec<&str> = view.post.media.iter().map(|media| media.url.as_str()).collect();
    let elsewhere = "https://photos.example/media/images/9_large.jpg";
    assert_eq!(shown, ["/media/images/8_large.jpg", "/media/images/7_large.jpg", elsewhere]);
    let upload = view.post.media[1].upload.as_deref().unwrap();
    assert_eq!(upload.alt_text.as_deref(), Some("a harbour"));
    let Urls::Image { thumbnail, .. } = &upload.urls else { panic!("{upload:?}") };
    assert_eq!(thumbnail, "/media/images/7_thumbnail.jpg");
    assert!(view.post.media[2].upload.is_none(), "it is on another site");

    let used = stage.uploads.used();
    assert_eq!(used, [(view.post.id, first), (view.post.id, second)]);
}

#[tokio::test]
async fn an_address_of_this_site_is_known_under_any_host() {
    let stage = Stage::new().await;
    let [author] = stage.crowd();
    stage.uploads.put(7, author, None);
    let media = vec![at("http://127.0.0.1:8080/media/images/7_large.jpg")];
    assert_eq!(urls(&stage, author, media).await.unwrap(), ["/media/images/7_large.jpg"]);
    assert_eq!(stage.uploads.used().len(), 1);
}

#[tokio::test]
async fn what_is_not_the_authors_cannot_be_posted() {
    let stage = Stage::new().await;
    let [author, other] = stage.crowd();
    let theirs = stage.uploads.put(7, other, None);
    let none = MediaId::new(99).unwrap();
    stage.uploads.put(8, author, None);
    for media in [
        vec![NewMedia::Upload(theirs)],
        vec![NewMedia::Upload(none)],
        vec![at("/media/images/7_large.jpg")],
        vec![at("/media/images/8_large.jpg"), at("/media/images/7_large.jpg")],
    ] {
        let error = urls(&stage, author, media).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{error:?}");
    }
    assert_eq!(stage.uploads.used(), []);
    assert_eq!(stage.newest(author).await, []);
}

#[tokio::test]
async fn posts_follow_what_is_said_about_their_uploads() {
    let stage = Stage::new().await;
    let [author] = stage.crowd();
    let media = stage.uploads.put(7, author, Some("a harbor"));
    let wanted = vec![NewMedia::Upload(media), NewMedia::Upload(media)];
    let draft = Draft { media: wanted, ..draft("twice the same") };
    let post = stage.posts().create(author, draft).await.unwrap().post;
    let untouched = stage.post(author, "without it").await;

    stage.uploads.put(7, author, Some("a harbour"));
    stage.tell(Event::MediaUpdated { media, user: author }).await;
    stage.settle().await;
    let shown = stage.posts().look(None, post.id).await.unwrap().post;
    for media in &shown.media {
        assert_eq!(media.upload.as_ref().unwrap().alt_text.as_deref(), Some("a harbour"));
        assert_eq!(media.url, "/media/images/7_large.jpg");
    }
    assert_eq!(shown.updated_at, post.updated_at, "the post itself was not edited");

    let updates = async |stage: &Stage| {
        let is_update = |event: &Event| matches!(event, Event::PostUpdated { .. });
        stage.events().await.into_iter().filter(is_update).count()
    };
    assert_eq!(updates(&stage).await, 1);
    // Told once more, nothing changes.
    stage.tell(Event::MediaUpdated { media, user: author }).await;
    stage.settle().await;
    assert_eq!(updates(&stage).await, 1);
    assert!(stage.posts().look(None, untouched).await.is_ok());
}
