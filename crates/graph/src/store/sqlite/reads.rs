//! Reads of more than a line.

use rustc_hash::FxHashMap;
use tintype_api::graph::{GraphCounts, Relationship};
use tintype_api::{Circle, Drift, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Sql, params};

use super::rows;
use crate::store::rules::{self, CircleRows};
use crate::store::{List, Reach, sql};

pub(super) fn circle(connection: &Connection, viewer: UserId) -> Result<Circle> {
    let mut statement = connection.sql(sql::CIRCLE)?;
    let mut found = statement.query([viewer])?;
    let mut circle = CircleRows::default();
    while let Some(row) = found.next()? {
        circle.take(row.get(0)?, row.get(1)?)?;
    }
    Ok(circle.circle())
}

pub(super) fn counts(
    connection: &Connection,
    users: Vec<UserId>,
) -> Result<Vec<(UserId, GraphCounts)>> {
    let mut statement = connection.sql(
        "SELECT account, followers, following, pending_requests FROM graph_counts
         WHERE account IN rarray($1)",
    )?;
    let counts = statement.query_map([Ids::new(users)], |row| {
        Ok((row.get(0)?, rules::counts([row.get(1)?, row.get(2)?, row.get(3)?])))
    })?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn mutual_followers(
    connection: &Connection,
    one: UserId,
    other: UserId,
) -> Result<Vec<UserId>> {
    let followers = |user: UserId| -> Result<i64> {
        let count = connection
            .sql("SELECT followers FROM graph_counts WHERE account = $1")?
            .query_row([user], |row| row.get(0))
            .optional()?;
        Ok(count.unwrap_or(0))
    };
    let (shorter, longer) =
        if followers(one)? <= followers(other)? { (one, other) } else { (other, one) };
    let mut statement = connection.sql(
        "SELECT a.follower FROM follows a
         JOIN follows b ON b.follower = a.follower AND b.followee = $2 AND b.accepted = 1
         WHERE a.followee = $1 AND a.accepted = 1 ORDER BY a.follower",
    )?;
    rows(statement.query([shorter, longer])?)
}

/// How many ways lead from `viewer` over a followee to others.
pub(super) fn ways(
    connection: &Connection,
    viewer: UserId,
    reach: Reach,
) -> Result<Vec<(UserId, u32)>> {
    let mut statement = connection.sql(sql::newest(List::Following))?;
    let mut newest = |user: UserId, limit: u32| -> Result<Vec<UserId>> {
        rows(statement.query(params![user, i64::MAX, limit])?)
    };
    let mut ways = FxHashMap::default();
    for friend in newest(viewer, reach.followees)? {
        for user in newest(friend, reach.each)? {
            *ways.entry(user).or_insert(0) += 1;
        }
    }
    Ok(ways.into_iter().collect())
}

pub(super) fn relationships(
    connection: &Connection,
    viewer: UserId,
    others: &[UserId],
) -> Result<Vec<Relationship>> {
    let mut statement = connection.sql(
        "SELECT 0, followee, accepted FROM follows
         WHERE follower = $1 AND followee IN rarray($2)
         UNION ALL SELECT 1, follower, accepted FROM follows
         WHERE followee = $1 AND follower IN rarray($2)
         UNION ALL SELECT 2, blocked, 1 FROM blocks WHERE blocker = $1 AND blocked IN rarray($2)
         UNION ALL SELECT 3, blocker, 1 FROM blocks WHERE blocked = $1 AND blocker IN rarray($2)
         UNION ALL SELECT 4, muted, 1 FROM mutes WHERE muter = $1 AND muted IN rarray($2)",
    )?;
    let mut found = FxHashMap::<UserId, Relationship>::default();
    let mut ties = statement.query(params![viewer, Ids::new(others.iter().copied())])?;
    while let Some(tie) = ties.next()? {
        rules::enter(found.entry(tie.get(1)?).or_default(), tie.get(0)?, tie.get(2)?);
    }
    Ok(others.iter().map(|other| found.get(other).copied().unwrap_or_default()).collect())
}

pub(super) fn drift(connection: &Connection) -> Result<Vec<Drift>> {
    let mut statement = connection.sql(sql::DRIFT)?;
    let mut rows = statement.query([])?;
    let mut drift = Vec::new();
    while let Some(row) = rows.next()? {
        let counted = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        let stored = [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?];
        drift.extend(rules::drift(row.get(0)?, counted, stored));
    }
    Ok(drift)
}
