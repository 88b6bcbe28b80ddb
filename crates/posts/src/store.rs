//! What the slice keeps, and how it may change.
//!
//! A method is one atomic act: it is done, with its counters and its events, or nothing of it is.
//! Ids and times are passed in. An act says whether it changed something; only then does anybody
//! hear of it.

#[cfg(test)]
mod conformance;
mod newest;
mod postgres;
mod revision;
mod sql;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use rustc_hash::FxHashMap;
use tintype_api::media::Upload;
use tintype_api::posts::{Engagement, Post, PostRef};
use tintype_api::{CommentId, Drift, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::db::Database;
use tintype_platform::transfer::Rows;

use crate::words::Field;

/// The likes of comments on a site that moves to PostgreSQL, where they stand with the author of the
/// post.
pub(crate) const COMMENT_LIKES: Rows = Rows::Selected(
    "SELECT c.owner, l.post, l.comment, l.user
     FROM comment_likes AS l JOIN comments AS c ON c.id = l.comment
     ORDER BY l.post, l.comment, l.user",
);

/// The store of a site, where its database is.
pub(crate) fn open(database: &Database) -> Arc<dyn Store> {
    match database {
        Database::Sqlite(database) => Arc::new(sqlite::Sqlite::new(database.clone())),
        Database::Postgres(database) => Arc::new(postgres::Postgres::new(database.clone())),
    }
}

/// Where posts and what people do with them are kept.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// Those of `posts` that are there, in any order.
    async fn posts(&self, posts: Vec<PostId>) -> Result<Vec<Post>>;

    /// What `user` does with each of `posts`, in their order.
    async fn flags(&self, user: UserId, posts: Vec<PostRef>) -> Result<Vec<Flags>>;

    /// Up to `limit` entries of a list whose key is below `below`, from the highest key down.
    async fn list(&self, list: List, below: Option<u64>, limit: u32) -> Result<Vec<Entry>>;

    /// Up to `limit` likes of a post with an id below `below`, the newest first.
    async fn likes(&self, post: PostRef, below: Option<u64>, limit: u32) -> Result<Vec<Like>>;

    /// Up to `limit` comments under a post with an id below `below`, the newest first.
    async fn comments(&self, post: PostRef, below: Option<u64>, limit: u32)
    -> Result<Vec<Comment>>;

    /// One comment.
    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>>;

    /// Those of `comments`, all under `post`, that `user` likes.
    async fn liked_comments(
        &self,
        user: UserId,
        post: PostRef,
        comments: Vec<CommentId>,
    ) -> Result<Vec<CommentId>>;

    /// How many posts each of `users` has that are not hidden, in their order.
    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>>;

    /// Those of `posts`, all by `author`, that are there and not hidden.
    async fn visible(&self, author: UserId, posts: Vec<PostId>) -> Result<Vec<PostId>>;

    /// The newest `limit` posts of `author` that are not hidden, in rising order.
    async fn newest(&self, author: UserId, limit: u32) -> Result<Vec<PostId>>;

    /// The same of every author: for a check of the whole.
    async fn newest_of_all(&self, limit: u32) -> Result<Vec<(UserId, Vec<PostId>)>>;

    /// The newest `limit` posts of all that are not hidden.
    async fn recent(&self, limit: u32) -> Result<Vec<Engagement>>;

    /// The authors of up to `limit` posts that `user` liked last and of up to `limit` that they
    /// commented on last, not before the id `floor`: one for each like and comment.
    async fn interactions(&self, user: UserId, floor: u64, limit: u32) -> Result<Vec<UserId>>;

    /// Adds a post; `mentioned` are told.
    async fn create(&self, post: Post, mentioned: Vec<UserId>, stamp: Stamp) -> Result<()>;

    /// Changes a post.
    async fn edit(&self, post: PostRef, edit: Edit, stamp: Stamp) -> Result<Changed>;

    /// Sets what a post says of an upload that it uses; a post that does not stays as it is.
    async fn set_upload(&self, post: PostRef, upload: Upload, stamp: Stamp) -> Result<()>;

    /// Hides a post or shows it again.
    async fn set_hidden(
        &self,
        post: PostRef,
        hidden: bool,
        by: Hider,
        stamp: Stamp,
    ) -> Result<Changed>;

    /// Removes a post. What hangs on it stays behind, for [`Store::clear_post`].
    async fn delete(&self, post: PostRef, stamp: Stamp) -> Result<bool>;

    /// Lets `like.user` like a post. `None` if there is no such post.
    async fn like(&self, like: Like, stamp: Stamp) -> Result<Option<Counted>>;

    /// Takes a like back. `None` if there is no such post.
    async fn unlike(&self, post: PostRef, user: UserId, stamp: Stamp) -> Result<Option<Counted>>;

    /// Puts a post aside for `user` as entry `id` of their list; says whether it was not there.
    async fn save(&self, user: UserId, post: PostId, id: u64) -> Result<bool>;

    /// Takes a post from what `user` has put aside; says whether it was there.
    async fn unsave(&self, user: UserId, post: PostId) -> Result<bool>;

    /// Adds a comment; `mentioned` are told.
    async fn add_comment(
        &self,
        comment: Comment,
        mentioned: Vec<UserId>,
        stamp: Stamp,
    ) -> Result<Commented>;

    /// Removes a comment; says whether it was there. Its likes stay behind, for
    /// [`Store::clear_comment`].
    async fn delete_comment(&self, comment: Comment, stamp: Stamp) -> Result<bool>;

    /// Lets `user` like a comment, or no longer. `None` if there is no such comment.
    async fn like_comment(
        &self,
        comment: Comment,
        user: UserId,
        on: bool,
        stamp: Stamp,
    ) -> Result<Option<Counted>>;

    /// Adds how often posts were seen.
    async fn add_views(&self, seen: Vec<(PostRef, u32)>) -> Result<()>;

    /// Adds many posts, those of an author in one act; `mentioned` are told.
    async fn create_all(&self, posts: Vec<(Post, Vec<UserId>, Stamp)>) -> Result<()>;

    /// Adds many likes, those of an author's posts in one act; those that are there, or whose post
    /// is not, are passed over.
    async fn like_all(&self, likes: Vec<(Like, Stamp)>) -> Result<()>;

    /// Adds many comments, those on an author's posts in one act; those whose post is not there are
    /// passed over.
    async fn comment_all(&self, comments: Vec<(Comment, Stamp)>) -> Result<()>;

    /// Removes up to `limit` of the likes, comments and saves that a post left behind; answers how
    /// many that were. Changes nothing as long as the post is there.
    async fn clear_post(&self, post: PostRef, limit: u32) -> Result<u32>;

    /// Removes up to `limit` of the likes that a comment left behind; answers how many that were.
    /// Changes nothing as long as the comment is there.
    async fn clear_comment(&self, post: PostRef, comment: CommentId, limit: u32) -> Result<u32>;

    /// Removes some of what `user` has left, as many as there are stamps: posts first, then likes,
    /// comments, likes of comments and saves. Answers which posts it changed.
    async fn remove_account(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Removed>;

    /// Every counter of this kind that does not show what it counts.
    async fn drift(&self, counter: Counter) -> Result<Vec<Found>>;

    /// Sets these counters to what they count.
    async fn recount(&self, counter: Counter, wrong: Vec<Found>) -> Result<()>;
}

/// What somebody does with a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    pub(crate) liked: bool,
    pub(crate) saved: bool,
}

