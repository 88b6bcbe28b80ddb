//! Keys and first answers in the embedded database.

use async_trait::async_trait;
use bytes::Bytes;

use super::{Answer, Earlier, IdempotencyStore, KEPT, Key, Reservation};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::sqlite::{Connection, Database, OptionalExtension, Sql, params};

/// Keeps idempotency keys beside everything else: they are as durable as what they stand for.
pub struct SqliteIdempotency(Database);

impl SqliteIdempotency {
    /// Keys in `database`, which has the platform's tables.
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl IdempotencyStore for SqliteIdempotency {
    async fn reserve(&self, reservation: Reservation) -> Result<Option<Earlier>> {
        let Reservation { key, fingerprint, at } = reservation;
        self.0
            .write(move |write| {
                let oldest = at.plus_millis(-KEPT).as_millis();
                write
                    .sql("DELETE FROM idempotency_keys WHERE key = $1 AND at < $2")?
                    .execute(params![key, oldest])?;
                let earlier = find(write, key)?;
                if earlier.is_none() {
                    write
                        .sql(
                            "INSERT INTO idempotency_keys (key, fingerprint, at)
                             VALUES ($1, $2, $3)",
                        )?
                        .execute(params![key, fingerprint, at.as_millis()])?;
                }
                Ok(earlier)
            })
            .await
    }

    async fn find(&self, key: Key, oldest: Timestamp) -> Result<Option<Earlier>> {
        let earlier = self.0.read(|connection| find(connection, key))?;
        Ok(earlier.filter(|earlier| earlier.at >= oldest))
    }

    async fn finish(&self, key: Key, answer: Answer) -> Result<()> {
        self.0
            .write(move |write| {
                write
                    .sql(
                        "UPDATE idempotency_keys SET status = $2, content_type = $3, body = $4
                         WHERE key = $1",
                    )?
                    .execute(params![key, answer.status, answer.content_type, &answer.body[..]])?;
                Ok(())
            })
            .await
    }

    async fn release(&self, key: Key) -> Result<()> {
        self.0
            .write(move |write| {
                write
                    .sql("DELETE FROM idempotency_keys WHERE key = $1 AND status IS NULL")?
                    .execute([key])?;
                Ok(())
            })
            .await
    }

    async fn sweep(&self, moment: Timestamp) -> Result<()> {
        self.0
            .write(move |write| {
                write
                    .sql("DELETE FROM idempotency_keys WHERE at < $1")?
                    .execute([moment.as_millis()])?;
                Ok(())
            })
            .await
    }
}

fn find(connection: &Connection, key: Key) -> Result<Option<Earlier>> {
    let mut statement = connection.sql(
        "SELECT fingerprint, status, content_type, body, at FROM idempotency_keys WHERE key = $1",
    )?;
    let found = statement.query_row([key], |row| {
        let status: Option<u16> = row.get(1)?;
        let answer = match status {
            Some(status) => Some(Answer {
                status,
                content_type: row.get(2)?,
                body: Bytes::from(row.get::<_, Vec<u8>>(3)?),
            }),
            None => None,
        };
        let at = Timestamp::from_millis(row.get(4)?);
        Ok(Earlier { fingerprint: row.get(0)?, answer, at })
    });
    Ok(found.optional()?)
}
