//! What an event of another slice means to whom.

use tintype_api::activity::ActivityKind;
use tintype_api::graph::FollowStatus;
use tintype_api::{CommentId, Event, PostId, UserId};
use tintype_platform::Timestamp;

use crate::store::Key;

/// The events that mean something.
pub(crate) const KINDS: &[&str] = &[
    "user.deleted",
    "graph.follow",
    "graph.follow_accepted",
    "graph.follow_rejected",
    "graph.follow_withdrawn",
    "graph.unfollow",
    "graph.block",
    "post.created",
    "post.updated",
    "post.deleted",
    "post.liked",
    "post.unliked",
    "comment.created",
    "comment.deleted",
    "comment.liked",
    "comment.unliked",
];

/// What is to be done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Tells somebody.
    Tell(News),
    /// Takes back what somebody was told.
    Undo(Key),
    /// Takes back what hangs on a comment.
    CommentGone { post: PostId, comment: CommentId },
    /// Takes back what hangs on a post.
    PostGone(PostId),
    /// Takes back what either of two has done to the other.
    Parted(UserId, UserId),
    /// Takes back what was done to or by somebody.
    UserGone(UserId),
}

/// What somebody is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) key: Key,
    /// The post that it hangs on.
    pub(crate) post: Option<PostId>,
    /// When it was done.
    pub(crate) at: Timestamp,
    /// Whether the post may be one that the account must not know of: anybody can be mentioned.
    pub(crate) uncalled: bool,
}

/// What `event`, which happened at `at`, means. Nobody is told what they did themselves.
pub(crate) fn acts(event: Event, at: Timestamp) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut tell = |key: Key, post: Option<PostId>, uncalled: bool| {
        if key.account != key.actor {
            acts.push(Act::Tell(News { key, post, at, uncalled }));
        }
    };
    match event {
        Event::UserDeleted { user } => acts.push(Act::UserGone(user)),

        Event::Followed { follower, followee, status: FollowStatus::Accepted } => {
            tell(person(followee, ActivityKind::Follow, follower), None, false);
        }
        Event::Followed { follower, followee, status: FollowStatus::Pending } => {
            tell(person(followee, ActivityKind::FollowRequest, follower), None, false);
        }
        Event::FollowAccepted { follower, followee } => {
            tell(person(followee, ActivityKind::Follow, follower), None, false);
            tell(person(follower, ActivityKind::FollowAccepted, followee), None, false);
            acts.push(Act::Undo(person(followee, ActivityKind::FollowRequest, follower)));
        }
        Event::FollowRejected { follower, followee }
        | Event::FollowWithdrawn { follower, followee } => {
            acts.push(Act::Undo(person(followee, ActivityKind::FollowRequest, follower)));
        }
        Event::Unfollowed { follower, followee } => {
            acts.push(Act::Undo(person(followee, ActivityKind::Follow, follower)));
            acts.push(Act::Undo(person(follower, ActivityKind::FollowAccepted, followee)));
        }
        Event::Blocked { blocker, blocked } => acts.push(Act::Parted(blocker, blocked)),

        Event::PostCreated { post, author, mentions }
        | Event::PostUpdated { post, author, hidden: false, mentions } => {
            for account in mentions {
                tell(on_post(account, ActivityKind::Mention, author, post), Some(post), true);
            }
        }
        Event::PostDeleted { post, .. } => acts.push(Act::PostGone(post)),
        Event::PostLiked { post, author, user } => {
            tell(on_post(author, ActivityKind::Like, user, post), Some(post), false);
        }
        Event::PostUnliked { post, author, user } => {
            acts.push(Act::Undo(on_post(author, ActivityKind::Like, user, post)));
        }

        Event::CommentCreated { comment, post, author, commenter, mentions } => {
            let kind = ActivityKind::Comment;
            tell(on_comment(author, kind, commenter, comment), Some(post), false);
            // The author of the post is told of the comment itself.
            for account in mentions.into_iter().filter(|account| *account != author) {
                let kind = ActivityKind::Mention;
                tell(on_comment(account, kind, commenter, comment), Some(post), true);
            }
        }
        Event::CommentDeleted { comment, post, .. } => {
            acts.push(Act::CommentGone { post, comment });
        }
        Event::CommentLiked { comment, post, commenter, user } => {
            let kind = ActivityKind::CommentLike;
            tell(on_comment(commenter, kind, user, comment), Some(post), false);
        }
        Event::CommentUnliked { comment, commenter, user, .. } => {
            acts.push(Act::Undo(on_comment(commenter, ActivityKind::CommentLike, user, comment)));
        }

        Event::PostUpdated { hidden: true, .. }
        | Event::UserCreated { .. }
        | Event::UserUpdated { .. }
        | Event::Unblocked { .. }
        | Event::Muted { .. }
        | Event::Unmuted { .. }
        | Event::MediaUploaded { .. }
        | Event::MediaUpdated { .. }
        | Event::MediaDeleted { .. }
        | Event::PictureUpdated { .. }
        | Event::ActivityRecorded { .. }
        | Event::FeedUpdated { .. }
        | Event::Stale(_) => {}
    }
    acts
}

/// What is done to a person has that person as its target.
fn person(account: UserId, kind: ActivityKind, actor: UserId) -> Key {
    Key { account, kind, actor, target: account.get() }
}

fn on_post(account: UserId, kind: ActivityKind, actor: UserId, post: PostId) -> Key {
    Key { account, kind, actor, target: post.get() }
}

fn on_comment(account: UserId, kind: ActivityKind, actor: UserId, comment: CommentId) -> Key {
    Key { account, kind, actor, target: comment.get() }
}

#[cfg(test)]
mod tests {
    use tintype_api::testkit::user;

    use super::*;

    #[test]
    fn nobody_is_told_of_their_own_acts() {
        let (ann, post) = (user(1), PostId::new(9).unwrap());
        let comment = CommentId::new(5).unwrap();
        for event in [
            Event::PostLiked { post, author: ann, user: ann },
            Event::PostCreated { post, author: ann, mentions: vec![ann] },
            Event::CommentLiked { comment, post, commenter: ann, user: ann },
            Event::CommentCreated {
                comment,
                post,
                author: ann,
                commenter: ann,
                mentions: vec![ann],
            },
        ] {
            assert_eq!(acts(event, Timestamp::default()), []);
        }
    }

    #[test]
    fn an_author_who_is_mentioned_in_a_comment_is_told_once() {
        let [ann, ben, eve] = [1, 2, 3].map(user);
        let (post, comment) = (PostId::new(9).unwrap(), CommentId::new(5).unwrap());
        let mentions = vec![ann, ben, eve];
        let event = Event::CommentCreated { comment, post, author: ann, commenter: ben, mentions };
        let told: Vec<_> = acts(event, Timestamp::default())
            .into_iter()
            .map(|act| match act {
                Act::Tell(news) => (news.key.account, news.key.kind, news.uncalled),
                other => panic!("{other:?}"),
            })
            .collect();
        let mentioned = (eve, ActivityKind::Mention, true);
        assert_eq!(told, [(ann, ActivityKind::Comment, false), mentioned]);
    }
}
