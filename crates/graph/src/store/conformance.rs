//! What every store of ties must do, whichever database it stands on.

mod contention;

use std::collections::BTreeSet;
use std::sync::Arc;

use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::testkit::{Happenings, user};
use tintype_api::{Drift, Event, Stamp, UserId};
use tintype_platform::IdGenerator;
use tintype_platform::testkit::Workbench;

use super::{Added, List, NewFollow, Reach, Store};

/// A store under test, and what came into its outbox since that was asked last.
struct Subject<'s> {
    store: Arc<dyn Store>,
    ids: &'s IdGenerator,
    happened: Happenings<'s>,
}

#[tokio::test]
async fn every_store_does_the_same() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        run(&Subject::on(&bench)).await;
    }
}

/// Runs every case on one store; each has people of its own.
async fn run(subject: &Subject<'_>) {
    subject.follows_and_requests().await;
    subject.refusals().await;
    subject.blocks().await;
    subject.mutes().await;
    subject.lists().await;
    subject.old_requests().await;
    subject.relationships().await;
    subject.search().await;
    subject.departure().await;
    subject.seeds().await;
    assert_eq!(subject.store.drift().await.unwrap(), []);
}

impl<'s> Subject<'s> {
    fn on(bench: &'s Workbench) -> Self {
        Self {
            store: super::open(&bench.database),
            ids: &bench.ids,
            happened: Happenings::on(bench),
        }
    }

    async fn follows_and_requests(&self) {
        let (ann, ben) = (user(101), user(102));
        let follow = |status| self.wish(ann, ben, status);
        assert_eq!(self.store.follow(follow(FollowStatus::Accepted)).await.unwrap(), Added::New);
        self.counts(ann, 0, 1, 0).await;
        self.counts(ben, 1, 0, 0).await;
        let again = self.store.follow(follow(FollowStatus::Pending)).await.unwrap();
        assert_eq!(again, Added::Already(FollowStatus::Accepted));
        assert!(!self.store.accept(ann, ben, self.stamp()).await.unwrap());
        assert!(!self.store.reject(ann, ben, self.stamp()).await.unwrap());
        let ended = self.store.unfollow(ann, ben, self.stamp()).await.unwrap();
        assert_eq!(ended, Some(FollowStatus::Accepted));
        assert_eq!(self.store.unfollow(ann, ben, self.stamp()).await.unwrap(), None);
        self.counts(ben, 0, 0, 0).await;

        assert_eq!(self.store.follow(follow(FollowStatus::Pending)).await.unwrap(), Added::New);
        self.counts(ann, 0, 0, 0).await;
        self.counts(ben, 0, 0, 1).await;
        assert!(self.store.reject(ann, ben, self.stamp()).await.unwrap());
        self.store.follow(follow(FollowStatus::Pending)).await.unwrap();
        let ended = self.store.unfollow(ann, ben, self.stamp()).await.unwrap();
        assert_eq!(ended, Some(FollowStatus::Pending));
        self.counts(ben, 0, 0, 0).await;
        self.store.follow(follow(FollowStatus::Pending)).await.unwrap();
        let before = self.store.circle(ann).await.unwrap();
        assert!(self.store.accept(ann, ben, self.stamp()).await.unwrap());
        assert!(!self.store.accept(ann, ben, self.stamp()).await.unwrap());
        let after = self.store.circle(ann).await.unwrap();
        assert!(after.version > before.version && after.follows(ben) && !before.follows(ben));
        self.counts(ann, 0, 1, 0).await;
        self.counts(ben, 1, 0, 0).await;

        let followed = |status| Event::Followed { follower: ann, followee: ben, status };
        assert_eq!(
            self.happened.lately().await,
            [
                followed(FollowStatus::Accepted),
                Event::Unfollowed { follower: ann, followee: ben },
                followed(FollowStatus::Pending),
                Event::FollowRejected { follower: ann, followee: ben },
                followed(FollowStatus::Pending),
                Event::FollowWithdrawn { follower: ann, followee: ben },
                followed(FollowStatus::Pending),
                Event::FollowAccepted { follower: ann, followee: ben },
            ]
        );
    }

