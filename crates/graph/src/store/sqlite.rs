//! Ties in SQLite.

mod changes;
pub(crate) mod fill;
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
        self.database.write(move |write| changes::reject(write, follower, followee, stamp)).await
    }

    async fn block(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool> {
        self.database.write(move |write| changes::block(write, blocker, blocked, stamp)).await
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

    async fn mute(&self, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool> {
        self.database.write(move |write| changes::mute(write, muter, muted, stamp)).await
    }

    async fn unmute(&self, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool> {
        self.database.write(move |write| changes::unmute(write, muter, muted, stamp)).await
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
        let below = below.map_or(i64::MAX, |below| below as i64);
        self.database.read(|connection| {
            let mut statement = connection.sql(sql::newest(list))?;
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
                    write.sql(RECOUNT)?.execute([user])?;
                }
                Ok(())
            })
            .await
    }
}

/// Counts the follows and requests of one user anew.
const RECOUNT: &str = "INSERT INTO graph_counts
         (account, followers, following, pending_requests, asked)
     VALUES ($1,
         (SELECT count(*) FROM follows WHERE followee = $1 AND accepted = 1),
         (SELECT count(*) FROM follows WHERE follower = $1 AND accepted = 1),
         (SELECT count(*) FROM follows WHERE followee = $1 AND accepted = 0),
         (SELECT count(*) FROM follows WHERE follower = $1 AND accepted = 0))
     ON CONFLICT (account) DO UPDATE SET followers = excluded.followers,
         following = excluded.following, pending_requests = excluded.pending_requests,
         asked = excluded.asked";

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
