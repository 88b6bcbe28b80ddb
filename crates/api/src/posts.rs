//! Posts and what people do with them.

pub mod shapes;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tintype_platform::objects::ObjectUrls;
use tintype_platform::{Timestamp, service};

use crate::Rendered;
use crate::accounts::Card;
use crate::ids::{PostId, UserId};
pub use crate::media::MediaKind;
use crate::media::Upload;

/// One picture or film of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostMedia {
    /// Where it is; of an upload, the piece to show where only one can be shown.
    pub url: String,
    /// What it is.
    pub kind: MediaKind,
    /// Everything about it, if it was uploaded here. In the store its addresses are the names of
    /// objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Box<Upload>>,
}

impl PostMedia {
    /// The medium at an address elsewhere.
    pub const fn elsewhere(url: String, kind: MediaKind) -> Self {
        Self { url, kind, upload: None }
    }

    /// The same with addresses in place of the names of objects.
    #[must_use]
    pub fn addressed(self, urls: &ObjectUrls) -> Self {
        match self.upload {
            Some(upload) => upload.addressed(urls).into(),
            None => self,
        }
    }
}

impl From<Upload> for PostMedia {
    fn from(upload: Upload) -> Self {
        let url = upload.urls.main().to_owned();
        Self { url, kind: upload.kind, upload: Some(Box::new(upload)) }
    }
}

/// A post as it is stored, the same for every viewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The post.
    pub id: PostId,
    /// Who made it.
    pub author: UserId,
    /// Up to 2,200 characters.
    pub caption: Option<String>,
    /// One to ten, in order.
    pub media: Vec<PostMedia>,
    /// Where it was taken, in the author's words.
    pub location: Option<String>,
    /// What the pictures show, for those who do not see them.
    pub alt_text: Option<String>,
    /// Hashtags of the caption, folded, without `#`, each once.
    pub hashtags: Vec<String>,
    /// Usernames mentioned in the caption, without `@`, each once.
    pub mentions: Vec<String>,
    /// How many like it.
    pub likes: u64,
    /// How many comments it has.
    pub comments: u64,
    /// How often it was seen by itself.
    pub views: u64,
    /// Whether nobody may comment.
    pub comments_disabled: bool,
    /// Whether nobody but the author sees it.
    pub hidden: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// What the public dialect shows of it to every viewer.
    #[serde(skip)]
    pub rendered: Rendered,
}

/// A post as one viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostView {
    /// The post.
    pub post: Arc<Post>,
    /// Its author.
    pub author: Arc<Card>,
    /// Whether the viewer likes it.
    pub liked: bool,
    /// Whether the viewer has saved it.
    pub saved: bool,
}

/// A post and its author, without anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostRef {
    /// The post.
    pub post: PostId,
    /// Who made it.
    pub author: UserId,
}

/// A stretch of posts by id, and so by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Window {
    /// Only posts older than this one.
    pub below: Option<PostId>,
    /// Only posts made at or after this moment.
    pub since: Option<Timestamp>,
}

/// What a ranking knows of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// The post and its author.
    pub post: PostRef,
    /// How many like it.
    pub likes: u64,
    /// How many comments it has.
    pub comments: u64,
    /// How often it was seen by itself.
    pub views: u64,
}

service! {
    /// What other slices ask about posts.
    pub trait Posts as posts {
        /// Up to `limit` of the newest posts by any of `authors` within `window`, newest first.
        /// Neither deleted nor hidden ones; who may see them is not asked.
        read fn newest(authors: Arc<[UserId]>, window: Window, limit: u32) -> Vec<PostRef>;

        /// The same where it takes no reading, because the posts of all of them are in memory; `None`
        /// where it does.
        read fn newest_at_hand(
            authors: Arc<[UserId]>,
            window: Window,
            limit: u32,
        ) -> Option<Vec<PostRef>>;

        /// These posts as `viewer` sees them, in their order; `None` for what is not there, or not
        /// there for this viewer. Without a viewer: what everybody may see.
        read fn views(viewer: Option<UserId>, posts: Vec<PostId>) -> Vec<Option<PostView>>;

        /// Engagement of these posts, in their order; `None` for what is not there.
        read fn engagement(posts: Vec<PostId>) -> Vec<Option<Engagement>>;

        /// How often `viewer` has liked or commented on posts of each of `authors` in the last 90
        /// days, in their order.
        read fn interactions(viewer: UserId, authors: Vec<UserId>) -> Vec<u32>;

        /// Up to `limit` posts made since `since` with the most likes, comments and views of all,
        /// hidden ones aside; the most popular first.
        read fn popular(since: Timestamp, limit: u32) -> Vec<Engagement>;

        /// How many posts each of `users` has, hidden ones aside, in their order.
        read fn counts(users: Vec<UserId>) -> Vec<u64>;
    }
}
