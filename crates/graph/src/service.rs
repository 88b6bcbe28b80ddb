//! The use-cases: who may follow, ask, block, mute and see whom.

mod discovery;
mod lists;
mod peers;

use std::sync::Arc;
use std::time::Duration;

use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::{Base, Card, Circle, Drift, Graph, Services, Stamp, UserId};
use tintype_platform::cache::Cache;
use tintype_platform::{Error, IdGenerator, Result, Timestamp, id};

use crate::Settings;
use crate::store::{Added, NewFollow, Store};
pub use discovery::Mutual;
pub use lists::Entry;

/// How long processes of a fleet keep a circle for each other.
const SHARED_FOR: Duration = Duration::from_mins(5);

/// Ties changed in one transaction where there may be any number of them.
const BATCH: usize = 200;

/// Everything that can be done with ties between people.
///
/// Callers are proven: a method takes for granted that `follower`, `viewer`, … is who calls. Another
/// person who is not there, or not there for the caller because one of them blocks the other, is
/// 404 `User not found`.
pub struct GraphService {
    store: Arc<dyn Store>,
    services: Arc<Services>,
    ids: Arc<IdGenerator>,
    settings: Settings,
    circles: Cache<UserId, Arc<Circle>>,
}

/// What came of a wish to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowOutcome {
    /// It counts from now on.
    Followed,
    /// It counted already.
    AlreadyFollowing,
    /// The account is private and its owner was asked.
    Requested,
    /// Its owner was asked already.
    AlreadyRequested,
}

impl FollowOutcome {
    /// How the two stand now.
    pub fn status(self) -> FollowStatus {
        match self {
            Self::Followed | Self::AlreadyFollowing => FollowStatus::Accepted,
            Self::Requested | Self::AlreadyRequested => FollowStatus::Pending,
        }
    }
}

/// What came of a wish to follow no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnfollowOutcome {
    /// A follow has ended.
    Unfollowed,
    /// A request was withdrawn.
    Withdrawn,
    /// There was neither.
    NotFollowing,
}

impl GraphService {
    pub(crate) fn new(store: Arc<dyn Store>, base: &Base, settings: Settings) -> Self {
        Self {
            circles: Cache::new("circles", settings.cached_circles)
                .shared(base.sharing(), SHARED_FOR),
            store,
            services: base.services.clone(),
            ids: base.ids.clone(),
            settings,
        }
    }

    /// Lets `follower` follow `followee`, or ask to if the account is private. Doing it again
    /// changes nothing. 400 `self_follow`, 400 `too_many_followings`.
    pub async fn follow(&self, follower: UserId, followee: UserId) -> Result<FollowOutcome> {
        if follower == followee {
            return Err(Error::refused("self_follow", "Cannot follow yourself"));
        }
        self.card(follower).await?;
        let card = self.card(followee).await?;
        let follow = NewFollow {
            follower,
            followee,
            status: if card.is_private { FollowStatus::Pending } else { FollowStatus::Accepted },
            most: self.settings.most_followees,
            stamp: self.stamp(),
        };
        let added = self.store.follow(follow).await?;
        if added == Added::New {
            self.forget_both(follower, followee);
        }
        let outcome = match (added, follow.status) {
            (Added::New, FollowStatus::Accepted) => FollowOutcome::Followed,
            (Added::New, FollowStatus::Pending) => FollowOutcome::Requested,
            (Added::Already(FollowStatus::Accepted), _) => FollowOutcome::AlreadyFollowing,
            (Added::Already(FollowStatus::Pending), _) => FollowOutcome::AlreadyRequested,
        };
        // The account may have gone public after its card was read, and its requests may have been
        // accepted before this one was there: nobody else would ever accept it.
        if outcome.status() == FollowStatus::Pending
            && !self.card(followee).await?.is_private
            && self.accept(follower, followee).await?
        {
            return Ok(FollowOutcome::Followed);
        }
        Ok(outcome)
    }

    /// Ends a follow, or withdraws a request.
    pub async fn unfollow(&self, follower: UserId, followee: UserId) -> Result<UnfollowOutcome> {
        self.card(follower).await?;
        self.person(Some(follower), followee).await?;
        let removed = self.store.unfollow(follower, followee, self.stamp()).await?;
        if removed.is_some() {
            self.forget_both(follower, followee);
        }
        Ok(match removed {
            Some(FollowStatus::Accepted) => UnfollowOutcome::Unfollowed,
            Some(FollowStatus::Pending) => UnfollowOutcome::Withdrawn,
            None => UnfollowOutcome::NotFollowing,
        })
    }

