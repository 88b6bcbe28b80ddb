//! How feeds are read page by page, and what they show.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use tintype_api::feed::{Feed, FeedRequest, Order};
use tintype_api::{Event, PostId, UserId};
use tintype_feed::{Basis, Settings, TimelineStore};
use tintype_platform::config::Strategy;
use tintype_platform::page::{Limit, PageQuery, Whole};
use tintype_platform::testkit::START;

use crate::world::{STRATEGIES, World, first, ids, settings};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A viewer who follows three others; each of the four has posted in turn.
async fn world(settings: Settings, posts: usize) -> (World, Vec<UserId>) {
    let world = World::new(settings);
    let people = world.populate(4);
    for other in &people[1..] {
        world.ties.follow(people[0], *other, true);
    }
    for number in 0..posts {
        world.post(people[number % 4]);
    }
    world.drain().await;
    (world, people)
}

#[tokio::test]
async fn a_walk_shows_what_was_there_when_it_began() {
    for strategy in STRATEGIES {
        for limit in [1, 3, 7, 20] {
            let (world, people) = world(settings(strategy, 20), 40).await;
            // Read once, so that there is a timeline.
            world.walk(people[0], Order::Latest, 20, || {}).await;
            let before = world.definition(people[0]).await;
            assert_eq!(before.len(), 20);
            let mut turn = 0;
            let post = || {
                turn += 1;
                world.post(people[turn % 4]);
                let deliver = world.deliver(usize::MAX);
                futures::executor::block_on(deliver).unwrap();
            };
            let feed = world.walk(people[0], Order::Latest, limit, post).await;
            assert_eq!(feed, before, "{strategy:?}, pages of {limit}");
        }
    }
}

#[tokio::test]
async fn deletions_during_a_walk_skip_and_repeat_nothing_else() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 12), 40).await;
        let before = world.definition(people[0]).await;
        let mut doomed: Vec<PostId> = before.iter().copied().step_by(3).collect();
        let gone: BTreeSet<PostId> = doomed.iter().copied().collect();
        let delete = || {
            if let Some(post) = doomed.pop() {
                world.shelf.delete(post);
            }
        };
        let feed = world.walk(people[0], Order::Latest, 3, delete).await;
        assert!(feed.windows(2).all(|pair| pair[0] > pair[1]), "{feed:?}");
        assert!(feed.len() <= 12);
        let stayed = before.iter().filter(|post| !gone.contains(post));
        for post in stayed {
            assert!(feed.contains(post), "{post} is missing in {feed:?}, {strategy:?}");
        }
    }
}

#[tokio::test]
async fn a_feed_ends_where_it_is_full() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 10), 30).await;
        let page = world.page(first(people[0], Order::Latest, 10)).await.unwrap();
        assert_eq!((page.posts.len(), page.next, page.offset), (10, None, 10));
        let page = world.page(first(people[0], Order::Latest, 9)).await.unwrap();
        let request = FeedRequest { cursor: page.next, ..first(people[0], Order::Latest, 9) };
        let page = world.page(request).await.unwrap();
        assert_eq!((page.posts.len(), page.next, page.offset), (1, None, 10));
    }
}

#[tokio::test]
async fn posts_can_be_skipped() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 15), 30).await;
        let feed = world.definition(people[0]).await;
        for skip in 0..20 {
            let request = FeedRequest { skip, ..first(people[0], Order::Latest, 4) };
            let page = world.page(request).await.unwrap();
            let skip = skip as usize;
            let wanted: Vec<PostId> = feed.iter().copied().skip(skip).take(4).collect();
            assert_eq!(ids(&page), wanted);
            assert_eq!(page.next.is_some(), skip + 4 < feed.len());
            assert_eq!(page.offset as usize, skip + wanted.len());
            if page.next.is_some() {
                let request =
                    FeedRequest { cursor: page.next, ..first(people[0], Order::Latest, 100) };
                let rest = world.page(request).await.unwrap();
                assert_eq!(ids(&rest), feed[skip + 4..]);
            }
        }
        let request = FeedRequest { skip: u32::MAX, ..first(people[0], Order::Latest, 4) };
        let page = world.page(request).await.unwrap();
        assert_eq!((page.posts.len(), page.next, page.offset), (0, None, u32::MAX));
    }
}

