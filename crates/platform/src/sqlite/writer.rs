//! The writer thread: one transaction and one `fsync` for all writes that wait.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::watch;

use super::sql::Sql;
use crate::db::Commits;
use crate::error::{Error, Result};
use crate::outbox::{self, Record};

/// Writes that share one commit at the most: bounds how long the first of them waits.
const GROUP: usize = 512;

/// How often an idle writer looks whether another process has changed the database.
const FOREIGN_CHECK: Duration = Duration::from_millis(100);

/// What a caller is told after the commit.
pub(super) type Reply = Box<dyn FnOnce(Result<()>) + Send>;

/// A queued write: runs inside a savepoint, or not at all if there is an error already, and says
/// whether to keep it, and how to answer. It does not panic.
pub(super) type Job = Box<dyn FnOnce(Result<&Write<'_>>) -> (Result<()>, Reply) + Send>;

/// The connection inside a write, and the way to the outbox.
pub struct Write<'c> {
    connection: &'c Connection,
    published: Cell<bool>,
}

impl Write<'_> {
    /// Puts an event into the outbox: it commits with the change or not at all.
    pub fn publish(&self, record: &Record) -> Result<()> {
        outbox::sqlite::insert(self.connection, record)?;
        self.wake_consumers();
        Ok(())
    }

    /// Says that the outbox has something new, when it came there by another way.
    pub(crate) fn wake_consumers(&self) {
        self.published.set(true);
    }
}

impl Deref for Write<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

pub(super) struct WriterHandle {
    jobs: Mutex<Option<SyncSender<Job>>>,
}

impl WriterHandle {
    pub(super) fn queue(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.lock();
        let Some(sender) = jobs.as_ref() else {
            return Err(Error::unavailable(
                "shutting_down",
                "The server is shutting down; try again",
                1,
            ));
        };
        sender.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::unavailable(
                "database_busy",
                "Too many changes are waiting to be stored; try again in a moment",
                1,
            ),
            TrySendError::Disconnected(_) => {
                Error::internal("the writer thread has ended before its time")
            }
        })
    }

    pub(super) fn stop(&self) {
        self.jobs.lock().take();
    }
}

pub(super) fn start(
    connection: Connection,
    queue: usize,
) -> Result<(WriterHandle, watch::Receiver<Commits>)> {
    let (sender, receiver) = sync_channel(queue);
    let (commits, watch) = watch::channel(Commits::default());
    std::thread::Builder::new()
        .name("tintype-writer".to_owned())
        .spawn(move || run(&connection, &receiver, &commits))
        .map_err(Error::internal)?;
    Ok((WriterHandle { jobs: Mutex::new(Some(sender)) }, watch))
}

fn run(connection: &Connection, jobs: &Receiver<Job>, commits: &watch::Sender<Commits>) {
    let mut version = data_version(connection);
    loop {
        let first = match jobs.recv_timeout(FOREIGN_CHECK) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // Changes of this connection do not move its own data version, those of others do.
        let now = data_version(connection).or(version);
        if now != version {
            version = now;
            commits.send_modify(|commits| {
                commits.foreign += 1;
                commits.events += 1;
            });
        }
        if let Some(first) = first
            && commit_group(connection, first, jobs)
        {
            commits.send_modify(|commits| commits.events += 1);
        }
    }
}

/// Runs and commits all writes that wait; says whether an event came into the outbox.
fn commit_group(connection: &Connection, first: Job, jobs: &Receiver<Job>) -> bool {
    let mut group = std::iter::once(first).chain(jobs.try_iter()).take(GROUP);
    let mut replies = Vec::new();
    let mut published = false;
    let begun = begin(connection);
    if let Err(error) = &begun {
        // Whoever locks the database has been waited for, and must not be waited for once more by
        // each write that waits.
        replies.extend(group.by_ref().map(|job| job(Err(error.clone())).1));
    }
    let outcome = begun.and_then(|()| {
        for job in group {
            let (ran, reply) = run_job(connection, job);
            replies.push(reply);
            published |= ran?;
        }
        connection.sql("COMMIT")?.execute([])?;
        Ok(())
    });
    metrics::histogram!("tintype_commit_group_size").record(replies.len() as f64);
    if let Err(error) = &outcome {
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        tracing::error!(cause = %error, writes = replies.len(), "a group of writes was not committed");
    }
    for reply in replies {
        reply(outcome.clone());
    }
    outcome.is_ok() && published
}

fn begin(connection: &Connection) -> Result<()> {
    connection.sql("BEGIN IMMEDIATE")?.execute([])?;
    Ok(())
}

/// Runs one write; says whether it put an event into the outbox, or why the group cannot go on.
fn run_job(connection: &Connection, job: Job) -> (Result<bool>, Reply) {
    let begun = connection.sql("SAVEPOINT job").and_then(|mut begin| begin.execute([]));
    let write = Write { connection, published: Cell::new(false) };
    let (outcome, reply) = job(begun.map(|_| &write).map_err(Error::from));
    if connection.is_autocommit() {
        // A full disk, say, makes SQLite take back the whole transaction by itself. Those who lose
        // their changes with it did nothing wrong and may try again.
        let lost = || Error::unavailable("database_unavailable", "The change was taken back", 1);
        return (Err(outcome.err().filter(Error::is_transient).unwrap_or_else(lost)), reply);
    }
    let ended = (|| {
        if outcome.is_err() {
            connection.sql("ROLLBACK TO job")?.execute([])?;
        }
        connection.sql("RELEASE job")?.execute([])
    })();
    let published = outcome.is_ok() && write.published.get();
    (ended.map(|_| published).map_err(Error::from), reply)
}

/// None if the database does not say.
fn data_version(connection: &Connection) -> Option<i64> {
    let mut statement = connection.sql("PRAGMA data_version").ok()?;
    statement.query_row([], |row| row.get(0)).ok()
}
