//! SQLite behind one writer thread.
//!
//! A write is a closure that is queued to the writer thread. The thread takes all that wait, runs
//! each in a savepoint of one transaction, commits the group with one `fsync`, and only then
//! answers them all: a caller that gets `Ok` has its change on the disk. A closure that fails or
//! panics takes back its own changes and nobody else's.
//!
//! Reads see the last commit. [`Database::read`] runs on the calling thread and is for bounded
//! point reads (microseconds); [`Database::scan`] runs on a thread of its own and is for whatever
//! grows with the data.

mod migrate;
mod sql;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
pub use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::db::{Commits, Migrations};
use crate::error::{Error, Result};
pub use sql::{Ids, Sql};
pub use writer::Write;
use writer::{Job, WriterHandle};

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Page cache of each connection, in MiB.
    pub cache_mb: u32,
    /// Connections for inline reads; as many threads can read at the same time.
    pub readers: usize,
    /// Connections for scans.
    pub scanners: usize,
    /// Writes that may wait for the writer thread; more are refused with 503.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { cache_mb: 4, readers: cores, scanners: 4, queue: 4096 }
    }
}

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: WriterHandle,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    scanners: Mutex<Vec<Connection>>,
    scans: Arc<Semaphore>,
    cache_mb: u32,
    commits: watch::Receiver<Commits>,
}

impl Database {
    /// Opens the file at `path`, making it if it is not there, and brings its tables up to date.
    ///
    /// Refuses a database that a newer Tintype has written, and one whose applied migrations are
    /// not the ones of this program.
    pub fn open(path: &Path, options: &Options, migrations: &[Migrations]) -> Result<Self> {
        let mut connection =
            connect(path, options.cache_mb).map_err(|cause| cannot_open(path, cause))?;
        migrate::migrate(&mut connection, migrations)?;
        let readers = (0..options.readers.max(1))
            .map(|_| reader(path, options.cache_mb).map(Mutex::new))
            .collect::<Result<Vec<_>>>()?;
        let scanners = (0..options.scanners.max(1))
            .map(|_| reader(path, options.cache_mb))
            .collect::<Result<Vec<_>>>()?;
        let (writer, commits) = writer::start(connection, options.queue)?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer,
                readers,
                next_reader: AtomicUsize::new(0),
                scans: Arc::new(Semaphore::new(scanners.len())),
                cache_mb: options.cache_mb,
                scanners: Mutex::new(scanners),
                commits,
            }),
        })
    }

    /// Runs `change` as one atomic act and answers when it is on the disk.
    ///
    /// The closure runs on the writer thread, one after another with all other writes, so what it
    /// reads stays true until it is done. If it answers an error, nothing of it is kept. Its
    /// future may be dropped: a change that was queued is carried out all the same.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |write| {
            // A panic in one change must take neither the thread nor the changes of others with
            // it; what it did to the connection is taken back with its savepoint.
            let run = |write| catch_unwind(AssertUnwindSafe(|| change(write)));
            let outcome = write.and_then(|write| {
                run(write).unwrap_or_else(|_| Err(Error::internal("the change panicked")))
            });
            let kept = outcome.as_ref().map(drop).map_err(Error::clone);
            let reply = Box::new(move |committed: Result<()>| {
                // The caller may be gone; its change stands or falls without it.
                let _ = answer.send(committed.and(outcome));
            });
            (kept, reply)
        });
        self.inner.writer.queue(job)?;
        answered.await.map_err(|_| {
            Error::unavailable("shutting_down", "The server is shutting down; try again", 1)
        })?
    }

    /// Runs a bounded point read on this very thread: microseconds, so it may stand in async code.
    pub fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let readers = &self.inner.readers;
        let first = self.inner.next_reader.fetch_add(1, Ordering::Relaxed);
        for offset in 0..readers.len() {
            if let Some(connection) = readers[(first + offset) % readers.len()].try_lock() {
                return query(&connection);
            }
        }
        query(&readers[first % readers.len()].lock())
    }

    /// Runs a read that may take its time on a thread where it holds up nobody.
    ///
    /// As many run at once as there are connections for scans; others wait.
    pub async fn scan<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = self.inner.scans.clone().acquire_owned().await.map_err(Error::internal)?;
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            // Held for as long as the thread is at it, which a caller that is gone does not end.
            let _permit = permit;
            // A connection is free, unless an earlier scan panicked with it.
            let popped = inner.scanners.lock().pop();
            let connection = match popped {
                Some(connection) => connection,
                None => reader(&inner.path, inner.cache_mb)?,
            };
            let outcome = query(&connection);
            inner.scanners.lock().push(connection);
            outcome
        })
        .await
        .map_err(Error::internal)?
    }

    /// Follows what is committed, by this process and by others.
    pub fn commits(&self) -> watch::Receiver<Commits> {
        self.inner.commits.clone()
    }

    /// Whether the database can be read at all; an error says that it cannot.
    pub fn answers(&self) -> Result<()> {
        self.read(|connection| {
            connection.sql("SELECT 1 FROM migrations LIMIT 1")?.query_row([], |_| Ok(()))?;
            Ok(())
        })
    }

    /// Copies the whole database to `file` as it is at one moment, while it is being used.
    ///
    /// The copy is complete or it is not there: it is written beside and renamed at the end.
    pub fn backup(&self, file: &Path) -> Result<()> {
        backup(&self.inner.path, file)
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Waits for the writes that were queued, then ends the writer. Later writes are refused, reads
    /// go on until the last handle is gone.
    pub async fn close(&self) {
        self.inner.writer.stop();
        let mut commits = self.commits();
        // The thread drops its end of the channel when it is done.
        while commits.changed().await.is_ok() {}
    }
}

