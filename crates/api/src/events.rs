//! What happens, and how brokers tell of it.
//!
//! A store puts an [`Event`] into the outbox in the transaction of the change. Consumers of this
//! program read it whole; [`Event::rabbit`] and [`Event::kafka`] give the bodies that the
//! documents promise to programs of others.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tintype_platform::outbox::Record;
use tintype_platform::{IdGenerator, Result, Timestamp};

use crate::graph::FollowStatus;
use crate::ids::{CommentId, MediaId, PostId, TokenId, UserId};
use crate::media::{MediaKind, Urls};

/// The id and time of an event, taken before the transaction that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The event's id; several events of one transaction may share it, told apart by their kind
    /// and key.
    pub id: u64,
    /// When it happens.
    pub at: Timestamp,
}

impl Stamp {
    /// A new stamp for now.
    pub fn made_by(ids: &IdGenerator) -> Self {
        Self { id: ids.next(), at: ids.clock().now() }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[expect(missing_docs, reason = "the fields of an event are named after what they are")]
pub enum Event {
    /// Somebody registered.
    #[serde(rename = "user.created")]
    UserCreated { user: UserId, username: String },
    /// A profile, a name, a picture or the privacy of an account changed.
    #[serde(rename = "user.updated")]
    UserUpdated { user: UserId },
    /// An account is gone; what hangs on it goes with it.
    #[serde(rename = "user.deleted")]
    UserDeleted { user: UserId },

    /// Somebody follows, or asks to.
    #[serde(rename = "graph.follow")]
    Followed { follower: UserId, followee: UserId, status: FollowStatus },
    /// A request was accepted.
    #[serde(rename = "graph.follow_accepted")]
    FollowAccepted { follower: UserId, followee: UserId },
    /// A request was rejected.
    #[serde(rename = "graph.follow_rejected")]
    FollowRejected { follower: UserId, followee: UserId },
    /// A request was withdrawn.
    #[serde(rename = "graph.follow_withdrawn")]
    FollowWithdrawn { follower: UserId, followee: UserId },
    /// A follow that counted has ended.
    #[serde(rename = "graph.unfollow")]
    Unfollowed { follower: UserId, followee: UserId },
    /// Somebody blocks somebody.
    #[serde(rename = "graph.block")]
    Blocked { blocker: UserId, blocked: UserId },
    /// A block has ended.
    #[serde(rename = "graph.unblock")]
    Unblocked { blocker: UserId, blocked: UserId },
    /// Somebody mutes somebody. Only the program itself learns of it, as of the next.
    #[serde(rename = "graph.mute")]
    Muted { muter: UserId, muted: UserId },
    /// A mute has ended.
    #[serde(rename = "graph.unmute")]
    Unmuted { muter: UserId, muted: UserId },

    /// A post was made. `mentions` are the accounts that its caption names.
    #[serde(rename = "post.created")]
    PostCreated { post: PostId, author: UserId, mentions: Vec<UserId> },
    /// A post was edited, hidden or shown again. `mentions` are those that were not there before.
    #[serde(rename = "post.updated")]
    PostUpdated { post: PostId, author: UserId, hidden: bool, mentions: Vec<UserId> },
    /// A post is gone.
    #[serde(rename = "post.deleted")]
    PostDeleted { post: PostId, author: UserId },
    /// Somebody likes a post.
    #[serde(rename = "post.liked")]
    PostLiked { post: PostId, author: UserId, user: UserId },
    /// Somebody likes a post no more.
    #[serde(rename = "post.unliked")]
    PostUnliked { post: PostId, author: UserId, user: UserId },
    /// Somebody commented. `mentions` are the accounts that the comment names.
    #[serde(rename = "comment.created")]
    CommentCreated {
        comment: CommentId,
        post: PostId,
        author: UserId,
        commenter: UserId,
        mentions: Vec<UserId>,
    },
    /// A comment is gone.
    #[serde(rename = "comment.deleted")]
    CommentDeleted { comment: CommentId, post: PostId, author: UserId, commenter: UserId },
    /// Somebody likes a comment.
    #[serde(rename = "comment.liked")]
    CommentLiked { comment: CommentId, post: PostId, commenter: UserId, user: UserId },
    /// Somebody likes a comment no more.
    #[serde(rename = "comment.unliked")]
    CommentUnliked { comment: CommentId, post: PostId, commenter: UserId, user: UserId },

    /// A picture or film was uploaded and is ready; `urls` are addresses.
    #[serde(rename = "media.uploaded")]
    MediaUploaded { media: MediaId, user: UserId, urls: Urls, kind: MediaKind },
    /// What is said about an upload has changed.
    #[serde(rename = "media.updated")]
    MediaUpdated { media: MediaId, user: UserId },
    /// An upload is gone; its `objects` are to be removed.
    #[serde(rename = "media.deleted")]
    MediaDeleted { media: MediaId, user: UserId, objects: Vec<String> },
    /// An upload has become the picture of its owner, or it has none any more: then `object` and
    /// `urls` are missing.
    #[serde(rename = "profile.picture_updated")]
    PictureUpdated { media: MediaId, user: UserId, object: Option<String>, urls: Option<Urls> },

    /// Something was added to what happened to a person.
    #[serde(rename = "activity.recorded")]
    ActivityRecorded { user: UserId, activity: u64 },
    /// A person's timeline was built anew.
    #[serde(rename = "feed.updated")]
    FeedUpdated { user: UserId },

    /// Nothing that anybody is told of; but what processes remember of it is no longer so.
    #[serde(rename = "memory.stale")]
    Stale(Stale),
}

/// What is no longer as it is remembered, where no other event says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum Stale {
    /// Whom tokens speak for.
    Tokens { tokens: Vec<TokenId> },
    /// Whether somebody has put a post aside.
    Save { user: UserId, post: PostId },
    /// How often posts were seen.
    Views { posts: Vec<PostId> },
}

impl Stale {
    /// As the outbox takes it: without an id, because no consumer wants it, and without a time of its
    /// own.
    pub fn record(self) -> Result<Record> {
        Event::Stale(self).record(Stamp { id: 0, at: Timestamp::from_millis(0) })
    }
}

impl Event {
    /// The event as the outbox keeps it.
    pub fn record(&self, stamp: Stamp) -> Result<Record> {
        Ok(Record {
            sequence: 0,
            id: stamp.id,
            kind: self.kind().to_owned(),
            key: self.key(),
            body: serde_json::to_string(self)?,
            at: stamp.at,
        })
    }

