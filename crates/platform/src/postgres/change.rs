//! A change: a transaction with a connection of its own.

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::Object;
use futures::future::{MaybeDone, maybe_done};
use futures::poll;
use parking_lot::Mutex;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::{Database, Params, unavailable};
use crate::error::{Error, Kind, Result};
use crate::once::{self, Key};
use crate::outbox::Record;

/// A statement and its parameters.
pub type Act<'p> = (&'static str, Params<'p>);

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

    /// Runs statements one after another that are sent at once, and answers the rows of each.
    pub async fn query_all(&self, acts: &[Act<'_>]) -> Result<Vec<Vec<Row>>> {
        if acts.is_empty() {
            return Ok(Vec::new());
        }
        let begin = self.begin.lock().take();
        self.within(async |connection| send(connection, begin, acts, None).await).await
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
        self.commit_after(&[]).await
    }

    /// The same after the last statements of the change, whose answers nothing depends on: all of it
    /// is one way to the database and back. They come before the events.
    pub async fn commit_after(self, acts: &[Act<'_>]) -> Result<()> {
        // What nobody is told of is only got ready: the change that it is for bears the key.
        let key = if self.events.lock().is_empty() { None } else { once::take_key() };
        let committed = self.commit_under(key, acts).await;
        if let (Err(_), Some(key)) = (&committed, key) {
            once::give_back(key);
        }
        committed
    }

    async fn commit_under(mut self, key: Option<Key>, acts: &[Act<'_>]) -> Result<()> {
        let events = std::mem::take(&mut *self.events.lock());
        let begin = self.begin.lock().take();
        if begin.is_some() && events.is_empty() && acts.is_empty() {
            return Ok(());
        }
        let (columns, shard) = (Columns::of(self.shard, &events), self.shard as i64);
        let key = key.as_ref().map(<[u8; 32]>::as_slice);
        let (one, many) = (columns.first(), columns.params());
        let mark: Params<'_> = &[&shard, &key];
        let mut acts = acts.to_vec();
        if key.is_some() {
            acts.push((MARK, mark));
        }
        match &one {
            Some(one) if events.len() == 1 => acts.push((INSERT_ONE, one)),
            Some(_) => acts.push((INSERT, &many)),
            None => {}
        }
        let is_first = self
            .within(async |connection| match send(connection, begin, &acts, Some("COMMIT")).await {
                Err(error) if is_of_mark(&error) => Ok(false),
                sent => sent.map(|_| true),
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

/// Sends statements, and what begins and ends their transaction, without waiting in between; answers
/// the rows of each.
async fn send(
    connection: &Object,
    begin: Option<&str>,
    acts: &[Act<'_>],
    end: Option<&str>,
) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
    let mut statements = Vec::with_capacity(acts.len());
    for (text, _) in acts {
        statements.push(connection.prepare_cached(text).await?);
    }
    let begun = sent(optional(connection, begin)).await?;
    let mut answers = Vec::with_capacity(acts.len());
    for (statement, (_, params)) in statements.iter().zip(acts) {
        answers.push(sent(connection.query(statement, params)).await?);
    }
    let ended = sent(optional(connection, end)).await?;
    answer(begun).await?;
    let mut rows = Vec::with_capacity(acts.len());
    // After a statement that failed, a commit takes everything back and says nothing.
    for answered in answers {
        rows.push(answer(answered).await?);
    }
    answer(ended).await?;
    Ok(rows)
}

async fn optional(connection: &Object, text: Option<&str>) -> Result<(), tokio_postgres::Error> {
    match text {
        Some(text) => connection.batch_execute(text).await,
        None => Ok(()),
    }
}

/// An answer that is waited for, or there already.
type Answer<F> = Pin<Box<MaybeDone<F>>>;

/// Polls what is to be sent for the first time, which sends it. What cannot be sent is an error at
/// once, so that nothing is committed without it.
async fn sent<T, E, F: Future<Output = Result<T, E>>>(statement: F) -> Result<Answer<F>, E> {
    let mut answer = Box::pin(maybe_done(statement));
    let _ = poll!(answer.as_mut());
    match answer.as_mut().take_output() {
        Some(Err(error)) => Err(error),
        Some(done) => Ok(Box::pin(MaybeDone::Done(done))),
        None => Ok(answer),
    }
}

async fn answer<T, E, F: Future<Output = Result<T, E>>>(mut answer: Answer<F>) -> Result<T, E> {
    answer.as_mut().await;
    answer.as_mut().take_output().expect("an answer is taken once")
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

/// Whether a change failed because its request has been carried out before.
fn is_of_mark(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::UNIQUE_VIOLATION && error.table() == Some("carried_out")
    })
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

/// The same for one event, as nearly every transaction has: two thirds of the time of the other.
const INSERT_ONE: &str = "INSERT INTO outbox (shard, id, kind, key, body, at, part)
     VALUES ($1, $2, $3, $4, $5,
             CASE WHEN $6::BIGINT = 0 THEN (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT
                  ELSE $6 END, 1)";

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

    fn params(&self) -> [&(dyn ToSql + Sync); 6] {
        [&self.shard, &self.ids, &self.kinds, &self.keys, &self.bodies, &self.times]
    }

    /// The first event.
    fn first(&self) -> Option<[&(dyn ToSql + Sync); 6]> {
        let (id, kind, key) = (self.ids.first()?, self.kinds.first()?, self.keys.first()?);
        Some([&self.shard, id, kind, key, self.bodies.first()?, self.times.first()?])
    }
}
