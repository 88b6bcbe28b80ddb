//! What becomes of a post that is edited or hidden: the rules, whichever database it stands in.

use tintype_api::media::Upload;
use tintype_api::posts::{Post, PostMedia};
use tintype_api::{Event, Stamp, UserId};

use super::{BY_AUTHOR, BY_MODERATOR, Changed, Edit, Hider, SHOWN};

/// A post as it stands, and what its column `hidden` says.
pub(super) struct Standing {
    pub(super) post: Post,
    pub(super) hidden: i64,
}

/// A change of a post that is allowed.
pub(super) struct Revision {
    pub(super) before: Standing,
    pub(super) after: Standing,
    /// Who is mentioned and was not before.
    mentions: Vec<UserId>,
}

impl Revision {
    /// What an edit makes of a post; `None` if it would show what a moderator has hidden.
    pub(super) fn by_edit(before: Standing, edit: Edit, stamp: Stamp) -> Option<Self> {
        let hidden = match (edit.hidden, before.hidden) {
            (Some(false), BY_MODERATOR) => return None,
            (Some(false), _) => SHOWN,
            (Some(true), SHOWN) => BY_AUTHOR,
            (_, same) => same,
        };
        let mut post = before.post.clone();
        let mut mentions = Vec::new();
        if let Some(written) = edit.caption {
            (post.caption, post.hashtags) = (written.text, written.hashtags);
            post.mentions = written.mentions;
            let mentioned = written.mentioned.into_iter();
            let new = mentioned.filter(|(name, _)| !before.post.mentions.contains(name));
            mentions = new.map(|(_, user)| user).collect();
        }
        edit.location.write(&mut post.location);
        edit.alt_text.write(&mut post.alt_text);
        if let Some(disabled) = edit.comments_disabled {
            post.comments_disabled = disabled;
        }
        if post != before.post {
            post.updated_at = stamp.at;
        }
        post.hidden = hidden != SHOWN;
        Some(Self { before, after: Standing { post, hidden }, mentions })
    }

    /// What hiding or showing makes of a post; `None` if its author would show what a moderator has
    /// hidden.
    pub(super) fn by_hiding(before: Standing, hide: bool, by: Hider) -> Option<Self> {
        let hidden = match (hide, by, before.hidden) {
            (false, Hider::Author, BY_MODERATOR) => return None,
            (false, ..) => SHOWN,
            (true, Hider::Moderator, _) => BY_MODERATOR,
            (true, Hider::Author, SHOWN) => BY_AUTHOR,
            (true, Hider::Author, same) => same,
        };
        let post = Post { hidden: hide, ..before.post.clone() };
        Some(Self { before, after: Standing { post, hidden }, mentions: Vec::new() })
    }

    /// Whether there is anything to write. A moderator's word that is added to the author's own is,
    /// though nobody sees more or less than before.
    pub(super) fn is_something(&self) -> bool {
        self.is_seen() || self.before.hidden != self.after.hidden
    }

    /// Whether anybody can see a difference, and so is told.
    pub(super) fn is_seen(&self) -> bool {
        self.before.post != self.after.post
    }

    pub(super) fn changes_hashtags(&self) -> bool {
        self.before.post.hashtags != self.after.post.hashtags
    }

    /// By how much the number of the author's posts moves.
    pub(super) fn counts(&self) -> i64 {
        i64::from(self.before.post.hidden) - i64::from(self.after.post.hidden)
    }

    pub(super) fn event(&self) -> Event {
        updated(&self.after.post, self.mentions.clone())
    }

    pub(super) fn answer(self) -> Changed {
        if self.is_seen() { Changed::Yes(self.after.post) } else { Changed::No(self.after.post) }
    }
}

/// The post with what is said of an upload now; `None` if it says so already or does not use it.
pub(super) fn with_upload(mut post: Post, upload: Upload) -> Option<Post> {
    let id = upload.id;
    let new = PostMedia::from(upload);
    let mut changed = false;
    for media in &mut post.media {
        if media.upload.as_ref().is_some_and(|old| old.id == id) && *media != new {
            *media = new.clone();
            changed = true;
        }
    }
    changed.then_some(post)
}

pub(super) fn updated(post: &Post, mentions: Vec<UserId>) -> Event {
    Event::PostUpdated { post: post.id, author: post.author, hidden: post.hidden, mentions }
}
