//! The outbox in the embedded database.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{BATCH, Batch, DeadLetter, Outbox, Record, Wanted};
use crate::clock::Timestamp;
use crate::db::Watch;
use crate::error::Result;
use crate::sqlite::{Database, Ids, Sql};
use crate::transfer::Rows;

/// The outbox of a site that moves to PostgreSQL: events keep their places, so that consumers go on
/// where they were.
pub(crate) const MOVED: Rows = Rows::Selected(
    "SELECT sequence, id, kind, key, body, at, consumer,
            key AS shard, sequence AS part, at * 1000 AS written
     FROM outbox ORDER BY sequence",
);

/// The last place that was given, behind which the relay goes on.
pub(crate) const MOVED_PLACE: Rows = Rows::Selected(
    "SELECT 1 AS one, coalesce(max(seq), 0) AS last FROM sqlite_sequence WHERE name = 'outbox'
     ORDER BY 1",
);

/// The outbox of an embedded database, which one process at a time reads.
pub struct SqliteOutbox(Database);

impl SqliteOutbox {
    /// The outbox of `database`.
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl Outbox for SqliteOutbox {
    fn commits(&self) -> Watch {
        self.0.commits()
    }

    async fn end(&self) -> Result<i64> {
        self.0.read(|connection| {
            Ok(connection
                .sql("SELECT coalesce(max(sequence), 0) FROM outbox")?
                .query_row([], |row| row.get(0))?)
        })
    }

    async fn relay(&self) -> Result<()> {
        Ok(())
    }

    async fn highest_id(&self) -> Result<u64> {
        // Ids are made before they wait for the writer, so the highest is among the last that were
        // committed. A replayed event bears an id of long ago.
        self.0.read(|connection| {
            let id: i64 = connection
                .sql(
                    "SELECT coalesce(max(id), 0) FROM (
                         SELECT id FROM outbox WHERE consumer IS NULL
                         ORDER BY sequence DESC LIMIT 10000)",
                )?
                .query_row([], |row| row.get(0))?;
            Ok(id as u64)
        })
    }

    async fn after(&self, position: i64, wanted: Wanted<'_>) -> Result<Batch> {
        // A bounded read of rows that are side by side, most of the time none: not worth a thread.
        self.0.read(|connection| {
            let mut batch = Batch { records: Vec::new(), end: position };
            let mut statement = connection.sql(
                "SELECT sequence, id, kind, key, body, at, consumer FROM outbox
                 WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            )?;
            let mut rows = statement.query(params![position, BATCH as i64])?;
            while let Some(row) = rows.next()? {
                batch.end = row.get(0)?;
                let only: Option<String> = row.get(6)?;
                let kind = row.get_ref(2)?.as_str().unwrap_or_default();
                if wanted.takes(kind, only.as_deref()) {
                    batch.records.push(record(row)?);
                }
            }
            Ok(batch)
        })
    }

    async fn claim(&self, _name: &'static str) -> Result<bool> {
        // One server at a time opens a data folder.
        Ok(true)
    }

    async fn release(&self) {}

    async fn position(&self, consumer: &'static str) -> Result<i64> {
        self.0.read(|connection| {
            let position = connection
                .sql("SELECT position FROM consumers WHERE name = $1")?
                .query_row([consumer], |row| row.get(0))
                .optional()?;
            Ok(position.unwrap_or(0))
        })
    }

    async fn save(&self, consumer: &'static str, position: i64) -> Result<()> {
        self.0
            .write(move |write| {
                write
                    .sql(
                        "INSERT INTO consumers (name, position) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET position = excluded.position",
                    )?
                    .execute(params![consumer, position])?;
                Ok(())
            })
            .await
    }