#[tokio::test]
async fn days_and_own_posts_can_be_left_out() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 100), 12).await;
        world.workbench.clock.set(START.plus_millis(5 * DAY));
        for number in 0..8 {
            world.post(people[number % 4]);
        }
        world.drain().await;
        world.walk(people[0], Order::Latest, 50, || {}).await;
        let others = world.all_of(people[0], false).await;
        let request =
            FeedRequest { own_posts: false, days: Some(3), ..first(people[0], Order::Latest, 4) };
        let page = world.page(request.clone()).await.unwrap();
        assert_eq!(ids(&page), others[..4], "{strategy:?}");
        // The days are counted from the first page on: nothing drops out between two pages.
        world.workbench.clock.set(START.plus_millis(9 * DAY));
        let rest = world.page(FeedRequest { cursor: page.next, ..request.clone() }).await.unwrap();
        assert_eq!((ids(&rest), rest.next), (others[4..6].to_vec(), None), "{strategy:?}");
        let page = world.page(FeedRequest { days: Some(10), ..request.clone() }).await.unwrap();
        assert_eq!(ids(&page), others[..4]);
        let page = world.page(FeedRequest { days: Some(1), ..request }).await.unwrap();
        assert_eq!(ids(&page), []);
    }
}

#[tokio::test]
async fn a_hidden_post_is_in_no_feed_and_comes_back_when_shown() {
    for strategy in STRATEGIES {
        for order in [Order::Latest, Order::Ranked] {
            let (world, people) = world(settings(strategy, 6), 8).await;
            let before: BTreeSet<PostId> =
                world.walk(people[0], order, 10, || {}).await.into_iter().collect();
            for author in [people[0], people[1]] {
                let post = world.post(author);
                world.hide(post, author, true);
                world.drain().await;
                let feed = world.walk(people[0], order, 10, || {}).await;
                assert_eq!(feed.into_iter().collect::<BTreeSet<_>>(), before);
                world.hide(post, author, false);
                world.drain().await;
                assert!(world.walk(people[0], order, 10, || {}).await.contains(&post));
                world.delete(post, author);
            }
        }
    }
}

#[tokio::test]
async fn a_ranked_feed_keeps_its_order_from_page_to_page() {
    let (world, people) = world(settings(Strategy::Pull, 40), 36).await;
    world.shelf.interact(people[0], people[2], 50);
    for (likes, post) in world.shelf.ids().into_iter().enumerate() {
        world.shelf.change(post, |post| post.likes = likes as u64 * 7 % 50);
    }
    let whole = world.page(first(people[0], Order::Ranked, 100)).await.unwrap();
    assert_eq!((whole.posts.len(), whole.next, whole.scores.len()), (36, None, 36));
    let order: Vec<PostId> = whole.posts.iter().map(|view| view.post.id).collect();
    assert_ne!(order, world.definition(people[0]).await);
    let rows = whole.posts.chunk_by(|one, other| one.post.author == other.post.author);
    assert!(rows.map(<[_]>::len).max().unwrap() <= 3);
    for (view, score) in whole.posts.iter().zip(&whole.scores) {
        let total = 0.5 * score.recency + 0.3 * score.engagement + 0.2 * score.affinity;
        assert!((score.total - total).abs() < 1e-9);
        assert_eq!(score.affinity > 0.0, view.post.author == people[2]);
    }

    let change = || {
        world.post(people[1]);
        world.workbench.clock.advance_millis(60_000);
        for post in world.shelf.ids() {
            world.shelf.change(post, |post| post.likes += post.id.get() % 5);
        }
    };
    assert_eq!(world.walk(people[0], Order::Ranked, 5, change).await, order);
}

