//! Who follows, asks, blocks and mutes whom.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tintype_platform::service;

use crate::accounts::Card;
use crate::ids::UserId;

/// Whether a follow counts or waits for the followee's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowStatus {
    /// It counts.
    Accepted,
    /// It waits.
    Pending,
}

/// Everybody that matters to what one viewer may see. Each list is sorted by id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Circle {
    /// Rises whenever the viewer gains a followee: a timeline that was built at an earlier version
    /// lacks that followee's posts.
    pub version: u64,
    /// Whom the viewer follows with status accepted.
    pub followees: Arc<[UserId]>,
    /// Who blocks the viewer or is blocked by them: each is not there for the other.
    pub blocked: Arc<[UserId]>,
    /// Whom the viewer does not want to see in the feed.
    pub muted: Arc<[UserId]>,
    /// The authors of the viewer's feed besides themselves: followees neither blocked nor muted.
    pub authors: Arc<[UserId]>,
}

impl Circle {
    /// A circle of sorted lists.
    pub fn new(
        version: u64,
        followees: Arc<[UserId]>,
        blocked: Arc<[UserId]>,
        muted: Arc<[UserId]>,
    ) -> Self {
        let hidden = |user: &UserId| {
            blocked.binary_search(user).is_ok() || muted.binary_search(user).is_ok()
        };
        let authors = if blocked.is_empty() && muted.is_empty() {
            followees.clone()
        } else {
            followees.iter().copied().filter(|user| !hidden(user)).collect()
        };
        Self { version, followees, blocked, muted, authors }
    }

    /// Whether the viewer follows `user`.
    pub fn follows(&self, user: UserId) -> bool {
        self.followees.binary_search(&user).is_ok()
    }

    /// Whether `user` and the viewer are not there for each other.
    pub fn blocks(&self, user: UserId) -> bool {
        self.blocked.binary_search(&user).is_ok()
    }

    /// Whether the viewer has muted `user`.
    pub fn mutes(&self, user: UserId) -> bool {
        self.muted.binary_search(&user).is_ok()
    }

    /// Whether posts of `user` belong in the viewer's feed, the viewer's own aside.
    pub fn feeds(&self, user: UserId) -> bool {
        self.authors.binary_search(&user).is_ok()
    }

    /// Whether the viewer may see the posts and lists of the account behind `card`.
    pub fn may_see(&self, viewer: UserId, card: &Card) -> bool {
        card.id == viewer || (!self.blocks(card.id) && (!card.is_private || self.follows(card.id)))
    }
}

/// How many follow an account, how many it follows, how many ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GraphCounts {
    /// Accepted followers.
    pub followers: u64,
    /// Accepted followees.
    pub following: u64,
    /// Requests that wait for the account's word.
    pub pending_requests: u64,
}

/// How two people stand to each other, from the viewer's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the documents answer each of them by itself")]
pub struct Relationship {
    /// The viewer follows the other.
    pub following: bool,
    /// The other follows the viewer.
    pub followed_by: bool,
    /// The viewer has asked the other.
    pub pending: bool,
    /// The other has asked the viewer.
    pub requested: bool,
    /// The viewer blocks the other.
    pub blocking: bool,
    /// The other blocks the viewer.
    pub blocked_by: bool,
    /// The viewer mutes the other.
    pub muting: bool,
}

service! {
    /// What other slices ask about the graph.
    pub trait Graph as graph {
        /// The circle of `viewer`, true at this moment.
        read fn circle(viewer: UserId) -> Arc<Circle>;

        /// The counts of `users`, in their order.
        read fn counts(users: Vec<UserId>) -> Vec<GraphCounts>;

        /// How `viewer` and each of `others` stand to each other, in their order.
        read fn relationships(viewer: UserId, others: Vec<UserId>) -> Vec<Relationship>;

        /// Up to `limit` accepted followers of `user` with an id above `after`, in rising order.
        read fn followers_after(user: UserId, after: Option<UserId>, limit: u32) -> Vec<UserId>;

        /// Accepts every request that waits for `user`, who has gone public.
        write fn accept_all(user: UserId) -> ();
    }
}
