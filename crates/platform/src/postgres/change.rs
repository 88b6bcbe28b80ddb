//! A change: a transaction with a connection of its own.

use std::time::Duration;

use deadpool_postgres::Object;
use parking_lot::Mutex;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::{Database, Params, unavailable};
use crate::error::{Error, Kind, Result};
use crate::once::{self, Key};
use crate::outbox::Record;

/// An open transaction. Dropped without a [commit](Self::commit), it is taken back.
///
/// A change that may meet another on the same rows locks them first and in one order (counts of
/// accounts by rising id, a post before what hangs on it), so that no two wait for each other.
pub struct Change {
    database: Database,
    connection: Option<Object>,
    /// What is sent before the first statement, without waiting in between.
    begin: Mutex<Option<&'static str>>,
    shard: u64,
    /// Sent with the commit.
    events: Mutex<Vec<Record>>,
    patience: Duration,
}

impl Change {
    pub(super) async fn begin(
        database: &Database,
        shard: u64,
        begin: &'static str,
        patience: Duration,
    ) -> Result<Self> {
        let connector = &database.inner.connector;
        connector.admits()?;
        let connection = database.inner.pool.get().await.map_err(|error| {
            let error = Error::from(error);
            if error.code() == "database_unavailable" {
                connector.failed();
            }
            error
        })?;
        Ok(Self {
            database: database.clone(),
            connection: Some(connection),
            begin: Mutex::new(Some(begin)),
            shard,
            events: Mutex::default(),
            patience,
        })
    }

    /// Runs a statement and answers how many rows it changed.
    pub async fn execute(&self, text: &'static str, params: Params<'_>) -> Result<u64> {
        self.within(async |connection| {
            let statement = connection.prepare_cached(text).await?;
            let Some(begin) = self.begin.lock().take() else {
                return connection.execute(&statement, params).await;
            };
            let execute = connection.execute(&statement, params);
            let (begun, done) = tokio::join!(connection.batch_execute(begin), execute);
            begun.and(done)
        })
        .await
    }

    /// Runs a statement and answers its rows.
    pub async fn query(&self, text: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        self.within(async |connection| {
            let statement = connection.prepare_cached(text).await?;
            let Some(begin) = self.begin.lock().take() else {
                return connection.query(&statement, params).await;
            };
            let query = connection.query(&statement, params);
            let (begun, rows) = tokio::join!(connection.batch_execute(begin), query);
            begun.and(rows)
        })
        .await
    }

    /// The row of a statement that answers one or none.
    pub async fn query_opt(&self, text: &'static str, params: Params<'_>) -> Result<Option<Row>> {
        Ok(self.query(text, params).await?.into_iter().next())
    }

    /// The row of a statement that always answers one.
    pub async fn query_one(&self, text: &'static str, params: Params<'_>) -> Result<Row> {
        self.query_opt(text, params).await?.ok_or_else(|| Error::internal("a row is missing"))
    }

    /// Has an event committed with the change. To be called after the statement that locked what
    /// the event is about: from then on its place among other events is certain.
    pub fn publish(&self, record: &Record) {
        self.events.lock().push(record.clone());
    }

    /// Makes the change last, with its events. Once it answers, every later read sees it.
    ///
    /// An error with the code `outcome_unknown` says that the connection broke while the database was
    /// at it; `already_carried_out`, that an earlier try of the same request has made this change
    /// ([`once`]); every other error, that nothing has changed.
    pub async fn commit(self) -> Result<()> {
        // What nobody is told of is only got ready: the change that it is for bears the key.
        let key = if self.events.lock().is_empty() { None } else { once::take_key() };
        let committed = self.commit_under(key).await;
        if let (Err(_), Some(key)) = (&committed, key) {
            once::give_back(key);
        }
        committed
    }

