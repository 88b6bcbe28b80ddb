//! Uploads in PostgreSQL. Whatever belongs to an owner is changed under the lock of the owner's usage,
//! so that no budget is overdrawn and no upload goes that a post has just begun to use.

mod changes;
mod rows;

use async_trait::async_trait;
use tintype_api::{Drift, Event, MediaId, PostId, Stamp, UserId};
use tintype_platform::postgres::Database;
use tintype_platform::{Result, Timestamp};

use self::rows::{pending, record};
use super::{Deleted, Finished, New, Pending, Record, Standing, Store, Usage, Use, Wanted, sql};
use crate::names::Token;

const BY_IDS: &str = sql::records!("WHERE owner = $1 AND id = ANY($2)");
const KNOWN: &str = "SELECT token FROM media WHERE owner = $1 AND token = ANY($2)";
// Nobody guesses a token, so each is there once at the most.
const AWAITED: &str =
    "SELECT token FROM media_pending WHERE token = ANY($1) ORDER BY token LIMIT $2";

// Plain sums, which can be put together from those of several shards.
const TOTAL: &str =
    "SELECT CAST(sum(bytes) AS BIGINT), CAST(sum(files) AS BIGINT) FROM media_usage";

/// Uploads in the tables of a [`Database`].
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
    async fn add(&self, new: New) -> Result<()> {
        let change = self.database.begin(new.record.owner).await?;
        changes::add(&change, &new).await?;
        change.commit().await
    }

    async fn announce(
        &self,
        pending: Pending,
        most: u32,
        now: Timestamp,
        stamps: Vec<Stamp>,
    ) -> Result<()> {
        let change = self.database.begin(pending.owner).await?;
        changes::announce(&change, &pending, most, now, &stamps).await?;
        change.commit().await
    }

    async fn claim(&self, owner: UserId, id: MediaId) -> Result<bool> {
        let change = self.database.begin(owner).await?;
        let claimed = change.execute(sql::CLAIM, &[&owner, &id]).await?;
        change.commit().await?;
        Ok(claimed > 0)
    }

    async fn unclaim(&self, owner: UserId, id: MediaId) -> Result<()> {
        let change = self.database.begin(owner).await?;
        change.execute(sql::UNCLAIM, &[&owner, &id]).await?;
        change.commit().await
    }

    async fn finish(&self, new: New) -> Result<Finished> {
        let change = self.database.begin(new.record.owner).await?;
        let finished = changes::finish(&change, &new).await?;
        change.commit().await?;
        Ok(finished)
    }

    async fn give_up(&self, owner: UserId, id: MediaId, stamp: Stamp) -> Result<bool> {
        let change = self.database.begin(owner).await?;
        changes::lock(&change, owner).await?;
        let row = change.query_opt(sql::PENDING, &[&owner, &id]).await?;
        if let Some(row) = &row {
            changes::give_up(&change, owner, &[pending(row)?], &[stamp]).await?;
        }
        change.commit().await?;
        Ok(row.is_some())
    }

    async fn set_picture(&self, new: New, stamps: Vec<Stamp>) -> Result<()> {
        let change = self.database.begin(new.record.owner).await?;
        changes::set_picture(&change, &new, &stamps).await?;
        change.commit().await
    }

    async fn clear_picture(
        &self,
        owner: UserId,
        event: Event,
        stamp: Stamp,
        stamps: Vec<Stamp>,
    ) -> Result<()> {
        let change = self.database.begin(owner).await?;
        if changes::remove_pictures(&change, owner, &stamps).await? > 0 {
            change.publish(&event.record(stamp)?);
        }
        change.commit().await
    }

    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        alt_text: Option<String>,
        stamp: Stamp,
    ) -> Result<Option<Record>> {
        let change = self.database.begin(owner).await?;
        let described = changes::describe(&change, owner, id, alt_text, stamp).await?;
        change.commit().await?;
        Ok(described)
    }

    async fn delete(&self, owner: UserId, id: MediaId, stamp: Stamp) -> Result<Deleted> {
        let change = self.database.begin(owner).await?;
        let deleted = changes::delete(&change, owner, id, stamp).await?;
        change.commit().await?;
        Ok(deleted)
    }

    async fn attach(
        &self,
        owner: UserId,
        post: PostId,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<Option<Record>>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let change = self.database.begin(owner).await?;
        let attached = changes::attach(&change, owner, post, &wanted).await?;
        change.commit().await?;
        Ok(attached)
    }

    async fn detach(&self, owner: UserId, post: PostId) -> Result<()> {
        let change = self.database.begin(owner).await?;
        change.execute(sql::REMOVE_USES_OF_POST, &[&owner, &post]).await?;
        change.commit().await
    }

    async fn release(&self, owner: UserId, post: PostId, stamps: Vec<Stamp>) -> Result<usize> {
        let change = self.database.begin(owner).await?;
        let released = changes::release(&change, owner, post, &stamps).await?;
        change.commit().await?;
        Ok(released)
    }

    async fn forget(&self, owner: UserId, stamps: Vec<Stamp>) -> Result<usize> {
        let change = self.database.begin(owner).await?;
        let forgotten = changes::forget(&change, owner, &stamps).await?;
        change.commit().await?;
        Ok(forgotten)
    }

    async fn media(&self, owner: UserId, ids: Vec<MediaId>) -> Result<Vec<Record>> {
        self.database.query(BY_IDS, &[&owner, &ids]).await?.iter().map(record).collect()
    }

    async fn pending(&self, owner: UserId, id: MediaId) -> Result<Option<Pending>> {
        self.database
            .query_opt(sql::PENDING, &[&owner, &id])
            .await?
            .as_ref()
            .map(pending)
            .transpose()
    }

    async fn uses(&self, owner: UserId, id: MediaId) -> Result<Vec<PostId>> {
        let rows = self.database.query(sql::USES, &[&owner, &id]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn usage(&self, owner: UserId) -> Result<Usage> {
        let row = self.database.query_opt(sql::USAGE, &[&owner]).await?;
        Ok(row.map_or_else(Standing::default, |row| rows::standing(&row)).usage)
    }

    async fn total(&self) -> Result<Usage> {
        let row = self.database.query_one(TOTAL, &[]).await?;
        let total = |column: usize| row.get::<_, Option<i64>>(column).unwrap_or(0) as u64;
        Ok(Usage { bytes: total(0), files: total(1) })
    }

    async fn known(&self, owner: UserId, tokens: Vec<Token>) -> Result<Vec<Token>> {
        let rows = self.database.query(KNOWN, &[&owner, &tokens]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn awaited(&self, tokens: Vec<Token>) -> Result<Vec<Token>> {
        let limit = tokens.len() as i64;
        let rows = self.database.query(AWAITED, &[&tokens, &limit]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn after(&self, last: Option<(UserId, MediaId)>, limit: u32) -> Result<Vec<Record>> {
        let (owner, id): (i64, i64) = last.map_or((0, 0), |(owner, id)| (owner.into(), id.into()));
        let limit = i64::from(limit);
        let rows = self.database.query(sql::AFTER, &[&owner, &id, &limit]).await?;
        rows.iter().map(record).collect()
    }

    async fn uses_after(&self, last: Option<Use>, limit: u32) -> Result<Vec<Use>> {
        let (owner, media, post): (i64, i64, i64) =
            last.map_or((0, 0, 0), |last| (last.owner.into(), last.media.into(), last.post.into()));
        let limit = i64::from(limit);
        let rows = self.database.query(sql::USES_AFTER, &[&owner, &media, &post, &limit]).await?;
        let read =
            rows.iter().map(|row| Use { owner: row.get(0), media: row.get(1), post: row.get(2) });
        Ok(read.collect())
    }

    async fn expired(&self, before: Timestamp, limit: u32) -> Result<Vec<Pending>> {
        let (before, limit) = (before.as_millis(), i64::from(limit));
        let rows = self.database.query(sql::EXPIRED, &[&before, &limit]).await?;
        rows.iter().map(pending).collect()
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        let rows = self.database.scan().await?.query(sql::DRIFT, &[]).await?;
        Ok(rows.iter().flat_map(rows::drift).collect())
    }

    async fn recount(&self, owners: Vec<UserId>) -> Result<()> {
        for owner in owners {
            let change = self.database.begin(owner).await?;
            changes::lock(&change, owner).await?;
            let Usage { bytes, files } =
                rows::usage(&change.query_one(sql::COUNT, &[&owner]).await?);
            let counted = (bytes as i64, files as i64);
            change.execute(sql::SET_USAGE, &[&owner, &counted.0, &counted.1]).await?;
            change.commit().await?;
        }
        Ok(())
    }
}