    async fn refusals(&self) {
        let [ann, ben, eve, kim] = [201, 202, 203, 204].map(user);
        self.store.follow(self.wish(ann, ben, FollowStatus::Accepted)).await.unwrap();
        self.store.follow(self.wish(ann, eve, FollowStatus::Pending)).await.unwrap();
        // A request counts towards the limit, or accepting it would lead beyond.
        let third = NewFollow { most: 2, ..self.wish(ann, kim, FollowStatus::Accepted) };
        let error = self.store.follow(third).await.unwrap_err();
        assert_eq!(error.code(), "too_many_followings");
        self.counts(kim, 0, 0, 0).await;
        self.store.unfollow(ann, eve, self.stamp()).await.unwrap();
        let third = NewFollow { stamp: self.stamp(), ..third };
        assert_eq!(self.store.follow(third).await.unwrap(), Added::New);

        self.store.block(eve, ann, self.stamp()).await.unwrap();
        self.happened.lately().await;
        for (follower, followee) in [(ann, eve), (eve, ann)] {
            let wish = self.wish(follower, followee, FollowStatus::Accepted);
            assert_eq!(self.store.follow(wish).await.unwrap_err().code(), "user_not_found");
        }
        assert_eq!(self.happened.lately().await, []);
    }

    async fn blocks(&self) {
        let (ann, ben) = (user(301), user(302));
        self.store.follow(self.wish(ann, ben, FollowStatus::Accepted)).await.unwrap();
        self.store.follow(self.wish(ben, ann, FollowStatus::Pending)).await.unwrap();
        self.happened.lately().await;
        assert!(self.store.block(ann, ben, self.stamp()).await.unwrap());
        assert!(!self.store.block(ann, ben, self.stamp()).await.unwrap());
        self.counts(ann, 0, 0, 0).await;
        self.counts(ben, 0, 0, 0).await;
        assert!(self.store.circle(ann).await.unwrap().blocks(ben));
        assert!(self.store.circle(ben).await.unwrap().blocks(ann));
        // Each of the two has to take back a block of their own.
        assert!(!self.store.unblock(ben, ann, self.stamp()).await.unwrap());
        assert!(self.store.unblock(ann, ben, self.stamp()).await.unwrap());
        assert!(!self.store.circle(ben).await.unwrap().blocks(ann));
        assert_eq!(
            self.happened.lately().await,
            [
                Event::Unfollowed { follower: ann, followee: ben },
                Event::FollowWithdrawn { follower: ben, followee: ann },
                Event::Blocked { blocker: ann, blocked: ben },
                Event::Unblocked { blocker: ann, blocked: ben },
            ]
        );
    }

    async fn mutes(&self) {
        let (ann, ben) = (user(401), user(402));
        self.store.follow(self.wish(ann, ben, FollowStatus::Accepted)).await.unwrap();
        self.happened.lately().await;
        assert!(self.store.mute(ann, ben, self.stamp()).await.unwrap());
        assert!(!self.store.mute(ann, ben, self.stamp()).await.unwrap());
        let muted = self.store.circle(ann).await.unwrap();
        assert!(muted.mutes(ben) && muted.follows(ben) && !muted.feeds(ben));
        assert!(!self.store.circle(ben).await.unwrap().mutes(ann));
        assert!(self.store.unmute(ann, ben, self.stamp()).await.unwrap());
        assert!(!self.store.unmute(ann, ben, self.stamp()).await.unwrap());
        let heard = self.store.circle(ann).await.unwrap();
        // A timeline that was built while the author was muted lacks their posts.
        assert!(heard.feeds(ben) && heard.version > muted.version);
        let (muter, muted) = (ann, ben);
        let told = [Event::Muted { muter, muted }, Event::Unmuted { muter, muted }];
        assert_eq!(self.happened.lately().await, told);
    }

    async fn lists(&self) {
        let star = user(500);
        let fans: Vec<UserId> = (501..=507).map(user).collect();
        for fan in &fans {
            self.store.follow(self.wish(*fan, star, FollowStatus::Accepted)).await.unwrap();
            self.store.follow(self.wish(star, *fan, FollowStatus::Pending)).await.unwrap();
            self.store.mute(star, *fan, self.stamp()).await.unwrap();
        }
        // Accepted last, so the newest followee.
        self.store.accept(star, fans[2], self.stamp()).await.unwrap();
        self.store.accept(star, fans[0], self.stamp()).await.unwrap();
        let newest: Vec<UserId> = fans.iter().rev().copied().collect();
        for list in [List::Followers, List::Muted] {
            assert_eq!(self.whole(list, star).await, newest, "{list:?}");
        }
        assert_eq!(self.whole(List::Following, star).await, [fans[0], fans[2]]);
        assert_eq!(self.whole(List::Requests, fans[1]).await, [star]);
        assert_eq!(self.whole(List::Requests, fans[0]).await, []);

        let mut by_id = self.store.followers_after(star, None, 4).await.unwrap();
        assert_eq!(by_id, fans[..4]);
        by_id = self.store.followers_after(star, by_id.last().copied(), 4).await.unwrap();
        assert_eq!(by_id, fans[4..]);
        self.store.block(star, fans[1], self.stamp()).await.unwrap();
        self.store.block(star, fans[3], self.stamp()).await.unwrap();
        assert_eq!(self.whole(List::Blocked, star).await, [fans[3], fans[1]]);
    }

