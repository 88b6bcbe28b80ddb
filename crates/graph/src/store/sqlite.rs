//! Ties in SQLite.

mod changes;
mod reads;

use async_trait::async_trait;
use rusqlite::types::FromSql;
use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::{Circle, Drift, Event, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Database, Sql, params};

use super::{Added, List, NewFollow, Reach, Store, Tie, sql};

/// Ties in the tables of a [`Database`].
pub(crate) struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn follow(&self, follow: NewFollow) -> Result<Added> {
        self.database.write(move |write| changes::add_follow(write, &follow)).await
    }

    async fn unfollow(
        &self,
        follower: UserId,
        followee: UserId,
        stamp: Stamp,
    ) -> Result<Option<FollowStatus>> {
        self.database
            .write(move |write| changes::remove_follow(write, follower, followee, stamp))
            .await
    }

    async fn accept(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool> {
        self.database.write(move |write| changes::accept(write, follower, followee, stamp)).await
    }

    async fn accept_oldest(&self, followee: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>> {
        self.database
            .write(move |write| {
                let asked = column(write, sql::OLDEST_REQUESTS, followee, stamps.len())?;
                for (follower, stamp) in asked.iter().zip(stamps) {
                    changes::accept(write, *follower, followee, stamp)?;
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
                changes::count_request(write, follower, followee, -1)?;
                changes::publish(write, &Event::FollowRejected { follower, followee }, stamp)?;
                Ok(true)
            })
            .await
    }

    async fn block(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool> {
        self.database
            .write(move |write| {
                changes::refuse_gone(write, &[blocker, blocked])?;
                let since = stamp.id as i64;
                if write.sql(sql::ADD_BLOCK)?.execute(params![blocker, blocked, since])? == 0 {
                    return Ok(false);
                }
                changes::remove_follow(write, blocker, blocked, stamp)?;
                changes::remove_follow(write, blocked, blocker, stamp)?;
                changes::publish(write, &Event::Blocked { blocker, blocked }, stamp)?;
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
                changes::publish(write, &Event::Unblocked { blocker, blocked }, stamp)?;
                Ok(true)
            })
            .await
    }

    async fn mute(&self, muter: UserId, muted: UserId, since: u64) -> Result<bool> {
        self.database
            .write(move |write| {
                changes::refuse_gone(write, &[muter, muted])?;
                Ok(write.sql(sql::ADD_MUTE)?.execute(params![muter, muted, since as i64])? > 0)
            })
            .await
    }

    async fn unmute(&self, muter: UserId, muted: UserId) -> Result<bool> {
        self.database
            .write(move |write| {
                let removed = write.sql(sql::REMOVE_MUTE)?.execute(params![muter, muted])? > 0;
                if removed {
                    changes::add_counts(
                        write,
                        muter,
                        changes::Change { version: 1, ..Default::default() },
                    )?;
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
                    changes::add_follow(write, &follow)?;
                }
                Ok(())
            })
            .await
    }

    async fn forget(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>> {
        self.database.write(move |write| changes::forget(write, user, &stamps)).await
    }

    async fn circle(&self, viewer: UserId) -> Result<Circle> {
        self.database.scan(move |connection| reads::circle(connection, viewer)).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<(UserId, GraphCounts)>> {
        self.database.read(|connection| reads::counts(connection, users))
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        self.database.read(|connection| reads::relationships(connection, viewer, &others))
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
        self.database.scan(move |connection| reads::mutual_followers(connection, one, other)).await
    }

    async fn friends_of_friends(&self, viewer: UserId, reach: Reach) -> Result<Vec<(UserId, u32)>> {
        self.database.scan(move |connection| reads::ways(connection, viewer, reach)).await
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        self.database.scan(reads::drift).await
    }

    async fn recount(&self, users: Vec<UserId>) -> Result<()> {
        self.database
            .write(move |write| {
                for user in users {
                    let counts: [i64; 4] =
                        write.sql(sql::COUNT_ROWS)?.query_row([user], |row| {
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
