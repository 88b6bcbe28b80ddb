//! What goes with what, what outlives a restart, and what comes in from elsewhere.

use std::time::Duration;

use tintype_api::posts::{Engagement, MediaKind, PostMedia, PostRef};
use tintype_api::testkit::user;
use tintype_api::{CommentId, Event, PostId, Posts, UserId};
use tintype_platform::id;

use super::stage::{Stage, all, first, newest, text};
use crate::{SeedComment, SeedPost, Settings};

#[tokio::test]
async fn a_deleted_account_takes_everything_with_it() {
    let stage = Stage::new().await;
    let [ann, ben, eve] = stage.crowd();
    let posts = stage.posts();
    let gone: Vec<PostId> = [stage.post(ben, "#tag").await, stage.post(ben, "").await].into();
    let kept = stage.post(ann, "").await;
    for who in [ann, ben, eve] {
        posts.like(who, kept).await.unwrap();
        posts.like(who, gone[0]).await.unwrap();
        posts.save(who, kept).await.unwrap();
        posts.save(who, gone[0]).await.unwrap();
    }
    let said = posts.comment(ann, kept, text("mine")).await.unwrap().comment.id;
    posts.like_comment(ben, said, true).await.unwrap();
    posts.like_comment(eve, said, true).await.unwrap();
    for _ in 0..3 {
        posts.comment(ben, kept, text("his")).await.unwrap();
        posts.comment(eve, gone[1], text("hers")).await.unwrap();
    }
    assert_eq!(posts.look(Some(ann), kept).await.unwrap().post.comments, 4);

    stage.remove_account(ben).await;
    // At once, whatever has been cleared away by then.
    assert!(posts.look(Some(eve), gone[0]).await.is_err());
    assert_eq!(posts.by_hashtag(Some(eve), "tag", first(b'x')).await.unwrap().items.len(), 0);
    assert_eq!(posts.comments(Some(eve), kept, first(b'x')).await.unwrap().items.len(), 1);
    assert_eq!(posts.likers(Some(eve), kept, first(b'x')).await.unwrap().items.len(), 2);

    stage.settle().await;
    let view = posts.look(Some(ann), kept).await.unwrap();
    assert_eq!((view.post.likes, view.post.comments), (2, 1));
    let comments = posts.comments(Some(eve), kept, first(b'x')).await.unwrap();
    assert_eq!(comments.items[0].comment.likes, 1);
    assert!(stage.newest(ben).await.is_empty());
    assert_eq!(posts.counts(vec![ann, ben]).await.unwrap(), [1, 0]);
    let deleted = stage.events().await.into_iter().filter_map(|event| match event {
        Event::PostDeleted { post, author } if author == ben => Some(post),
        _ => None,
    });
    assert_eq!(deleted.collect::<Vec<_>>(), gone);
    assert_eq!(rows_about(&stage, ben, &gone), 0);
    stage.assert_no_drift().await;

    // Told again, nothing happens.
    let told = stage.events().await.len();
    stage.tell(Event::UserDeleted { user: ben }).await;
    stage.settle().await;
    assert_eq!(stage.events().await.len(), told + 1);
}

#[tokio::test]
async fn a_deleted_post_is_gone_at_once_and_leaves_nothing() {
    let stage = Stage::new().await;
    let [ann, ben] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "#tag").await;
    posts.like(ben, post).await.unwrap();
    posts.save(ben, post).await.unwrap();
    let said = posts.comment(ben, post, text("hello")).await.unwrap().comment.id;
    posts.like_comment(ann, said, true).await.unwrap();
    posts.delete(ann, post).await.unwrap();
    for who in [ann, ben] {
        assert!(posts.look(Some(who), post).await.is_err());
        assert!(posts.like(who, post).await.is_err());
        assert!(posts.like_comment(who, said, true).await.is_err());
        assert!(posts.saved(who, first(b'x')).await.unwrap().items.is_empty());
    }
    assert!(stage.newest(ann).await.is_empty());
    assert!(posts.delete(ann, post).await.is_err());
    stage.settle().await;
    assert_eq!(rows_about(&stage, ann, &[post]), 0);
    stage.assert_no_drift().await;
}

/// Rows of every table that name the account or one of the posts.
fn rows_about(stage: &Stage, user: UserId, posts: &[PostId]) -> i64 {
    let list = posts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let count = |table: &str, of_user: &str, of_post: &str| -> i64 {
        let sql = format!(
            "SELECT count(*) FROM {table} WHERE {of_user} = {user} OR {of_post} IN ({list})"
        );
        let read = |connection: &tintype_platform::sqlite::Connection| {
            Ok(connection.query_row(&sql, [], |row| row.get(0))?)
        };
        stage.bench.sqlite().read(read).unwrap()
    };
    count("posts", "author", "id")
        + count("hashtags", "0", "post")
        + count("likes", "user", "post")
        + count("comments", "author", "post")
        + count("comment_likes", "user", "post")
        + count("saves", "user", "post")
}

