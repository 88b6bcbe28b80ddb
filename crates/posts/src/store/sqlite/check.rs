//! Counters against what they count.

use tintype_api::Drift;
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Sql, Write, params};

use crate::store::sql;
use crate::store::{Counter, Found};

pub(super) fn drift(connection: &Connection, counter: Counter) -> Result<Vec<Found>> {
    let wrong = match counter {
        Counter::PostLikes => sql::WRONG_POST_LIKES,
        Counter::PostComments => sql::WRONG_POST_COMMENTS,
        Counter::CommentLikes => sql::WRONG_COMMENT_LIKES,
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
        Ok(Found { shard: row.get::<_, i64>(0)? as u64, drift })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn recount(write: &Write<'_>, counter: Counter, wrong: &[Found]) -> Result<()> {
    let recount = match counter {
        Counter::PostLikes => sql::RECOUNT_POST_LIKES,
        Counter::PostComments => sql::RECOUNT_POST_COMMENTS,
        Counter::CommentLikes => sql::RECOUNT_COMMENT_LIKES,
        Counter::AuthorPosts => sql::RECOUNT_AUTHOR_POSTS,
    };
    let mut statement = write.sql(recount)?;
    for found in wrong {
        statement.execute(params![found.shard as i64, found.drift.of as i64])?;
    }
    Ok(())
}
