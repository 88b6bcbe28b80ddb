//! What happened to a person: likes, comments, follows, mentions.

use serde::{Deserialize, Serialize};
use tintype_platform::page::{Limit, Page};
use tintype_platform::{Timestamp, service};

use crate::ids::UserId;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// Liked a post of yours.
    Like,
    /// Commented on a post of yours.
    Comment,
    /// Liked a comment of yours.
    CommentLike,
    /// Follows you now.
    Follow,
    /// Asks to follow you.
    FollowRequest,
    /// Has accepted your request.
    FollowAccepted,
    /// Mentioned you in a caption or comment.
    Mention,
}

/// What an activity is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A post.
    Post,
    /// A comment.
    Comment,
    /// A person.
    User,
}

/// One thing that happened to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityItem {
    /// Its id, rising with time.
    pub id: u64,
    /// What was done.
    pub kind: ActivityKind,
    /// Who did it.
    pub actor: UserId,
    /// To what: a post, a comment or a person.
    pub target: u64,
    /// Which of the three.
    pub target_kind: TargetKind,
    /// More about it, such as `post_id` of a comment.
    pub metadata: serde_json::Value,
    /// Whether the person has seen it.
    pub read: bool,
    /// When it was done.
    pub created_at: Timestamp,
}

service! {
    /// What the pages of the site ask about activity.
    pub trait Activity as activity {
        /// A page of what happened to `user`, the newest first, without what people did whom the
        /// user blocks or is blocked by.
        read fn recent(user: UserId, cursor: Option<String>, limit: Limit) -> Page<ActivityItem>;

        /// How much of it `user` has not seen.
        read fn unread(user: UserId) -> u32;

        /// Marks all that happened to `user` until now as seen.
        write fn mark_read(user: UserId) -> ();
    }
}