#[tokio::test]
async fn a_restart_finds_everything_again() {
    let stage = Stage::with(Settings { timeline_size: 4, ..Settings::default() }).await;
    let [ann, ben] = stage.crowd();
    let mut made = Vec::new();
    for _ in 0..12 {
        made.push(stage.post(ann, "").await);
    }
    // More are deleted than are held beyond those that are kept.
    for post in made.drain(6..) {
        stage.posts().delete(ann, post).await.unwrap();
    }
    stage.posts().set_hidden(made[1], true).await.unwrap();
    made.remove(1);
    made.reverse();
    assert_eq!(stage.newest(ann).await[..4], made[..4]);
    let again = stage.another().await;
    assert_eq!(newest(&again.service, ann).await, made);
    assert_eq!(again.service.counts(vec![ann, ben]).await.unwrap(), [5, 0]);
    assert_eq!(again.service.check(false).await.unwrap(), []);
}

#[tokio::test]
async fn what_another_process_does_comes_in_by_events() {
    let stage = Stage::new().await;
    let [ann] = stage.crowd();
    let bus = stage.bus().await;
    let other = stage.another().await.service;
    let draft = || super::stage::draft("by the other");
    let [kept, hidden, deleted] = [
        other.create(ann, draft()).await.unwrap().post.id,
        other.create(ann, draft()).await.unwrap().post.id,
        other.create(ann, draft()).await.unwrap().post.id,
    ];
    bus.drained().await.unwrap();
    assert_eq!(stage.newest(ann).await, [deleted, hidden, kept]);
    assert!(stage.posts().look(None, hidden).await.is_ok());
    other.set_hidden(hidden, true).await.unwrap();
    other.delete(ann, deleted).await.unwrap();
    bus.drained().await.unwrap();
    stage.posts().forget_caches();
    assert_eq!(stage.newest(ann).await, [kept]);
    assert!(stage.posts().look(None, hidden).await.is_err());
    stage.assert_no_drift().await;
    bus.stop().await;
}

#[tokio::test]
async fn an_event_that_comes_late_brings_nothing_back() {
    let stage = Stage::new().await;
    let [ann] = stage.crowd();
    let post = stage.post(ann, "").await;
    stage.posts().delete(ann, post).await.unwrap();
    // The bus has not run: `post.created` is only delivered now, after the deletion.
    stage.settle().await;
    assert!(stage.newest(ann).await.is_empty());
    stage.tell(Event::PostCreated { post, author: ann, mentions: Vec::new() }).await;
    stage.settle().await;
    assert!(stage.newest(ann).await.is_empty());
}

#[tokio::test]
async fn views_are_collected_shown_and_written() {
    let stage = Stage::new().await;
    let [ann, ben] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "").await;
    for viewer in [None, Some(ben), Some(ben), Some(ann)] {
        posts.show(viewer, post).await.unwrap();
    }
    // The author's own do not count.
    assert_eq!(posts.figures(None, post).await.unwrap().post.views, 3);
    posts.flush_views().await.unwrap();
    posts.flush_views().await.unwrap();
    assert_eq!(posts.figures(None, post).await.unwrap().post.views, 3);
    assert_eq!(stage.another().await.service.look(None, post).await.unwrap().post.views, 3);
    posts.show(None, post).await.unwrap();
    assert_eq!(posts.figures(None, post).await.unwrap().post.views, 4);
}

#[tokio::test]
async fn popular_posts_come_first_and_old_and_hidden_ones_not_at_all() {
    let stage =
        Stage::with(Settings { popular_for: Duration::from_secs(30), ..Settings::default() }).await;
    let [ann, ben, eve] = stage.crowd();
    let posts = stage.posts();
    let old = stage.post(ann, "").await;
    stage.bench.clock.advance_millis(1000);
    let since = tintype_platform::Clock::now(&*stage.bench.clock);
    let (plain, liked, discussed) =
        (stage.post(ann, "").await, stage.post(ben, "").await, stage.post(ann, "").await);
    let hidden = stage.post(eve, "").await;
    for post in [old, liked, hidden] {
        posts.like(ann, post).await.unwrap();
    }
    posts.comment(ben, discussed, text("well")).await.unwrap();
    posts.set_hidden(hidden, true).await.unwrap();
    let popular = async |limit| -> Vec<PostId> {
        let found = posts.popular(since, limit).await.unwrap();
        found.into_iter().map(|found| found.post.post).collect()
    };
    assert_eq!(popular(10).await, [discussed, liked, plain]);
    assert_eq!(popular(1).await, [discussed]);
    // The ranking is kept for a while.
    posts.like(eve, liked).await.unwrap();
    posts.like(ben, liked).await.unwrap();
    assert_eq!(popular(1).await, [discussed]);
    stage.bench.clock.advance_millis(30_000);
    assert_eq!(popular(1).await, [liked]);
    let engagement = posts.engagement(vec![liked, user_less(), plain]).await.unwrap();
    let of = |post, author, likes| {
        Some(Engagement { post: PostRef { post, author }, likes, comments: 0, views: 0 })
    };
    assert_eq!(engagement, [of(liked, ben, 3), None, of(plain, ann, 0)]);
}

fn user_less() -> PostId {
    PostId::new(7).unwrap()
}

