//! Likes and saves of posts.

use tintype_api::posts::PostRef;
use tintype_api::{Event, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Sql, Write, params};

use super::{below, column};
use crate::store::sql;
use crate::store::{Counted, Flags, Like};

const LIKED: &str = "SELECT post FROM likes WHERE post IN rarray($1) AND user = $2";

const SAVED: &str = "SELECT post FROM saves WHERE user = $2 AND post IN rarray($1)";

pub(super) fn flags(connection: &Connection, user: UserId, posts: &[PostId]) -> Result<Vec<Flags>> {
    let among = |sql| -> Result<Vec<PostId>> {
        column(connection, sql, params![Ids::new(posts.iter().copied()), user])
    };
    let (liked, saved) = (among(LIKED)?, among(SAVED)?);
    let flags = |post| Flags { liked: liked.contains(post), saved: saved.contains(post) };
    Ok(posts.iter().map(flags).collect())
}

pub(super) fn newest(
    connection: &Connection,
    post: PostId,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Like>> {
    let mut statement = connection.sql(sql::LIKERS)?;
    let rows = statement.query_map(params![post, below(key), limit], |row| {
        Ok(Like {
            id: row.get::<_, i64>(0)? as u64,
            user: row.get(1)?,
            post: PostRef { post, author: row.get(2)? },
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn like(write: &Write<'_>, like: Like, stamp: Stamp) -> Result<Option<Counted>> {
    let PostRef { post, author } = like.post;
    let added = write.sql(sql::LIKE)?.execute(params![post, like.user, like.id as i64, author])?;
    if added == 0 {
        return unchanged(write, like.post);
    }
    let count = count(write, like.post, 1)?;
    write.publish(&Event::PostLiked { post, author, user: like.user }.record(stamp)?)?;
    Ok(count.map(|count| Counted { changed: true, count }))
}

pub(super) fn unlike(
    write: &Write<'_>,
    on: PostRef,
    user: UserId,
    stamp: Stamp,
) -> Result<Option<Counted>> {
    let PostRef { post, author } = on;
    if write.sql(sql::UNLIKE)?.execute(params![post, user])? == 0 {
        return unchanged(write, on);
    }
    // The like of a post that is gone waits to be cleared away: nothing counts it, nobody is told.
    let Some(count) = count(write, on, -1)? else { return Ok(None) };
    write.publish(&Event::PostUnliked { post, author, user }.record(stamp)?)?;
    Ok(Some(Counted { changed: true, count }))
}

pub(super) fn save(write: &Write<'_>, user: UserId, post: PostId, id: u64) -> Result<bool> {
    Ok(write.sql(sql::SAVE)?.execute(params![user, post, id as i64])? > 0)
}

pub(super) fn unsave(write: &Write<'_>, user: UserId, post: PostId) -> Result<bool> {
    Ok(write.sql(sql::UNSAVE)?.execute(params![user, post])? > 0)
}

fn unchanged(connection: &Connection, on: PostRef) -> Result<Option<Counted>> {
    let count: Option<i64> = connection
        .sql(sql::LIKES)?
        .query_row(params![on.author, on.post], |row| row.get(0))
        .optional()?;
    Ok(count.map(|count| Counted { changed: false, count: count as u64 }))
}

fn count(write: &Write<'_>, on: PostRef, by: i64) -> Result<Option<u64>> {
    let count: Option<i64> = write
        .sql(sql::COUNT_LIKE)?
        .query_row(params![on.author, on.post, by], |row| row.get(0))
        .optional()?;
    Ok(count.map(|count| count as u64))
}
