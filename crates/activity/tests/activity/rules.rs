//! Who is told what, and for how long.

use std::sync::Arc;

use serde_json::json;
use tintype_activity::Settings;
use tintype_api::activity::{ActivityKind, TargetKind, activity};
use tintype_api::graph::FollowStatus;
use tintype_api::testkit::user;
use tintype_api::{Activity, CommentId, Event, PostId, UserId};
use tintype_platform::page::Limit;
use tintype_platform::testkit::far;

use crate::network::Network;

fn post() -> PostId {
    PostId::new(1000).unwrap()
}

fn comment(number: u64) -> CommentId {
    CommentId::new(number).unwrap()
}

fn liked(author: UserId, user: UserId) -> Event {
    Event::PostLiked { post: post(), author, user }
}

fn unliked(author: UserId, user: UserId) -> Event {
    Event::PostUnliked { post: post(), author, user }
}

#[tokio::test]
async fn a_like_stands_once_and_goes_with_the_unlike() {
    let network = Network::new();
    let [ann, ben] = network.crowd();
    network.happen_twice(&[liked(ann, ben)]).await;
    assert_eq!(network.told(ann).await, [(ActivityKind::Like, 2, 1000)]);
    assert_eq!(network.told(ben).await, []);
    network.happen_twice(&[unliked(ann, ben), liked(ann, ben)]).await;
    assert_eq!(network.told(ann).await.len(), 1);
    network.happen_twice(&[liked(ann, ben), unliked(ann, ben)]).await;
    assert_eq!(network.told(ann).await, []);
    assert_eq!(network.activity.check(false).await.unwrap(), []);
}

#[tokio::test]
async fn comments_tell_the_author_and_whom_they_mention() {
    let network = Network::new();
    let [ann, ben, eve, kim, zoe] = network.crowd();
    network.wall.hide(post(), kim);
    network.ties.block(zoe, ben, true);
    let said = |id: u64| Event::CommentCreated {
        comment: comment(id),
        post: post(),
        author: ann,
        commenter: ben,
        mentions: vec![ann, ben, eve, kim, zoe],
    };
    network.happen_twice(&[said(5), said(6)]).await;
    let told = |kind| [(kind, 2, 6), (kind, 2, 5)];
    assert_eq!(network.told(ann).await, told(ActivityKind::Comment));
    assert_eq!(network.told(eve).await, told(ActivityKind::Mention));
    for nobody in [ben, kim, zoe] {
        assert_eq!(network.told(nobody).await, [], "{nobody}");
    }
    let item = &network.items(ann).await[0];
    assert_eq!(
        (item.target_kind, &item.metadata),
        (TargetKind::Comment, &json!({"post_id": "1000"}))
    );

    let like = |on| {
        let (comment, post) = (comment(5), post());
        if on {
            Event::CommentLiked { comment, post, commenter: ben, user: eve }
        } else {
            Event::CommentUnliked { comment, post, commenter: ben, user: eve }
        }
    };
    network.happen_twice(&[like(true)]).await;
    assert_eq!(network.told(ben).await, [(ActivityKind::CommentLike, 3, 5)]);
    network.happen(&[like(false)]).await;
    assert_eq!(network.told(ben).await, []);
    network.happen(&[like(true)]).await;

    let deleted =
        Event::CommentDeleted { comment: comment(5), post: post(), author: ann, commenter: ben };
    network.happen_twice(&[deleted]).await;
    assert_eq!(network.told(ann).await, [(ActivityKind::Comment, 2, 6)]);
    assert_eq!(network.told(eve).await, [(ActivityKind::Mention, 2, 6)]);
    assert_eq!(network.told(ben).await, []);
}