#[tokio::test]
async fn later_pages_of_a_ranked_feed_are_true_too() {
    let (world, people) = world(settings(Strategy::Pull, 40), 32).await;
    let request = first(people[0], Order::Ranked, 4);
    let page = world.page(request.clone()).await.unwrap();
    let shown = ids(&page);
    world.ties.follow(people[0], people[1], false);
    world.ties.mute(people[0], people[2], true);
    let own = world.shelf.shown().into_iter().filter(|post| post.author == people[0]);
    let mut own: Vec<PostId> =
        own.map(|post| post.post).filter(|post| !shown.contains(post)).collect();
    world.shelf.delete(own.pop().unwrap());
    world.shelf.change(own.pop().unwrap(), |post| post.hidden = true);
    let rest = FeedRequest { cursor: page.next, ..first(people[0], Order::Ranked, 100) };
    let rest = world.page(rest).await.unwrap();
    assert!(rest.posts.iter().all(|view| {
        let author = view.post.author;
        author == people[3] || (author == people[0] && own.contains(&view.post.id))
    }));
    let left: BTreeSet<PostId> = world.definition(people[0]).await.into_iter().collect();
    let seen: BTreeSet<PostId> = shown.into_iter().chain(ids(&rest)).collect();
    assert!(left.is_subset(&seen));
    assert_eq!(rest.offset as usize, 4 + rest.posts.len());
    assert_eq!(rest.next, None);
}

#[tokio::test]
async fn a_ranking_can_be_read_by_offset_and_expires() {
    let (world, people) = world(settings(Strategy::Hybrid, 40), 32).await;
    let request = first(people[0], Order::Ranked, 8);
    let whole = ids(&world.page(first(people[0], Order::Ranked, 100)).await.unwrap());
    let page = world.page(request.clone()).await.unwrap();
    for skip in [8, 16, 24] {
        world.post(people[1]);
        let next = world.page(FeedRequest { skip, ..request.clone() }).await.unwrap();
        assert_eq!(ids(&next), whole[skip as usize..][..8]);
        assert_eq!((next.offset, next.next.is_some()), (skip + 8, skip < 24));
    }
    let next = FeedRequest { cursor: page.next.clone(), ..request.clone() };
    assert_eq!(ids(&world.page(next.clone()).await.unwrap()), whole[8..16]);
    let other = FeedRequest { viewer: people[1], ..next.clone() };
    assert_eq!(world.page(other).await.unwrap_err().code(), "cursor_expired");
    world.workbench.clock.advance_millis(31 * 60 * 1000);
    let expired = world.page(next).await.unwrap_err();
    assert_eq!(
        (expired.code(), expired.message()),
        (
            "cursor_expired",
            "This ranking is no longer kept; read the feed again from the first page"
        )
    );
}

#[tokio::test]
async fn a_broken_cursor_is_refused_and_never_the_first_page() {
    let (world, people) = world(settings(Strategy::Pull, 40), 32).await;
    let latest = world.page(first(people[0], Order::Latest, 3)).await.unwrap().next;
    let ranked = world.page(first(people[0], Order::Ranked, 3)).await.unwrap().next;
    let read = async |order, cursor: Option<String>, own_posts| {
        let request = FeedRequest { cursor, own_posts, ..first(people[0], order, 3) };
        world
            .page(request)
            .await
            .map(|page| page.posts.len())
            .map_err(|error| error.code().to_owned())
    };
    let broken = || Err("broken_cursor".to_owned());
    assert_eq!(read(Order::Latest, latest.clone(), true).await, Ok(3));
    assert_eq!(read(Order::Latest, latest.clone(), false).await, broken());
    assert_eq!(read(Order::Ranked, latest, true).await, broken());
    assert_eq!(read(Order::Latest, ranked, true).await, broken());
    for text in ["x", "AAAA", "🦀", &"A".repeat(10_000)] {
        assert_eq!(read(Order::Latest, Some(text.to_owned()), true).await, broken());
        assert_eq!(read(Order::Ranked, Some(text.to_owned()), true).await, broken());
    }
    assert_eq!(read(Order::Latest, Some(String::new()), true).await, Ok(3));
}

