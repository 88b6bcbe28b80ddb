//! A post as templates write it.

use tintype_api::PostView;
use tintype_platform::Timestamp;

use super::figures;
use super::media::Frame;
use super::text::{Piece, pieces};
use super::time::When;

/// Characters of a caption that a feed shows in full.
const SHORT: usize = 240;

/// A post with all that is shown of it.
pub(crate) struct Shown {
    pub(crate) view: PostView,
    pub(crate) frame: Frame,
    pub(crate) caption: Vec<Piece>,
    /// Whether a feed shows only the beginning of the caption.
    pub(crate) is_long: bool,
    pub(crate) when: When,
    pub(crate) is_edited: bool,
    /// Whether the viewer is its author.
    pub(crate) is_own: bool,
}

impl Shown {
    pub(crate) fn new(view: PostView, now: Timestamp, viewer: Option<tintype_api::UserId>) -> Self {
        let post = &view.post;
        let caption = post.caption.as_deref().unwrap_or_default();
        Self {
            frame: Frame::of(post),
            caption: pieces(caption),
            is_long: caption.chars().nth(SHORT).is_some() || caption.lines().nth(4).is_some(),
            when: When::new(post.created_at, now),
            is_edited: post.updated_at != post.created_at,
            is_own: viewer == Some(post.author),
            view,
        }
    }

    pub(crate) fn likes(&self) -> String {
        figures::counted(self.view.post.likes, "like", "likes")
    }

    pub(crate) fn comments(&self) -> String {
        let comments = self.view.post.comments;
        match comments {
            1 => "View 1 comment".to_owned(),
            _ => format!("View all {} comments", figures::grouped(comments)),
        }
    }
}

/// All of a page.
pub(crate) fn shown(
    views: Vec<PostView>,
    now: Timestamp,
    viewer: Option<tintype_api::UserId>,
) -> Vec<Shown> {
    views.into_iter().map(|view| Shown::new(view, now, viewer)).collect()
}
