//! Comments and their likes.

use tintype_api::posts::PostRef;
use tintype_api::{CommentId, Event, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Row, Sql, Write, params};

use super::column;
use crate::store::sql;
use crate::store::{Comment, Commented, Counted, below};

pub(super) const DELETE_COMMENT: &str = "DELETE FROM comments WHERE post = $1 AND id = $2";

pub(super) const UNLIKE_COMMENT: &str =
    "DELETE FROM comment_likes WHERE post = $1 AND comment = $2 AND user = $3";

/// Counts no comment where none may be made.
const COUNT_NEW_COMMENT: &str = "\
    UPDATE posts SET comments = comments + 1
    WHERE author = $1 AND id = $2 AND comments_disabled = 0";

const COUNT_COMMENT: &str =
    "UPDATE posts SET comments = comments + $3 WHERE author = $1 AND id = $2";

const ADD_COMMENT: &str = "\
    INSERT INTO comments (post, id, owner, author, content, likes) VALUES ($1, $2, $3, $4, $5, 0)";

/// Adds no like to a comment that is not there.
const LIKE_COMMENT: &str = "\
    INSERT INTO comment_likes (post, comment, user)
    SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM comments WHERE post = $1 AND id = $2)
    ON CONFLICT DO NOTHING";

const COUNT_COMMENT_LIKE: &str = "\
    UPDATE comments SET likes = likes + $3 WHERE post = $1 AND id = $2 RETURNING likes";

const LIKED: &str = "\
    SELECT comment FROM comment_likes
    WHERE post = $1 AND comment IN rarray($2) AND user = $3";

pub(super) fn by_id(connection: &Connection, comment: CommentId) -> Result<Option<Comment>> {
    Ok(connection.sql(sql::COMMENT)?.query_row([comment], from_row).optional()?)
}

pub(super) fn newest(
    connection: &Connection,
    post: PostRef,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Comment>> {
    let mut statement = connection.sql(sql::COMMENTS)?;
    let rows = statement.query_map(params![post.author, post.post, below(key), limit], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn liked(
    connection: &Connection,
    user: UserId,
    post: PostRef,
    comments: Vec<CommentId>,
) -> Result<Vec<CommentId>> {
    column(connection, LIKED, params![post.post, Ids::new(comments), user])
}

pub(super) fn add(
    write: &Write<'_>,
    comment: &Comment,
    mentions: Vec<UserId>,
    stamp: Stamp,
) -> Result<Commented> {
    let PostRef { post, author } = comment.post;
    if write.sql(COUNT_NEW_COMMENT)?.execute(params![author, post])? == 0 {
        let is_there = write.sql(sql::IS_THERE)?.exists(params![author, post])?;
        return Ok(if is_there { Commented::Disabled } else { Commented::Missing });
    }
    write.sql(ADD_COMMENT)?.execute(params![
        post,
        comment.id,
        author,
        comment.author,
        comment.content
    ])?;
    let commenter = comment.author;
    let created = Event::CommentCreated { comment: comment.id, post, author, commenter, mentions };
    write.publish(&created.record(stamp)?)?;
    Ok(Commented::Done)
}

pub(super) fn delete(write: &Write<'_>, comment: &Comment, stamp: Stamp) -> Result<bool> {
    let PostRef { post, author } = comment.post;
    if write.sql(DELETE_COMMENT)?.execute(params![post, comment.id])? == 0 {
        return Ok(false);
    }
    write.sql(COUNT_COMMENT)?.execute(params![author, post, -1])?;
    let commenter = comment.author;
    let deleted = Event::CommentDeleted { comment: comment.id, post, author, commenter };
    write.publish(&deleted.record(stamp)?)?;
    Ok(true)
}

pub(super) fn like(
    write: &Write<'_>,
    comment: &Comment,
    user: UserId,
    on: bool,
    stamp: Stamp,
) -> Result<Option<Counted>> {
    let PostRef { post, author } = comment.post;
    let (id, commenter) = (comment.id, comment.author);
    let statement = if on { LIKE_COMMENT } else { UNLIKE_COMMENT };
    let changed = write.sql(statement)?.execute(params![post, id, user])? > 0;
    let count: Option<i64> = if changed {
        let by = if on { 1 } else { -1 };
        write
            .sql(COUNT_COMMENT_LIKE)?
            .query_row(params![post, id, by], |row| row.get(0))
            .optional()?
    } else {
        write
            .sql(sql::COMMENT_LIKES)?
            .query_row(params![author, post, id], |row| row.get(0))
            .optional()?
    };
    let Some(count) = count else { return Ok(None) };
    if changed {
        let event = if on {
            Event::CommentLiked { comment: id, post, commenter, user }
        } else {
            Event::CommentUnliked { comment: id, post, commenter, user }
        };
        write.publish(&event.record(stamp)?)?;
    }
    Ok(Some(Counted { changed, count: count as u64 }))
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        post: PostRef { post: row.get(0)?, author: row.get(2)? },
        id: row.get(1)?,
        author: row.get(3)?,
        content: row.get(4)?,
        likes: row.get::<_, i64>(5)? as u64,
    })
}
