//! Rules that a random history does not reach.

use std::sync::Arc;

use tintype_api::accounts::{Accounts, Caller, KeyStanding, Picture};
use tintype_api::testkit::{People, user};
use tintype_api::{Card, Event, Graph, UserId};
use tintype_graph::{FollowOutcome, Settings};
use tintype_platform::page::{Limit, PageQuery, Whole};
use tintype_platform::rpc::async_trait;
use tintype_platform::{Result, Timestamp};

use crate::network::{Network, page, pages};

#[tokio::test]
async fn pages_are_full_though_some_are_gone_or_blocked() {
    let network = Network::new();
    let people = network.crowd(40);
    let (star, viewer) = (people[0], people[1]);
    for fan in &people[2..] {
        network.graph.follow(*fan, star).await.unwrap();
    }
    for hidden in [35, 34, 33, 20] {
        network.graph.block(user(hidden), viewer).await.unwrap();
    }
    for gone in [32, 31, 5] {
        network.people.remove(user(gone));
    }
    let shown: Vec<UserId> =
        (3..=40).rev().filter(|n| ![35, 34, 33, 32, 31, 20, 5].contains(n)).map(user).collect();
    let read =
        pages(10, async |query| network.graph.followers(Some(viewer), star, &query).await.unwrap())
            .await;
    assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10, 1]);
    assert_eq!(read.concat(), shown);

    let mut by_number = Vec::new();
    for number in 1..=4 {
        let query = PageQuery {
            page: Some(Whole(number)),
            page_size: Some(Limit::clamped(10)),
            ..PageQuery::default()
        };
        let page = network.graph.followers(Some(viewer), star, &query).await.unwrap();
        assert_eq!(page.next.is_some(), number < 4);
        by_number.extend(page.items.into_iter().map(|entry| entry.card.id));
    }
    assert_eq!(by_number, shown);
}

#[tokio::test]
async fn a_cursor_goes_on_where_the_page_ended_whatever_came_since() {
    let network = Network::new();
    let people = network.crowd(8);
    let star = people[0];
    for fan in &people[1..6] {
        network.graph.follow(*fan, star).await.unwrap();
    }
    let first = network.graph.followers(None, star, &page(2, None)).await.unwrap();
    network.follow(&[(people[6], star), (people[7], star)]).await;
    network.graph.unfollow(people[4], star).await.unwrap();
    let second = network.graph.followers(None, star, &page(9, first.next)).await.unwrap();
    let listed: Vec<UserId> = second.items.iter().map(|entry| entry.card.id).collect();
    assert_eq!(listed, [people[3], people[2], people[1]]);
    assert_eq!(second.next, None);

    let foreign = network.graph.following(None, people[1], &page(1, None)).await.unwrap();
    assert_eq!(foreign.next, None, "a full last page has no next");
    let broken = page(2, Some("F123".to_owned()));
    let error = network.graph.followers(None, star, &broken).await.unwrap_err();
    assert_eq!(error.code(), "broken_cursor");
    let deep = PageQuery { offset: Some(Whole(i64::MAX)), ..PageQuery::default() };
    let error = network.graph.followers(None, star, &deep).await.unwrap_err();
    assert_eq!(error.code(), "page_too_deep");
}

#[tokio::test]
async fn suggests_friends_of_friends_by_the_number_of_ways() {
    let network = Network::new();
    let people = network.crowd(12);
    let me = people[0];
    let of = |number: u64| user(number);
    // 2, 3 and 4 are friends. Ways lead to 5 (three), 6 and 7 (two), 8 to 12 (one each).
    network.follow(&[(me, of(2)), (me, of(3)), (me, of(4))]).await;
    for (friend, other) in
        [(2, 5), (3, 5), (4, 5), (2, 7), (3, 7), (3, 6), (4, 6), (2, 8), (2, 9), (2, 10), (2, 11)]
    {
        network.graph.follow(of(friend), of(other)).await.unwrap();
    }
    network.follow(&[(of(2), me), (of(2), of(3)), (of(4), of(12))]).await;
    network.graph.block(me, of(8)).await.unwrap();
    network.graph.block(of(9), me).await.unwrap();
    network.graph.mute(me, of(10)).await.unwrap();
    network.people.put(11, "name11", true);
    network.graph.follow(me, of(11)).await.unwrap();
    let suggested = async |limit| {
        let people = network.graph.suggestions(me, Limit::clamped(limit)).await.unwrap();
        people.iter().map(|card| card.id).collect::<Vec<_>>()
    };
    assert_eq!(suggested(20).await, [5, 6, 7, 12].map(of));
    assert_eq!(suggested(2).await, [5, 6].map(of));
    network.people.remove(of(5));
    assert_eq!(suggested(2).await, [6, 7].map(of));
    let nobody = network.graph.suggestions(of(12), Limit::default()).await.unwrap();
    assert_eq!(nobody, []);
}

