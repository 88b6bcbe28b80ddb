//! Many at once.

use std::sync::Arc;

use tintype_api::testkit::user;
use tintype_api::{Event, PostId};

use super::stage::{Stage, all, first, text};
use crate::service::PostsService;

const PEOPLE: u64 = 40;

async fn likes(posts: &Arc<PostsService>, post: PostId) -> (u64, u64) {
    let view = posts.look(None, post).await.unwrap();
    let likers = all(7, async |wanted| posts.likers(None, post, wanted).await.unwrap()).await;
    (view.post.likes, likers.len() as u64)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn likes_of_many_at_once_are_counted_exactly() {
    let stage = Stage::new().await;
    stage.crowd::<{ PEOPLE as usize }>();
    let post = stage.post(user(1), "").await;
    let tasks: Vec<_> = (1..=PEOPLE)
        .flat_map(|number| (0..6).map(move |round| (number, round)))
        .map(|(number, round)| {
            let posts = stage.posts().clone();
            tokio::spawn(async move {
                // Each person likes and unlikes at the same time from several devices.
                if (number + round) % 3 == 0 {
                    posts.unlike(user(number), post).await.unwrap();
                } else {
                    posts.like(user(number), post).await.unwrap();
                }
                posts.look(Some(user(number)), post).await.unwrap().liked
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (shown, listed) = likes(stage.posts(), post).await;
    assert_eq!(shown, listed);
    stage.assert_no_drift().await;
    // What was told adds up to what is there.
    let told = stage.events().await.iter().fold(0, |told, event| match event {
        Event::PostLiked { .. } => told + 1,
        Event::PostUnliked { .. } => told - 1,
        _ => told,
    });
    assert_eq!(told, listed as i64);
    for number in 1..=PEOPLE {
        stage.posts().like(user(number), post).await.unwrap();
        assert!(stage.posts().look(Some(user(number)), post).await.unwrap().liked);
    }
    assert_eq!(likes(stage.posts(), post).await, (PEOPLE, PEOPLE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn comments_that_come_and_go_at_once_are_counted_exactly() {
    let stage = Stage::new().await;
    stage.crowd::<8>();
    let post = stage.post(user(1), "").await;
    let tasks: Vec<_> = (0..80)
        .map(|round| {
            let posts = stage.posts().clone();
            let who = user(round % 8 + 1);
            tokio::spawn(async move {
                let comment = posts.comment(who, post, text("hello")).await.unwrap().comment.id;
                posts.like_comment(user(2), comment, true).await.unwrap();
                if round % 2 == 0 {
                    // Twice at once: one of them is too late, and changes nothing.
                    let again = tokio::spawn({
                        let posts = posts.clone();
                        async move { posts.delete_comment(who, comment, false).await.is_ok() }
                    });
                    let once = posts.delete_comment(who, comment, false).await.is_ok();
                    assert_eq!(u8::from(once) + u8::from(again.await.unwrap()), 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stage.posts().look(None, post).await.unwrap().post.comments, 40);
    let left = stage.posts().comments(None, post, first(b'x')).await.unwrap();
    assert_eq!(left.items.len(), 40);
    assert!(left.items.iter().all(|view| view.comment.likes == 1));
    stage.assert_no_drift().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_index_holds_what_one_author_makes_and_deletes_at_once() {
    let stage = Stage::new().await;
    let [author] = stage.crowd();
    let bus = stage.bus().await;
    let tasks: Vec<_> = (0..100)
        .map(|round| {
            let posts = stage.posts().clone();
            tokio::spawn(async move {
                let draft = super::stage::draft("#tag");
                let post = posts.create(author, draft).await.unwrap().post.id;
                let held = super::stage::newest(&posts, author).await;
                assert!(held.contains(&post), "a new post is in its author's own feed at once");
                if round % 3 == 0 {
                    posts.delete(author, post).await.unwrap();
                    let held = super::stage::newest(&posts, author).await;
                    assert!(!held.contains(&post), "a deleted post is in no feed");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    bus.drained().await.unwrap();
    assert_eq!(stage.newest(author).await.len(), 66);
    stage.assert_no_drift().await;
    bus.stop().await;
}
