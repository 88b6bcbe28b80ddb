//! Random histories against a model that is too simple to be wrong.
//!
//! After every step the whole graph is compared with the model, through the caches. A failure names
//! the seed of its history: `TINTYPE_SEED=… cargo test -p tintype-graph` plays it again.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tintype_api::graph::{FollowStatus, Relationship};
use tintype_api::{Event, Graph, UserId};
use tintype_graph::{Entry, FollowOutcome, Settings, UnfollowOutcome};
use tintype_platform::Result;
use tintype_platform::page::Page;

use crate::network::{Network, pages};

const PEOPLE: u64 = 7;
const MOST: usize = 4;

/// Who does what to whom, oldest first.
#[derive(Default)]
struct Model {
    private: Vec<UserId>,
    gone: Vec<UserId>,
    follows: Vec<(UserId, UserId)>,
    requests: Vec<(UserId, UserId)>,
    blocks: Vec<(UserId, UserId)>,
    mutes: Vec<(UserId, UserId)>,
}

/// The code of a refusal.
type Refused = &'static str;

impl Model {
    fn blocked(&self, one: UserId, other: UserId) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    fn meet(&self, one: UserId, other: UserId) -> Result<(), Refused> {
        let there = !self.gone.contains(&other) && !self.blocked(one, other);
        if there { Ok(()) } else { Err("user_not_found") }
    }

    fn follow(&mut self, one: UserId, other: UserId) -> Result<FollowOutcome, Refused> {
        if one == other {
            return Err("self_follow");
        }
        self.meet(one, other)?;
        if self.follows.contains(&(one, other)) {
            return Ok(FollowOutcome::AlreadyFollowing);
        }
        if self.requests.contains(&(one, other)) {
            return Ok(FollowOutcome::AlreadyRequested);
        }
        let all = self.follows.iter().chain(&self.requests);
        if all.filter(|(follower, _)| *follower == one).count() >= MOST {
            return Err("too_many_followings");
        }
        if self.private.contains(&other) {
            self.requests.push((one, other));
            return Ok(FollowOutcome::Requested);
        }
        self.follows.push((one, other));
        Ok(FollowOutcome::Followed)
    }

    fn unfollow(&mut self, one: UserId, other: UserId) -> Result<UnfollowOutcome, Refused> {
        self.meet(one, other)?;
        Ok(if remove(&mut self.follows, (one, other)) {
            UnfollowOutcome::Unfollowed
        } else if remove(&mut self.requests, (one, other)) {
            UnfollowOutcome::Withdrawn
        } else {
            UnfollowOutcome::NotFollowing
        })
    }

    fn decide(&mut self, one: UserId, other: UserId, accept: bool) -> Result<(), Refused> {
        self.meet(one, other)?;
        if !remove(&mut self.requests, (other, one)) {
            return Err("request_not_found");
        }
        if accept {
            self.follows.push((other, one));
        }
        Ok(())
    }

    fn block(&mut self, one: UserId, other: UserId, on: bool) -> Result<(), Refused> {
        if on && one == other {
            return Err("self_block");
        }
        let only_theirs =
            self.blocks.contains(&(other, one)) && !self.blocks.contains(&(one, other));
        if self.gone.contains(&other) || only_theirs {
            return Err("user_not_found");
        }
        remove(&mut self.blocks, (one, other));
        if on {
            self.blocks.push((one, other));
            let between = |pair: &(UserId, UserId)| *pair == (one, other) || *pair == (other, one);
            self.follows.retain(|pair| !between(pair));
            self.requests.retain(|pair| !between(pair));
        }
        Ok(())
    }

    fn mute(&mut self, one: UserId, other: UserId, on: bool) -> Result<(), Refused> {
        if on && one == other {
            return Err("self_mute");
        }
        self.meet(one, other)?;
        if on && !self.mutes.contains(&(one, other)) {
            self.mutes.push((one, other));
        } else if !on {
            remove(&mut self.mutes, (one, other));
        }
        Ok(())
    }

    /// Goes public, or private.
    fn set_privacy(&mut self, one: UserId, private: bool) {
        self.private.retain(|other| *other != one);
        if private {
            self.private.push(one);
            return;
        }
        let (accepted, left) = self.requests.iter().partition(|(_, followee)| *followee == one);
        self.requests = left;
        self.follows.extend::<Vec<_>>(accepted);
    }