/// Copies the database at `path` to `file` as it is at one moment, whether or not it is in use.
///
/// The copy may be read by its owner alone, as what it holds.
pub fn backup(path: &Path, file: &Path) -> Result<()> {
    if let (Ok(path), Ok(file)) = (path.canonicalize(), file.canonicalize())
        && path == file
    {
        return Err(Error::refused(
            "backup_onto_itself",
            "The backup would replace the database itself; name another file",
        ));
    }
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    copy(path, &partial).and_then(|()| std::fs::rename(&partial, file).map_err(Into::into)).map_err(
        |cause| {
            let _ = std::fs::remove_file(&partial);
            Error::unavailable(
                "backup_failed",
                format!(
                    "The backup to {} was not made; is the folder there, writable and with room?",
                    file.display()
                ),
                1,
            )
            .with_cause(cause)
        },
    )
}

fn copy(path: &Path, partial: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let _ = std::fs::remove_file(partial);
    let mut new = std::fs::OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let made = new.open(partial)?;
    let source = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    let mut target = Connection::open(partial)?;
    // All pages in one step: a step holds one read snapshot, so the copy is of one moment and
    // writers go on beside it.
    rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(
        i32::MAX,
        Duration::from_millis(10),
        None,
    )?;
    target.pragma_update(None, "journal_mode", "delete")?;
    target.close().map_err(|(_, cause)| cause)?;
    made.sync_all()?;
    Ok(())
}

/// Opens a database that is there, for this connection alone until it is closed, and brings its
/// tables up to date.
pub(crate) fn open_alone(path: &Path, migrations: &[Migrations]) -> Result<Connection> {
    if !path.exists() {
        let words =
            format!("There is no database at {}; name the file of the site", path.display());
        return Err(Error::refused("no_database", words));
    }
    let mut connection = connect_alone(path).map_err(|cause| match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => Error::conflict(
            "database_in_use",
            format!("A server or a command uses {}; stop it first", path.display()),
        ),
        _ => cannot_open(path, cause),
    })?;
    migrate::migrate(&mut connection, migrations)?;
    Ok(connection)
}

/// Every other connection holds a lock for as long as it is open, so this one is refused beside them,
/// and keeps them out.
fn connect_alone(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    Ok(connection)
}

/// How long to wait for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

fn connect(path: &Path, cache_mb: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -i64::from(cache_mb) * 1024)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(256);
    // Else SQLite compiles a statement anew whenever a parameter of its LIMIT is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    rusqlite::vtab::array::load_module(&connection)?;
    Ok(connection)
}

fn reader(path: &Path, cache_mb: u32) -> Result<Connection> {
    let connection = connect(path, cache_mb).map_err(|cause| cannot_open(path, cause))?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn cannot_open(path: &Path, cause: rusqlite::Error) -> Error {
    Error::unavailable(
        "database_unavailable",
        format!(
            "The database {} cannot be opened; check that it is a Tintype database and that this \
             user may read and write it and its folder",
            path.display()
        ),
        1,
    )
    .with_cause(cause)
}

#[cfg(test)]
mod tests;
