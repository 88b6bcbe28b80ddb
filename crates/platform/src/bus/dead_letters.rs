//! What a consumer could not handle: kept, listed, replayed or dropped by hand.

use rusqlite::Row;

use crate::clock::Timestamp;
use crate::db::{Database, Record, Sql, params};
use crate::error::{Error, Result};

/// One event that one consumer could not handle.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Its number, by which it is replayed or dropped.
    pub number: i64,
    /// The consumer that failed.
    pub consumer: String,
    /// The event's id.
    pub id: u64,
    /// What happened.
    pub kind: String,
    /// The event as JSON.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why the last try failed.
    pub error: String,
}

/// Up to `limit` dead letters, the oldest first.
pub fn list(database: &Database, limit: usize) -> Result<Vec<DeadLetter>> {
    database.read(|connection| {
        let mut statement = connection.sql(
            "SELECT number, consumer, id, kind, body, at, tries, error FROM dead_letters
             ORDER BY number LIMIT $1",
        )?;
        let rows = statement.query_map([limit as i64], from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })
}

/// How many dead letters each consumer has.
pub fn counts(database: &Database) -> Result<Vec<(String, i64)>> {
    database.read(|connection| {
        let mut statement =
            connection.sql("SELECT consumer, count(*) FROM dead_letters GROUP BY consumer")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })
}

/// Puts dead letters back at the end of the outbox, each for the consumer that failed: those of
/// `numbers`, or all if there are none. Answers how many.
pub async fn replay(database: &Database, numbers: Vec<i64>) -> Result<usize> {
    take(database, numbers, true).await
}

/// Drops dead letters for good: those of `numbers`, or all if there are none. Answers how many.
pub async fn discard(database: &Database, numbers: Vec<i64>) -> Result<usize> {
    take(database, numbers, false).await
}

pub(super) async fn bury(
    database: &Database,
    consumer: &'static str,
    record: &Record,
    tries: u32,
    error: &Error,
) -> Result<()> {
    let (record, error) = (record.clone(), error.to_string());
    tracing::error!(
        consumer,
        event.id = record.id,
        event.kind = record.kind,
        tries,
        cause = error,
        "an event became a dead letter"
    );
    database
        .write(move |write| {
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

async fn take(database: &Database, numbers: Vec<i64>, replay: bool) -> Result<usize> {
    database
        .write(move |write| {
            let all = i64::from(numbers.is_empty());
            let numbers = crate::db::Ids::new(numbers);
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

fn from_row(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        number: row.get(0)?,
        consumer: row.get(1)?,
        id: row.get::<_, i64>(2)? as u64,
        kind: row.get(3)?,
        body: row.get(4)?,
        at: Timestamp::from_millis(row.get(5)?),
        tries: row.get(6)?,
        error: row.get(7)?,
    })
}
