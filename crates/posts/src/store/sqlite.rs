//! The store in SQLite.

mod accounts;
mod check;
mod comments;
pub(crate) mod fill;
mod likes;
mod lists;
mod posts;

use async_trait::async_trait;
use rusqlite::Params;
use rusqlite::types::FromSql;
use tintype_api::media::Upload;
use tintype_api::posts::{Engagement, Post, PostRef};
use tintype_api::{CommentId, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Database, Sql};

use super::{
    Changed, Comment, Commented, Counted, Counter, Edit, Entry, Flags, Found, Hider, Like, List,
    Removed, Store,
};

/// The tables of this slice in the program's database.
pub(crate) struct Sqlite(Database);

impl Sqlite {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn posts(&self, posts: Vec<PostId>) -> Result<Vec<Post>> {
        self.0.read(|connection| posts::by_ids(connection, posts))
    }

    async fn flags(&self, user: UserId, posts: Vec<PostRef>) -> Result<Vec<Flags>> {
        self.0.read(|connection| likes::flags(connection, user, &posts))
    }

    async fn list(&self, list: List, below: Option<u64>, limit: u32) -> Result<Vec<Entry>> {
        self.0.read(|connection| lists::list(connection, &list, below, limit))
    }

    async fn likes(&self, post: PostRef, below: Option<u64>, limit: u32) -> Result<Vec<Like>> {
        self.0.read(|connection| likes::newest(connection, post, below, limit))
    }

    async fn comments(
        &self,
        post: PostRef,
        below: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Comment>> {
        self.0.read(|connection| comments::newest(connection, post, below, limit))
    }

    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>> {
        self.0.read(|connection| comments::by_id(connection, comment))
    }

    async fn liked_comments(
        &self,
        user: UserId,
        post: PostRef,
        comments: Vec<CommentId>,
    ) -> Result<Vec<CommentId>> {
        self.0.read(|connection| comments::liked(connection, user, post, comments))
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        self.0.read(|connection| lists::counts(connection, &users))
    }

    async fn visible(&self, author: UserId, posts: Vec<PostId>) -> Result<Vec<PostId>> {
        self.0.read(|connection| lists::visible(connection, author, posts))
    }

    async fn newest(&self, author: UserId, limit: u32) -> Result<Vec<PostId>> {
        self.0.read(|connection| lists::newest(connection, author, limit))
    }

    async fn newest_of_all(&self, limit: u32) -> Result<Vec<(UserId, Vec<PostId>)>> {
        self.0.scan(move |connection| lists::newest_of_all(connection, limit)).await
    }

    async fn recent(&self, limit: u32) -> Result<Vec<Engagement>> {
        self.0.scan(move |connection| lists::recent(connection, limit)).await
    }

    async fn interactions(&self, user: UserId, floor: u64, limit: u32) -> Result<Vec<UserId>> {
        self.0.scan(move |connection| lists::interactions(connection, user, floor, limit)).await
    }

    async fn create(&self, post: Post, mentioned: Vec<UserId>, stamp: Stamp) -> Result<()> {
        self.0.write(move |write| posts::create(write, &post, mentioned, stamp)).await
    }

    async fn edit(&self, post: PostRef, edit: Edit, stamp: Stamp) -> Result<Changed> {
        self.0.write(move |write| posts::edit(write, post, edit, stamp)).await
    }

    async fn set_upload(&self, post: PostRef, upload: Upload, stamp: Stamp) -> Result<()> {
        self.0.write(move |write| posts::set_upload(write, post, upload, stamp)).await
    }

    async fn set_hidden(
        &self,
        post: PostRef,
        hidden: bool,
        by: Hider,
        stamp: Stamp,
    ) -> Result<Changed> {
        self.0.write(move |write| posts::set_hidden(write, post, hidden, by, stamp)).await
    }

    async fn delete(&self, post: PostRef, stamp: Stamp) -> Result<bool> {
        self.0.write(move |write| posts::delete(write, post, stamp)).await
    }

    async fn like(&self, like: Like, stamp: Stamp) -> Result<Option<Counted>> {
        self.0.write(move |write| likes::like(write, like, stamp)).await
    }

    async fn unlike(&self, post: PostRef, user: UserId, stamp: Stamp) -> Result<Option<Counted>> {
        self.0.write(move |write| likes::unlike(write, post, user, stamp)).await
    }

    async fn save(&self, user: UserId, post: PostId, id: u64) -> Result<bool> {
        self.0.write(move |write| likes::save(write, user, post, id)).await
    }

    async fn unsave(&self, user: UserId, post: PostId) -> Result<bool> {
        self.0.write(move |write| likes::unsave(write, user, post)).await
    }

    async fn add_comment(
        &self,
        comment: Comment,
        mentioned: Vec<UserId>,
        stamp: Stamp,
    ) -> Result<Commented> {
        self.0.write(move |write| comments::add(write, &comment, mentioned, stamp)).await
    }

    async fn delete_comment(&self, comment: Comment, stamp: Stamp) -> Result<bool> {
        self.0.write(move |write| comments::delete(write, &comment, stamp)).await
    }

    async fn like_comment(
        &self,
        comment: Comment,
        user: UserId,
        on: bool,
        stamp: Stamp,
    ) -> Result<Option<Counted>> {
        self.0.write(move |write| comments::like(write, &comment, user, on, stamp)).await
    }

    async fn add_views(&self, seen: Vec<(PostRef, u32)>) -> Result<()> {
        self.0.write(move |write| posts::add_views(write, &seen)).await
    }

    async fn create_all(&self, posts: Vec<(Post, Vec<UserId>, Stamp)>) -> Result<()> {
        self.0
            .write(move |write| {
                posts.into_iter().try_for_each(|(post, mentioned, stamp)| {
                    posts::create(write, &post, mentioned, stamp)
                })
            })
            .await
    }

    async fn like_all(&self, likes: Vec<(Like, Stamp)>) -> Result<()> {
        self.0
            .write(move |write| {
                likes
                    .into_iter()
                    .try_for_each(|(like, stamp)| likes::like(write, like, stamp).map(drop))
            })
            .await
    }

    async fn comment_all(&self, comments: Vec<(Comment, Stamp)>) -> Result<()> {
        self.0
            .write(move |write| {
                comments.into_iter().try_for_each(|(comment, stamp)| {
                    comments::add(write, &comment, Vec::new(), stamp).map(drop)
                })
            })
            .await
    }

    async fn clear_post(&self, post: PostRef, limit: u32) -> Result<u32> {
        self.0.write(move |write| accounts::clear_post(write, post, limit)).await
    }

    async fn clear_comment(&self, post: PostRef, comment: CommentId, limit: u32) -> Result<u32> {
        self.0.write(move |write| accounts::clear_comment(write, post, comment, limit)).await
    }

    async fn remove_account(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Removed> {
        self.0.write(move |write| accounts::remove(write, user, &stamps)).await
    }

    async fn drift(&self, counter: Counter) -> Result<Vec<Found>> {
        self.0.scan(move |connection| check::drift(connection, counter)).await
    }

    async fn recount(&self, counter: Counter, wrong: Vec<Found>) -> Result<()> {
        self.0.write(move |write| check::recount(write, counter, &wrong)).await
    }
}

/// The first column of every row.
fn column<T: FromSql>(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<Vec<T>> {
    let mut statement = connection.sql(sql)?;
    let rows = statement.query_map(params, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The first two columns of every row.
fn pairs<A: FromSql, B: FromSql>(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<Vec<(A, B)>> {
    let mut statement = connection.sql(sql)?;
    let rows = statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