#[tokio::test]
async fn interactions_are_those_of_the_last_ninety_days() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let stage = Stage::new().await;
    let [ann, ben, eve] = stage.crowd();
    let posts = stage.posts();
    let (of_ben, of_eve) = (stage.post(ben, "").await, stage.post(eve, "").await);
    posts.like(ann, of_ben).await.unwrap();
    stage.bench.clock.advance_millis(60 * DAY);
    posts.comment(ann, of_ben, text("one")).await.unwrap();
    posts.comment(ann, of_eve, text("two")).await.unwrap();
    let asked = vec![ben, eve, ann];
    assert_eq!(posts.interactions(ann, asked.clone()).await.unwrap(), [2, 1, 0]);
    stage.bench.clock.advance_millis(40 * DAY);
    assert_eq!(posts.interactions(ann, asked.clone()).await.unwrap(), [1, 1, 0]);
    assert_eq!(posts.interactions(ben, asked).await.unwrap(), [0, 0, 0]);
}

#[tokio::test]
async fn a_made_up_network_is_as_if_it_had_happened() {
    let stage = Stage::new().await;
    let people: [UserId; 30] = stage.crowd();
    let posts = stage.posts();
    let start = tintype_platform::testkit::START.plus_millis(-1_000_000);
    let ids: Vec<PostId> =
        (0..60).map(|at| PostId::new(id::floor_at(start.plus_millis(at * 10))).unwrap()).collect();
    let seeds = ids.iter().enumerate().map(|(at, id)| SeedPost {
        id: *id,
        author: people[at % 3],
        caption: Some(format!("#tag{} with @name2", at % 2)),
        media: vec![PostMedia::elsewhere(
            "https://media.example/a.jpg".to_owned(),
            MediaKind::Image,
        )],
        location: None,
    });
    posts.seed(seeds.collect()).await.unwrap();
    // All in one moment, and one of them twice.
    let likes = people.iter().chain(&people[..1]).map(|liker| (ids[0], *liker, start));
    posts.seed_likes(likes.collect()).await.unwrap();
    let comments = (1..5).map(|number| SeedComment {
        id: CommentId::new(number).unwrap(),
        post: ids[1],
        author: people[5],
        content: "nice".to_owned(),
    });
    posts.seed_comments(comments.collect()).await.unwrap();

    assert_eq!(posts.look(None, ids[0]).await.unwrap().post.likes, 30);
    assert_eq!(posts.look(None, ids[1]).await.unwrap().post.comments, 4);
    let likers = all(7, async |wanted| posts.likers(None, ids[0], wanted).await.unwrap()).await;
    let mut likers: Vec<UserId> = likers.iter().map(|liker| liker.card.id).collect();
    likers.sort_unstable();
    assert_eq!(likers, people);
    assert_eq!(stage.newest(people[0]).await.len(), 20);
    let tagged = all(20, async |wanted| posts.by_hashtag(None, "TAG0", wanted).await.unwrap());
    assert_eq!(tagged.await.len(), 30);
    let created: Vec<_> = stage
        .events()
        .await
        .into_iter()
        .filter(
            |event| matches!(event, Event::PostCreated { mentions, .. } if *mentions == [user(2)]),
        )
        .collect();
    // Who mentions themselves is not told.
    assert_eq!(created.len(), 40);
    stage.settle().await;
    stage.assert_no_drift().await;
}

#[tokio::test]
async fn a_check_finds_and_repairs_what_is_wrong() {
    let stage = Stage::new().await;
    let [ann, ben] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "").await;
    posts.like(ben, post).await.unwrap();
    let said = posts.comment(ben, post, text("hello")).await.unwrap().comment.id;
    assert_eq!(posts.look(None, post).await.unwrap().post.likes, 1);
    let spoil = "UPDATE posts SET likes = 7, comments = 0; UPDATE comments SET likes = 3;
                 DELETE FROM author_counts;
                 INSERT INTO posts SELECT author, id + 1, caption, media, hashtags, mentions,
                     location, alt_text, 0, 0, 0, 0, 0, 0 FROM posts";
    stage.bench.execute(spoil).await;
    let wrong = |drifts: Vec<tintype_api::Drift>| -> Vec<(&'static str, u64, i64, i64)> {
        let tell =
            |drift: tintype_api::Drift| (drift.counter, drift.of, drift.stored, drift.counted);
        drifts.into_iter().map(tell).collect()
    };
    let expected = [
        ("post_likes", post.get(), 7, 1),
        ("post_comments", post.get(), 0, 1),
        ("comment_likes", said.get(), 3, 0),
        ("author_posts", ann.get(), 0, 2),
        ("newest_posts", ann.get(), 1, 2),
    ];
    assert_eq!(wrong(posts.check(false).await.unwrap()), expected);
    assert_eq!(wrong(posts.check(true).await.unwrap()), expected);
    stage.assert_no_drift().await;
    let view = posts.look(None, post).await.unwrap();
    assert_eq!((view.post.likes, view.post.comments), (1, 1));
    assert_eq!(stage.newest(ann).await.len(), 2);
}