#[tokio::test]
async fn mutual_followers_are_counted_in_full() {
    let network = Network::new();
    let people = network.crowd(30);
    let (me, other) = (people[0], people[1]);
    for fan in &people[2..] {
        network.follow(&[(*fan, other)]).await;
        if fan.get() % 2 == 1 {
            network.follow(&[(*fan, me)]).await;
        }
    }
    network.graph.block(me, user(29)).await.unwrap();
    let mutual = network.graph.mutual_followers(me, other, Limit::clamped(4)).await.unwrap();
    let ids: Vec<UserId> = mutual.people.iter().map(|card| card.id).collect();
    assert_eq!((ids, mutual.count), ([3, 5, 7, 9].map(user).to_vec(), 13));

    network.people.put(2, "name2", true);
    let error = network.graph.mutual_followers(me, other, Limit::default()).await.unwrap_err();
    assert_eq!(error.code(), "private_account");
}

#[tokio::test]
async fn a_private_account_opens_its_lists_to_followers_alone() {
    let network = Network::new();
    let people = network.crowd(3);
    let [ann, ben, eve] = people[..] else { unreachable!("three were asked for") };
    network.people.put(1, "name1", true);
    assert_eq!(network.graph.follow(ben, ann).await.unwrap(), FollowOutcome::Requested);
    assert_eq!(network.graph.follow(ben, ann).await.unwrap(), FollowOutcome::AlreadyRequested);
    let code = async |viewer: Option<UserId>| {
        let list = network.graph.following(viewer, ann, &page(9, None)).await;
        list.map_or_else(|error| error.code().to_owned(), |_| "open".to_owned())
    };
    assert_eq!(code(Some(ben)).await, "private_account");
    network.graph.accept_request(ann, ben).await.unwrap();
    for (viewer, expected) in [
        (None, "private_account"),
        (Some(eve), "private_account"),
        (Some(ben), "open"),
        (Some(ann), "open"),
    ] {
        assert_eq!(code(viewer).await, expected, "{viewer:?}");
    }
    // The counts are for everybody, how many ask is not.
    network.graph.follow(eve, ann).await.unwrap();
    let stats = network.graph.stats(eve, ann).await.unwrap();
    assert_eq!((stats.followers, stats.pending_requests), (1, 0));
    assert_eq!(network.graph.stats(ann, ann).await.unwrap().pending_requests, 1);
}

#[tokio::test]
async fn the_circle_is_right_on_the_very_next_read() {
    let network = Network::new();
    let people = network.crowd(2);
    let (ann, ben) = (people[0], people[1]);
    let graph = &network.graph;
    let circle = async |user| graph.circle(user).await.unwrap();
    for _ in 0..50 {
        let before = circle(ann).await.version;
        graph.follow(ann, ben).await.unwrap();
        assert!(circle(ann).await.follows(ben) && circle(ann).await.version > before);
        graph.mute(ann, ben).await.unwrap();
        assert!(!circle(ann).await.feeds(ben));
        graph.unmute(ann, ben).await.unwrap();
        assert!(circle(ann).await.feeds(ben));
        graph.block(ben, ann).await.unwrap();
        assert!(circle(ann).await.blocks(ben) && !circle(ann).await.follows(ben));
        graph.unblock(ben, ann).await.unwrap();
        assert!(!circle(ann).await.blocks(ben) && !circle(ann).await.follows(ben));
        graph.follow(ann, ben).await.unwrap();
        graph.unfollow(ann, ben).await.unwrap();
        assert_eq!(circle(ann).await.followees.len(), 0);
    }
}

#[tokio::test]
async fn going_public_and_going_away_are_followed_up() {
    let network = Network::new();
    let people = network.crowd(310);
    let star = network.people.put(1, "name1", true);
    for fan in &people[1..] {
        network.graph.follow(*fan, star).await.unwrap();
    }
    assert_eq!(network.counts(star).await, (0, 0, 309));
    let bus = network.bus().await;
    network.tell(Event::UserUpdated { user: star }).await;
    bus.drained().await.unwrap();
    assert_eq!(network.counts(star).await, (0, 0, 309), "still private");

    network.people.put(1, "name1", false);
    network.tell(Event::UserUpdated { user: star }).await;
    bus.drained().await.unwrap();
    assert_eq!(network.counts(star).await, (309, 0, 0));
    assert!(network.graph.circle(people[309]).await.unwrap().follows(star));

    network.graph.follow(star, people[1]).await.unwrap();
    network.graph.mute(people[2], star).await.unwrap();
    network.graph.block(star, people[3]).await.unwrap();
    network.people.remove(star);
    network.tell(Event::UserDeleted { user: star }).await;
    bus.drained().await.unwrap();
    assert_eq!(network.counts(star).await, (0, 0, 0));
    for person in &people[1..] {
        assert_eq!(network.counts(*person).await, (0, 0, 0));
        let circle = network.graph.circle(*person).await.unwrap();
        assert!(!circle.follows(star) && !circle.mutes(star) && !circle.blocks(star));
    }
    assert_eq!(network.graph.check(false).await.unwrap(), []);
    bus.stop().await;
}

