//! Likes and saves of posts.

use tintype_api::posts::PostRef;
use tintype_api::{Event, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Sql, Write, params};

use super::column;
use crate::store::sql;
use crate::store::{Counted, Flags, Like, below, flags_of};

pub(super) const UNLIKE: &str = "DELETE FROM likes WHERE post = $1 AND user = $2";

/// Adds no like to a post that is not there.
const LIKE: &str = "\
    INSERT INTO likes (post, user, id, owner)
    SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM posts WHERE author = $4 AND id = $1)
    ON CONFLICT DO NOTHING";

const COUNT_LIKE: &str = "\
    UPDATE posts SET likes = likes + $3 WHERE author = $1 AND id = $2 RETURNING likes";

const LIKES: &str = "SELECT likes FROM posts WHERE author = $1 AND id = $2";

const LIKED: &str = "SELECT post FROM likes WHERE post IN rarray($1) AND user = $2";

const SAVED: &str = "SELECT post FROM saves WHERE user = $2 AND post IN rarray($1)";

pub(super) fn flags(
    connection: &Connection,
    user: UserId,
    posts: &[PostRef],
) -> Result<Vec<Flags>> {
    let among = |sql| -> Result<Vec<PostId>> {
        column(connection, sql, params![Ids::new(posts.iter().map(|post| post.post)), user])
    };
    let (liked, saved) = (among(LIKED)?, among(SAVED)?);
    Ok(flags_of(posts, &liked, &saved))
}

pub(super) fn newest(
    connection: &Connection,
    post: PostRef,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Like>> {
    let mut statement = connection.sql(sql::LIKERS)?;
    let rows = statement.query_map(params![post.author, post.post, below(key), limit], |row| {
        Ok(Like { post, user: row.get(1)?, id: row.get::<_, i64>(0)? as u64 })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn like(write: &Write<'_>, like: Like, stamp: Stamp) -> Result<Option<Counted>> {
    let PostRef { post, author } = like.post;
    let added = write.sql(LIKE)?.execute(params![post, like.user, like.id as i64, author])?;
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
    if write.sql(UNLIKE)?.execute(params![post, user])? == 0 {
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
        .sql(LIKES)?
        .query_row(params![on.author, on.post], |row| row.get(0))
        .optional()?;
    Ok(count.map(|count| Counted { changed: false, count: count as u64 }))
}

fn count(write: &Write<'_>, on: PostRef, by: i64) -> Result<Option<u64>> {
    let count: Option<i64> = write
        .sql(COUNT_LIKE)?
        .query_row(params![on.author, on.post, by], |row| row.get(0))
        .optional()?;
    Ok(count.map(|count| count as u64))
}