    /// Lets `follower`, who has asked, follow `followee`. 404 `request_not_found`.
    pub async fn accept_request(&self, followee: UserId, follower: UserId) -> Result<()> {
        self.person(Some(followee), follower).await?;
        if self.accept(follower, followee).await? { Ok(()) } else { Err(request_not_found()) }
    }

    /// Takes away the request of `follower`, who may ask again. 404 `request_not_found`.
    pub async fn reject_request(&self, followee: UserId, follower: UserId) -> Result<()> {
        self.person(Some(followee), follower).await?;
        if !self.store.reject(follower, followee, self.stamp()).await? {
            return Err(request_not_found());
        }
        self.forget_both(follower, followee);
        Ok(())
    }

    /// Ends every follow and request between the two, and makes neither be there for the other.
    /// Doing it again changes nothing. 400 `self_block`.
    pub async fn block(&self, blocker: UserId, blocked: UserId) -> Result<()> {
        if blocker == blocked {
            return Err(Error::refused("self_block", "Cannot block yourself"));
        }
        self.card(blocked).await?;
        self.own_block(blocker, blocked).await?;
        if self.store.block(blocker, blocked, self.stamp()).await? {
            self.forget_both(blocker, blocked);
        }
        Ok(())
    }

    /// Ends a block; what it took away does not come back. Doing it again changes nothing.
    pub async fn unblock(&self, blocker: UserId, blocked: UserId) -> Result<()> {
        self.card(blocked).await?;
        self.own_block(blocker, blocked).await?;
        if self.store.unblock(blocker, blocked, self.stamp()).await? {
            self.forget_both(blocker, blocked);
        }
        Ok(())
    }

    /// Keeps posts of `muted` out of the feed of `muter`; nobody else can tell. Doing it again
    /// changes nothing. 400 `self_mute`.
    pub async fn mute(&self, muter: UserId, muted: UserId) -> Result<()> {
        if muter == muted {
            return Err(Error::refused("self_mute", "Cannot mute yourself"));
        }
        self.person(Some(muter), muted).await?;
        if self.store.mute(muter, muted, self.stamp()).await? {
            self.circles.invalidate(&muter);
        }
        Ok(())
    }

    /// Lets posts of `muted` into the feed of `muter` again. Doing it again changes nothing.
    pub async fn unmute(&self, muter: UserId, muted: UserId) -> Result<()> {
        self.person(Some(muter), muted).await?;
        if self.store.unmute(muter, muted, self.stamp()).await? {
            self.circles.invalidate(&muter);
        }
        Ok(())
    }

    /// How `viewer` and `other` stand to each other.
    pub async fn relationship(&self, viewer: UserId, other: UserId) -> Result<Relationship> {
        self.person(Some(viewer), other).await?;
        let mut relationships = self.store.relationships(viewer, vec![other]).await?;
        Ok(relationships.pop().unwrap_or_default())
    }

    /// The counts of `user`. How many requests wait is for the account itself to know; everybody
    /// else reads 0.
    pub async fn stats(&self, viewer: UserId, user: UserId) -> Result<GraphCounts> {
        self.person(Some(viewer), user).await?;
        let counts = self.count(user).await?;
        let pending_requests = if viewer == user { counts.pending_requests } else { 0 };
        Ok(GraphCounts { pending_requests, ..counts })
    }

    /// How many follow `user`.
    pub async fn followers_count(&self, user: UserId) -> Result<u64> {
        Ok(self.count(user).await?.followers)
    }

    /// The account with this username.
    pub async fn named(&self, username: String) -> Result<UserId> {
        let mut found = self.services.accounts().named(vec![username]).await?;
        found.pop().flatten().ok_or_else(user_not_found)
    }

