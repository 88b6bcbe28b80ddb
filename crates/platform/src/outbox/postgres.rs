//! The outbox in PostgreSQL, and the relay that gives events their places.

use async_trait::async_trait;

use super::{BATCH, Batch, DeadLetter, Outbox, Record, Wanted};
use crate::clock::Timestamp;
use crate::db::Watch;
use crate::error::Result;
use crate::postgres::{Database, Params, Row};

/// Events that get their places at once.
const RELAYED: i64 = 1000;

/// The outbox of a PostgreSQL database, which several processes read.
pub struct PostgresOutbox {
    database: Database,
    /// What was read last. Consumers that are as far as each other, as they are unless one is slow, wake
    /// at the same moment: one of them reads, and the others wait for it.
    read: tokio::sync::Mutex<Stretch>,
}

/// What stands in the outbox after one place, up to another. Events have their places for good.
#[derive(Default)]
struct Stretch {
    after: i64,
    end: i64,
    /// In order, each with the consumer that it is for if it is for one alone.
    events: Vec<(Record, Option<String>)>,
}

impl PostgresOutbox {
    /// The outbox of `database`.
    pub fn new(database: Database) -> Self {
        Self { database, read: tokio::sync::Mutex::default() }
    }

    async fn read(&self, position: i64) -> Result<Stretch> {
        let rows = self
            .database
            .query(
                "SELECT sequence, id, kind, key, body, at, consumer FROM outbox
                 WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                &[&position, &(BATCH as i64)],
            )
            .await?;
        Ok(Stretch {
            after: position,
            end: rows.last().map_or(position, |row| row.get(0)),
            events: rows.iter().map(|row| (record(row), row.get(6))).collect(),
        })
    }
}

/// A crash repeats the work of which it was not saved that it is done, so saving need not wait for the
/// disk.
const SAVE: &str = "BEGIN; SET LOCAL synchronous_commit = off";

/// A place is on the disk before anybody reads it: consumers remember in memory how far they have come,
/// and what lost its place in a crash of the server might be given one that they have passed. A
/// connection keeps the plans of its statements, and those of an outbox that was empty when they were
/// made would read all of it.
const RELAY: &str = "BEGIN; SET LOCAL enable_seqscan = off";

const LOCK: &str = "SELECT last FROM relay WHERE one = 1 FOR UPDATE SKIP LOCKED";

const WITHOUT_PLACE: &str = "SELECT txid::TEXT, part, shard, id FROM outbox WHERE sequence IS NULL
     ORDER BY written, id, part LIMIT $1";

const PLACE: &str = "UPDATE outbox SET sequence = place.sequence
     FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) AS place (txid, part, sequence)
     WHERE outbox.txid = place.txid::XID8 AND outbox.part = place.part";

/// Gives places to the events that have none, unless another process is at it; answers the last.
///
/// The lock of the row is what makes one process at a time the relay, and the next one may take over
/// as soon as that is gone.
pub(crate) async fn relay(database: &Database) -> Result<i64> {
    let mut last = 0;
    loop {
        let relay = database.begin_as(RELAY).await?;
        let answers = relay.query_all(&[(LOCK, &[]), (WITHOUT_PLACE, &[&RELAYED])]).await?;
        let [locked, events] = answers.as_slice() else { return Ok(last) };
        let Some(locked) = locked.first() else { return Ok(last) };
        last = locked.get(0);
        if events.is_empty() {
            return Ok(last);
        }
        let transactions: Vec<String> = events.iter().map(|row| row.get(0)).collect();
        let parts: Vec<i64> = events.iter().map(|row| row.get(1)).collect();
        let places: Vec<i64> = (last + 1..).take(events.len()).collect();
        last += events.len() as i64;
        relay
            .commit_after(&[
                (PLACE, &[&transactions, &parts, &places]),
                ("UPDATE relay SET last = $1 WHERE one = 1", &[&last]),
            ])
            .await?;
        if events.len() < RELAYED as usize {
            return Ok(last);
        }
    }
}

