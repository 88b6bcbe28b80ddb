//! PostgreSQL: pipelined connections for reads, a pool for changes.
//!
//! Reads of one statement share a few connections, on which statements follow each other without
//! waiting for answers. A change has a connection of its own from its first statement to its commit,
//! because commits on one connection wait for each other. Whatever other processes commit is
//! noticed by [`follow`](Database::follow), so that what this process remembers can be trusted.
//!
//! A server that is paused or out of reach does not say so, hence every statement has a time limit of
//! our own, and a breaker leaves a database alone that has failed several times in a row.

mod agreements;
mod change;
mod connect;
mod lane;
mod leases;
mod migrate;
mod tail;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{Pool, PoolError, TimeoutType};
pub use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
pub use tokio_postgres::types::ToSql;

/// What a type needs to be a parameter or a column.
pub mod types {
    pub use bytes::BytesMut as Buffer;
    pub use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

    /// A value, or why it is none.
    pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Sync + Send>>;
}

use crate::db::{Follower, Migrations, Watch};
use crate::error::{Error, Kind, Result};
use crate::horizon::Horizon;
pub use change::{Act, Change};
use connect::Connector;
use lane::Lane;
pub use leases::Leases;
use tail::Tail;

/// The parameters of a statement: `BIGINT` takes an `i64` or an id, `TEXT` a text, `BYTEA` bytes.
pub type Params<'p> = &'p [&'p (dyn ToSql + Sync)];

/// How the database is reached and used.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is, and as whom.
    pub server: tokio_postgres::Config,
    /// A copy that may lag behind, for reads that may be late.
    pub replica: Option<tokio_postgres::Config>,
    /// Connections that reads share.
    pub readers: usize,
    /// Connections for changes and long reads; as many run at once, others wait.
    pub pool: usize,
    /// The longest that one statement may take.
    pub patience: Duration,
}

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    readers: Lanes,
    /// Empty without a replica.
    late_readers: Lanes,
    pool: Pool,
    connector: Arc<Connector>,
    tail: Tail,
    leases: Leases,
    patience: Duration,
}

impl Database {
    /// Connects to the server and brings its tables up to date; several processes may do so at once.
    ///
    /// Refuses a database that a newer Tintype has written, and one whose applied migrations are
    /// not the ones of this program.
    pub async fn open(options: &Options, migrations: &[Migrations]) -> Result<Self> {
        let connector = Arc::new(Connector::new(&options.server, options.patience)?);
        migrate::migrate(&connector, migrations).await?;
        let late_readers = match &options.replica {
            Some(replica) => {
                let connector = Arc::new(Connector::new(replica, options.patience)?);
                Lanes::new(&connector, options.readers)
            }
            None => Lanes::new(&connector, 0),
        };
        let inner = Inner {
            readers: Lanes::new(&connector, options.readers.max(1)),
            late_readers,
            pool: connector.pool(options.pool.max(1))?,
            connector,
            tail: Tail::default(),
            leases: Leases::new()?,
            patience: options.patience,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The rows of one bounded read, which sees every change that was committed before.
    pub async fn query(&self, text: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        self.inner.readers.query(text, params).await
    }

    /// The row of a read that answers one or none.
    pub async fn query_opt(&self, text: &'static str, params: Params<'_>) -> Result<Option<Row>> {
        Ok(self.query(text, params).await?.into_iter().next())
    }

    /// The row of a read that always answers one.
    pub async fn query_one(&self, text: &'static str, params: Params<'_>) -> Result<Row> {
        self.query_opt(text, params).await?.ok_or_else(|| Error::internal("a row is missing"))
    }

    /// The rows of a read that may be some moments late: from the replica, if there is one.
    pub async fn query_late(&self, text: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        if self.inner.late_readers.0.is_empty() {
            return self.query(text, params).await;
        }
        match self.inner.late_readers.query(text, params).await {
            Err(error) if error.is_transient() => self.query(text, params).await,
            rows => rows,
        }
    }

    /// Begins a change of what stands on the shard of `key`: the author of a post, say. Nothing of
    /// it stays unless it is [committed](Change::commit).
    pub async fn begin(&self, key: impl Into<u64>) -> Result<Change> {
        Change::begin(self, key.into(), "BEGIN", self.inner.patience).await
    }

    /// Begins a change of the platform's own tables with the statements that say how.
    pub(crate) async fn begin_as(&self, begin: &'static str) -> Result<Change> {
        Change::begin(self, 0, begin, self.inner.patience).await
    }

    /// Begins a look at everything, all of it at one moment, which may take minutes.
    pub async fn scan(&self) -> Result<Change> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL statement_timeout = '15min'";
        Change::begin(self, 0, begin, Duration::from_mins(15)).await
    }

    /// Whether the database can be read at all; an error says that it cannot.
    pub async fn answers(&self) -> Result<()> {
        self.query("SELECT 1 FROM relay", &[]).await.map(drop)
    }

    /// Follows what is committed, by this process and by others.
    pub fn commits(&self) -> Watch {
        self.inner.tail.commits()
    }

    /// Keeps `followers` up to date from now on, until the task is ended.
    pub fn follow(&self, followers: Vec<Arc<dyn Follower>>) -> tokio::task::JoinHandle<()> {
        self.inner.tail.begin();
        tokio::spawn(tail::follow(self.clone(), followers))
    }

    /// How far this process sees what all of them commit.
    pub fn horizon(&self) -> Arc<Horizon> {
        self.inner.tail.horizon()
    }

    /// Waits until every follower has seen whatever was committed, by anybody, before this call:
    /// one short read, which all who wait share. An error says that the database could not be asked.
    pub async fn caught_up(&self) -> Result<()> {
        self.inner.tail.caught_up().await
    }

    /// What this process has for itself.
    pub fn leases(&self) -> &Leases {
        &self.inner.leases
    }

    /// Lets go of all connections; changes that were begun are finished first.
    pub async fn close(&self) {
        if let Err(error) = self.inner.leases.release(self).await {
            tracing::warn!(cause = %error, "leases could not be released; they end by themselves");
        }
        self.inner.pool.close();
        self.inner.readers.close();
        self.inner.late_readers.close();
    }
}

/// A connection by itself to a database whose tables are brought up to date; what is done on it may
/// take its time.
pub(crate) async fn connect(
    options: &Options,
    migrations: &[Migrations],
) -> Result<tokio_postgres::Client> {
    let connector = Connector::new(&options.server, options.patience)?;
    migrate::migrate(&connector, migrations).await?;
    let client = connector.connect().await?;
    // A server whose client is gone without a word finds that out, or it would keep its locks.
    client
        .batch_execute(
            "SET statement_timeout = 0; SET tcp_keepalives_idle = 30;
             SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3",
        )
        .await?;
    Ok(client)
}

/// Connections that reads take turns on.
struct Lanes(Vec<Lane>, AtomicUsize);

impl Lanes {
    fn new(connector: &Arc<Connector>, count: usize) -> Self {
        Self((0..count).map(|_| Lane::new(connector.clone())).collect(), AtomicUsize::new(0))
    }

