//! Lists of posts, and what is counted over many.

use rustc_hash::FxHashMap;
use tintype_api::posts::{Engagement, PostRef};
use tintype_api::{PostId, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, Sql, params};

use super::{below, column, pairs};
use crate::store::sql;
use crate::store::{Entry, List};

const COUNTS: &str = "SELECT author, posts FROM author_counts WHERE author IN rarray($1)";

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
    let found: FxHashMap<UserId, i64> = found.into_iter().collect();
    Ok(users.iter().map(|user| found.get(user).map_or(0, |count| *count as u64)).collect())
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
    let limit = limit as usize;
    let mut all: Vec<(UserId, Vec<PostId>)> = Vec::new();
    let keep_newest = |posts: &mut Vec<PostId>| {
        posts.drain(..posts.len().saturating_sub(limit));
        posts.shrink_to_fit();
    };
    let mut statement = connection.sql(sql::VISIBLE)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (author, post): (UserId, PostId) = (row.get(0)?, row.get(1)?);
        match all.last_mut() {
            Some((last, posts)) if *last == author => posts.push(post),
            finished => {
                if let Some((_, posts)) = finished {
                    keep_newest(posts);
                }
                all.push((author, vec![post]));
            }
        }
    }
    if let Some((_, posts)) = all.last_mut() {
        keep_newest(posts);
    }
    Ok(all)
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
