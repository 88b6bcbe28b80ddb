//! The store in PostgreSQL.
//!
//! Everything about a post stands on the shard of its author, so an act on posts of several authors
//! is one transaction for each of them. A transaction locks posts by rising id, then what hangs on
//! them, a comment before its likes, and the count of the author last: so no two wait for each other.

mod accounts;
mod check;
mod comments;
mod likes;
mod lists;
mod posts;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tintype_api::media::Upload;
use tintype_api::posts::{Engagement, Post, PostRef};
use tintype_api::{CommentId, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Database, Row, types::FromSql};

use super::{
    Changed, Comment, Commented, Counted, Counter, Edit, Entry, Flags, Found, Hider, Like, List,
    Removed, Store,
};

/// The tables of this slice in a database on a server.
pub(super) struct Postgres(Database);

impl Postgres {
    pub(super) fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl Store for Postgres {
    async fn posts(&self, posts: Vec<PostId>) -> Result<Vec<Post>> {
        posts::by_ids(&self.0, &posts).await
    }

    async fn flags(&self, user: UserId, posts: Vec<PostRef>) -> Result<Vec<Flags>> {
        likes::flags(&self.0, user, &posts).await
    }

    async fn list(&self, list: List, below: Option<u64>, limit: u32) -> Result<Vec<Entry>> {
        lists::list(&self.0, &list, below, limit).await
    }

    async fn likes(&self, post: PostRef, below: Option<u64>, limit: u32) -> Result<Vec<Like>> {
        likes::newest(&self.0, post, below, limit).await
    }

    async fn comments(
        &self,
        post: PostRef,
        below: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Comment>> {
        comments::newest(&self.0, post, below, limit).await
    }

    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>> {
        comments::by_id(&self.0, comment).await
    }

    async fn liked_comments(
        &self,
        user: UserId,
        post: PostRef,
        comments: Vec<CommentId>,
    ) -> Result<Vec<CommentId>> {
        comments::liked(&self.0, user, post, &comments).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        lists::counts(&self.0, &users).await
    }

    async fn visible(&self, author: UserId, posts: Vec<PostId>) -> Result<Vec<PostId>> {
        lists::visible(&self.0, author, &posts).await
    }

    async fn newest(&self, author: UserId, limit: u32) -> Result<Vec<PostId>> {
        lists::newest(&self.0, author, limit).await
    }

    async fn newest_of_all(&self, limit: u32) -> Result<Vec<(UserId, Vec<PostId>)>> {
        lists::newest_of_all(&self.0, limit).await
    }

    async fn recent(&self, limit: u32) -> Result<Vec<Engagement>> {
        lists::recent(&self.0, limit).await
    }

    async fn interactions(&self, user: UserId, floor: u64, limit: u32) -> Result<Vec<UserId>> {
        lists::interactions(&self.0, user, floor, limit).await
    }

    async fn create(&self, post: Post, mentioned: Vec<UserId>, stamp: Stamp) -> Result<()> {
        posts::create(&self.0, post.author, &[(post, mentioned, stamp)]).await
    }

    async fn edit(&self, post: PostRef, edit: Edit, stamp: Stamp) -> Result<Changed> {
        posts::edit(&self.0, post, edit, stamp).await
    }

    async fn set_upload(&self, post: PostRef, upload: Upload, stamp: Stamp) -> Result<()> {
        posts::set_upload(&self.0, post, upload, stamp).await
    }

    async fn set_hidden(
        &self,
        post: PostRef,
        hidden: bool,
        by: Hider,
        stamp: Stamp,
    ) -> Result<Changed> {
        posts::set_hidden(&self.0, post, hidden, by, stamp).await
    }

    async fn delete(&self, post: PostRef, stamp: Stamp) -> Result<bool> {
        posts::delete(&self.0, post, stamp).await
    }

    async fn like(&self, like: Like, stamp: Stamp) -> Result<Option<Counted>> {
        likes::like(&self.0, like, stamp).await
    }

    async fn unlike(&self, post: PostRef, user: UserId, stamp: Stamp) -> Result<Option<Counted>> {
        likes::unlike(&self.0, post, user, stamp).await
    }

    async fn save(&self, user: UserId, post: PostId, id: u64) -> Result<bool> {
        likes::save(&self.0, user, post, id).await
    }

    async fn unsave(&self, user: UserId, post: PostId) -> Result<bool> {
        likes::unsave(&self.0, user, post).await
    }

    async fn add_comment(
        &self,
        comment: Comment,
        mentioned: Vec<UserId>,
        stamp: Stamp,
    ) -> Result<Commented> {
        comments::add(&self.0, &comment, mentioned, stamp).await
    }

    async fn delete_comment(&self, comment: Comment, stamp: Stamp) -> Result<bool> {
        let owner = comment.post.author;
        let deleted = comments::delete(&self.0, owner, &[(comment, stamp)]).await?;
        Ok(deleted > 0)
    }

    async fn like_comment(
        &self,
        comment: Comment,
        user: UserId,
        on: bool,
        stamp: Stamp,
    ) -> Result<Option<Counted>> {
        comments::like(&self.0, &comment, user, on, stamp).await
    }

    async fn add_views(&self, seen: Vec<(PostRef, u32)>) -> Result<()> {
        posts::add_views(&self.0, &seen).await
    }

    async fn create_all(&self, posts: Vec<(Post, Vec<UserId>, Stamp)>) -> Result<()> {
        for (author, posts) in grouped(posts, |(post, ..)| post.author) {
            posts::create(&self.0, author, &posts).await?;
        }
        Ok(())
    }

    async fn like_all(&self, likes: Vec<(Like, Stamp)>) -> Result<()> {
        for (owner, likes) in grouped(likes, |(like, _)| like.post.author) {
            likes::like_all(&self.0, owner, &likes).await?;
        }
        Ok(())
    }

    async fn comment_all(&self, comments: Vec<(Comment, Stamp)>) -> Result<()> {
        for (owner, comments) in grouped(comments, |(comment, _)| comment.post.author) {
            comments::add_all(&self.0, owner, &comments).await?;
        }
        Ok(())
    }

    async fn clear_post(&self, post: PostRef, limit: u32) -> Result<u32> {
        accounts::clear_post(&self.0, post, limit).await
    }

    async fn clear_comment(&self, post: PostRef, comment: CommentId, limit: u32) -> Result<u32> {
        accounts::clear_comment(&self.0, post, comment, limit).await
    }

    async fn remove_account(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Removed> {
        accounts::remove(&self.0, user, &stamps).await
    }

    async fn drift(&self, counter: Counter) -> Result<Vec<Found>> {
        check::drift(&self.0, counter).await
    }

    async fn recount(&self, counter: Counter, wrong: Vec<Found>) -> Result<()> {
        for (author, wrong) in grouped(wrong, |found| found.author) {
            check::recount(&self.0, counter, author, &wrong).await?;
        }
        Ok(())
    }
}

/// What belongs to each key, in order: one transaction each.
fn grouped<K: Ord, T>(all: Vec<T>, key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<T>> {
    let mut groups = BTreeMap::<K, Vec<T>>::new();
    for one in all {
        groups.entry(key(&one)).or_default().push(one);
    }
    groups
}

/// How often each key is there: the keys, and the numbers in the same order.
fn tallied<K: Ord>(keys: impl IntoIterator<Item = K>) -> (Vec<K>, Vec<i64>) {
    let mut tally = BTreeMap::<K, i64>::new();
    for key in keys {
        *tally.entry(key).or_default() += 1;
    }
    tally.into_iter().unzip()
}

/// The first column of every row.
fn column<T: for<'r> FromSql<'r>>(rows: &[Row]) -> Vec<T> {
    rows.iter().map(|row| row.get(0)).collect()
}
