//! What every [`TimelineStore`] must do.

use std::sync::Arc;

use tintype_api::testkit::user;
use tintype_api::{PostId, UserId};
use tintype_platform::id;
use tintype_platform::testkit::START;

use super::{Basis, Stretch, TimelineStore};

const HOUR: i64 = 60 * 60 * 1000;

/// Runs the suite on stores that `make` makes for timelines of a given size.
pub(super) async fn run<S: TimelineStore>(make: impl AsyncFn(usize) -> Arc<S>) {
    reads_page_by_page(&*make(10).await).await;
    keeps_what_is_appended_to_a_rebuild(&*make(10).await).await;
    lets_the_last_rebuild_win(&*make(10).await).await;
    says_what_it_no_longer_knows(&*make(3).await).await;
    knows_only_what_an_overflowing_rebuild_left(&*make(3).await).await;
    remembers_merged_authors(&*make(3).await).await;
    shelves_orders_for_others(&*make(3).await).await;
}

async fn reads_page_by_page(store: &dyn TimelineStore) {
    let viewer = user(1);
    assert_eq!(read(store, viewer, 7, None, 9).await, None, "none was built");
    store.append(post(5), &[viewer]).await.unwrap();
    assert_eq!(read(store, viewer, 7, None, 9).await, None, "appending makes none");

    build(store, viewer, 7, &[30, 20, 10], 0).await;
    store.append(post(24), &[]).await.unwrap();
    store.append(post(25), &[user(2), viewer, user(3)]).await.unwrap();
    store.append(post(25), &[viewer]).await.unwrap();
    assert_eq!(read(store, viewer, 7, None, 9).await, Some(stretch(&[30, 25, 20, 10], 0)));
    assert_eq!(read(store, viewer, 7, None, 2).await, Some(stretch(&[30, 25], 0)));
    assert_eq!(read(store, viewer, 7, Some(25), 2).await, Some(stretch(&[20, 10], 0)));
    assert_eq!(read(store, viewer, 7, Some(24), 1).await, Some(stretch(&[20], 0)));
    assert_eq!(read(store, viewer, 7, Some(10), 9).await, Some(stretch(&[], 0)));
    assert_eq!(read(store, viewer, 8, None, 9).await, None, "it was built for another version");
    assert_eq!(read(store, user(2), 7, None, 9).await, None, "appending makes none");
    let fewer = Basis { followees: 2, ..basis(7) };
    assert_eq!(store.read(viewer, fewer, None, 9).await.unwrap(), None, "one was unfollowed");

    store.forget(viewer).await.unwrap();
    assert_eq!(read(store, viewer, 7, None, 9).await, None);
}

async fn keeps_what_is_appended_to_a_rebuild(store: &dyn TimelineStore) {
    let viewer = user(1);
    build(store, viewer, 1, &[10], 0).await;
    let rebuild = store.begin(viewer).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, None, "the old one is gone at once");
    for number in [40, 20, 30] {
        store.append(post(number), &[viewer]).await.unwrap();
    }
    assert_eq!(read(store, viewer, 2, None, 9).await, None, "it is not finished");
    store.finish(viewer, rebuild, basis(2), vec![post(30), post(10)], 0).await.unwrap();
    assert_eq!(read(store, viewer, 2, None, 9).await, Some(stretch(&[40, 30, 20, 10], 0)));
    store.finish(viewer, rebuild, basis(3), vec![post(1)], 0).await.unwrap();
    assert_eq!(read(store, viewer, 3, None, 9).await, None, "it was finished already");
}

async fn lets_the_last_rebuild_win(store: &dyn TimelineStore) {
    let viewer = user(1);
    let first = store.begin(viewer).await.unwrap();
    store.append(post(20), &[viewer]).await.unwrap();
    let second = store.begin(viewer).await.unwrap();
    store.finish(viewer, first, basis(1), vec![post(10)], 0).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, None, "the second is not finished");
    store.append(post(30), &[viewer]).await.unwrap();
    store.finish(viewer, second, basis(1), vec![post(20), post(10)], 0).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, Some(stretch(&[30, 20, 10], 0)));

    let lost = store.begin(viewer).await.unwrap();
    store.forget(viewer).await.unwrap();
    store.finish(viewer, lost, basis(1), vec![post(10)], 0).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, None, "it was forgotten in between");
}

async fn says_what_it_no_longer_knows(store: &dyn TimelineStore) {
    let viewer = user(1);
    build(store, viewer, 1, &[30, 20, 10], 10).await;
    store.append(post(40), &[viewer]).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, Some(stretch(&[40, 30, 20], 11)));
    store.append(post(5), &[viewer]).await.unwrap();
    store.append(post(12), &[viewer]).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, Some(stretch(&[40, 30, 20], 13)));
}

async fn knows_only_what_an_overflowing_rebuild_left(store: &dyn TimelineStore) {
    let viewer = user(1);
    let rebuild = store.begin(viewer).await.unwrap();
    for number in [20, 30, 40, 50] {
        store.append(post(number), &[viewer]).await.unwrap();
    }
    store.finish(viewer, rebuild, basis(1), vec![post(10)], 0).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, Some(stretch(&[50, 40, 30], 21)));

    let rebuild = store.begin(viewer).await.unwrap();
    let posts = [50, 40, 30, 20, 10].map(post).to_vec();
    store.finish(viewer, rebuild, basis(1), posts, 0).await.unwrap();
    assert_eq!(read(store, viewer, 1, None, 9).await, Some(stretch(&[50, 40, 30], 21)));
}

async fn remembers_merged_authors(store: &dyn TimelineStore) {
    assert!(store.merged().await.unwrap().is_empty());
    for number in [5, 3, 5, 9] {
        store.merge(user(number)).await.unwrap();
    }
    assert_eq!(&*store.merged().await.unwrap(), [user(3), user(5), user(9)]);
}

async fn shelves_orders_for_others(store: &dyn TimelineStore) {
    if !store.is_shared() {
        return;
    }
    let ids: Vec<u64> = (0..3).map(|hour| id::floor_at(START.plus_millis(hour * HOUR))).collect();
    for number in &ids[..2] {
        store.shelve(user(1), *number, vec![0, 255, 7]).await.unwrap();
    }
    assert_eq!(store.shelved(user(1), ids[1]).await.unwrap(), Some(vec![0, 255, 7]));
    assert_eq!(store.shelved(user(2), ids[1]).await.unwrap(), None);
    assert_eq!(store.shelved(user(1), ids[2]).await.unwrap(), None);
}

async fn build(store: &dyn TimelineStore, viewer: UserId, version: u64, posts: &[u64], floor: u64) {
    let rebuild = store.begin(viewer).await.unwrap();
    let posts = posts.iter().map(|number| post(*number)).collect();
    store.finish(viewer, rebuild, basis(version), posts, floor).await.unwrap();
}

async fn read(
    store: &dyn TimelineStore,
    viewer: UserId,
    version: u64,
    below: Option<u64>,
    limit: usize,
) -> Option<Stretch> {
    let below = below.and_then(PostId::new);
    store.read(viewer, basis(version), below, limit).await.unwrap()
}

fn stretch(posts: &[u64], floor: u64) -> Stretch {
    Stretch { posts: posts.iter().map(|number| post(*number)).collect(), floor }
}

fn post(number: u64) -> PostId {
    PostId::new(number).unwrap()
}

fn basis(version: u64) -> Basis {
    Basis { version, followees: 3 }
}
