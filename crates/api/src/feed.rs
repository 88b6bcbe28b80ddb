//! The personal feed.

use serde::{Deserialize, Serialize};
use tintype_platform::page::Limit;
use tintype_platform::service;

use crate::ids::UserId;
use crate::posts::PostView;

/// How a feed is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest first.
    #[default]
    Latest,
    /// By age, engagement and affinity.
    Ranked,
}

/// Which page of whose feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRequest {
    /// Whose feed.
    pub viewer: UserId,
    /// In which order.
    pub order: Order,
    /// Where to go on; from the last page.
    pub cursor: Option<String>,
    /// Posts to skip, without a cursor.
    pub skip: u32,
    /// Posts on the page.
    pub limit: Limit,
    /// Whether the viewer's own posts are in it.
    pub own_posts: bool,
    /// Only posts of the last so many days.
    pub days: Option<u32>,
}

/// Why a post stands where it does in a ranked feed: each part from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Score {
    /// e^(-age in hours / 12), weighs 0.5.
    pub recency: f64,
    /// How much people do with the post, weighs 0.3.
    pub engagement: f64,
    /// How much the viewer does with the author's posts, weighs 0.2.
    pub affinity: f64,
    /// The weighted sum.
    pub total: f64,
}

/// One page of a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedPage {
    /// The posts in order.
    pub posts: Vec<PostView>,
    /// For a ranked feed the score of each post, in the same order; else empty.
    pub scores: Vec<Score>,
    /// Where the next page begins; absent on the last page only.
    pub next: Option<String>,
    /// How many posts of the feed come before the end of this page.
    pub offset: u32,
}

/// Figures about one person's feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedStats {
    /// Posts in the feed, at most 1,000.
    pub size: u32,
    /// How timelines are kept: `pull`, `push` or `hybrid`.
    pub strategy: String,
}

service! {
    /// What the pages of the site ask about feeds.
    pub trait Feed as feed {
        /// A page of a feed, true at this moment.
        read fn page(request: FeedRequest) -> FeedPage;

        /// Figures about the feed of `viewer`.
        read fn stats(viewer: UserId) -> FeedStats;

        /// Builds the timeline of `viewer` anew and answers how many posts it holds.
        write fn rebuild(viewer: UserId) -> u32;
    }
}
