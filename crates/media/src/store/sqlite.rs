//! Uploads in SQLite.

mod changes;
mod rows;

use async_trait::async_trait;
use tintype_api::{Drift, Event, MediaId, PostId, Stamp, UserId};
use tintype_platform::sqlite::{Database, Sql, params};
use tintype_platform::{Result, Timestamp};

use self::rows::{collect, pending, record};
use super::{Deleted, Finished, New, Pending, Record, Store, Usage, Use, Wanted, sql};
use crate::names::Token;

const TOTAL: &str = "
    SELECT coalesce(sum(bytes), 0), coalesce(sum(files), 0) FROM media_usage";

const AWAITED: &str = "SELECT count(*) FROM media_pending WHERE token = $1";

/// Uploads in the tables of a [`Database`].
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
    async fn add(&self, new: New) -> Result<()> {
        self.database.write(move |write| changes::add(write, &new)).await
    }

    async fn announce(
        &self,
        pending: Pending,
        most: u32,
        now: Timestamp,
        stamps: Vec<Stamp>,
    ) -> Result<()> {
        self.database
            .write(move |write| changes::announce(write, &pending, most, now, &stamps))
            .await
    }

    async fn claim(&self, owner: UserId, id: MediaId) -> Result<bool> {
        self.database
            .write(move |write| Ok(write.sql(sql::CLAIM)?.execute(params![owner, id])? > 0))
            .await
    }

    async fn unclaim(&self, owner: UserId, id: MediaId) -> Result<()> {
        self.database
            .write(move |write| {
                write.sql(sql::UNCLAIM)?.execute(params![owner, id])?;
                Ok(())
            })
            .await
    }

    async fn finish(&self, new: New) -> Result<Finished> {
        self.database
            .write(move |write| {
                let Record { owner, id, .. } = new.record;
                if write.sql(sql::REMOVE_PENDING)?.execute(params![owner, id])? == 0 {
                    let record = rows::by_ids(write, owner, [id])?.pop();
                    return Ok(match record {
                        Some(record) => Finished::Already(Box::new(record)),
                        None => Finished::Gone,
                    });
                }
                changes::add(write, &new)?;
                Ok(Finished::New)
            })
            .await
    }

    async fn give_up(&self, owner: UserId, id: MediaId, stamp: Stamp) -> Result<bool> {
        self.database
            .write(move |write| match rows::pending_by_id(write, owner, id)? {
                Some(pending) => changes::give_up(write, &pending, stamp).map(|()| true),
                None => Ok(false),
            })
            .await
    }

    async fn set_picture(&self, new: New, stamps: Vec<Stamp>) -> Result<()> {
        self.database.write(move |write| changes::set_picture(write, &new, &stamps)).await
    }

    async fn clear_picture(
        &self,
        owner: UserId,
        event: Event,
        stamp: Stamp,
        stamps: Vec<Stamp>,
    ) -> Result<()> {
        self.database
            .write(move |write| {
                if changes::remove_pictures(write, owner, &stamps)? > 0 {
                    write.publish(&event.record(stamp)?)?;
                }
                Ok(())
            })
            .await
    }

    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        alt_text: Option<String>,
        stamp: Stamp,
    ) -> Result<Option<Record>> {
        self.database.write(move |write| changes::describe(write, owner, id, alt_text, stamp)).await
    }

    async fn delete(&self, owner: UserId, id: MediaId, stamp: Stamp) -> Result<Deleted> {
        self.database.write(move |write| changes::delete(write, owner, id, stamp)).await
    }

    async fn attach(
        &self,
        owner: UserId,
        post: PostId,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<Option<Record>>> {
        self.database.write(move |write| changes::attach(write, owner, post, &wanted)).await
    }

    async fn detach(&self, owner: UserId, post: PostId) -> Result<()> {
        self.database
            .write(move |write| {
                write.sql(sql::REMOVE_USES_OF_POST)?.execute(params![owner, post])?;
                Ok(())
            })
            .await
    }

    async fn release(&self, owner: UserId, post: PostId, stamps: Vec<Stamp>) -> Result<usize> {
        self.database.write(move |write| changes::release(write, owner, post, &stamps)).await
    }

    async fn forget(&self, owner: UserId, stamps: Vec<Stamp>) -> Result<usize> {
        self.database.write(move |write| changes::forget(write, owner, &stamps)).await
    }

    async fn media(&self, owner: UserId, ids: Vec<MediaId>) -> Result<Vec<Record>> {
        self.database.read(|connection| rows::by_ids(connection, owner, ids))
    }

    async fn pending(&self, owner: UserId, id: MediaId) -> Result<Option<Pending>> {
        self.database.read(|connection| rows::pending_by_id(connection, owner, id))
    }

    async fn uses(&self, owner: UserId, id: MediaId) -> Result<Vec<PostId>> {
        self.database.read(|connection| {
            collect(connection.sql(sql::USES)?.query(params![owner, id])?, |row| row.get(0))
        })
    }

    async fn usage(&self, owner: UserId) -> Result<Usage> {
        self.database.read(|connection| Ok(rows::standing(connection, owner)?.usage))
    }

    async fn total(&self) -> Result<Usage> {
        self.database
            .scan(|connection| {
                Ok(connection.sql(TOTAL)?.query_row([], |row| rows::usage(row, 0))?)
            })
            .await
    }

    async fn known(&self, owner: UserId, tokens: Vec<Token>) -> Result<Vec<Token>> {
        self.database
            .scan(move |connection| {
                let mut known = Vec::new();
                for token in tokens {
                    if rows::by_token(connection, owner, token)?.is_some() {
                        known.push(token);
                    }
                }
                Ok(known)
            })
            .await
    }

    async fn awaited(&self, tokens: Vec<Token>) -> Result<Vec<Token>> {
        self.database
            .scan(move |connection| {
                let mut statement = connection.sql(AWAITED)?;
                let mut awaited = Vec::new();
                for token in tokens {
                    if statement.query_row([token], |row| row.get::<_, i64>(0))? > 0 {
                        awaited.push(token);
                    }
                }
                Ok(awaited)
            })
            .await
    }

    async fn after(&self, last: Option<(UserId, MediaId)>, limit: u32) -> Result<Vec<Record>> {
        let (owner, id): (i64, i64) = last.map_or((0, 0), |(owner, id)| (owner.into(), id.into()));
        self.database
            .scan(move |connection| {
                collect(connection.sql(sql::AFTER)?.query(params![owner, id, limit])?, record)
            })
            .await
    }

    async fn uses_after(&self, last: Option<Use>, limit: u32) -> Result<Vec<Use>> {
        let (owner, media, post): (i64, i64, i64) =
            last.map_or((0, 0, 0), |last| (last.owner.into(), last.media.into(), last.post.into()));
        self.database
            .scan(move |connection| {
                let mut statement = connection.sql(sql::USES_AFTER)?;
                collect(statement.query(params![owner, media, post, limit])?, |row| {
                    Ok(Use { owner: row.get(0)?, media: row.get(1)?, post: row.get(2)? })
                })
            })
            .await
    }

    async fn expired(&self, before: Timestamp, limit: u32) -> Result<Vec<Pending>> {
        self.database
            .scan(move |connection| {
                let mut statement = connection.sql(sql::EXPIRED)?;
                collect(statement.query(params![before.as_millis(), limit])?, pending)
            })
            .await
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        self.database.scan(rows::drift).await
    }

    async fn recount(&self, owners: Vec<UserId>) -> Result<()> {
        self.database
            .write(move |write| {
                for owner in owners {
                    let usage =
                        write.sql(sql::COUNT)?.query_row([owner], |row| rows::usage(row, 0))?;
                    write.sql(sql::SET_USAGE)?.execute(params![
                        owner,
                        usage.bytes as i64,
                        usage.files as i64
                    ])?;
                }
                Ok(())
            })
            .await
    }
}
