//! Reads of more than one statement.

use rustc_hash::FxHashMap;
use tintype_api::graph::{GraphCounts, Relationship};
use tintype_api::{Circle, Drift, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Sql, params};

use super::rows;
use crate::store::{Reach, sql};

/// All of it of one moment.
pub(super) fn circle(connection: &Connection, viewer: UserId) -> Result<Circle> {
    let snapshot = connection.unchecked_transaction()?;
    let version: Option<i64> =
        snapshot.sql(sql::VERSION)?.query_row([viewer], |row| row.get(0)).optional()?;
    let users = |text| -> Result<_> {
        let users: Vec<UserId> = rows(snapshot.sql(text)?.query([viewer])?)?;
        Ok(users.into())
    };
    Ok(Circle::new(
        version.unwrap_or(0) as u64,
        users(sql::FOLLOWEES)?,
        users(sql::BLOCKED_EITHER_WAY)?,
        users(sql::MUTED)?,
    ))
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
        let count = |index| row.get(index).map(|count: i64| count.max(0) as u64);
        let counts =
            GraphCounts { followers: count(1)?, following: count(2)?, pending_requests: count(3)? };
        Ok((row.get(0)?, counts))
    })?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn mutual_followers(
    connection: &Connection,
    one: UserId,
    other: UserId,
) -> Result<Vec<UserId>> {
    let followers = |user: UserId| -> Result<i64> {
        let count =
            connection.sql(sql::FOLLOWERS_COUNT)?.query_row([user], |row| row.get(0)).optional()?;
        Ok(count.unwrap_or(0))
    };
    let (shorter, longer) =
        if followers(one)? <= followers(other)? { (one, other) } else { (other, one) };
    rows(connection.sql(sql::MUTUAL_FOLLOWERS)?.query([shorter, longer])?)
}

/// How many ways lead from `viewer` over a followee to others.
pub(super) fn ways(
    connection: &Connection,
    viewer: UserId,
    reach: Reach,
) -> Result<Vec<(UserId, u32)>> {
    let mut statement = connection.sql(sql::NEWEST_FOLLOWEES)?;
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
    let mut found =
        others.iter().map(|other| (*other, Relationship::default())).collect::<FxHashMap<_, _>>();
    let mut look = |text, set: fn(&mut Relationship, bool)| -> Result<()> {
        let mut statement = connection.sql(text)?;
        let mut rows = statement.query(params![viewer, Ids::new(others.iter().copied())])?;
        while let Some(row) = rows.next()? {
            if let Some(relationship) = found.get_mut(&row.get::<_, UserId>(0)?) {
                set(relationship, row.get(1)?);
            }
        }
        Ok(())
    };
    look(
        "SELECT followee, accepted FROM follows WHERE follower = $1 AND followee IN rarray($2)",
        |relationship, accepted| {
            relationship.following = accepted;
            relationship.pending = !accepted;
        },
    )?;
    look(
        "SELECT follower, accepted FROM follows WHERE followee = $1 AND follower IN rarray($2)",
        |relationship, accepted| {
            relationship.followed_by = accepted;
            relationship.requested = !accepted;
        },
    )?;
    look(
        "SELECT blocked, 1 FROM blocks WHERE blocker = $1 AND blocked IN rarray($2)",
        |relationship, _| relationship.blocking = true,
    )?;
    look(
        "SELECT blocker, 1 FROM blocks WHERE blocked = $1 AND blocker IN rarray($2)",
        |relationship, _| relationship.blocked_by = true,
    )?;
    look(
        "SELECT muted, 1 FROM mutes WHERE muter = $1 AND muted IN rarray($2)",
        |relationship, _| relationship.muting = true,
    )?;
    Ok(others.iter().map(|other| found.get(other).copied().unwrap_or_default()).collect())
}

pub(super) fn drift(connection: &Connection) -> Result<Vec<Drift>> {
    const COUNTERS: [&str; 4] = ["followers", "following", "pending_requests", "asked"];
    let mut statement = connection.sql(
        "SELECT account,
                sum(followers), sum(following), sum(pending), sum(asked),
                sum(stored_followers), sum(stored_following), sum(stored_pending), sum(stored_asked)
         FROM (
             SELECT followee AS account, accepted AS followers, 0 AS following,
                    1 - accepted AS pending, 0 AS asked, 0 AS stored_followers,
                    0 AS stored_following, 0 AS stored_pending, 0 AS stored_asked
             FROM follows
             UNION ALL
             SELECT follower, 0, accepted, 0, 1 - accepted, 0, 0, 0, 0 FROM follows
             UNION ALL
             SELECT account, 0, 0, 0, 0, followers, following, pending_requests, asked
             FROM graph_counts
         ) GROUP BY account
         HAVING sum(followers) <> sum(stored_followers)
             OR sum(following) <> sum(stored_following)
             OR sum(pending) <> sum(stored_pending)
             OR sum(asked) <> sum(stored_asked)
         ORDER BY account",
    )?;
    let mut rows = statement.query([])?;
    let mut drift = Vec::new();
    while let Some(row) = rows.next()? {
        let of = row.get::<_, UserId>(0)?.get();
        for (index, counter) in COUNTERS.into_iter().enumerate() {
            let (counted, stored) = (row.get(1 + index)?, row.get(5 + index)?);
            if counted != stored {
                drift.push(Drift { counter, of, stored, counted });
            }
        }
    }
    Ok(drift)
}
