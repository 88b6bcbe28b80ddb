//! Ties in SQLite.

use async_trait::async_trait;
use rusqlite::types::FromSql;
use rustc_hash::FxHashMap;
use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::{Circle, Drift, Event, Stamp, UserId};
use tintype_platform::db::{Connection, Database, Ids, OptionalExtension, Sql, Write, params};
use tintype_platform::{Error, Result};

use super::{Added, List, NewFollow, Reach, Store, Tie, sql};
use crate::service::user_not_found;

/// Ties in the tables of a [`Database`].
pub(crate) struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

/// What a change adds to the counts of one person.
#[derive(Default, Clone, Copy)]
struct Change {
    followers: i64,
    following: i64,
    pending_requests: i64,
    asked: i64,
    version: i64,
}

#[async_trait]
impl Store for SqliteStore {
    async fn follow(&self, follow: NewFollow) -> Result<Added> {
        self.database.write(move |write| add_follow(write, &follow)).await
    }

    async fn unfollow(
        &self,
        follower: UserId,
        followee: UserId,
        stamp: Stamp,
    ) -> Result<Option<FollowStatus>> {
        self.database.write(move |write| remove_follow(write, follower, followee, stamp)).await
    }

    async fn accept(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool> {
        self.database.write(move |write| accept(write, follower, followee, stamp)).await
    }

    async fn accept_oldest(&self, followee: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>> {
        self.database
            .write(move |write| {
                let asked = column(write, sql::OLDEST_REQUESTS, followee, stamps.len())?;
                for (follower, stamp) in asked.iter().zip(stamps) {
                    accept(write, *follower, followee, stamp)?;
                }
                Ok(asked)
            })
            .await
    }

    async fn reject(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool> {
        self.database
            .write(move |write| {
                if write.sql(sql::REJECT)?.execute(params![follower, followee])? == 0 {
                    return Ok(false);
                }
                count_request(write, follower, followee, -1)?;
                publish(write, &Event::FollowRejected { follower, followee }, stamp)?;
                Ok(true)
            })
            .await
    }

    async fn block(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool> {
        self.database
            .write(move |write| {
                refuse_gone(write, &[blocker, blocked])?;
                let since = stamp.id as i64;
                if write.sql(sql::ADD_BLOCK)?.execute(params![blocker, blocked, since])? == 0 {
                    return Ok(false);
                }
                remove_follow(write, blocker, blocked, stamp)?;
                remove_follow(write, blocked, blocker, stamp)?;
                publish(write, &Event::Blocked { blocker, blocked }, stamp)?;
                Ok(true)
            })
            .await
    }

    async fn unblock(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool> {
        self.database
            .write(move |write| {
                if write.sql(sql::REMOVE_BLOCK)?.execute(params![blocker, blocked])? == 0 {
                    return Ok(false);
                }
                publish(write, &Event::Unblocked { blocker, blocked }, stamp)?;
                Ok(true)
            })
            .await
    }

    async fn mute(&self, muter: UserId, muted: UserId, since: u64) -> Result<bool> {
        self.database
            .write(move |write| {
                refuse_gone(write, &[muter, muted])?;
                Ok(write.sql(sql::ADD_MUTE)?.execute(params![muter, muted, since as i64])? > 0)
            })
            .await
    }

    async fn unmute(&self, muter: UserId, muted: UserId) -> Result<bool> {
        self.database
            .write(move |write| {
                let removed = write.sql(sql::REMOVE_MUTE)?.execute(params![muter, muted])? > 0;
                if removed {
                    add_counts(write, muter, Change { version: 1, ..Change::default() })?;
                }
                Ok(removed)
            })
            .await
    }

    async fn seed(&self, follows: Vec<(UserId, UserId, Stamp)>) -> Result<()> {
        self.database
            .write(move |write| {
                for (follower, followee, stamp) in follows {
                    let status = FollowStatus::Accepted;
                    let follow = NewFollow { follower, followee, status, most: u32::MAX, stamp };
                    add_follow(write, &follow)?;
                }
                Ok(())
            })
            .await
    }

    async fn forget(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>> {
        self.database.write(move |write| forget(write, user, &stamps)).await
    }

    async fn circle(&self, viewer: UserId) -> Result<Circle> {
        self.database
            .scan(move |connection| {
                // One transaction, so that all of it is of one moment.
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
            })
            .await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<(UserId, GraphCounts)>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(
                "SELECT account, followers, following, pending_requests FROM graph_counts
                 WHERE account IN rarray($1)",
            )?;
            let counts = statement.query_map([Ids::new(users)], |row| {
                let count = |index| row.get(index).map(|count: i64| count.max(0) as u64);
                let counts = GraphCounts {
                    followers: count(1)?,
                    following: count(2)?,
                    pending_requests: count(3)?,
                };
                Ok((row.get(0)?, counts))
            })?;
            Ok(counts.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        self.database.read(|connection| relationships(connection, viewer, &others))
    }

    async fn ties(
        &self,
        list: List,
        user: UserId,
        below: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Tie>> {
        let text = match list {
            List::Followers => sql::NEWEST_FOLLOWERS,
            List::Following => sql::NEWEST_FOLLOWEES,
            List::Requests => sql::NEWEST_REQUESTS,
            List::Blocked => sql::NEWEST_BLOCKED,
            List::Muted => sql::NEWEST_MUTED,
        };
        let below = below.map_or(i64::MAX, |below| below as i64);
        self.database.read(|connection| {
            let mut statement = connection.sql(text)?;
            let ties = statement.query_map(params![user, below, limit as i64], |row| {
                Ok(Tie { user: row.get(0)?, since: row.get::<_, i64>(1)? as u64 })
            })?;
            Ok(ties.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        let after = after.map_or(0, i64::from);
        self.database
            .scan(move |connection| {
                let mut statement = connection.sql(sql::FOLLOWERS_AFTER)?;
                rows(statement.query(params![user, after, limit])?)
            })
            .await
    }

    async fn mutual_followers(&self, one: UserId, other: UserId) -> Result<Vec<UserId>> {
        self.database
            .scan(move |connection| {
                let followers = |user: UserId| -> Result<i64> {
                    let count = connection
                        .sql(sql::FOLLOWERS_COUNT)?
                        .query_row([user], |row| row.get(0))
                        .optional()?;
                    Ok(count.unwrap_or(0))
                };
                let (shorter, longer) =
                    if followers(one)? <= followers(other)? { (one, other) } else { (other, one) };
                let mut statement = connection.sql(sql::MUTUAL_FOLLOWERS)?;
                rows(statement.query([shorter, longer])?)
            })
            .await
    }

    async fn friends_of_friends(&self, viewer: UserId, reach: Reach) -> Result<Vec<(UserId, u32)>> {
        self.database
            .scan(move |connection| {
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
            })
            .await
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        self.database.scan(drift).await
    }

    async fn recount(&self, users: Vec<UserId>) -> Result<()> {
        self.database
            .write(move |write| {
                for user in users {
                    let counts: [i64; 4] = write.sql(sql::COUNT_ROWS)?.query_row([user], |row| {
                        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
                    })?;
                    let [followers, following, pending, asked] = counts;
                    write
                        .sql(sql::SET_COUNTS)?
                        .execute(params![user, followers, following, pending, asked])?;
                }
                Ok(())
            })
            .await
    }
}

fn add_follow(write: &Write<'_>, follow: &NewFollow) -> Result<Added> {
    let NewFollow { follower, followee, status, most, stamp } = *follow;
    refuse_gone(write, &[follower, followee])?;
    if write.sql(sql::IS_BLOCKED)?.query_row([follower, followee], |row| row.get(0))? {
        return Err(user_not_found());
    }
    let found: Option<bool> = write
        .sql(sql::FIND_FOLLOW)?
        .query_row([follower, followee], |row| row.get(0))
        .optional()?;
    if let Some(accepted) = found {
        return Ok(Added::Already(status_of(accepted)));
    }
    let reached_out: Option<i64> =
        write.sql(sql::REACHED_OUT)?.query_row([follower], |row| row.get(0)).optional()?;
    if reached_out.unwrap_or(0) >= i64::from(most) {
        return Err(Error::refused(
            "too_many_followings",
            format!("You may follow at most {most} accounts; unfollow somebody first"),
        ));
    }
    let accepted = status == FollowStatus::Accepted;
    write.sql(sql::ADD_FOLLOW)?.execute(params![follower, followee, accepted, stamp.id as i64])?;
    if accepted {
        count_follow(write, follower, followee, 1)?;
    } else {
        count_request(write, follower, followee, 1)?;
    }
    publish(write, &Event::Followed { follower, followee, status }, stamp)?;
    Ok(Added::New)
}

fn accept(write: &Write<'_>, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool> {
    if write.sql(sql::ACCEPT)?.execute(params![follower, followee, stamp.id as i64])? == 0 {
        return Ok(false);
    }
    count_request(write, follower, followee, -1)?;
    count_follow(write, follower, followee, 1)?;
    publish(write, &Event::FollowAccepted { follower, followee }, stamp)?;
    Ok(true)
}

/// Removes a follow or request, whoever may want it gone.
fn remove_follow(
    write: &Write<'_>,
    follower: UserId,
    followee: UserId,
    stamp: Stamp,
) -> Result<Option<FollowStatus>> {
    let removed: Option<bool> = write
        .sql(sql::REMOVE_FOLLOW)?
        .query_row([follower, followee], |row| row.get(0))
        .optional()?;
    let status = removed.map(status_of);
    match status {
        Some(FollowStatus::Accepted) => {
            count_follow(write, follower, followee, -1)?;
            publish(write, &Event::Unfollowed { follower, followee }, stamp)?;
        }
        Some(FollowStatus::Pending) => {
            count_request(write, follower, followee, -1)?;
            publish(write, &Event::FollowWithdrawn { follower, followee }, stamp)?;
        }
        None => {}
    }
    Ok(status)
}

fn forget(write: &Write<'_>, user: UserId, stamps: &[Stamp]) -> Result<Vec<UserId>> {
    write.sql(sql::MARK_GONE)?.execute([user])?;
    let mut others = Vec::new();
    for (text, outward) in [(sql::FOLLOWS_FROM, true), (sql::FOLLOWS_TO, false)] {
        for other in column(write, text, user, stamps.len() - others.len())? {
            let (follower, followee) = if outward { (user, other) } else { (other, user) };
            remove_follow(write, follower, followee, stamps[others.len()])?;
            others.push(other);
        }
    }
    for (text, remove, outward) in [
        (sql::BLOCKS_FROM, sql::REMOVE_BLOCK, true),
        (sql::BLOCKS_TO, sql::REMOVE_BLOCK, false),
        (sql::MUTES_FROM, sql::REMOVE_MUTE, true),
        (sql::MUTES_TO, sql::REMOVE_MUTE, false),
    ] {
        for other in column(write, text, user, stamps.len() - others.len())? {
            let pair = if outward { [user, other] } else { [other, user] };
            write.sql(remove)?.execute(pair)?;
            others.push(other);
        }
    }
    Ok(others)
}

fn relationships(
    connection: &Connection,
    viewer: UserId,
    others: &[UserId],
) -> Result<Vec<Relationship>> {
    let mut found = others
        .iter()
        .map(|other| (*other, Relationship::default()))
        .collect::<FxHashMap<_, _>>();
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

fn drift(connection: &Connection) -> Result<Vec<Drift>> {
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

/// Counts a follow that begins (1) or ends (-1).
fn count_follow(write: &Write<'_>, follower: UserId, followee: UserId, by: i64) -> Result<()> {
    let version = by.max(0);
    add_counts(write, follower, Change { following: by, version, ..Change::default() })?;
    add_counts(write, followee, Change { followers: by, ..Change::default() })
}

/// Counts a request that begins (1) or ends (-1).
fn count_request(write: &Write<'_>, follower: UserId, followee: UserId, by: i64) -> Result<()> {
    add_counts(write, follower, Change { asked: by, ..Change::default() })?;
    add_counts(write, followee, Change { pending_requests: by, ..Change::default() })
}

fn add_counts(write: &Write<'_>, user: UserId, change: Change) -> Result<()> {
    let Change { followers, following, pending_requests, asked, version } = change;
    write.sql(sql::ADD_COUNTS)?.execute(params![
        user,
        followers,
        following,
        pending_requests,
        asked,
        version
    ])?;
    Ok(())
}

fn refuse_gone(write: &Write<'_>, users: &[UserId]) -> Result<()> {
    for user in users {
        let gone: Option<bool> =
            write.sql(sql::IS_GONE)?.query_row([user], |row| row.get(0)).optional()?;
        if gone == Some(true) {
            return Err(user_not_found());
        }
    }
    Ok(())
}

fn publish(write: &Write<'_>, event: &Event, stamp: Stamp) -> Result<()> {
    write.publish(&event.record(stamp)?)
}

fn status_of(accepted: bool) -> FollowStatus {
    if accepted { FollowStatus::Accepted } else { FollowStatus::Pending }
}

/// The first column of up to `limit` rows about `user`.
fn column(
    connection: &Connection,
    text: &'static str,
    user: UserId,
    limit: usize,
) -> Result<Vec<UserId>> {
    rows(connection.sql(text)?.query(params![user, limit as i64])?)
}

fn rows<T: FromSql>(rows: rusqlite::Rows<'_>) -> Result<Vec<T>> {
    Ok(rows.mapped(|row| row.get(0)).collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tintype_platform::db::Record;
    use tintype_platform::testkit::Workbench;

    use super::super::conformance::{self, Subject};
    use super::*;

    #[tokio::test]
    async fn does_what_every_store_does() {
        let bench = Workbench::new(&[crate::MIGRATIONS]);
        let store = SqliteStore::new(bench.database.clone());
        let seen = Cell::new(0);
        let events = || {
            let records = records_after(&bench.database, seen.get());
            seen.set(records.last().map_or(seen.get(), |record| record.sequence));
            records.iter().map(|record| Event::read(record).unwrap()).collect()
        };
        conformance::run(&Subject { store: &store, ids: &bench.ids, events }).await;
    }

    #[tokio::test]
    async fn finds_and_mends_counters_that_are_wrong() {
        let bench = Workbench::new(&[crate::MIGRATIONS]);
        let store = SqliteStore::new(bench.database.clone());
        let [ann, ben] = [1, 2].map(tintype_api::testkit::user);
        store.seed(vec![(ann, ben, Stamp::made_by(&bench.ids))]).await.unwrap();
        bench
            .database
            .write(|write| {
                write.execute_batch("UPDATE graph_counts SET following = 5 WHERE account = 1")?;
                Ok(write.execute_batch("DELETE FROM graph_counts WHERE account = 2")?)
            })
            .await
            .unwrap();
        let wrong = |counter, of: UserId, stored, counted| Drift {
            counter,
            of: of.get(),
            stored,
            counted,
        };
        let drift = [wrong("following", ann, 5, 1), wrong("followers", ben, 0, 1)];
        assert_eq!(store.drift().await.unwrap(), drift);
        store.recount(vec![ann, ben]).await.unwrap();
        assert_eq!(store.drift().await.unwrap(), []);
    }

    fn records_after(database: &Database, sequence: i64) -> Vec<Record> {
        database
            .read(|connection| {
                let mut statement = connection.sql(
                    "SELECT id, kind, key, body, at, sequence FROM outbox
                     WHERE sequence > $1 ORDER BY sequence",
                )?;
                let records = statement.query_map([sequence], |row| {
                    Ok(Record {
                        id: row.get::<_, i64>(0)? as u64,
                        kind: row.get(1)?,
                        key: row.get::<_, i64>(2)? as u64,
                        body: row.get(3)?,
                        at: tintype_platform::Timestamp::from_millis(row.get(4)?),
                        sequence: row.get(5)?,
                    })
                })?;
                Ok(records.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap()
    }
}
