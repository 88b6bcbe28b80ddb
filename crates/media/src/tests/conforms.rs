//! What every implementation of the service must do, near or far.

use std::sync::Arc;

use tintype_api::media::{MediaKind, MediaRef};
use tintype_api::{Media, MediaId, PostId};
use tintype_platform::error::Kind;
use tintype_platform::testkit::far;

use super::stage::{Stage, photograph, user};

async fn conforms(media: Arc<dyn Media>, stage: &Stage) {
    let upload = async || -> (MediaId, String) {
        let (_, made) = stage.upload("ann", &photograph()).await;
        let url = made["urls"]["large"].as_str().unwrap().strip_prefix("/media/").unwrap();
        (made["id"].as_str().unwrap().parse().unwrap(), url.to_owned())
    };
    let [(one, one_name), (two, two_name)] = [upload().await, upload().await];
    let [post, other] = [0; 2].map(|_| PostId::made_by(&stage.bench.ids));
    let ann = user(1);

    let wanted = vec![
        MediaRef::Object(two_name.clone()),
        MediaRef::Object("elsewhere/1.jpg".to_owned()),
        MediaRef::Id(one),
        MediaRef::Object(one_name.replace("images/1/", "images/2/")),
    ];
    for _ in 0..2 {
        let found = media.attach(ann, post, wanted.clone()).await.unwrap();
        let ids: Vec<_> = found.iter().map(|found| found.as_ref().map(|found| found.id)).collect();
        assert_eq!(ids, [Some(two), None, Some(one), None]);
        let upload = found[0].as_ref().unwrap();
        assert_eq!((upload.urls.main(), upload.kind), (&*two_name, MediaKind::Image));
        assert_eq!((upload.width, upload.height), (400, 300));
    }
    assert_eq!(media.uses(ann, one).await.unwrap(), [post]);
    assert_eq!(media.uses(user(2), one).await.unwrap(), []);

    let unknown = MediaId::made_by(&stage.bench.ids);
    let mixed = vec![MediaRef::Id(one), MediaRef::Id(unknown)];
    for (author, wanted) in [(ann, mixed), (user(2), vec![MediaRef::Id(one)])] {
        let error = media.attach(author, other, wanted).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
    }
    let foreign = media.attach(user(2), other, vec![MediaRef::Object(one_name)]).await.unwrap();
    assert_eq!(foreign, [None]);
    assert_eq!(media.uses(ann, one).await.unwrap(), [post]);

    let found = media.uploads(ann, vec![two, unknown, one]).await.unwrap();
    let ids: Vec<_> = found.iter().map(|found| found.as_ref().map(|found| found.id)).collect();
    assert_eq!(ids, [Some(two), None, Some(one)]);
    assert_eq!(media.uploads(user(2), vec![one]).await.unwrap(), [None]);
    assert_eq!(media.uploads(ann, Vec::new()).await.unwrap(), []);
    for _ in 0..2 {
        media.detach(ann, post).await.unwrap();
        assert_eq!(media.uses(ann, one).await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_service_near_by() {
    let stage = Stage::in_a_folder().await;
    conforms(stage.service().clone(), &stage).await;
}

#[tokio::test]
async fn the_service_over_the_network() {
    let stage = Stage::in_a_folder().await;
    let peer = far(tintype_api::media::media::routes(stage.service().clone())).await;
    conforms(Arc::new(peer), &stage).await;
}
