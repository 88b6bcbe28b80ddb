//! What many do at once: nothing is lost, and nobody waits for each other without end.

use std::future::Future;
use std::sync::Arc;

use tintype_api::posts::PostRef;
use tintype_api::testkit::user;
use tintype_api::{Event, UserId};
use tintype_platform::testkit::Workbench;

use super::Suite;
use crate::store::{Changed, Commented, Counter, Edit, Found, Hider, Like, List, Written};

/// Each has a task of its own; no more of them than a pool of connections serves without haste.
const PEOPLE: u64 = 16;

async fn suites() -> Vec<Arc<Suite>> {
    let benches = Workbench::each(&[crate::MIGRATIONS]).await.into_iter();
    let suite = |bench: Workbench| Suite { store: crate::store::open(&bench.database), bench };
    benches.map(suite).map(Arc::new).collect()
}

/// Lets everybody do `act` at once.
async fn all_at_once<F: Future<Output = ()> + Send + 'static>(
    suite: &Arc<Suite>,
    act: impl Fn(Arc<Suite>, u64) -> F,
) {
    let tasks: Vec<_> =
        (1..=PEOPLE).map(|number| tokio::spawn(act(suite.clone(), number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_is_done_at_once_counters_are_right() {
    for suite in suites().await {
        let mut posts = Vec::new();
        for author in [1, 2, 1, 2, 1] {
            posts.push(suite.post(user(author), &["tag"]).await);
        }
        let all = posts.clone();
        all_at_once(&suite, move |suite, number| {
            let posts = all.clone();
            async move {
                for round in 0..14 {
                    act(&suite, number, round, &posts).await;
                }
            }
        })
        .await;
        suite.assert_right().await;
        for post in posts {
            suite.assert_told(post).await;
        }
    }
}

/// One of many things that somebody may do, another one each round.
async fn act(suite: &Suite, number: u64, round: u64, posts: &[PostRef]) {
    let Suite { store, .. } = suite;
    let me = user(100 + number);
    let post = posts[((number + round) % posts.len() as u64) as usize];
    // Half of them go through the posts the other way.
    let mut in_order = posts.to_vec();
    if number.is_multiple_of(2) {
        in_order.reverse();
    }
    match (number * 5 + round) % 14 {
        0 | 1 => _ = suite.like(post, me).await,
        2 => _ = store.unlike(post, me, suite.stamp()).await.unwrap(),
        3 => {
            let like = |post: &PostRef| {
                let stamp = suite.stamp();
                (Like { post: *post, user: me, id: stamp.id }, stamp)
            };
            store.like_all(in_order.iter().map(like).collect()).await.unwrap();
        }
        4 => {
            let comment = |post: &PostRef| (suite.said(*post, me), suite.stamp());
            store.comment_all(in_order.iter().map(comment).collect()).await.unwrap();
        }
        5 => come_and_go(suite, post, me).await,
        6 => {
            for said in store.comments(post, None, 3).await.unwrap() {
                for on in [true, round.is_multiple_of(2)] {
                    store.like_comment(said.clone(), me, on, suite.stamp()).await.unwrap();
                }
            }
        }
        7 => store.add_views(in_order.into_iter().map(|post| (post, 1)).collect()).await.unwrap(),
        8 => {
            let hashtags = vec!["tag".to_owned(), format!("tag{number}")];
            let caption = Written { hashtags, ..Written::default() };
            let edit = Edit { caption: Some(caption), ..Edit::default() };
            store.edit(post, edit, suite.stamp()).await.unwrap();
        }
        9 | 10 => {
            for hidden in [true, false] {
                store.set_hidden(post, hidden, Hider::Moderator, suite.stamp()).await.unwrap();
            }
        }
        11 => {
            let made = suite.post(post.author, &["tag", "other"]).await;
            assert!(store.delete(made, suite.stamp()).await.unwrap());
        }
        12 => while store.remove_account(me, vec![suite.stamp(); 1]).await.unwrap().more {},
        _ => recount(suite, &in_order).await,
    }
}

/// A comment is made, liked and deleted, twice at once: one of them is too late.
async fn come_and_go(suite: &Suite, post: PostRef, me: UserId) {
    let said = suite.said(post, me);
    let made = suite.store.add_comment(said.clone(), Vec::new(), suite.stamp()).await.unwrap();
    assert_eq!(made, Commented::Done);
    suite.store.like_comment(said.clone(), me, true, suite.stamp()).await.unwrap().unwrap();
    let delete = async || suite.store.delete_comment(said.clone(), suite.stamp()).await.unwrap();
    let (first, second) = tokio::join!(delete(), delete());
    assert!(first != second);
    suite.store.clear_comment(post, said.id, 10).await.unwrap();
}

async fn recount(suite: &Suite, posts: &[PostRef]) {
    for counter in [Counter::PostLikes, Counter::PostComments, Counter::AuthorPosts] {
        let found = |post: &PostRef| {
            let author = post.author;
            let of = if counter == Counter::AuthorPosts { author.get() } else { post.post.get() };
            let drift = tintype_api::Drift { counter: counter.name(), of, stored: 0, counted: 0 };
            Found { author, drift }
        };
        suite.store.recount(counter, posts.iter().map(found).collect()).await.unwrap();
    }
}

impl Suite {
    /// What was told of a post adds up to what is there.
    async fn assert_told(&self, of: PostRef) {
        let (mut likes, mut comments) = (0, 0);
        for event in self.told(&mut 0).await {
            match event {
                Event::PostLiked { post, .. } if post == of.post => likes += 1,
                Event::PostUnliked { post, .. } if post == of.post => likes -= 1,
                Event::CommentCreated { post, .. } if post == of.post => comments += 1,
                Event::CommentDeleted { post, .. } if post == of.post => comments -= 1,
                _ => {}
            }
        }
        let post = self.read(of).await;
        assert_eq!((post.likes as i64, post.comments as i64), (likes, comments));
        let listed = self.store.likes(of, None, 1000).await.unwrap();
        assert_eq!(listed.len() as i64, likes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_like_counts_once_however_often_it_is_sent_at_once() {
    for suite in suites().await {
        let post = suite.post(user(1), &[]).await;
        all_at_once(&suite, move |suite, number| async move {
            let me = user(100 + number % 4);
            assert!(suite.like(post, me).await.is_some());
        })
        .await;
        assert_eq!(suite.read(post).await.likes, 4);
        suite.assert_told(post).await;
        all_at_once(&suite, move |suite, number| async move {
            let me = user(100 + number % 4);
            let counted = suite.store.unlike(post, me, suite.stamp()).await.unwrap();
            assert!(counted.unwrap().count < 4);
        })
        .await;
        assert_eq!(suite.read(post).await.likes, 0);
        suite.assert_told(post).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_stays_on_a_post_that_is_deleted_meanwhile() {
    for suite in suites().await {
        for _ in 0..4 {
            let post = suite.post(user(1), &["tag"]).await;
            all_at_once(&suite, move |suite, number| async move {
                let me = user(100 + number);
                if number == PEOPLE / 2 {
                    assert!(suite.store.delete(post, suite.stamp()).await.unwrap());
                    return;
                }
                suite.like(post, me).await;
                let said = suite.said(post, me);
                suite.store.add_comment(said, Vec::new(), suite.stamp()).await.unwrap();
                let edit = Edit { alt_text: crate::words::Field::Set(None), ..Edit::default() };
                let edited = suite.store.edit(post, edit, suite.stamp()).await.unwrap();
                assert!(matches!(edited, Changed::No(_) | Changed::Missing));
            })
            .await;
            assert_eq!(suite.like(post, user(1)).await, None);
            while suite.store.clear_post(post, 7).await.unwrap() > 0 {}
            assert!(suite.store.likes(post, None, 100).await.unwrap().is_empty());
            assert!(suite.store.comments(post, None, 100).await.unwrap().is_empty());
        }
        assert!(suite.list(List::Hashtag("tag".to_owned())).await.is_empty());
        assert_eq!(suite.store.counts(vec![user(1)]).await.unwrap(), [0]);
        suite.assert_right().await;
    }
}
