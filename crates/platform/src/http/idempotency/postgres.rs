//! Keys and first answers in PostgreSQL.

use async_trait::async_trait;
use bytes::Bytes;

use super::{Answer, Earlier, IdempotencyStore, KEPT, Key, Reservation};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::postgres::{Database, Row, unavailable};

/// Keeps idempotency keys where all processes of a site find them.
pub struct PostgresIdempotency(Database);

impl PostgresIdempotency {
    /// Keys in `database`, which has the platform's tables.
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl IdempotencyStore for PostgresIdempotency {
    async fn reserve(&self, reservation: Reservation) -> Result<Option<Earlier>> {
        let Reservation { key, fingerprint, at } = reservation;
        let (key, fingerprint) = (key.as_slice(), fingerprint.as_slice());
        let oldest = at.plus_millis(-KEPT).as_millis();
        let change = self.0.begin(0u64).await?;
        let reserved = change
            .query_opt(
                "INSERT INTO idempotency_keys (key, fingerprint, at) VALUES ($1, $2, $3)
                 ON CONFLICT (key) DO UPDATE
                 SET fingerprint = excluded.fingerprint, at = excluded.at,
                     status = NULL, content_type = NULL, body = NULL
                 WHERE idempotency_keys.at < $4
                 RETURNING xmax::TEXT <> '0'",
                &[&key, &fingerprint, &at.as_millis(), &oldest],
            )
            .await?;
        let earlier = match reserved.map(|row| row.get(0)) {
            Some(is_new_again) => {
                if is_new_again {
                    // What was carried out with it a day ago is in nobody's way any more.
                    let text = "DELETE FROM carried_out WHERE key = $1";
                    change.execute(text, &[&key]).await?;
                }
                None
            }
            None => Some(earlier(&change.query_one(EARLIER, &[&key]).await?)),
        };
        change.commit().await.map_err(|error| match error.code() {
            // Nothing has been carried out yet, so nothing that matters is unknown.
            "outcome_unknown" => unavailable(error),
            _ => error,
        })?;
        Ok(earlier)
    }

    async fn find(&self, key: Key, oldest: Timestamp) -> Result<Option<Earlier>> {
        let row = self.0.query_opt(EARLIER, &[&key.as_slice()]).await?;
        Ok(row.as_ref().map(earlier).filter(|earlier| earlier.at >= oldest))
    }

    async fn finish(&self, key: Key, answer: Answer) -> Result<()> {
        let change = self.0.begin(0u64).await?;
        change
            .execute(
                "UPDATE idempotency_keys SET status = $2, content_type = $3, body = $4
                 WHERE key = $1",
                &[
                    &key.as_slice(),
                    &i64::from(answer.status),
                    &answer.content_type,
                    &&answer.body[..],
                ],
            )
            .await?;
        change.commit().await
    }

    async fn release(&self, key: Key) -> Result<()> {
        let change = self.0.begin(0u64).await?;
        change
            .execute(
                "DELETE FROM idempotency_keys WHERE key = $1 AND status IS NULL",
                &[&key.as_slice()],
            )
            .await?;
        change.commit().await
    }

    async fn sweep(&self, moment: Timestamp) -> Result<()> {
        let change = self.0.begin(0u64).await?;
        change
            .execute("DELETE FROM idempotency_keys WHERE at < $1", &[&moment.as_millis()])
            .await?;
        let text = "DELETE FROM carried_out WHERE at < $1";
        change.execute(text, &[&moment.as_millis()]).await?;
        change.commit().await
    }

    fn is_shared(&self) -> bool {
        true
    }
}

const EARLIER: &str =
    "SELECT fingerprint, status, content_type, body, at FROM idempotency_keys WHERE key = $1";

fn earlier(row: &Row) -> Earlier {
    let answer = row.get::<_, Option<i64>>(1).map(|status| Answer {
        status: status as u16,
        content_type: row.get(2),
        body: Bytes::from(row.get::<_, Vec<u8>>(3)),
    });
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(row.get(0));
    Earlier { fingerprint, answer, at: Timestamp::from_millis(row.get(4)) }
}