    /// Adds accepted follows (follower, followee, when) with their counts and events, a few
    /// thousand to a transaction. For the network of the demo: whoever calls it knows that the
    /// accounts are there and block nobody. A follow that is there already is left as it is.
    pub async fn seed(&self, mut follows: Vec<(UserId, UserId, Timestamp)>) -> Result<()> {
        follows.retain(|(follower, followee, _)| follower != followee);
        follows.sort_unstable_by_key(|(_, _, at)| *at);
        // Places in lists must differ even where the times do not.
        let mut last = 0;
        let stamped: Vec<_> = follows
            .into_iter()
            .map(|(follower, followee, at)| {
                last = id::floor_at(at).max(last + 1);
                (follower, followee, Stamp { id: last, at })
            })
            .collect();
        for part in stamped.chunks(2_000) {
            self.store.seed(part.to_vec()).await?;
        }
        self.forget_caches();
        Ok(())
    }

    /// Counts every counter anew and answers those that were wrong; puts them right if asked to.
    pub async fn check(&self, repair: bool) -> Result<Vec<Drift>> {
        let drift = self.store.drift().await?;
        if repair {
            let mut users: Vec<UserId> =
                drift.iter().filter_map(|drift| UserId::new(drift.of)).collect();
            users.dedup();
            for part in users.chunks(BATCH) {
                self.store.recount(part.to_vec()).await?;
            }
            self.forget_caches();
        }
        Ok(drift)
    }

    /// Forgets what was read from the database, which another process has changed.
    pub fn forget_caches(&self) {
        self.circles.invalidate_all();
    }

    /// Removes every tie of an account that is gone. Doing it again changes nothing.
    pub(crate) async fn forget_user(&self, user: UserId) -> Result<()> {
        loop {
            let others = self.store.forget(user, self.stamps()).await?;
            self.forget_circle(user);
            for other in &others {
                self.forget_circle(*other);
            }
            if others.is_empty() {
                return Ok(());
            }
        }
    }

    /// Accepts what waits for those of `users` whose accounts are public.
    pub(crate) async fn accept_for_public(&self, users: Vec<UserId>) -> Result<()> {
        let cards = self.services.accounts().cards(users).await?;
        for card in cards.into_iter().flatten().filter(|card| !card.is_private) {
            if self.count(card.id).await?.pending_requests > 0 {
                self.accept_all(card.id).await?;
            }
        }
        Ok(())
    }

    async fn accept(&self, follower: UserId, followee: UserId) -> Result<bool> {
        let accepted = self.store.accept(follower, followee, self.stamp()).await?;
        if accepted {
            self.forget_both(follower, followee);
        }
        Ok(accepted)
    }

    /// Refuses a `blocked` who is not there because it was they who blocked.
    async fn own_block(&self, blocker: UserId, blocked: UserId) -> Result<()> {
        if self.circle(blocker).await?.blocks(blocked) {
            let standing = self.store.relationships(blocker, vec![blocked]).await?;
            if standing.first().is_some_and(|standing| standing.blocked_by && !standing.blocking) {
                return Err(user_not_found());
            }
        }
        Ok(())
    }

    async fn card(&self, user: UserId) -> Result<Arc<Card>> {
        let mut cards = self.services.accounts().cards(vec![user]).await?;
        cards.pop().flatten().ok_or_else(user_not_found)
    }

    /// The card of `user`, if they are there for `viewer`.
    async fn person(&self, viewer: Option<UserId>, user: UserId) -> Result<Arc<Card>> {
        if let Some(viewer) = viewer
            && self.circle(viewer).await?.blocks(user)
        {
            return Err(user_not_found());
        }
        self.card(user).await
    }

    async fn count(&self, user: UserId) -> Result<GraphCounts> {
        Ok(Graph::counts(self, vec![user]).await?.pop().unwrap_or_default())
    }

    fn forget_both(&self, one: UserId, other: UserId) {
        self.forget_circle(one);
        self.forget_circle(other);
    }

    pub(crate) fn forget_circle(&self, user: UserId) {
        self.circles.invalidate(&user);
    }

    fn stamp(&self) -> Stamp {
        Stamp::made_by(&self.ids)
    }

    fn stamps(&self) -> Vec<Stamp> {
        (0..BATCH).map(|_| self.stamp()).collect()
    }
}

pub(crate) fn user_not_found() -> Error {
    Error::not_found("user_not_found", "User not found")
}

fn request_not_found() -> Error {
    Error::not_found("request_not_found", "Follow request not found")
}