#[async_trait]
impl Outbox for PostgresOutbox {
    fn commits(&self) -> Watch {
        self.database.commits()
    }

    async fn end(&self) -> Result<i64> {
        let row = self.database.query_one("SELECT last FROM relay WHERE one = 1", &[]).await?;
        Ok(row.get(0))
    }

    async fn relay(&self) -> Result<()> {
        // Another process may be at it: then what was committed until now is soon relayed.
        while self
            .database
            .query_opt("SELECT 1 FROM outbox WHERE sequence IS NULL LIMIT 1", &[])
            .await?
            .is_some()
        {
            relay(&self.database).await?;
        }
        Ok(())
    }

    async fn highest_id(&self) -> Result<u64> {
        let row = self
            .database
            .query_one(
                "SELECT coalesce(max(id), 0) FROM (
                     SELECT id FROM outbox WHERE consumer IS NULL ORDER BY txid DESC LIMIT 10000
                 ) AS newest",
                &[],
            )
            .await?;
        Ok(row.get::<_, i64>(0) as u64)
    }

    async fn after(&self, position: i64, wanted: Wanted<'_>) -> Result<Batch> {
        let mut read = self.read.lock().await;
        if !(read.after..read.end).contains(&position) {
            *read = self.read(position).await?;
        }
        let later = read.events.iter().filter(|(record, _)| record.sequence > position);
        let taken = later.filter(|(record, only)| wanted.takes(&record.kind, only.as_deref()));
        Ok(Batch { records: taken.map(|(record, _)| record.clone()).collect(), end: read.end })
    }

    async fn claim(&self, name: &'static str) -> Result<bool> {
        self.database.leases().take(&self.database, name).await
    }

    async fn release(&self) {
        if let Err(error) = self.database.leases().release(&self.database).await {
            tracing::warn!(cause = %error, "leases could not be released; they end by themselves");
        }
    }

    async fn position(&self, consumer: &'static str) -> Result<i64> {
        let row = self
            .database
            .query_opt("SELECT position FROM consumers WHERE name = $1", &[&consumer])
            .await?;
        Ok(row.map_or(0, |row| row.get(0)))
    }

    async fn save(&self, consumer: &'static str, position: i64) -> Result<()> {
        let save = "INSERT INTO consumers (name, position) VALUES ($1, $2)
                    ON CONFLICT (name) DO UPDATE
                    SET position = greatest(consumers.position, excluded.position)";
        let position: Params<'_> = &[&consumer, &position];
        self.database.begin_as(SAVE).await?.commit_after(&[(save, position)]).await
    }

    async fn seen(&self, consumers: &[&'static str]) -> Result<i64> {
        let row = self
            .database
            .query_one(
                "SELECT count(*), min(position) FROM consumers WHERE name = ANY($1)",
                &[&consumers],
            )
            .await?;
        let known = row.get::<_, i64>(0) as usize;
        if known < consumers.len() {
            return Ok(0);
        }
        match row.get::<_, Option<i64>>(1) {
            Some(seen) => Ok(seen),
            None => self.end().await,
        }
    }

    async fn drop_old(&self, seen: i64, before: Timestamp) -> Result<bool> {
        let last = self
            .database
            .query_opt(
                "SELECT sequence FROM outbox WHERE sequence IS NOT NULL AND consumer IS NULL
                 ORDER BY sequence DESC LIMIT 1",
                &[],
            )
            .await?;
        let end: i64 = last.map_or(0, |row| row.get(0));
        let row = self.database
            .query_one(
                "SELECT coalesce(min(sequence) FILTER (WHERE at >= $3) - 1, max(sequence), 0) FROM (
                     SELECT sequence, at FROM outbox WHERE sequence <= $1 AND sequence < $2
                     ORDER BY sequence LIMIT 5000
                 ) AS oldest",
                &[&seen, &end, &before.as_millis()],
            )
            .await?;
        let last: i64 = row.get(0);
        let change = self.database.begin(0u64).await?;
        let dropped = change.execute("DELETE FROM outbox WHERE sequence <= $1", &[&last]).await?;
        if dropped == 0 {
            return Ok(false);
        }
        change
            .execute("UPDATE relay SET dropped = greatest(dropped, $1) WHERE one = 1", &[&last])
            .await?;
        change.commit().await?;
        Ok(true)
    }

    async fn bury(&self, letter: DeadLetter) -> Result<()> {
        let DeadLetter { consumer, record, tries, error, .. } = letter;
        let change = self.database.begin(0u64).await?;
        // Letters are few: who numbers one keeps others from it for that moment.
        change.execute("LOCK TABLE dead_letters IN SHARE ROW EXCLUSIVE MODE", &[]).await?;
        change
            .execute(
                "INSERT INTO dead_letters
                     (number, consumer, id, kind, key, body, at, tries, error)
                 SELECT coalesce(max(number), 0) + 1, $1::TEXT, $2::BIGINT, $3::TEXT, $4::BIGINT,
                        $5::TEXT, $6::BIGINT, $7::BIGINT, $8::TEXT
                 FROM dead_letters",
                &[
                    &consumer,
                    &(record.id as i64),
                    &record.kind,
                    &(record.key as i64),
                    &record.body,
                    &record.at.as_millis(),
                    &i64::from(tries),
                    &error,
                ],
            )
            .await?;
        change.commit().await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        let rows = self
            .database
            .query(
                "SELECT 0::BIGINT, id, kind, key, body, at, number, consumer, tries, error
                 FROM dead_letters ORDER BY number LIMIT $1",
                &[&(limit as i64)],
            )
            .await?;
        let letters = rows.iter().map(|row| DeadLetter {
            record: record(row),
            number: row.get(6),
            consumer: row.get(7),
            tries: row.get::<_, i64>(8) as u32,
            error: row.get(9),
        });
        Ok(letters.collect())
    }

    async fn count_dead_letters(&self) -> Result<Vec<(String, i64)>> {
        let rows = self
            .database
            .query("SELECT consumer, count(*) FROM dead_letters GROUP BY consumer", &[])
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn take_dead_letters(&self, numbers: Vec<i64>, replay: bool) -> Result<usize> {
        let all = numbers.is_empty();
        let change = self.database.begin(0u64).await?;
        let rows = change
            .query(
                "DELETE FROM dead_letters WHERE $1 OR number = ANY($2)
                 RETURNING 0::BIGINT, id, kind, key, body, at, number, consumer",
                &[&all, &numbers],
            )
            .await?;
        let mut letters: Vec<&Row> = rows.iter().collect();
        letters.sort_by_key(|row| row.get::<_, i64>(6));
        for (part, row) in letters.into_iter().enumerate().filter(|_| replay) {
            let record = record(row);
            change
                .execute(
                    "INSERT INTO outbox (shard, id, kind, key, body, at, consumer, part)
                     VALUES ($1, $2, $3, $1, $4, $5, $6, $7)",
                    &[
                        &(record.key as i64),
                        &(record.id as i64),
                        &record.kind,
                        &record.body,
                        &record.at.as_millis(),
                        &row.get::<_, String>(7),
                        &(part as i64),
                    ],
                )
                .await?;
        }
        let count = rows.len();
        change.commit().await?;
        Ok(count)
    }
}

/// Reads a row of `sequence, id, kind, key, body, at`.
fn record(row: &Row) -> Record {
    Record {
        sequence: row.get(0),
        id: row.get::<_, i64>(1) as u64,
        kind: row.get(2),
        key: row.get::<_, i64>(3) as u64,
        body: row.get(4),
        at: Timestamp::from_millis(row.get(5)),
    }
}