    /// The event that a record of the outbox holds.
    pub fn read(record: &Record) -> Result<Self> {
        Ok(serde_json::from_str(&record.body)?)
    }

    /// The word for what happened, also the `ce_type` of a broker's message.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UserCreated { .. } => "user.created",
            Self::UserUpdated { .. } => "user.updated",
            Self::UserDeleted { .. } => "user.deleted",
            Self::Followed { .. } => "graph.follow",
            Self::FollowAccepted { .. } => "graph.follow_accepted",
            Self::FollowRejected { .. } => "graph.follow_rejected",
            Self::FollowWithdrawn { .. } => "graph.follow_withdrawn",
            Self::Unfollowed { .. } => "graph.unfollow",
            Self::Blocked { .. } => "graph.block",
            Self::Unblocked { .. } => "graph.unblock",
            Self::Muted { .. } => "graph.mute",
            Self::Unmuted { .. } => "graph.unmute",
            Self::PostCreated { .. } => "post.created",
            Self::PostUpdated { .. } => "post.updated",
            Self::PostDeleted { .. } => "post.deleted",
            Self::PostLiked { .. } => "post.liked",
            Self::PostUnliked { .. } => "post.unliked",
            Self::CommentCreated { .. } => "comment.created",
            Self::CommentDeleted { .. } => "comment.deleted",
            Self::CommentLiked { .. } => "comment.liked",
            Self::CommentUnliked { .. } => "comment.unliked",
            Self::MediaUploaded { .. } => "media.uploaded",
            Self::MediaUpdated { .. } => "media.updated",
            Self::MediaDeleted { .. } => "media.deleted",
            Self::PictureUpdated { .. } => "profile.picture_updated",
            Self::ActivityRecorded { .. } => "activity.recorded",
            Self::FeedUpdated { .. } => "feed.updated",
            Self::Stale(_) => "memory.stale",
        }
    }

    /// Whose event it is: events of one key keep their order.
    pub fn key(&self) -> u64 {
        match self {
            Self::UserCreated { user, .. }
            | Self::UserUpdated { user }
            | Self::UserDeleted { user }
            | Self::MediaUploaded { user, .. }
            | Self::MediaUpdated { user, .. }
            | Self::MediaDeleted { user, .. }
            | Self::PictureUpdated { user, .. }
            | Self::ActivityRecorded { user, .. }
            | Self::FeedUpdated { user } => user.get(),
            Self::Followed { followee, .. }
            | Self::FollowAccepted { followee, .. }
            | Self::FollowRejected { followee, .. }
            | Self::FollowWithdrawn { followee, .. }
            | Self::Unfollowed { followee, .. } => followee.get(),
            Self::Blocked { blocker, .. } | Self::Unblocked { blocker, .. } => blocker.get(),
            Self::Muted { muter, .. } | Self::Unmuted { muter, .. } => muter.get(),
            Self::PostCreated { author, .. }
            | Self::PostUpdated { author, .. }
            | Self::PostDeleted { author, .. } => author.get(),
            Self::PostLiked { post, .. }
            | Self::PostUnliked { post, .. }
            | Self::CommentCreated { post, .. }
            | Self::CommentDeleted { post, .. }
            | Self::CommentLiked { post, .. }
            | Self::CommentUnliked { post, .. } => post.get(),
            Self::Stale(_) => 0,
        }
    }

    /// The message for the topic exchange `instagram_events`: routing key and body. `None` for
    /// what stays inside the program. Ids are text, as everywhere in the public dialect.
    pub fn rabbit(&self) -> Option<(&'static str, Value)> {
        let text = |id: u64| Value::String(id.to_string());
        let comment = |comment: &CommentId, post: &PostId, author: &UserId, commenter: &UserId| {
            json!({
                "commentId": text(comment.get()), "postId": text(post.get()),
                "postOwnerId": text(author.get()), "commenterId": text(commenter.get()),
            })
        };
        let body = match self {
            Self::UserCreated { user, username } => {
                json!({"userId": text(user.get()), "username": username})
            }
            Self::UserUpdated { user } | Self::FeedUpdated { user } => {
                json!({"userId": text(user.get())})
            }
            Self::Followed { follower, followee, status: FollowStatus::Accepted }
            | Self::FollowAccepted { follower, followee }
            | Self::Unfollowed { follower, followee } => {
                json!({"followerId": text(follower.get()), "followingId": text(followee.get())})
            }
            Self::PostCreated { post, author, .. } => json!({
                "postId": text(post.get()), "userId": text(author.get()),
                "createdAt": post.made_at(),
            }),
            Self::PostUpdated { post, author, .. } | Self::PostDeleted { post, author } => {
                json!({"postId": text(post.get()), "userId": text(author.get())})
            }
            Self::PostLiked { post, user, .. } | Self::PostUnliked { post, user, .. } => {
                json!({"postId": text(post.get()), "userId": text(user.get())})
            }
            Self::CommentCreated { comment: id, post, author, commenter, .. }
            | Self::CommentDeleted { comment: id, post, author, commenter } => {
                comment(id, post, author, commenter)
            }
            Self::MediaUploaded { media, user, urls, kind } => json!({
                "fileId": text(media.get()), "userId": text(user.get()), "urls": urls, "type": kind,
            }),
            Self::MediaDeleted { media, user, .. } => {
                json!({"fileId": text(media.get()), "userId": text(user.get())})
            }
            Self::PictureUpdated { user, urls, .. } => {
                json!({"userId": text(user.get()), "urls": urls})
            }
            Self::UserDeleted { .. }
            | Self::MediaUpdated { .. }
            | Self::Followed { status: FollowStatus::Pending, .. }
            | Self::FollowRejected { .. }
            | Self::FollowWithdrawn { .. }
            | Self::Blocked { .. }
            | Self::Unblocked { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::CommentLiked { .. }
            | Self::CommentUnliked { .. }
            | Self::ActivityRecorded { .. }
            | Self::Stale(_) => return None,
        };
        let routing_key = match self {
            Self::Followed { .. } | Self::FollowAccepted { .. } => "user.followed",
            Self::Unfollowed { .. } => "user.unfollowed",
            other => other.kind(),
        };
        Some((routing_key, body))
    }

    /// The messages for Kafka: topics and the one body, to be keyed by [`Event::key`]. Empty for
    /// what stays inside the program.
    pub fn kafka(&self, at: Timestamp) -> (Vec<&'static str>, Value) {
        let graph = |event_type: &str, follower: &UserId, followee: &UserId| {
            json!({
                "event_type": event_type, "follower_id": follower, "following_id": followee,
                "timestamp": at,
            })
        };
        match self {
            Self::Followed { follower, followee, status } => {
                let mut body = graph("follow", follower, followee);
                body["status"] = json!(status);
                match status {
                    FollowStatus::Accepted => (vec!["graph.follow", "follow.accepted"], body),
                    FollowStatus::Pending => (vec!["graph.follow"], body),
                }
            }
            Self::FollowAccepted { follower, followee } => (
                vec!["graph.follow_accepted", "follow.accepted"],
                graph("follow_request_accepted", follower, followee),
            ),
            Self::FollowRejected { follower, followee } => (
                vec!["graph.follow_rejected"],
                graph("follow_request_rejected", follower, followee),
            ),
            Self::Unfollowed { follower, followee } => {
                (vec!["graph.unfollow", "follow.removed"], graph("unfollow", follower, followee))
            }
            Self::CommentDeleted { .. } => (Vec::new(), Value::Null),
            other => match other.rabbit() {
                Some(("comment.created", body)) => (vec!["post.commented"], body),
                Some((topic, body)) => (vec![topic], body),
                None => (Vec::new(), Value::Null),
            },
        }
    }
}

#[cfg(test)]
mod tests;
