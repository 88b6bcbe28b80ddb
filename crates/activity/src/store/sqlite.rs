//! Items in SQLite.

use async_trait::async_trait;
use tintype_api::{Drift, Event, PostId, Stamp, UserId};
use tintype_platform::sqlite::{Connection, Database, OptionalExtension, Row, Sql, Write, params};
use tintype_platform::{Result, Timestamp};

use super::{Change, Item, Kept, Key, Store, kind, sql, word};

/// Items in the tables of a [`Database`].
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
    async fn apply(&self, changes: Vec<Change>, most: u32) -> Result<()> {
        self.database
            .write(move |write| {
                for change in changes {
                    apply(write, change, most)?;
                }
                Ok(())
            })
            .await
    }

    async fn remove_post(&self, post: PostId, limit: usize) -> Result<usize> {
        self.database
            .write(move |write| {
                let places = places(write, sql::ON_POST, params![post, limit as i64])?;
                remove(write, &places)
            })
            .await
    }

    async fn remove_user(&self, user: UserId, limit: usize) -> Result<usize> {
        self.database
            .write(move |write| {
                let mut found = places(write, sql::OF_ACCOUNT, params![user, limit as i64])?;
                let left = limit - found.len();
                found.extend(places(write, sql::BY_ACTOR, params![user, left as i64])?);
                let removed = remove(write, &found)?;
                if removed == 0 {
                    write.sql(sql::FORGET_STATE)?.execute([user])?;
                }
                Ok(removed)
            })
            .await
    }

    async fn newest(&self, account: UserId, below: Option<u64>, limit: usize) -> Result<Vec<Kept>> {
        let below = below.map_or(i64::MAX, |below| below as i64);
        self.database.read(|connection| {
            let read_until = read_until(connection, account)?;
            let mut statement = connection.sql(sql::NEWEST)?;
            let kept = statement.query_map(params![account, below, limit as i64], |row| {
                let item = item(row)?;
                Ok(Kept { item, read: item.id as i64 <= read_until })
            })?;
            Ok(kept.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn unread(&self, account: UserId) -> Result<Vec<Item>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(sql::ABOVE)?;
            let until = read_until(connection, account)?;
            let items = statement.query_map(params![account, until], item)?;
            Ok(items.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn mark_read(&self, account: UserId) -> Result<()> {
        self.database
            .write(move |write| {
                let highest: Option<i64> =
                    write.sql(sql::HIGHEST)?.query_row([account], |row| row.get(0))?;
                if let Some(highest) = highest {
                    write.sql(sql::MARK_READ)?.execute(params![account, highest])?;
                }
                Ok(())
            })
            .await
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        self.database
            .scan(|connection| {
                let mut statement = connection.sql(
                    "SELECT account, sum(stored), sum(counted) FROM (
                         SELECT account, items AS stored, 0 AS counted FROM activity_states
                         UNION ALL
                         SELECT account, 0, count(*) FROM activities GROUP BY account
                     ) GROUP BY account HAVING sum(stored) <> sum(counted) ORDER BY account",
                )?;
                let drift = statement.query_map([], |row| {
                    let of = row.get::<_, UserId>(0)?.get();
                    let (stored, counted) = (row.get(1)?, row.get(2)?);
                    Ok(Drift { counter: "activity_items", of, stored, counted })
                })?;
                Ok(drift.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    async fn recount(&self, accounts: Vec<UserId>) -> Result<()> {
        self.database
            .write(move |write| {
                for account in accounts {
                    write.sql(sql::RECOUNT)?.execute([account])?;
                }
                Ok(())
            })
            .await
    }
}

/// Where a row is: account and id.
type Place = (UserId, i64);

fn apply(write: &Write<'_>, change: Change, most: u32) -> Result<()> {
    match change {
        Change::Add { item, stamp } => return add(write, &item, stamp, most),
        Change::Remove(Key { account, kind, actor, target }) => {
            let key = params![account, actor, word(kind), target as i64];
            remove(write, &places(write, sql::FIND, key)?)?;
        }
        Change::RemoveComment { post, comment } => {
            remove(write, &places(write, sql::ON_COMMENT, params![post, comment])?)?;
        }
        Change::RemoveBetween(one, other) => {
            for pair in [[one, other], [other, one]] {
                remove(write, &places(write, sql::BETWEEN, pair)?)?;
            }
        }
    }
    Ok(())
}

fn add(write: &Write<'_>, item: &Item, stamp: Stamp, most: u32) -> Result<()> {
    let Key { account, kind, actor, target } = item.key;
    let added = write.sql(sql::ADD)?.execute(params![
        account,
        item.id as i64,
        word(kind),
        actor,
        target as i64,
        item.post,
        item.at.as_millis()
    ])?;
    if added == 0 {
        return Ok(());
    }
    let items = count(write, account, 1)?;
    let surplus = items - i64::from(most);
    if surplus > 0 {
        remove(write, &places(write, sql::OLDEST, params![account, surplus])?)?;
    }
    let told = Event::ActivityRecorded { user: account, activity: item.id };
    write.publish(&told.record(stamp)?)
}

/// Removes rows, counts them off, and answers how many there were.
fn remove(write: &Write<'_>, places: &[Place]) -> Result<usize> {
    for (account, id) in places {
        write.sql(sql::REMOVE)?.execute(params![account, id])?;
        count(write, *account, -1)?;
    }
    Ok(places.len())
}

fn count(write: &Write<'_>, account: UserId, by: i64) -> Result<i64> {
    Ok(write.sql(sql::COUNT)?.query_row(params![account, by], |row| row.get(0))?)
}

fn places(
    connection: &Connection,
    text: &'static str,
    about: impl rusqlite::Params,
) -> Result<Vec<Place>> {
    let mut statement = connection.sql(text)?;
    let places = statement.query_map(about, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(places.collect::<rusqlite::Result<_>>()?)
}

fn read_until(connection: &Connection, account: UserId) -> Result<i64> {
    let until =
        connection.sql(sql::READ_UNTIL)?.query_row([account], |row| row.get(0)).optional()?;
    Ok(until.unwrap_or(0))
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let kind = kind(row.get_ref(2)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(Item {
        id: row.get::<_, i64>(1)? as u64,
        key: Key {
            account: row.get(0)?,
            kind,
            actor: row.get(3)?,
            target: row.get::<_, i64>(4)? as u64,
        },
        post: row.get(5)?,
        at: Timestamp::from_millis(row.get(6)?),
    })
}
