//! What the service must do, near or far.

use std::sync::Arc;

use tintype_api::feed::{Feed, FeedRequest, Order};
use tintype_platform::config::Strategy;
use tintype_platform::testkit::far;

use crate::world::{World, first, ids, settings};

async fn conforms(feed: Arc<dyn Feed>, world: &World) {
    let viewer = tintype_api::testkit::user(1);
    let defined = world.definition(viewer).await;
    let request = FeedRequest { skip: 1, ..first(viewer, Order::Latest, 4) };
    let page = feed.page(request.clone()).await.unwrap();
    assert_eq!((ids(&page), page.offset), (defined[1..5].to_vec(), 5));
    assert!(page.scores.is_empty());
    let rest = FeedRequest { cursor: page.next, ..first(viewer, Order::Latest, 100) };
    let rest = feed.page(rest).await.unwrap();
    assert_eq!((ids(&rest), rest.next), (defined[5..].to_vec(), None));
    let own = FeedRequest { own_posts: false, days: Some(1), ..request };
    let others = world.all_of(viewer, false).await;
    assert_eq!(ids(&feed.page(own).await.unwrap()), others[1..5]);

    let page = feed.page(first(viewer, Order::Ranked, 4)).await.unwrap();
    assert_eq!((page.posts.len(), page.scores.len()), (4, 4));
    let next = FeedRequest { cursor: page.next, ..first(viewer, Order::Ranked, 4) };
    assert_eq!(feed.page(next.clone()).await.unwrap().offset, 8);
    let other = FeedRequest { viewer: tintype_api::testkit::user(2), ..next };
    assert_eq!(feed.page(other).await.unwrap_err().code(), "cursor_expired");
    let broken = FeedRequest { cursor: Some("?".into()), ..first(viewer, Order::Latest, 4) };
    assert_eq!(feed.page(broken).await.unwrap_err().code(), "broken_cursor");

    let stats = feed.stats(viewer).await.unwrap();
    assert_eq!((stats.size as usize, &*stats.strategy), (defined.len(), "hybrid"));
    assert_eq!(feed.rebuild(viewer).await.unwrap() as usize, defined.len());
    let stranger = tintype_api::testkit::user(999);
    assert_eq!(feed.stats(stranger).await.unwrap().size, 0);
    assert!(feed.page(first(stranger, Order::Latest, 4)).await.unwrap().posts.is_empty());
}

#[tokio::test]
async fn near_and_far_are_the_same() {
    let world = World::new(settings(Strategy::Hybrid, 20));
    let people = world.populate(4);
    for other in &people[1..] {
        world.ties.follow(people[0], *other, true);
    }
    for number in 0..17 {
        world.post(people[number % 4]);
    }
    world.drain().await;
    conforms(world.service().clone(), &world).await;
    let far = far(tintype_api::feed::feed::routes(world.service().clone())).await;
    conforms(Arc::new(far), &world).await;
}