/// A list of posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List {
    /// By this author, by id.
    Author { author: UserId, hidden_too: bool },
    /// With this folded hashtag, by id.
    Hashtag(String),
    /// Put aside by this person, by when that was.
    Saved(UserId),
}

/// A post in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What the list is ordered by.
    pub(crate) key: u64,
    pub(crate) post: PostId,
}

/// That somebody likes a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Like {
    pub(crate) post: PostRef,
    pub(crate) user: UserId,
    /// Tells its time and its place in the list.
    pub(crate) id: u64,
}

/// What somebody said under a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The comment.
    pub id: CommentId,
    /// What it is about.
    pub post: PostRef,
    /// Who said it.
    pub author: UserId,
    /// What they said.
    pub content: String,
    /// How many like it.
    pub likes: u64,
}

/// What is to change about a post: `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edit {
    pub(crate) caption: Option<Written>,
    pub(crate) location: Field<String>,
    pub(crate) alt_text: Field<String>,
    pub(crate) comments_disabled: Option<bool>,
    pub(crate) hidden: Option<bool>,
}

/// A caption with all that is in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    pub(crate) text: Option<String>,
    pub(crate) hashtags: Vec<String>,
    pub(crate) mentions: Vec<String>,
    /// Those of `mentions` who may be told, if they were not mentioned before.
    pub(crate) mentioned: Vec<(String, UserId)>,
}

/// Who hides a post or shows it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hider {
    Author,
    Moderator,
}

/// What came of a change to a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changed {
    /// The post as it is now.
    Yes(Post),
    /// It was so already.
    No(Post),
    /// The author asked to show what a moderator has hidden.
    HiddenByModerator,
    /// There is no such post by this author.
    Missing,
}

/// What came of a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Whether it was otherwise before.
    pub changed: bool,
    /// Likes there are now.
    pub count: u64,
}

/// What came of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commented {
    Done,
    Disabled,
    Missing,
}

/// What was removed of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Posts of the account that are gone.
    pub(crate) posts: Vec<PostId>,
    /// Posts of others whose counters have moved.
    pub(crate) touched: Vec<PostId>,
    /// Whether there may be more to remove.
    pub(crate) more: bool,
}

/// A kind of counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    PostLikes,
    PostComments,
    CommentLikes,
    AuthorPosts,
}

impl Counter {
    pub(crate) const ALL: [Self; 4] =
        [Self::PostLikes, Self::PostComments, Self::CommentLikes, Self::AuthorPosts];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PostLikes => "post_likes",
            Self::PostComments => "post_comments",
            Self::CommentLikes => "comment_likes",
            Self::AuthorPosts => "author_posts",
        }
    }
}

/// A counter that is wrong, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The author of the post that it is about.
    pub(crate) author: UserId,
    pub(crate) drift: Drift,
}

/// The highest key that a list can ask to be below.
const ABOVE_ALL: i64 = i64::MAX;

fn below(key: Option<u64>) -> i64 {
    key.map_or(ABOVE_ALL, |key| i64::try_from(key).unwrap_or(ABOVE_ALL))
}

/// What is done with each of `posts` by somebody who likes and has saved those.
fn flags_of(posts: &[PostRef], liked: &[PostId], saved: &[PostId]) -> Vec<Flags> {
    let flags = |PostRef { post, .. }: &PostRef| Flags {
        liked: liked.contains(post),
        saved: saved.contains(post),
    };
    posts.iter().map(flags).collect()
}

/// The numbers of posts that were found, in the order of `users`.
fn counts_of(users: &[UserId], found: impl IntoIterator<Item = (UserId, i64)>) -> Vec<u64> {
    let found: FxHashMap<UserId, i64> = found.into_iter().collect();
    users.iter().map(|user| found.get(user).map_or(0, |count| *count as u64)).collect()
}

/// What the column `hidden` says.
const SHOWN: i64 = 0;
const BY_AUTHOR: i64 = 1;
const BY_MODERATOR: i64 = 2;