    async fn seen(&self, consumers: &[&'static str]) -> Result<i64> {
        let mut seen = self.end().await?;
        for consumer in consumers {
            seen = seen.min(self.position(consumer).await?);
        }
        Ok(seen)
    }

    async fn drop_old(&self, seen: i64, before: Timestamp) -> Result<bool> {
        // The last event stays: ids made after a restart must be above its own. One that is replayed
        // bears an id of long ago.
        let last =
            "SELECT sequence FROM outbox WHERE consumer IS NULL ORDER BY sequence DESC LIMIT 1";
        // Only the oldest are looked at: those that are too young follow in their millions.
        let oldest = "SELECT max(sequence) FROM (
                          SELECT sequence, at FROM outbox WHERE sequence <= $1 AND sequence < $2
                          ORDER BY sequence LIMIT 5000)
                      WHERE at < $3";
        let due: Option<i64> = self.0.read(|connection| {
            let last: Option<i64> =
                connection.sql(last)?.query_row([], |row| row.get(0)).optional()?;
            let bounds = params![seen, last.unwrap_or(0), before.as_millis()];
            Ok(connection.sql(oldest)?.query_row(bounds, |row| row.get(0))?)
        })?;
        let Some(end) = due else { return Ok(false) };
        self.0
            .write(move |write| {
                write
                    .sql("DELETE FROM outbox WHERE sequence <= $1 AND at < $2")?
                    .execute(params![end, before.as_millis()])?;
                Ok(())
            })
            .await?;
        Ok(true)
    }

    async fn bury(&self, letter: DeadLetter) -> Result<()> {
        self.0
            .write(move |write| {
                let DeadLetter { consumer, record, tries, error, .. } = letter;
                write
                    .sql(
                        "INSERT INTO dead_letters (consumer, id, kind, key, body, at, tries, error)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    )?
                    .execute(params![
                        consumer,
                        record.id as i64,
                        record.kind,
                        record.key as i64,
                        record.body,
                        record.at.as_millis(),
                        tries,
                        error
                    ])?;
                Ok(())
            })
            .await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.0.read(|connection| {
            let mut statement = connection.sql(
                "SELECT 0, id, kind, key, body, at, number, consumer, tries, error
                 FROM dead_letters ORDER BY number LIMIT $1",
            )?;
            let letters = statement.query_map([limit as i64], |row| {
                Ok(DeadLetter {
                    record: record(row)?,
                    number: row.get(6)?,
                    consumer: row.get(7)?,
                    tries: row.get(8)?,
                    error: row.get(9)?,
                })
            })?;
            Ok(letters.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn count_dead_letters(&self) -> Result<Vec<(String, i64)>> {
        self.0.read(|connection| {
            let mut statement =
                connection.sql("SELECT consumer, count(*) FROM dead_letters GROUP BY consumer")?;
            let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(counts.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn take_dead_letters(&self, numbers: Vec<i64>, replay: bool) -> Result<usize> {
        self.0
            .write(move |write| {
                let all = i64::from(numbers.is_empty());
                let numbers = Ids::new(numbers);
                if replay {
                    write
                        .sql(
                            "INSERT INTO outbox (id, kind, key, body, at, consumer)
                             SELECT id, kind, key, body, at, consumer FROM dead_letters
                             WHERE $1 OR number IN rarray($2) ORDER BY number",
                        )?
                        .execute(params![all, numbers])?;
                    write.wake_consumers();
                }
                Ok(write
                    .sql("DELETE FROM dead_letters WHERE $1 OR number IN rarray($2)")?
                    .execute(params![all, numbers])?)
            })
            .await
    }
}

/// Puts an event into the outbox, in the transaction of `connection`.
pub(crate) fn insert(connection: &Connection, record: &Record) -> Result<()> {
    connection
        .sql("INSERT INTO outbox (id, kind, key, body, at) VALUES ($1, $2, $3, $4, $5)")?
        .execute(params![
            record.id as i64,
            record.kind,
            record.key as i64,
            record.body,
            record.at.as_millis()
        ])?;
    Ok(())
}

/// Reads a row of `sequence, id, kind, key, body, at`.
fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        sequence: row.get(0)?,
        id: row.get::<_, i64>(1)? as u64,
        kind: row.get(2)?,
        key: row.get::<_, i64>(3)? as u64,
        body: row.get(4)?,
        at: Timestamp::from_millis(row.get(5)?),
    })
}