#[tokio::test]
async fn seeds_a_network_with_counts_events_and_times() {
    for network in Network::each(Settings::default()).await {
        seed_a_network(network).await;
    }
}

async fn seed_a_network(network: Network) {
    let people = network.crowd(5);
    let at = |millis: i64| Timestamp::from_millis(1_760_000_000_000 + millis);
    let follows = vec![
        (people[3], people[0], at(2)),
        (people[1], people[0], at(1)),
        (people[2], people[0], at(1)),
        (people[1], people[0], at(7)),
        (people[0], people[0], at(3)),
        (people[0], people[4], at(9)),
    ];
    network.graph.seed(follows).await.unwrap();
    assert_eq!(network.counts(people[0]).await, (3, 1, 0));
    assert_eq!(network.events().await.len(), 4);
    let list = network.graph.followers(None, people[0], &page(9, None)).await.unwrap();
    let listed: Vec<_> = list.items.iter().map(|entry| (entry.card.id, entry.at())).collect();
    assert_eq!(listed[0], (people[3], at(2)));
    assert_eq!(listed[1].1, at(1));
    assert_eq!(network.graph.check(false).await.unwrap(), []);
    let later = network.graph.follow(people[4], people[0]).await.unwrap();
    assert_eq!(later, FollowOutcome::Followed);
    let list = network.graph.followers(None, people[0], &page(1, None)).await.unwrap();
    assert_eq!(list.items[0].card.id, people[4], "what comes later is newer");
}

#[tokio::test]
async fn check_finds_and_mends_drift() {
    let network = Network::new();
    let people = network.crowd(2);
    network.follow(&[(people[0], people[1])]).await;
    network
        .bench
        .sqlite()
        .write(|write| {
            Ok(write.execute_batch("UPDATE graph_counts SET followers = 7 WHERE account = 2")?)
        })
        .await
        .unwrap();
    network.graph.forget_caches();
    assert_eq!(network.counts(people[1]).await.0, 7);
    let drift = network.graph.check(true).await.unwrap();
    assert_eq!(drift.len(), 1);
    assert_eq!((drift[0].counter, drift[0].stored, drift[0].counted), ("followers", 7, 1));
    assert_eq!(network.counts(people[1]).await.0, 1);
    assert_eq!(network.graph.check(false).await.unwrap(), []);
}

/// Accounts of which number 1 goes public right after its card is read for the first time.
struct Turning {
    people: Arc<People>,
}

#[async_trait]
impl Accounts for Turning {
    async fn cards(&self, users: Vec<UserId>) -> Result<Vec<Option<Arc<Card>>>> {
        let cards = self.people.cards(users.clone()).await;
        if users.contains(&user(1)) {
            self.people.put(1, "name1", false);
        }
        cards
    }

    async fn named(&self, usernames: Vec<String>) -> Result<Vec<Option<UserId>>> {
        self.people.named(usernames).await
    }

    async fn caller(&self, token: Arc<str>) -> Result<Caller> {
        self.people.caller(token).await
    }

    async fn set_picture(&self, user: UserId, picture: Picture) -> Result<()> {
        self.people.set_picture(user, picture).await
    }

    async fn key_standing(&self, key: Option<String>) -> Result<KeyStanding> {
        self.people.key_standing(key).await
    }
}

#[tokio::test]
async fn a_request_that_comes_after_the_account_went_public_is_accepted() {
    let people = Arc::new(People::default());
    let star = people.put(1, "name1", true);
    let fan = people.put(2, "name2", false);
    let accounts = Arc::new(Turning { people: people.clone() });
    let network = Network::among(people, accounts, Settings::default());
    // Everything that waits for the account has been accepted: nothing.
    network.graph.accept_all(star).await.unwrap();
    assert_eq!(network.graph.follow(fan, star).await.unwrap(), FollowOutcome::Followed);
    assert_eq!(network.counts(star).await, (1, 0, 0));
    assert_eq!(
        network.events().await,
        [
            Event::Followed {
                follower: fan,
                followee: star,
                status: tintype_api::graph::FollowStatus::Pending
            },
            Event::FollowAccepted { follower: fan, followee: star },
        ]
    );
}