    async fn old_requests(&self) {
        let star = user(600);
        let fans: Vec<UserId> = (601..=605).map(user).collect();
        for fan in &fans {
            self.store.follow(self.wish(*fan, star, FollowStatus::Pending)).await.unwrap();
        }
        self.happened.lately().await;
        let stamps = || (0..3).map(|_| self.stamp()).collect();
        assert_eq!(self.store.accept_oldest(star, stamps()).await.unwrap(), fans[..3]);
        self.counts(star, 3, 0, 2).await;
        assert_eq!(self.store.accept_oldest(star, stamps()).await.unwrap(), fans[3..]);
        assert_eq!(self.store.accept_oldest(star, stamps()).await.unwrap(), []);
        self.counts(star, 5, 0, 0).await;
        let accepted = |follower| Event::FollowAccepted { follower, followee: star };
        assert_eq!(
            self.happened.lately().await,
            fans.into_iter().map(accepted).collect::<Vec<_>>()
        );
    }

    async fn relationships(&self) {
        let [ann, ben, eve, kim, zoe] = [701, 702, 703, 704, 705].map(user);
        self.store.follow(self.wish(ann, ben, FollowStatus::Accepted)).await.unwrap();
        self.store.follow(self.wish(ben, ann, FollowStatus::Pending)).await.unwrap();
        self.store.block(ann, eve, self.stamp()).await.unwrap();
        self.store.block(kim, ann, self.stamp()).await.unwrap();
        self.store.mute(ann, kim, self.stamp()).await.unwrap();
        let found = self.store.relationships(ann, vec![zoe, kim, eve, ben, ann]).await.unwrap();
        let none = Relationship::default();
        assert_eq!(
            found,
            [
                none,
                Relationship { blocked_by: true, muting: true, ..none },
                Relationship { blocking: true, ..none },
                Relationship { following: true, requested: true, ..none },
                none,
            ]
        );
        let found = self.store.relationships(ben, vec![ann]).await.unwrap();
        assert_eq!(found, [Relationship { followed_by: true, pending: true, ..none }]);
    }

    async fn search(&self) {
        let [ann, ben, eve, kim, zoe, max] = [801, 802, 803, 804, 805, 806].map(user);
        for (follower, followee) in
            [(ann, ben), (ann, eve), (ben, kim), (eve, kim), (eve, zoe), (zoe, kim), (zoe, max)]
        {
            let wish = self.wish(follower, followee, FollowStatus::Accepted);
            self.store.follow(wish).await.unwrap();
        }
        self.store.follow(self.wish(max, kim, FollowStatus::Pending)).await.unwrap();
        let reach = Reach { followees: 10, each: 10 };
        let ways = self.store.friends_of_friends(ann, reach).await.unwrap();
        assert_eq!(ways.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([(kim, 2), (zoe, 1)]));
        let near = self.store.friends_of_friends(ann, Reach { followees: 1, each: 1 }).await;
        assert_eq!(near.unwrap(), [(zoe, 1)]);

        self.store.follow(self.wish(ann, max, FollowStatus::Accepted)).await.unwrap();
        self.store.follow(self.wish(ben, max, FollowStatus::Accepted)).await.unwrap();
        for (one, other) in [(kim, max), (max, kim)] {
            assert_eq!(self.store.mutual_followers(one, other).await.unwrap(), [ben, zoe]);
        }
        assert_eq!(self.store.mutual_followers(ann, kim).await.unwrap(), []);
    }

