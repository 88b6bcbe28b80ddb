//! What is the same in every store: who may follow, what a change does to the counts and what is told
//! of it, and what the rows of a read mean.

use std::collections::BTreeMap;

use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::{Circle, Drift, Event, Stamp, UserId};
use tintype_platform::{Error, Result};

use crate::service::user_not_found;

/// How two people stand before one follows the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// Either blocks the other.
    pub(super) blocked: bool,
    /// The follow or request that is there already.
    pub(super) found: Option<FollowStatus>,
    /// Follows and requests of the follower.
    pub(super) reached_out: i64,
}

impl Standing {
    /// Refuses a follow that may not be; answers the one that is there already.
    pub(super) fn admit(self, most: u32) -> Result<Option<FollowStatus>> {
        if self.blocked {
            return Err(user_not_found());
        }
        if self.found.is_none() && self.reached_out >= i64::from(most) {
            return Err(Error::refused(
                "too_many_followings",
                format!("You may follow at most {most} accounts; unfollow somebody first"),
            ));
        }
        Ok(self.found)
    }
}

/// What a change of ties adds to the counts of people, and what is told of it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By whose counts they are.
    pub(super) added: BTreeMap<UserId, Counts>,
    /// In the order in which it happened.
    pub(super) told: Vec<(Event, Stamp)>,
}

/// What a change adds to the counts of one person.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) followers: i64,
    pub(super) following: i64,
    pub(super) pending_requests: i64,
    pub(super) asked: i64,
    pub(super) version: i64,
}

impl Tally {
    /// A follow or request was added.
    pub(super) fn begun(
        &mut self,
        (follower, followee): (UserId, UserId),
        status: FollowStatus,
        stamp: Stamp,
    ) {
        match status {
            FollowStatus::Accepted => self.count_follow(follower, followee, 1),
            FollowStatus::Pending => self.count_request(follower, followee, 1),
        }
        self.told.push((Event::Followed { follower, followee, status }, stamp));
    }

    /// A follow or request was removed, whoever wanted it gone.
    pub(super) fn ended(
        &mut self,
        (follower, followee): (UserId, UserId),
        status: FollowStatus,
        stamp: Stamp,
    ) {
        let event = match status {
            FollowStatus::Accepted => {
                self.count_follow(follower, followee, -1);
                Event::Unfollowed { follower, followee }
            }
            FollowStatus::Pending => {
                self.count_request(follower, followee, -1);
                Event::FollowWithdrawn { follower, followee }
            }
        };
        self.told.push((event, stamp));
    }

    /// A request counts from now on.
    pub(super) fn accepted(&mut self, follower: UserId, followee: UserId, stamp: Stamp) {
        self.count_request(follower, followee, -1);
        self.count_follow(follower, followee, 1);
        self.told.push((Event::FollowAccepted { follower, followee }, stamp));
    }

    /// A request was refused.
    pub(super) fn rejected(&mut self, follower: UserId, followee: UserId, stamp: Stamp) {
        self.count_request(follower, followee, -1);
        self.told.push((Event::FollowRejected { follower, followee }, stamp));
    }

    /// Something else happened, which no count shows.
    pub(super) fn tell(&mut self, event: Event, stamp: Stamp) {
        self.told.push((event, stamp));
    }

    /// A mute was removed: the muter's feed gains an author.
    pub(super) fn unmuted(&mut self, muter: UserId, muted: UserId, stamp: Stamp) {
        self.of(muter).version += 1;
        self.told.push((Event::Unmuted { muter, muted }, stamp));
    }

    pub(super) fn count_follow(&mut self, follower: UserId, followee: UserId, by: i64) {
        let counts = self.of(follower);
        counts.following += by;
        counts.version += by.max(0);
        self.of(followee).followers += by;
    }

    fn count_request(&mut self, follower: UserId, followee: UserId, by: i64) {
        self.of(follower).asked += by;
        self.of(followee).pending_requests += by;
    }

    fn of(&mut self, user: UserId) -> &mut Counts {
        self.added.entry(user).or_default()
    }
}

/// What the rows of [`sql::CIRCLE`](super::sql::CIRCLE) come to.
#[derive(Debug, Default)]
pub(super) struct CircleRows {
    version: i64,
    followees: Vec<UserId>,
    blocked: Vec<UserId>,
    muted: Vec<UserId>,
}

impl CircleRows {
    /// Takes the two columns of a row.
    pub(super) fn take(&mut self, part: i64, number: i64) -> Result<()> {
        let list = match part {
            0 => {
                self.version = number;
                return Ok(());
            }
            1 => &mut self.followees,
            2 => &mut self.blocked,
            _ => &mut self.muted,
        };
        let user = UserId::new(number as u64);
        list.push(user.ok_or_else(|| Error::internal("a tie to nobody"))?);
        Ok(())
    }

    pub(super) fn circle(self) -> Circle {
        let sorted = |mut users: Vec<UserId>| {
            users.sort_unstable();
            users.dedup();
            users.into()
        };
        let Self { version, followees, blocked, muted } = self;
        Circle::new(version as u64, sorted(followees), sorted(blocked), sorted(muted))
    }
}

/// Enters one row of what a store knows of two people: which tie it is, and whether it is accepted.
pub(super) fn enter(relationship: &mut Relationship, tie: i64, accepted: bool) {
    match tie {
        0 if accepted => relationship.following = true,
        0 => relationship.pending = true,
        1 if accepted => relationship.followed_by = true,
        1 => relationship.requested = true,
        2 => relationship.blocking = true,
        3 => relationship.blocked_by = true,
        _ => relationship.muting = true,
    }
}

/// Counts as the row of an account has them.
pub(super) fn counts([followers, following, pending_requests]: [i64; 3]) -> GraphCounts {
    let count = |stored: i64| stored.max(0) as u64;
    GraphCounts {
        followers: count(followers),
        following: count(following),
        pending_requests: count(pending_requests),
    }
}

/// What is wrong in a row of [`sql::DRIFT`](super::sql::DRIFT).
pub(super) fn drift(
    of: UserId,
    counted: [i64; 4],
    stored: [i64; 4],
) -> impl Iterator<Item = Drift> {
    const COUNTERS: [&str; 4] = ["followers", "following", "pending_requests", "asked"];
    let counters = COUNTERS.into_iter().zip(counted.into_iter().zip(stored));
    counters
        .filter(|(_, (counted, stored))| counted != stored)
        .map(move |(counter, (counted, stored))| Drift { counter, of: of.get(), stored, counted })
}

pub(super) fn status_of(accepted: bool) -> FollowStatus {
    if accepted { FollowStatus::Accepted } else { FollowStatus::Pending }
}