#[tokio::test]
async fn explore_shows_popular_posts_of_strangers() {
    let world = World::new(settings(Strategy::Pull, 40));
    let people = world.populate(9);
    let [me, followed, muted, blocked, blocker, private, stranger, other, fan] = people[..] else {
        panic!("nine were made");
    };
    world.people.put(private.get(), "private", true);
    world.ties.follow(me, followed, true);
    world.ties.mute(me, muted, true);
    world.ties.block(me, blocked, true);
    world.ties.block(blocker, me, true);
    world.ties.follow(fan, me, true);
    let mut likes = 0;
    let mut wanted = Vec::new();
    for author in [me, followed, muted, blocked, blocker, private, stranger, other, fan].repeat(3) {
        let post = world.post(author);
        likes += 5;
        world.shelf.change(post, |post| post.likes = likes % 17);
        if [stranger, other, fan].contains(&author) {
            wanted.push((likes % 17, post));
        }
    }
    world.hide(wanted.pop().unwrap().1, fan, true);
    wanted.sort_unstable();
    let wanted: Vec<PostId> = wanted.into_iter().rev().map(|(_, post)| post).collect();

    let query = |cursor, limit, offset: Option<i64>| PageQuery {
        cursor,
        limit: Some(Limit::clamped(limit)),
        offset: offset.map(Whole),
        ..PageQuery::default()
    };
    let explore = async |query: PageQuery| world.service().explore(me, &query).await.unwrap();
    let whole = explore(query(None, 100, None)).await;
    assert_eq!((ids(&whole), whole.next), (wanted.clone(), None));
    let page = explore(query(None, 3, None)).await;
    assert_eq!((ids(&page), page.offset), (wanted[..3].to_vec(), 3));
    let by_offset = explore(query(None, 3, Some(2))).await;
    assert_eq!((ids(&by_offset), by_offset.offset), (wanted[2..5].to_vec(), 5));
    world.ties.follow(me, stranger, true);
    let rest = explore(query(page.next, 100, None)).await;
    let by_stranger: BTreeSet<PostId> = world
        .shelf
        .shown()
        .iter()
        .filter(|post| post.author == stranger)
        .map(|post| post.post)
        .collect();
    let left: Vec<PostId> =
        wanted[3..].iter().copied().filter(|post| !by_stranger.contains(post)).collect();
    assert_eq!((ids(&rest), rest.next), (left, None));
}

#[tokio::test]
async fn an_author_with_many_followers_is_merged_in() {
    let world = World::new(settings(Strategy::Hybrid, 10));
    let people = world.populate(6);
    let star = people[5];
    let posts: Vec<PostId> = {
        for fan in &people[..2] {
            world.ties.follow(*fan, star, true);
        }
        let pushed = world.post(star);
        world.drain().await;
        assert!(world.timelines.merged().await.unwrap().is_empty());
        world.walk(people[0], Order::Latest, 5, || {}).await;
        world.ties.follow(people[2], star, true);
        let merged = world.post(star);
        world.drain().await;
        assert_eq!(*world.timelines.merged().await.unwrap(), [star]);
        for fan in &people[1..3] {
            world.ties.follow(*fan, star, false);
        }
        let still_merged = world.post(star);
        world.drain().await;
        vec![still_merged, merged, pushed]
    };
    assert_eq!(world.walk(people[0], Order::Latest, 2, || {}).await, posts);
}

#[tokio::test]
async fn in_push_nobody_is_merged_in() {
    let (world, people) = world(settings(Strategy::Push, 10), 4).await;
    for fan in &people[..3] {
        world.ties.follow(*fan, people[3], true);
    }
    world.walk(people[0], Order::Latest, 5, || {}).await;
    let post = world.post(people[3]);
    world.drain().await;
    assert!(world.timelines.merged().await.unwrap().is_empty());
    assert_eq!(world.walk(people[0], Order::Latest, 5, || {}).await[0], post);
}

#[tokio::test]
async fn every_one_of_many_followers_is_reached() {
    let world = World::new(settings(Strategy::Push, 10));
    let people = world.populate(2502);
    let author = people[0];
    for fan in &people[1..] {
        world.ties.follow(*fan, author, true);
    }
    let readers = [1, 999, 1000, 1001, 2000, 2001, 2501].map(|at| people[at]);
    for reader in readers {
        assert_eq!(world.walk(reader, Order::Latest, 5, || {}).await, []);
    }
    let post = world.post(author);
    world.drain().await;
    for reader in readers {
        assert_eq!(world.walk(reader, Order::Latest, 5, || {}).await, [post], "{reader}");
    }
}

