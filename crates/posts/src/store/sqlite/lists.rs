//! Lists of posts, and what is counted over many.

use tintype_api::posts::{Engagement, PostRef};
use tintype_api::{PostId, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, Sql, params};

use super::{column, pairs};
use crate::store::newest::NewestOfAll;
use crate::store::sql;
use crate::store::{Entry, List, below, counts_of};

const COUNTS: &str = "SELECT author, posts FROM author_counts WHERE author IN rarray($1)";

const VISIBLE: &str = "SELECT author, id FROM posts WHERE hidden = 0 ORDER BY author, id";

const VISIBLE_AMONG: &str = "\
    SELECT id FROM posts WHERE author = $1 AND id IN rarray($2) AND hidden = 0";

pub(super) fn list(
    connection: &Connection,
    list: &List,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Entry>> {
    let key = below(key);
    let rows: Vec<(i64, PostId)> = match list {
        List::Author { author, hidden_too } => {
            let most_hidden = if *hidden_too { i64::MAX } else { 0 };
            pairs(connection, sql::BY_AUTHOR, params![author, key, limit, most_hidden])
        }
        List::Hashtag(tag) => pairs(connection, sql::BY_TAG, params![tag, key, limit]),
        List::Saved(user) => pairs(connection, sql::SAVED, params![user, key, limit]),
    }?;
    Ok(rows.into_iter().map(|(key, post)| Entry { key: key as u64, post }).collect())
}

pub(super) fn counts(connection: &Connection, users: &[UserId]) -> Result<Vec<u64>> {
    let found: Vec<(UserId, i64)> = pairs(connection, COUNTS, [Ids::new(users.iter().copied())])?;
    Ok(counts_of(users, found))
}

pub(super) fn visible(
    connection: &Connection,
    author: UserId,
    posts: Vec<PostId>,
) -> Result<Vec<PostId>> {
    column(connection, VISIBLE_AMONG, params![author, Ids::new(posts)])
}

pub(super) fn newest(connection: &Connection, author: UserId, limit: u32) -> Result<Vec<PostId>> {
    let mut posts: Vec<PostId> = column(connection, sql::NEWEST, params![author, limit])?;
    posts.reverse();
    Ok(posts)
}

pub(super) fn newest_of_all(
    connection: &Connection,
    limit: u32,
) -> Result<Vec<(UserId, Vec<PostId>)>> {
    let mut newest = NewestOfAll::new(limit);
    let mut statement = connection.sql(VISIBLE)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        newest.add(row.get(0)?, row.get(1)?);
    }
    Ok(newest.finish())
}

pub(super) fn recent(connection: &Connection, limit: u32) -> Result<Vec<Engagement>> {
    let mut statement = connection.sql(sql::RECENT)?;
    let rows = statement.query_map([limit], |row| {
        Ok(Engagement {
            post: PostRef { post: row.get(0)?, author: row.get(1)? },
            likes: row.get::<_, i64>(2)? as u64,
            comments: row.get::<_, i64>(3)? as u64,
            views: row.get::<_, i64>(4)? as u64,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn interactions(
    connection: &Connection,
    user: UserId,
    floor: u64,
    limit: u32,
) -> Result<Vec<UserId>> {
    let mut owners: Vec<UserId> =
        column(connection, sql::OWNERS_LIKED, params![user, floor as i64, limit])?;
    owners.extend(column::<UserId>(
        connection,
        sql::OWNERS_COMMENTED,
        params![user, floor as i64, limit],
    )?);
    Ok(owners)
}
