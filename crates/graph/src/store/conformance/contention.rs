//! What holds when many change the ties of the same people at once.

use std::collections::BTreeMap;

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tintype_platform::Result;

use super::*;

/// As many at once as a database takes without asking anybody to come back.
const CROWD: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_store_bears_a_crowd() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        let subject = Subject::on(&bench);
        subject.the_same_follow().await;
        subject.the_most().await;
        subject.follows_and_blocks().await;
        subject.requests_that_are_withdrawn().await;
        subject.somebody_who_leaves().await;
        subject.anything().await;
        assert_eq!(subject.store.drift().await.unwrap(), []);
    }
}

impl Subject<'_> {
    async fn the_same_follow(&self) {
        let (ann, ben) = (user(1101), user(1102));
        let follow = |_| self.store.follow(self.wish(ann, ben, FollowStatus::Accepted));
        let follows = join_all((0..CROWD).map(follow)).await;
        let new = follows.into_iter().filter(|added| *added.as_ref().unwrap() == Added::New);
        assert_eq!(new.count(), 1);
        self.counts(ann, 0, 1, 0).await;
        self.counts(ben, 1, 0, 0).await;
        let unfollows =
            join_all((0..CROWD).map(|_| self.store.unfollow(ann, ben, self.stamp()))).await;
        assert_eq!(unfollows.into_iter().filter_map(Result::unwrap).count(), 1);
        self.counts(ann, 0, 0, 0).await;
        self.counts(ben, 0, 0, 0).await;
        assert_eq!(self.happened.lately().await.len(), 2);
    }

    async fn the_most(&self) {
        let ann = user(1200);
        let follows = join_all((0..CROWD).map(|n| {
            // A request counts as well.
            let status = if n % 2 == 0 { FollowStatus::Accepted } else { FollowStatus::Pending };
            self.store.follow(NewFollow { most: 5, ..self.wish(ann, user(1201 + n), status) })
        }))
        .await;
        let (new, refused): (Vec<_>, Vec<_>) = follows.into_iter().partition(Result::is_ok);
        assert_eq!(new.len(), 5);
        for refused in refused {
            assert_eq!(refused.unwrap_err().code(), "too_many_followings");
        }
    }

    async fn follows_and_blocks(&self) {
        let pairs: Vec<_> = (0..CROWD / 3).map(|n| (user(1301 + n), user(1351 + n))).collect();
        let changes = pairs.iter().map(async |(one, other)| {
            let wish = |from: &UserId, to: &UserId| self.wish(*from, *to, FollowStatus::Accepted);
            let (there, back, block) = tokio::join!(
                self.store.follow(wish(one, other)),
                self.store.follow(wish(other, one)),
                self.store.block(*one, *other, self.stamp()),
            );
            for refused in [there.err(), back.err()].into_iter().flatten() {
                assert_eq!(refused.code(), "user_not_found");
            }
            assert!(block.unwrap());
        });
        join_all(changes).await;
        for (one, other) in pairs {
            let found = self.store.relationships(one, vec![other]).await.unwrap();
            assert_eq!(found, [Relationship { blocking: true, ..Relationship::default() }]);
            self.counts(one, 0, 0, 0).await;
            self.counts(other, 0, 0, 0).await;
        }
    }

    async fn requests_that_are_withdrawn(&self) {
        let star = user(1400);
        let fans: Vec<UserId> = (0..CROWD).map(|n| user(1401 + n)).collect();
        for fan in &fans {
            self.store.follow(self.wish(*fan, star, FollowStatus::Pending)).await.unwrap();
        }
        let accepting = (0..3).map(async |_| {
            while {
                let stamps = (0..4).map(|_| self.stamp()).collect();
                self.store.accept_oldest(star, stamps).await.unwrap().len() == 4
            } {}
        });
        let withdrawing =
            fans.iter().step_by(2).map(|fan| self.store.unfollow(*fan, star, self.stamp()));
        let (_, withdrawn) = tokio::join!(join_all(accepting), join_all(withdrawing));
        assert!(withdrawn.into_iter().all(|ended| ended.unwrap().is_some()));
        assert_eq!(self.whole(List::Requests, star).await, []);
        self.counts(star, CROWD / 2, 0, 0).await;
    }

    async fn somebody_who_leaves(&self) {
        let gone = user(1500);
        let others: Vec<UserId> = (0..CROWD / 3).map(|n| user(1501 + n)).collect();
        let tying = others.iter().enumerate().map(async |(place, other)| {
            let (from, to) = if place % 2 == 0 { (*other, gone) } else { (gone, *other) };
            let (followed, muted, blocked) = tokio::join!(
                self.store.follow(self.wish(from, to, FollowStatus::Accepted)),
                self.store.mute(from, to, self.stamp()),
                self.store.block(to, from, self.stamp()),
            );
            for refused in [followed.err(), muted.err(), blocked.err()].into_iter().flatten() {
                assert_eq!(refused.code(), "user_not_found");
            }
        });
        let leaving = async {
            tokio::task::yield_now().await;
            while {
                let stamps = (0..4).map(|_| self.stamp()).collect();
                !self.store.forget(gone, stamps).await.unwrap().is_empty()
            } {}
        };
        tokio::join!(join_all(tying), leaving);
        for other in others {
            let found = self.store.relationships(other, vec![gone]).await.unwrap();
            assert_eq!(found, [Relationship::default()], "between {other} and who is gone");
        }
        self.counts(gone, 0, 0, 0).await;
    }

    /// Whoever has read what was told knows who follows whom.
    async fn anything(&self) {
        self.happened.lately().await;
        let people: Vec<UserId> = (1601..=1606).map(user).collect();
        join_all((0..CROWD).map(|seed| self.wander(&people, StdRng::seed_from_u64(seed)))).await;
        let mut told = BTreeMap::new();
        for event in self.happened.lately().await {
            let (tie, before, after) = match event {
                Event::Followed { follower, followee, status } => {
                    ((follower, followee), None, Some(status))
                }
                Event::FollowAccepted { follower, followee } => (
                    (follower, followee),
                    Some(FollowStatus::Pending),
                    Some(FollowStatus::Accepted),
                ),
                Event::FollowRejected { follower, followee }
                | Event::FollowWithdrawn { follower, followee } => {
                    ((follower, followee), Some(FollowStatus::Pending), None)
                }
                Event::Unfollowed { follower, followee } => {
                    ((follower, followee), Some(FollowStatus::Accepted), None)
                }
                _ => continue,
            };
            let known = match after {
                Some(status) => told.insert(tie, status),
                None => told.remove(&tie),
            };
            assert_eq!(known, before, "{event:?}");
        }
        for one in &people {
            let circle = self.store.circle(*one).await.unwrap();
            let followees = told.iter().filter(|((follower, _), status)| {
                follower == one && **status == FollowStatus::Accepted
            });
            assert_eq!(*circle.followees, followees.map(|((_, to), _)| *to).collect::<Vec<_>>());
            assert!(circle.blocked.iter().all(|blocked| !circle.follows(*blocked)), "of {one}");
        }
    }

    async fn wander(&self, people: &[UserId], mut random: StdRng) {
        for _ in 0..20 {
            let one = people[random.random_range(0..people.len())];
            let other = people[random.random_range(0..people.len())];
            if one == other {
                continue;
            }
            let status =
                if random.random() { FollowStatus::Accepted } else { FollowStatus::Pending };
            let outcome = match random.random_range(0..14) {
                0..5 => self.store.follow(self.wish(one, other, status)).await.map(drop),
                5..7 => self.store.unfollow(one, other, self.stamp()).await.map(drop),
                7 => self.store.accept(one, other, self.stamp()).await.map(drop),
                8 => self.store.reject(one, other, self.stamp()).await.map(drop),
                9 => self.store.block(one, other, self.stamp()).await.map(drop),
                10 => self.store.unblock(one, other, self.stamp()).await.map(drop),
                11 => self.store.mute(one, other, self.stamp()).await.map(drop),
                12 => self.store.unmute(one, other, self.stamp()).await.map(drop),
                _ => {
                    let stamps = (0..4).map(|_| self.stamp()).collect();
                    self.store.accept_oldest(one, stamps).await.map(drop)
                }
            };
            if let Err(error) = outcome {
                assert_eq!(error.code(), "user_not_found", "{error:?}");
            }
        }
    }
}