    async fn query(&self, text: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        let next = self.1.fetch_add(1, Ordering::Relaxed);
        self.0[next % self.0.len()].query(text, params).await
    }

    fn close(&self) {
        self.0.iter().for_each(Lane::close);
    }
}

/// What everybody is told who meets a database that is down.
pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable(
        "database_unavailable",
        "The database does not answer; try again in a moment",
        1,
    )
    .with_cause(cause)
}

fn busy() -> Error {
    Error::unavailable(
        "database_busy",
        "Too many changes are waiting to be stored; try again in a moment",
        1,
    )
}

impl From<tokio_postgres::Error> for Error {
    fn from(cause: tokio_postgres::Error) -> Self {
        let Some(error) = cause.as_db_error() else {
            return if is_lost(&cause) { unavailable(cause) } else { Self::internal(cause) };
        };
        let code = error.code().clone();
        // The error itself says no more than that there was one.
        let cause = format!("{} ({})", error.message(), code.code());
        match code {
            SqlState::DISK_FULL => Self::new(
                Kind::Full,
                "disk_full",
                "There is no room left to keep this; try again later",
            )
            .with_retry_after(30)
            .with_cause(cause),
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                busy().with_cause(cause)
            }
            SqlState::CHARACTER_NOT_IN_REPERTOIRE | SqlState::UNTRANSLATABLE_CHARACTER => {
                Self::refused(
                    "text_not_kept",
                    "A text holds a character that cannot be kept, such as U+0000",
                )
                .with_cause(cause)
            }
            code if ["53", "57", "58", "08", "25"].contains(&&code.code()[..2]) => {
                unavailable(cause)
            }
            _ => Self::internal(cause),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => busy(),
            PoolError::Backend(cause) => cause.into(),
            PoolError::Closed => {
                Self::unavailable("shutting_down", "The server is shutting down; try again", 1)
            }
            other => unavailable(other),
        }
    }
}

/// Whether the connection is gone, and not just the statement wrong.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    use std::error::Error;
    error.is_closed() || error.source().is_some_and(<dyn Error>::is::<std::io::Error>)
}

#[cfg(test)]
mod tests;
