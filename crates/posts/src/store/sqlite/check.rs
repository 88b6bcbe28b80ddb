//! Counters against what they count.

use tintype_api::Drift;
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Sql, Write, params};

use crate::store::sql;
use crate::store::{Counter, Found};

const WRONG_COMMENT_LIKES: &str = "\
    SELECT owner, id, stored, counted FROM (
        SELECT owner, id, likes AS stored,
               (SELECT count(*) FROM comment_likes
                WHERE comment_likes.post = comments.post AND comment_likes.comment = comments.id
               ) AS counted FROM comments
    ) AS counts WHERE stored <> counted ORDER BY owner, id";

const RECOUNT_POST_LIKES: &str = "\
    UPDATE posts SET likes = (SELECT count(*) FROM likes WHERE post = $2)
    WHERE author = $1 AND id = $2";

const RECOUNT_POST_COMMENTS: &str = "\
    UPDATE posts SET comments = (SELECT count(*) FROM comments WHERE post = $2)
    WHERE author = $1 AND id = $2";

const RECOUNT_COMMENT_LIKES: &str = "\
    UPDATE comments
    SET likes = (SELECT count(*) FROM comment_likes
                 WHERE comment_likes.post = comments.post AND comment_likes.comment = $2)
    WHERE owner = $1 AND id = $2";

const RECOUNT_AUTHOR_POSTS: &str = "\
    INSERT INTO author_counts (author, posts)
    SELECT $1, count(*) FROM posts WHERE author = $2 AND hidden = 0
    ON CONFLICT (author) DO UPDATE SET posts = excluded.posts";

pub(super) fn drift(connection: &Connection, counter: Counter) -> Result<Vec<Found>> {
    let wrong = match counter {
        Counter::PostLikes => sql::WRONG_POST_LIKES,
        Counter::PostComments => sql::WRONG_POST_COMMENTS,
        Counter::CommentLikes => WRONG_COMMENT_LIKES,
        Counter::AuthorPosts => sql::WRONG_AUTHOR_POSTS,
    };
    let mut statement = connection.sql(wrong)?;
    let rows = statement.query_map([], |row| {
        let drift = Drift {
            counter: counter.name(),
            of: row.get::<_, i64>(1)? as u64,
            stored: row.get(2)?,
            counted: row.get(3)?,
        };
        Ok(Found { author: row.get(0)?, drift })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn recount(write: &Write<'_>, counter: Counter, wrong: &[Found]) -> Result<()> {
    let recount = match counter {
        Counter::PostLikes => RECOUNT_POST_LIKES,
        Counter::PostComments => RECOUNT_POST_COMMENTS,
        Counter::CommentLikes => RECOUNT_COMMENT_LIKES,
        Counter::AuthorPosts => RECOUNT_AUTHOR_POSTS,
    };
    let mut statement = write.sql(recount)?;
    for found in wrong {
        statement.execute(params![found.author, found.drift.of as i64])?;
    }
    Ok(())
}