    fn delete(&mut self, one: UserId) {
        self.gone.push(one);
        for ties in [&mut self.follows, &mut self.requests, &mut self.blocks, &mut self.mutes] {
            ties.retain(|(from, to)| *from != one && *to != one);
        }
    }

    /// A list as `viewer` reads it.
    fn list(&self, viewer: UserId, user: UserId, followers: bool) -> Result<Vec<UserId>, Refused> {
        self.meet(viewer, user)?;
        let open = viewer == user
            || !self.private.contains(&user)
            || self.follows.contains(&(viewer, user));
        if !open {
            return Err("private_account");
        }
        let sides =
            |(from, to): &(UserId, UserId)| if followers { (*to, *from) } else { (*from, *to) };
        let listed = self.follows.iter().rev().map(sides).filter(|(of, _)| *of == user);
        Ok(listed.map(|(_, other)| other).filter(|other| !self.blocked(viewer, *other)).collect())
    }

    async fn compare(&self, network: &Network, people: &[UserId], random: &mut StdRng) {
        let graph = &network.graph;
        let sorted = |ties: &[(UserId, UserId)], of: UserId| {
            let mut to: Vec<_> = ties.iter().filter(|tie| tie.0 == of).map(|tie| tie.1).collect();
            to.sort_unstable();
            to
        };
        for one in people {
            let circle = graph.circle(*one).await.unwrap();
            assert_eq!(*circle.followees, sorted(&self.follows, *one), "followees of {one}");
            assert_eq!(*circle.muted, sorted(&self.mutes, *one), "muted by {one}");
            let blocked: Vec<_> =
                people.iter().copied().filter(|other| self.blocked(*one, *other)).collect();
            assert_eq!(*circle.blocked, blocked, "blocked for {one}");

            let count = |ties: &[(UserId, UserId)], to: bool| {
                ties.iter().filter(|tie| *one == if to { tie.1 } else { tie.0 }).count() as u64
            };
            let (follows, requests) = (&self.follows, &self.requests);
            let counts = (count(follows, true), count(follows, false), count(requests, true));
            assert_eq!(network.counts(*one).await, counts, "counts of {one}");

            let found = graph.relationships(*one, people.to_vec()).await.unwrap();
            let expected = people.iter().map(|other| Relationship {
                following: self.follows.contains(&(*one, *other)),
                followed_by: self.follows.contains(&(*other, *one)),
                pending: self.requests.contains(&(*one, *other)),
                requested: self.requests.contains(&(*other, *one)),
                blocking: self.blocks.contains(&(*one, *other)),
                blocked_by: self.blocks.contains(&(*other, *one)),
                muting: self.mutes.contains(&(*one, *other)),
            });
            assert_eq!(found, expected.collect::<Vec<_>>(), "relationships of {one}");

            let asking: Vec<_> =
                self.requests.iter().rev().filter(|tie| tie.1 == *one).map(|tie| tie.0).collect();
            let listed = pages(2, async |query| graph.requests(*one, &query).await.unwrap()).await;
            assert_eq!(listed.concat(), asking, "requests to {one}");
        }
        let viewer = self.somebody(people, random);
        for user in people {
            for followers in [true, false] {
                let listed = read_list(network, viewer, *user, followers).await;
                let expected = self.list(viewer, *user, followers);
                assert_eq!(listed, expected, "list of {user} for {viewer}, {followers}");
            }
        }
    }

    /// Somebody who is there.
    fn somebody(&self, people: &[UserId], random: &mut StdRng) -> UserId {
        loop {
            let one = people[random.random_range(0..people.len())];
            if !self.gone.contains(&one) {
                return one;
            }
        }
    }
}

#[tokio::test]
async fn is_what_the_model_is_after_every_step() {
    let chosen = std::env::var("TINTYPE_SEED").ok().map(|seed| seed.parse().unwrap());
    for seed in chosen.map_or(0..8, |seed: u64| seed..seed + 1) {
        println!("TINTYPE_SEED={seed}");
        let settings = Settings { most_followees: MOST as u32, ..Settings::default() };
        // The embedded database takes long histories in no time, a server a few short ones.
        let steps: &[u32] = if seed % 3 == 0 { &[200, 30] } else { &[200] };
        for (network, steps) in Network::each(settings).await.iter().zip(steps) {
            play(network, StdRng::seed_from_u64(seed), *steps).await;
        }
    }
}