    async fn departure(&self) {
        let gone = user(900);
        let others: Vec<UserId> = (901..=905).map(user).collect();
        for other in &others {
            self.store.follow(self.wish(gone, *other, FollowStatus::Accepted)).await.unwrap();
            self.store.follow(self.wish(*other, gone, FollowStatus::Pending)).await.unwrap();
            self.store.mute(*other, gone, self.stamp()).await.unwrap();
        }
        self.store.accept(others[0], gone, self.stamp()).await.unwrap();
        let (one, two) = (user(906), user(907));
        self.store.block(one, gone, self.stamp()).await.unwrap();
        self.store.block(gone, two, self.stamp()).await.unwrap();
        self.store.mute(gone, two, self.stamp()).await.unwrap();
        self.happened.lately().await;
        let mut rounds = 0;
        loop {
            let stamps: Vec<Stamp> = (0..4).map(|_| self.stamp()).collect();
            let removed = self.store.forget(gone, stamps).await.unwrap();
            assert!(removed.len() <= 4);
            if removed.is_empty() {
                break;
            }
            rounds += 1;
        }
        assert_eq!(rounds, 5, "18 ties, four at a time");
        let events = self.happened.lately().await;
        assert_eq!(events.len(), 10);
        assert!(events.contains(&Event::Unfollowed { follower: others[0], followee: gone }));
        assert!(events.contains(&Event::FollowWithdrawn { follower: others[1], followee: gone }));
        assert!(events.contains(&Event::Unfollowed { follower: gone, followee: others[4] }));
        for other in others.iter().chain([&gone]) {
            self.counts(*other, 0, 0, 0).await;
        }
        for user in [one, two, others[0]] {
            let circle = self.store.circle(user).await.unwrap();
            assert!(!circle.blocks(gone) && !circle.mutes(gone), "{user}");
        }
        // Who is gone stays gone: a change that was under way must not tie them again.
        for (from, to) in [(one, gone), (gone, one)] {
            let wish = self.wish(from, to, FollowStatus::Accepted);
            assert_eq!(self.store.follow(wish).await.unwrap_err().code(), "user_not_found");
            assert!(self.store.block(from, to, self.stamp()).await.is_err());
            assert!(self.store.mute(from, to, self.stamp()).await.is_err());
        }
        assert_eq!(self.happened.lately().await, []);
    }

    async fn seeds(&self) {
        let [ann, ben, eve, kim] = [1001, 1002, 1003, 1004].map(user);
        self.store.follow(self.wish(ann, ben, FollowStatus::Pending)).await.unwrap();
        self.happened.lately().await;
        let seed = |pairs: &[(UserId, UserId)]| {
            let follow = |(from, to): &(UserId, UserId)| (*from, *to, self.stamp());
            self.store.seed(pairs.iter().map(follow).collect())
        };
        seed(&[(ann, eve), (ann, ben), (ann, eve), (kim, eve), (eve, ann)]).await.unwrap();
        self.counts(ann, 1, 1, 0).await;
        self.counts(ben, 0, 0, 1).await;
        self.counts(eve, 2, 1, 0).await;
        assert_eq!(self.happened.lately().await.len(), 3);
        assert_eq!(self.whole(List::Followers, eve).await, [kim, ann]);
        self.store.block(kim, ben, self.stamp()).await.unwrap();
        self.happened.lately().await;
        let refused = seed(&[(ben, kim), (ben, eve)]).await.unwrap_err();
        assert_eq!(refused.code(), "user_not_found");
        assert_eq!(self.happened.lately().await, []);
    }

    /// Reads a list in pages of two.
    async fn whole(&self, list: List, of: UserId) -> Vec<UserId> {
        let mut users = Vec::new();
        let mut below = None;
        loop {
            let ties = self.store.ties(list, of, below, 2).await.unwrap();
            users.extend(ties.iter().map(|tie| tie.user));
            let Some(last) = ties.last() else { return users };
            below = Some(last.since);
        }
    }

    async fn counts(&self, of: UserId, followers: u64, following: u64, pending_requests: u64) {
        let found = self.store.counts(vec![of]).await.unwrap();
        let found = found.first().map_or(GraphCounts::default(), |(_, counts)| *counts);
        assert_eq!(found, GraphCounts { followers, following, pending_requests }, "of {of}");
    }

    fn wish(&self, follower: UserId, followee: UserId, status: FollowStatus) -> NewFollow {
        NewFollow { follower, followee, status, most: 100, stamp: self.stamp() }
    }

    fn stamp(&self) -> Stamp {
        Stamp::made_by(self.ids)
    }
}

#[tokio::test]
async fn finds_and_mends_counters_that_are_wrong() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        let store = super::open(&bench.database);
        let [ann, ben] = [1, 2].map(user);
        store.seed(vec![(ann, ben, Stamp::made_by(&bench.ids))]).await.unwrap();
        bench.execute("UPDATE graph_counts SET following = 5 WHERE account = 1").await;
        bench.execute("DELETE FROM graph_counts WHERE account = 2").await;
        let wrong =
            |counter, of: UserId, stored, counted| Drift { counter, of: of.get(), stored, counted };
        let drift = [wrong("following", ann, 5, 1), wrong("followers", ben, 0, 1)];
        assert_eq!(store.drift().await.unwrap(), drift);
        store.recount(vec![ann, ben]).await.unwrap();
        assert_eq!(store.drift().await.unwrap(), []);
    }
}