    async fn commit_under(mut self, key: Option<Key>) -> Result<()> {
        let events = std::mem::take(&mut *self.events.lock());
        let begin = self.begin.lock().take();
        if begin.is_some() && events.is_empty() {
            return Ok(());
        }
        let is_first = self
            .within(async |connection| {
                if let Some(begin) = begin {
                    connection.batch_execute(begin).await?;
                }
                if events.is_empty() {
                    return connection.batch_execute("COMMIT").await.map(|()| true);
                }
                let statement = connection.prepare_cached(INSERT).await?;
                let columns = Columns::of(self.shard, &events);
                let params = columns.params();
                let insert = connection.execute(&statement, &params);
                let mark = match key {
                    Some(key) => Some((connection.prepare_cached(MARK).await?, key)),
                    None => None,
                };
                let mark = async {
                    let Some((statement, key)) = &mark else { return Ok(1) };
                    connection.execute(statement, &[&(self.shard as i64), &key.as_slice()]).await
                };
                let (marked, inserted, committed) =
                    tokio::join!(mark, insert, connection.batch_execute("COMMIT"));
                // After a statement that failed, a commit takes everything back and says nothing.
                match marked {
                    Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Ok(false),
                    marked => marked.and(inserted).and(committed).map(|()| true),
                }
            })
            .await;
        match is_first {
            Ok(true) => {
                // Nothing is left to take back: the connection goes back to the others.
                drop(self.connection.take());
                if !events.is_empty() {
                    self.database.inner.tail.committed();
                }
                Ok(())
            }
            Ok(false) => Err(already_carried_out()),
            Err(error) if error.code() == "database_unavailable" => Err(outcome_unknown(error)),
            Err(error) => Err(error),
        }
    }

    async fn within<T>(
        &self,
        work: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T> {
        let connection = self.connection.as_ref().expect("a change has its connection to the end");
        let connector = &self.database.inner.connector;
        match tokio::time::timeout(self.patience, work(connection)).await {
            Ok(Ok(answer)) => {
                connector.succeeded();
                Ok(answer)
            }
            Ok(Err(cause)) => Err(cause.into()),
            Err(_) => {
                connector.failed();
                Err(unavailable("the statement takes too long"))
            }
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.begin.lock().is_some() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(connection));
            return;
        };
        let patience = self.patience.min(Duration::from_secs(5));
        runtime.spawn(async move {
            let ended = tokio::time::timeout(patience, connection.batch_execute("ROLLBACK")).await;
            if !matches!(ended, Ok(Ok(()))) {
                // Nobody is to be handed a connection that is still at something.
                drop(Object::take(connection));
            }
        });
    }
}

fn outcome_unknown(error: Error) -> Error {
    Error::new(
        Kind::Unavailable,
        "outcome_unknown",
        "The database did not say whether the change was stored; look before you try again",
    )
    .with_retry_after(1)
    .with_cause(error)
}

fn already_carried_out() -> Error {
    Error::conflict(
        "already_carried_out",
        "This was carried out when it was first asked with this Idempotency-Key, but the answer was \
         lost; read the resource to see what came of it",
    )
}

/// Stands beside what was changed, so that it is in the same transaction on the same server.
const MARK: &str = "INSERT INTO carried_out (shard, key) VALUES ($1, $2)";

/// All events of a transaction stand on the shard of what it changed. One without a time is given the
/// server's, so that it is kept for as long as the others: a process that was cut off for a while
/// must still find it.
const INSERT: &str = "INSERT INTO outbox (shard, id, kind, key, body, at, part)
     SELECT $1::BIGINT, event.id, event.kind, event.key, event.body,
            CASE WHEN event.at = 0 THEN (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT
                 ELSE event.at END,
            event.part
     FROM unnest($2::BIGINT[], $3::TEXT[], $4::BIGINT[], $5::TEXT[], $6::BIGINT[])
          WITH ORDINALITY AS event (id, kind, key, body, at, part)";

/// Events, column by column.
struct Columns<'e> {
    shard: i64,
    ids: Vec<i64>,
    kinds: Vec<&'e str>,
    keys: Vec<i64>,
    bodies: Vec<&'e str>,
    times: Vec<i64>,
}

impl<'e> Columns<'e> {
    fn of(shard: u64, events: &'e [Record]) -> Self {
        Self {
            shard: shard as i64,
            ids: events.iter().map(|event| event.id as i64).collect(),
            kinds: events.iter().map(|event| event.kind.as_str()).collect(),
            keys: events.iter().map(|event| event.key as i64).collect(),
            bodies: events.iter().map(|event| event.body.as_str()).collect(),
            times: events.iter().map(|event| event.at.as_millis()).collect(),
        }
    }

    fn params(&self) -> [&(dyn tokio_postgres::types::ToSql + Sync); 6] {
        [&self.shard, &self.ids, &self.kinds, &self.keys, &self.bodies, &self.times]
    }
}