#[tokio::test]
async fn what_is_in_memory_needs_no_timeline() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 20), 40).await;
        let viewer = people[0];
        world.shelf.at_hand.store(true, Ordering::Relaxed);
        let defined = world.definition(viewer).await;
        assert_eq!(world.walk(viewer, Order::Latest, 7, || {}).await, defined, "{strategy:?}");
        let circle = world.base.services.graph().circle(viewer).await.unwrap();
        let stored = world.timelines.read(viewer, Basis::of(&circle), None, 1).await.unwrap();
        assert_eq!(stored.is_some(), strategy == Strategy::Push, "{strategy:?}");
        // What falls out of memory between two pages is read from elsewhere.
        let feed = world
            .walk(viewer, Order::Latest, 7, || world.shelf.at_hand.store(false, Ordering::Relaxed))
            .await;
        assert_eq!(feed, defined, "{strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fan_out_waits_for_the_author_index() {
    let (world, people) = world(settings(Strategy::Push, 10), 8).await;
    let [viewer, author] = [people[0], people[1]];
    world.walk(viewer, Order::Latest, 5, || {}).await;
    let late = PostId::made_by(&world.workbench.ids);
    world.shelf.put(late, author);
    world.happened(Event::PostCreated { post: late, author, mentions: Vec::new() });
    let index = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        world.shelf.index(late);
    };
    let (delivered, ()) = tokio::join!(world.deliver(1), index);
    delivered.unwrap();
    assert!(world.timelines.merged().await.unwrap().is_empty());
    assert_eq!(world.walk(viewer, Order::Latest, 5, || {}).await[0], late);

    // An index that never comes holds up nothing and loses nothing.
    let lost = PostId::made_by(&world.workbench.ids);
    world.shelf.put(lost, author);
    world.happened(Event::PostCreated { post: lost, author, mentions: Vec::new() });
    world.drain().await;
    assert_eq!(*world.timelines.merged().await.unwrap(), [author]);
    world.walk(viewer, Order::Latest, 5, || {}).await;
    world.shelf.index(lost);
    assert_eq!(world.walk(viewer, Order::Latest, 5, || {}).await[0], lost);
}

#[tokio::test]
async fn an_edit_of_a_post_that_is_too_old_for_any_feed_merges_nobody_in() {
    let (world, people) = world(settings(Strategy::Push, 3), 4).await;
    let author = people[1];
    let old = world.post(author);
    for _ in 0..3 {
        world.post(author);
    }
    world.drain().await;
    // The index holds as many posts of an author as a feed has, and no more.
    world.shelf.unindex(old);
    world.hide(old, author, false);
    world.shelf.unindex(old);
    world.drain().await;
    assert!(world.timelines.merged().await.unwrap().is_empty());
    assert!(!world.walk(people[0], Order::Latest, 5, || {}).await.contains(&old));
}

#[tokio::test]
async fn a_refresh_builds_the_timeline_anew_and_says_so() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 10), 30).await;
        assert_eq!(world.service().rebuild(people[0]).await.unwrap(), 10);
        assert_eq!(world.service().rebuild(people[3]).await.unwrap(), 7);
        let happened = world.workbench.happened_after(0).await;
        let events = happened.iter().filter(|record| record.kind == "feed.updated").count();
        let stored = if strategy == Strategy::Pull { 0 } else { 2 };
        assert_eq!(events, stored, "{strategy:?}");
        let stats = world.service().stats(people[0]).await.unwrap();
        let name = format!("{strategy:?}").to_lowercase();
        assert_eq!((stats.size, stats.strategy), (10, name));
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_finds_a_timeline_that_lies_and_repairs_it() {
    for strategy in STRATEGIES {
        let (world, people) = world(settings(strategy, 10), 30).await;
        assert_eq!(world.service().check(&people, false).await.unwrap(), []);
        if strategy == Strategy::Pull {
            continue;
        }
        let viewer = people[0];
        let circle = world.base.services.graph().circle(viewer).await.unwrap();
        let rebuild = world.timelines.begin(viewer).await.unwrap();
        world.timelines.finish(viewer, rebuild, Basis::of(&circle), Vec::new(), 0).await.unwrap();
        let found = world.service().check(&people, true).await.unwrap();
        let defined = world.definition(viewer).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].counter, found[0].of), ("feed", viewer.get()));
        assert!(defined.iter().any(|post| post.get() as i64 == found[0].counted), "{found:?}");
        assert_eq!(world.service().check(&people, true).await.unwrap(), []);
    }
}
