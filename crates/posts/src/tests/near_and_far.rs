//! What every implementation of the service must do, near or far.

use std::sync::Arc;

use tintype_api::posts::{self, PostRef, Window};
use tintype_api::testkit::user;
use tintype_api::{PostId, Posts};
use tintype_platform::testkit::{START, far};

use super::stage::{Stage, text};

struct Scene {
    /// By ann, in order; the third is hidden.
    anns: [PostId; 3],
    /// By kim, whose account is private and whom ben follows.
    kims: PostId,
}

async fn scene(stage: &Stage) -> Scene {
    let [ann, ben] = stage.crowd();
    let kim = stage.people.put(3, "kim", true);
    stage.ties.follow(ben, kim, true);
    let first = stage.post(ann, "one").await;
    let kims = stage.post(kim, "two").await;
    let anns = [first, stage.post(ann, "three").await, stage.post(ann, "four").await];
    stage.posts().set_hidden(anns[2], true).await.unwrap();
    stage.posts().like(ben, anns[0]).await.unwrap();
    stage.posts().save(ben, kims).await.unwrap();
    stage.posts().comment(ben, anns[0], text("hello")).await.unwrap();
    Scene { anns, kims }
}

async fn conforms(posts: Arc<dyn Posts>, scene: &Scene) {
    let [ann, ben, kim] = [1, 2, 3].map(user);
    let Scene { anns, kims } = scene;
    let ids = |found: Vec<PostRef>| found.into_iter().map(|found| found.post).collect::<Vec<_>>();
    let newest = async |window, limit| {
        ids(posts.newest([ann, kim, user(99)].into(), window, limit).await.unwrap())
    };
    assert_eq!(newest(Window::default(), 10).await, [anns[1], *kims, anns[0]]);
    assert_eq!(newest(Window::default(), 2).await, [anns[1], *kims]);
    assert_eq!(newest(Window::default(), 0).await, []);
    let below = Window { below: Some(anns[1]), since: None };
    assert_eq!(newest(below, 10).await, [*kims, anns[0]]);
    let since = Window { below: None, since: Some(kims.made_at()) };
    assert_eq!(newest(since, 10).await, [anns[1], *kims]);
    assert!(posts.newest([].into(), Window::default(), 10).await.unwrap().is_empty());

    let asked = vec![anns[2], *kims, PostId::new(5).unwrap(), anns[0], *kims];
    let seen = async |viewer| -> Vec<bool> {
        let views = posts.views(viewer, asked.clone()).await.unwrap();
        views.iter().map(Option::is_some).collect()
    };
    assert_eq!(seen(None).await, [false, false, false, true, false]);
    assert_eq!(seen(Some(ann)).await, [true, false, false, true, false]);
    assert_eq!(seen(Some(ben)).await, [false, true, false, true, true]);
    assert_eq!(seen(Some(kim)).await, [false, true, false, true, true]);
    let views = posts.views(Some(ben), vec![anns[0], *kims]).await.unwrap();
    let [Some(first), Some(second)] = &views[..] else { panic!("{views:?}") };
    assert_eq!((first.liked, first.saved, second.liked, second.saved), (true, false, false, true));
    assert_eq!((&*first.author.username, &*second.author.username), ("name1", "kim"));
    assert_eq!((first.post.likes, first.post.comments), (1, 1));

    let engagement = posts.engagement(vec![PostId::new(5).unwrap(), anns[0]]).await.unwrap();
    assert!(engagement[0].is_none());
    assert_eq!(engagement[1].map(|found| (found.likes, found.comments)), Some((1, 1)));
    assert_eq!(posts.interactions(ben, vec![kim, ann]).await.unwrap(), [0, 2]);
    assert_eq!(posts.counts(vec![kim, ann, user(99), ann]).await.unwrap(), [1, 2, 0, 2]);
    let popular = posts.popular(START, 10).await.unwrap();
    assert_eq!(
        popular.iter().map(|found| found.post.post).collect::<Vec<_>>(),
        [anns[0], anns[1], *kims]
    );
}

#[tokio::test]
async fn near() {
    let stage = Stage::new().await;
    let scene = scene(&stage).await;
    conforms(stage.posts().clone(), &scene).await;
}

#[tokio::test]
async fn far_away() {
    let stage = Stage::new().await;
    let scene = scene(&stage).await;
    let peer = far(posts::posts::routes(stage.posts().clone())).await;
    conforms(Arc::new(peer), &scene).await;
}
