//! Many do things to the same people at the same moment.

use std::sync::Arc;

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tintype_api::Graph;
use tintype_api::testkit::user;
use tintype_graph::{FollowOutcome, Settings};
use tintype_platform::error::Kind;

use crate::network::{Network, pages};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counts_stay_exact() {
    for network in Network::each(Settings::default()).await {
        change_at_random(Arc::new(network)).await;
    }
}

async fn change_at_random(network: Arc<Network>) {
    let people = network.crowd(6);
    for number in [2, 4] {
        network.people.put(number, &format!("name{number}"), true);
    }
    let tasks = (0..32).map(|seed| {
        let (network, people) = (network.clone(), people.clone());
        tokio::spawn(async move {
            let mut random = StdRng::seed_from_u64(seed);
            for _ in 0..25 {
                let one = people[random.random_range(0..people.len())];
                let other = people[random.random_range(0..people.len())];
                let graph = &network.graph;
                let outcome = match random.random_range(0..12) {
                    0..5 => graph.follow(one, other).await.map(drop),
                    5..7 => graph.unfollow(one, other).await.map(drop),
                    7 => graph.accept_request(one, other).await,
                    8 => graph.reject_request(one, other).await,
                    9 => graph.block(one, other).await,
                    10 => graph.unblock(one, other).await,
                    _ => graph.accept_all(other).await,
                };
                if let Err(error) = outcome {
                    assert!(matches!(error.kind(), Kind::Refused | Kind::NotFound), "{error:?}");
                }
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(network.graph.check(false).await.unwrap(), []);
    let mut warm = Vec::new();
    for person in &people {
        warm.push((network.graph.circle(*person).await.unwrap(), network.counts(*person).await));
    }
    network.graph.forget_caches();
    for (person, (circle, counts)) in people.iter().zip(warm) {
        assert_eq!(network.graph.circle(*person).await.unwrap(), circle, "cached for {person}");
        assert_eq!(network.counts(*person).await, counts, "cached for {person}");
        for blocked in circle.blocked.iter() {
            assert!(!circle.follows(*blocked), "{person} follows {blocked} across a block");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_follow_counts_once() {
    for network in Network::each(Settings::default()).await {
        let people = network.crowd(2);
        let follows = (0..50).map(|_| network.graph.follow(people[0], people[1]));
        let outcomes = join_all(follows).await;
        let new = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Ok(FollowOutcome::Followed)))
            .count();
        assert_eq!(new, 1);
        assert_eq!(network.counts(people[1]).await, (1, 0, 0));
        assert_eq!(network.events().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_past_the_most() {
    for network in Network::each(Settings { most_followees: 5, ..Settings::default() }).await {
        let people = network.crowd(21);
        let follows = people[1..].iter().map(|other| network.graph.follow(people[0], *other));
        let outcomes = join_all(follows).await;
        let refused = outcomes
            .iter()
            .filter(|outcome| {
                outcome.as_ref().is_err_and(|error| error.code() == "too_many_followings")
            })
            .count();
        assert_eq!(refused, 15);
        assert_eq!(network.counts(people[0]).await, (0, 5, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_is_left_with_an_account_that_goes_public() {
    for network in Network::each(Settings::default()).await {
        let fans = network.crowd(30);
        for number in 100..110 {
            let star = network.people.put(number, "star", true);
            let going = async {
                tokio::task::yield_now().await;
                network.people.put(number, "star", false);
                network.graph.accept_all(star).await.unwrap();
            };
            let asking = join_all(fans.iter().map(|fan| network.graph.follow(*fan, star)));
            let (asked, ()) = tokio::join!(asking, going);
            assert!(asked.iter().all(Result::is_ok));
            assert_eq!(network.counts(star).await, (30, 0, 0));
            let mut listed = pages(100, async |query| {
                network.graph.followers(None, star, &query).await.unwrap()
            })
            .await
            .concat();
            listed.sort_unstable();
            assert_eq!(listed, fans);
        }
        assert_eq!(network.counts(user(1)).await.1, 10);
    }
}
