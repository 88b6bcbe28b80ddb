//! Ties in PostgreSQL. A change of a tie begins by locking the counts of both people, so that changes
//! of the same people follow each other, as all do in SQLite.

mod batches;
mod changes;
mod reads;

use async_trait::async_trait;
use tintype_api::graph::{FollowStatus, GraphCounts, Relationship};
use tintype_api::{Circle, Drift, Event, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Database, Row};

use super::rules::{Tally, status_of};
use super::{Added, List, NewFollow, Reach, Store, Tie, sql};
use changes::{lock, record};

/// Ties in the tables of a [`Database`].
pub(super) struct PostgresStore {
    database: Database,
}

impl PostgresStore {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn follow(&self, follow: NewFollow) -> Result<Added> {
        let change = self.database.begin(follow.follower).await?;
        let added = changes::add_follow(&change, &follow).await?;
        if added == Added::New {
            change.commit().await?;
        }
        Ok(added)
    }

    async fn unfollow(
        &self,
        follower: UserId,
        followee: UserId,
        stamp: Stamp,
    ) -> Result<Option<FollowStatus>> {
        let change = self.database.begin(follower).await?;
        lock(&change, &[follower, followee]).await?;
        let row = change.query_opt(sql::REMOVE_FOLLOW, &[&follower, &followee]).await?;
        let Some(row) = row else { return Ok(None) };
        let status = status_of(row.get::<_, i64>(0) != 0);
        let mut tally = Tally::default();
        tally.ended((follower, followee), status, stamp);
        record(&change, tally).await?;
        change.commit().await?;
        Ok(Some(status))
    }

    async fn accept(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(follower).await?;
        lock(&change, &[follower, followee]).await?;
        let since = stamp.id as i64;
        if change.execute(sql::ACCEPT, &[&follower, &followee, &since]).await? == 0 {
            return Ok(false);
        }
        let mut tally = Tally::default();
        tally.accepted(follower, followee, stamp);
        record(&change, tally).await?;
        change.commit().await?;
        Ok(true)
    }

    async fn accept_oldest(&self, followee: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>> {
        batches::accept_oldest(&self.database, followee, &stamps).await
    }

    async fn reject(&self, follower: UserId, followee: UserId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(follower).await?;
        lock(&change, &[follower, followee]).await?;
        if change.execute(sql::REJECT, &[&follower, &followee]).await? == 0 {
            return Ok(false);
        }
        let mut tally = Tally::default();
        tally.rejected(follower, followee, stamp);
        record(&change, tally).await?;
        change.commit().await?;
        Ok(true)
    }

    async fn block(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(blocker).await?;
        let new = changes::block(&change, blocker, blocked, stamp).await?;
        if new {
            change.commit().await?;
        }
        Ok(new)
    }

    async fn unblock(&self, blocker: UserId, blocked: UserId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(blocker).await?;
        lock(&change, &[blocker, blocked]).await?;
        if change.execute(sql::REMOVE_BLOCK, &[&blocker, &blocked]).await? == 0 {
            return Ok(false);
        }
        change.publish(&Event::Unblocked { blocker, blocked }.record(stamp)?);
        change.commit().await?;
        Ok(true)
    }

    async fn mute(&self, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(muter).await?;
        lock(&change, &[muter, muted]).await?.refuse_gone()?;
        let since = stamp.id as i64;
        if change.execute(sql::ADD_MUTE, &[&muter, &muted, &since]).await? == 0 {
            return Ok(false);
        }
        change.publish(&Event::Muted { muter, muted }.record(stamp)?);
        change.commit().await?;
        Ok(true)
    }

    async fn unmute(&self, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(muter).await?;
        lock(&change, &[muter, muted]).await?;
        if change.execute(sql::REMOVE_MUTE, &[&muter, &muted]).await? == 0 {
            return Ok(false);
        }
        let mut tally = Tally::default();
        tally.unmuted(muter, muted, stamp);
        record(&change, tally).await?;
        change.commit().await?;
        Ok(true)
    }

    async fn seed(&self, follows: Vec<(UserId, UserId, Stamp)>) -> Result<()> {
        batches::seed(&self.database, follows).await
    }

    async fn forget(&self, user: UserId, stamps: Vec<Stamp>) -> Result<Vec<UserId>> {
        batches::forget(&self.database, user, &stamps).await
    }

    async fn circle(&self, viewer: UserId) -> Result<Circle> {
        reads::circle(&self.database, viewer).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<(UserId, GraphCounts)>> {
        reads::counts(&self.database, &users).await
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        reads::relationships(&self.database, viewer, &others).await
    }

    async fn ties(
        &self,
        list: List,
        user: UserId,
        below: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Tie>> {
        let below = below.map_or(i64::MAX, |below| below as i64);
        let limit = limit as i64;
        let rows = self.database.query(sql::newest(list), &[&user, &below, &limit]).await?;
        let tie = |row: &Row| Tie { user: row.get(0), since: row.get::<_, i64>(1) as u64 };
        Ok(rows.iter().map(tie).collect())
    }

    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        let after = after.map_or(0, i64::from);
        let limit = i64::from(limit);
        let rows = self.database.query(sql::FOLLOWERS_AFTER, &[&user, &after, &limit]).await?;
        Ok(column(&rows))
    }

    async fn mutual_followers(&self, one: UserId, other: UserId) -> Result<Vec<UserId>> {
        reads::mutual_followers(&self.database, one, other).await
    }

    async fn friends_of_friends(&self, viewer: UserId, reach: Reach) -> Result<Vec<(UserId, u32)>> {
        reads::ways(&self.database, viewer, reach).await
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        reads::drift(&self.database).await
    }

    async fn recount(&self, users: Vec<UserId>) -> Result<()> {
        for user in users {
            let change = self.database.begin(user).await?;
            // Nobody changes a tie of theirs meanwhile, so the counts are right when they are set.
            lock(&change, &[user]).await?;
            changes::recount(&change, user).await?;
            change.commit().await?;
        }
        Ok(())
    }
}

/// The first column of all rows.
fn column(rows: &[Row]) -> Vec<UserId> {
    rows.iter().map(|row| row.get(0)).collect()
}