#[tokio::test]
async fn captions_tell_those_they_mention_who_may_see_the_post() {
    let network = Network::new();
    let [ann, ben, eve, kim] = network.crowd();
    network.wall.hide(post(), eve);
    let created = Event::PostCreated { post: post(), author: ann, mentions: vec![ann, ben, eve] };
    let edited =
        |hidden, mentions| Event::PostUpdated { post: post(), author: ann, hidden, mentions };
    network.happen_twice(&[created, edited(false, vec![kim]), edited(true, vec![])]).await;
    for told in [ben, kim] {
        assert_eq!(network.told(told).await, [(ActivityKind::Mention, 1, 1000)]);
        assert_eq!(network.items(told).await[0].target_kind, TargetKind::Post);
    }
    assert_eq!(network.told(eve).await, []);
    // What is no longer there for somebody is not told any more, before any event says so.
    network.wall.hide(post(), ben);
    assert_eq!(network.told(ben).await, []);
    assert_eq!(network.activity.unread(ben).await.unwrap(), 0);
    assert_eq!(network.activity.unread(kim).await.unwrap(), 1);
    network.happen_twice(&[Event::PostDeleted { post: post(), author: ann }]).await;
    assert_eq!(network.told(kim).await, []);
}

#[tokio::test]
async fn follows_and_requests_come_and_go() {
    let network = Network::new();
    let [ann, ben] = network.crowd();
    let (follower, followee) = (ben, ann);
    let followed = |status| Event::Followed { follower, followee, status };
    let asked = (ActivityKind::FollowRequest, 2, 1);
    let follows = (ActivityKind::Follow, 2, 1);

    network.happen_twice(&[followed(FollowStatus::Accepted)]).await;
    assert_eq!(network.told(ann).await, [follows]);
    network.happen_twice(&[Event::Unfollowed { follower, followee }]).await;
    assert_eq!(network.told(ann).await, []);

    for ending in [
        Event::FollowWithdrawn { follower, followee },
        Event::FollowRejected { follower, followee },
    ] {
        network.happen_twice(&[followed(FollowStatus::Pending)]).await;
        assert_eq!(network.told(ann).await, [asked]);
        network.happen_twice(&[ending]).await;
        assert_eq!(network.told(ann).await, []);
    }

    network.happen(&[followed(FollowStatus::Pending)]).await;
    network.happen_twice(&[Event::FollowAccepted { follower, followee }]).await;
    assert_eq!(network.told(ann).await, [follows]);
    assert_eq!(network.told(ben).await, [(ActivityKind::FollowAccepted, 1, 2)]);
    assert_eq!(network.items(ben).await[0].target_kind, TargetKind::User);
    network.happen_twice(&[Event::Unfollowed { follower, followee }]).await;
    assert_eq!((network.told(ann).await, network.told(ben).await), (vec![], vec![]));
}

#[tokio::test]
async fn blocked_and_gone_people_are_left_out_at_once_and_removed_after() {
    let network = Network::new();
    let [ann, ben, eve, kim] = network.crowd();
    network.happen(&[liked(ann, ben), liked(ann, eve), liked(ann, kim)]).await;
    network.happen(&[liked(ben, ann)]).await;
    assert_eq!(network.activity.unread(ann).await.unwrap(), 3);

    network.ties.block(ben, ann, true);
    network.people.remove(eve);
    assert_eq!(network.told(ann).await, [(ActivityKind::Like, 4, 1000)]);
    assert_eq!(network.told(ben).await, []);
    assert_eq!(network.activity.unread(ann).await.unwrap(), 1);

    network.happen_twice(&[Event::Blocked { blocker: ben, blocked: ann }]).await;
    network.ties.block(ben, ann, false);
    assert_eq!(network.told(ann).await.len(), 1, "an unblock brings nothing back");
    network.happen_twice(&[Event::UserDeleted { user: eve }]).await;
    network.people.put(3, "name3", false);
    assert_eq!(network.told(ann).await.len(), 1);

    // What comes late from those who are gone or blocked is not recorded.
    network.people.remove(eve);
    network.ties.block(ann, kim, true);
    network.happen(&[Event::Blocked { blocker: ann, blocked: kim }]).await;
    network.happen(&[liked(ann, eve), liked(ann, kim)]).await;
    network.people.put(3, "name3", false);
    network.ties.block(ann, kim, false);
    assert_eq!(network.told(ann).await, []);
    assert_eq!(network.activity.check(false).await.unwrap(), []);
}