async fn play(network: &Network, mut random: StdRng, steps: u32) {
    let graph = &network.graph;
    let people = network.crowd(PEOPLE);
    let mut model = Model::default();
    for step in 0..steps {
        let one = model.somebody(&people, &mut random);
        let other = people[random.random_range(0..people.len())];
        let on = random.random();
        let act = random.random_range(0..100);
        println!("{step}: {act} {on} {one} {other}");
        match act {
            0..45 => same(graph.follow(one, other).await, model.follow(one, other)),
            45..58 => same(graph.unfollow(one, other).await, model.unfollow(one, other)),
            58..70 => same(graph.accept_request(one, other).await, model.decide(one, other, true)),
            70..74 => same(graph.reject_request(one, other).await, model.decide(one, other, false)),
            74..78 => same(graph.block(one, other).await, model.block(one, other, true)),
            78..84 => same(graph.unblock(one, other).await, model.block(one, other, false)),
            84..89 if on => same(graph.mute(one, other).await, model.mute(one, other, true)),
            84..89 => same(graph.unmute(one, other).await, model.mute(one, other, false)),
            89..99 => {
                network.people.put(one.get(), &format!("name{one}"), on);
                network.consumers[0]
                    .handle(&[network.record(&Event::UserUpdated { user: one })])
                    .await
                    .unwrap();
                model.set_privacy(one, on);
            }
            _ if model.gone.len() < 2 => {
                network.people.remove(one);
                let gone = network.record(&Event::UserDeleted { user: one });
                network.consumers[0].handle(std::slice::from_ref(&gone)).await.unwrap();
                network.consumers[0].handle(&[gone]).await.unwrap();
                model.delete(one);
            }
            _ => network.graph.forget_caches(),
        }
        model.compare(network, &people, &mut random).await;
    }
    assert_eq!(graph.check(false).await.unwrap(), []);
    told_by_events(network, &model).await;
}

/// Who has read every event knows the follows and requests.
async fn told_by_events(network: &Network, model: &Model) {
    let mut told = Model::default();
    for event in network.events().await {
        match event {
            Event::Followed { follower, followee, status: FollowStatus::Accepted } => {
                told.follows.push((follower, followee));
            }
            Event::Followed { follower, followee, status: FollowStatus::Pending } => {
                told.requests.push((follower, followee));
            }
            Event::FollowAccepted { follower, followee } => {
                assert!(remove(&mut told.requests, (follower, followee)));
                told.follows.push((follower, followee));
            }
            Event::FollowRejected { follower, followee }
            | Event::FollowWithdrawn { follower, followee } => {
                assert!(remove(&mut told.requests, (follower, followee)));
            }
            Event::Unfollowed { follower, followee } => {
                assert!(remove(&mut told.follows, (follower, followee)));
            }
            _ => {}
        }
    }
    assert_eq!(told.follows, model.follows);
    assert_eq!(told.requests, model.requests);
}

async fn read_list(
    network: &Network,
    viewer: UserId,
    user: UserId,
    followers: bool,
) -> Result<Vec<UserId>, Refused> {
    let graph = &network.graph;
    let mut refused = None;
    let listed = pages(2, async |query| {
        let page = if followers {
            graph.followers(Some(viewer), user, &query).await
        } else {
            graph.following(Some(viewer), user, &query).await
        };
        page.unwrap_or_else(|error| {
            refused = Some(error.code().to_owned());
            Page { items: Vec::<Entry>::new(), next: None }
        })
    })
    .await;
    match refused.as_deref() {
        None => Ok(listed.concat()),
        Some("private_account") => Err("private_account"),
        Some("user_not_found") => Err("user_not_found"),
        Some(code) => panic!("refused with {code}"),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: Result<T>, expected: Result<T, Refused>) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected),
        (Err(found), Err(expected)) => assert_eq!(found.code(), expected),
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

fn remove(ties: &mut Vec<(UserId, UserId)>, tie: (UserId, UserId)) -> bool {
    let before = ties.len();
    ties.retain(|other| *other != tie);
    ties.len() < before
}