#[tokio::test]
async fn pages_are_full_and_go_on_where_the_last_ended() {
    let network = Network::new();
    let people: [UserId; 40] = network.crowd();
    let ann = people[0];
    let likes: Vec<Event> = people[1..].iter().map(|fan| liked(ann, *fan)).collect();
    network.happen(&likes).await;
    for hidden in [38, 37, 36, 20] {
        network.ties.block(ann, user(hidden), true);
    }
    network.people.remove(user(35));
    let mut read = Vec::new();
    let mut sizes = Vec::new();
    let mut cursor = None;
    loop {
        let page = network.activity.recent(ann, cursor, Limit::clamped(10)).await.unwrap();
        sizes.push(page.items.len());
        read.extend(page.items.iter().map(|item| item.actor.get()));
        // What is new does not shift what is old.
        network
            .happen(&[Event::PostLiked {
                post: PostId::new(2000 + read.len() as u64).unwrap(),
                author: ann,
                user: people[1],
            }])
            .await;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let shown: Vec<u64> = (2..=40).rev().filter(|n| ![38, 37, 36, 35, 20].contains(n)).collect();
    assert_eq!((read, sizes), (shown, vec![10, 10, 10, 4]));
    let error = network.activity.recent(ann, Some("A1".into()), Limit::MAX).await.unwrap_err();
    assert_eq!(error.code(), "broken_cursor");
}

#[tokio::test]
async fn only_the_newest_are_kept() {
    let network = Network::with(Settings { most_items: 3 });
    let people: [UserId; 7] = network.crowd();
    let likes: Vec<Event> = people[1..].iter().map(|fan| liked(people[0], *fan)).collect();
    network.happen_twice(&likes).await;
    let actors: Vec<u64> =
        network.told(people[0]).await.into_iter().map(|(_, actor, _)| actor).collect();
    assert_eq!(actors.len(), 3);
    assert_eq!(network.activity.check(false).await.unwrap(), []);
}

#[tokio::test]
async fn every_new_item_is_told_live_and_once() {
    let network = Network::new();
    let [ann, ben] = network.crowd();
    let bus = network.bus().await;
    let record = network.record(&liked(ann, ben));
    for _ in 0..2 {
        let record = record.clone();
        network.bench.publish(record).await;
    }
    bus.drained().await.unwrap();
    let item = network.items(ann).await.remove(0);
    let told: Vec<Event> = network
        .bench
        .happened_after(0)
        .await
        .iter()
        .map(|record| Event::read(record).unwrap())
        .filter(|event| matches!(event, Event::ActivityRecorded { .. }))
        .collect();
    assert_eq!(told, [Event::ActivityRecorded { user: ann, activity: item.id }]);
    assert_eq!(item.created_at, record.at);
    bus.stop().await;
}

#[tokio::test]
async fn the_service_is_the_same_near_and_far() {
    let network = Network::new();
    let [ann, ben] = network.crowd();
    network.happen(&[liked(ann, ben)]).await;
    let peer: Arc<dyn Activity> = Arc::new(far(activity::routes(network.activity.clone())).await);
    let near: Arc<dyn Activity> = network.activity.clone();
    for service in [near, peer] {
        network.happen(&[unliked(ann, ben), liked(ann, ben)]).await;
        assert_eq!(service.unread(ann).await.unwrap(), 1);
        let page = service.recent(ann, None, Limit::default()).await.unwrap();
        assert_eq!((page.items.len(), page.items[0].read, page.next), (1, false, None));
        service.mark_read(ann).await.unwrap();
        assert_eq!(service.unread(ann).await.unwrap(), 0);
        assert!(service.recent(ann, None, Limit::default()).await.unwrap().items[0].read);
        let error = service.recent(ann, Some("nonsense".into()), Limit::MAX).await.unwrap_err();
        assert_eq!(error.code(), "broken_cursor");
    }
}
