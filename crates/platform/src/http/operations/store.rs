//! The queue on this node's disk.

use std::path::Path;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::clock::Timestamp;
use crate::config;
use crate::db::{Migration, Migrations};
use crate::error::{Error, Result};
use crate::once::Key;
use crate::sqlite::{Connection, Database, OptionalExtension, Options, Sql, params};

const MIGRATIONS: Migrations = Migrations {
    slice: "operations",
    sqlite: &[Migration {
        version: 1,
        name: "waiting",
        sql: include_str!("../../../migrations/operations/0001_waiting.sql"),
    }],
    postgres: &[],
    tables: &[],
};

/// What waits, in a file of its own: what is added is on the disk when that is answered.
pub(super) struct Queue {
    database: Database,
    size: Mutex<Size>,
    most: Size,
}

#[derive(Clone, Copy)]
struct Size {
    requests: usize,
    bytes: usize,
}

/// One that is to wait.
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) caller: Key,
    pub(super) fingerprint: [u8; 32],
    pub(super) at: Timestamp,
    pub(super) request: Bytes,
}

/// One that waits.
pub(super) struct Waiting {
    pub(super) number: i64,
    pub(super) key: Key,
    pub(super) fingerprint: [u8; 32],
    pub(super) at: Timestamp,
}

impl Queue {
    pub(super) fn open(path: &Path, settings: &config::Operations) -> Result<Self> {
        let (database, size) = open(path).map_err(|cause| unreadable(path, cause))?;
        let most = Size { requests: settings.most, bytes: settings.most_mb * 1024 * 1024 };
        Ok(Self { database, size: Mutex::new(size), most })
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.size.lock().requests
    }

    /// Adds one; the same one is not added twice. Answers the one that waits.
    pub(super) async fn add(&self, entry: Entry) -> Result<Waiting> {
        let bytes = entry.request.len();
        self.make_room(bytes)?;
        let added = self.database.write(move |write| add(write, &entry)).await;
        if !matches!(added, Ok((true, _))) {
            self.give_room(bytes);
        }
        added.map(|(_, waiting)| waiting)
    }

    /// The one of a key.
    pub(super) fn find(&self, key: Key) -> Result<Option<Waiting>> {
        if self.len() == 0 {
            return Ok(None);
        }
        self.database.read(|connection| find(connection, key))
    }

    /// Whether something of a caller waits.
    pub(super) fn has_some_of(&self, caller: Key) -> Result<bool> {
        if self.len() == 0 {
            return Ok(false);
        }
        self.database.read(|connection| {
            let text = "SELECT 1 FROM waiting WHERE caller = $1 LIMIT 1";
            Ok(connection.sql(text)?.exists([caller])?)
        })
    }

    /// Since when the one waits that has waited the longest.
    pub(super) fn oldest(&self) -> Result<Option<Timestamp>> {
        self.database.read(|connection| {
            let text = "SELECT at FROM waiting ORDER BY number LIMIT 1";
            let oldest = connection.sql(text)?.query_row([], |row| row.get(0)).optional()?;
            Ok(oldest.map(Timestamp::from_millis))
        })
    }

    /// The next caller of whom something waits, in no order that means anything; behind the last comes
    /// the first.
    pub(super) fn caller_after(&self, caller: Key) -> Result<Option<Key>> {
        if self.len() == 0 {
            return Ok(None);
        }
        self.database.read(|connection| {
            let text = "SELECT coalesce(
                            (SELECT min(caller) FROM waiting WHERE caller > $1),
                            (SELECT min(caller) FROM waiting))";
            Ok(connection.sql(text)?.query_row([caller], |row| row.get(0))?)
        })
    }

    /// The one of a caller that has waited the longest, and what it asks.
    pub(super) fn first_of(&self, caller: Key) -> Result<Option<(Waiting, Bytes)>> {
        self.database.read(|connection| {
            let text = "SELECT number, key, fingerprint, at, request FROM waiting
                        WHERE caller = $1 ORDER BY number LIMIT 1";
            let mut statement = connection.sql(text)?;
            let first = statement.query_row([caller], |row| {
                Ok((waiting(row)?, Bytes::from(row.get::<_, Vec<u8>>(4)?)))
            });
            Ok(first.optional()?)
        })
    }

    /// Takes one out that has been settled.
    pub(super) async fn remove(&self, number: i64, request: &Bytes) -> Result<()> {
        let remove = move |connection: &Connection| -> Result<usize> {
            Ok(connection.sql("DELETE FROM waiting WHERE number = $1")?.execute([number])?)
        };
        if self.database.write(move |write| remove(write)).await? > 0 {
            self.give_room(request.len());
        }
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.database.close().await;
    }

    fn make_room(&self, bytes: usize) -> Result<()> {
        let mut size = self.size.lock();
        if size.requests >= self.most.requests || size.bytes + bytes > self.most.bytes {
            return Err(Error::unavailable(
                "operations_full",
                "The database does not answer, and too many requests wait for it already; try again \
                 in a minute",
                60,
            ));
        }
        size.requests += 1;
        size.bytes += bytes;
        Ok(())
    }

    fn give_room(&self, bytes: usize) {
        let mut size = self.size.lock();
        size.requests -= 1;
        size.bytes -= bytes;
    }
}

fn open(path: &Path) -> Result<(Database, Size)> {
    let options = Options { cache_mb: 1, readers: 1, scanners: 1, queue: 1024 };
    let database = Database::open(path, &options, &[MIGRATIONS])?;
    let size = database.read(|connection| {
        // Damage in the middle would be found when it is too late to do anything about it.
        let flaw: String =
            connection.sql("PRAGMA quick_check(1)")?.query_row([], |row| row.get(0))?;
        if flaw != "ok" {
            return Err(Error::internal(flaw));
        }
        let text = "SELECT count(*), coalesce(sum(length(request)), 0) FROM waiting";
        Ok(connection.sql(text)?.query_row([], |row| {
            let (requests, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(Size { requests: requests as usize, bytes: bytes as usize })
        })?)
    })?;
    Ok((database, size))
}

fn unreadable(path: &Path, cause: Error) -> Error {
    let words = format!(
        "The requests that wait for the database cannot be read from {}; put the file in order, or \
         move it away with those that are called alike (-wal, -shm) and start again without what \
         waits in it",
        path.display()
    );
    Error::unavailable("operations_unreadable", words, 1).with_cause(cause)
}

/// Adds one that does not wait already, and answers whether it was added.
fn add(connection: &Connection, entry: &Entry) -> Result<(bool, Waiting)> {
    if let Some(waiting) = find(connection, entry.key)? {
        return Ok((false, waiting));
    }
    let Entry { key, caller, fingerprint, at, request } = entry;
    connection
        .sql(
            "INSERT INTO waiting (key, caller, fingerprint, at, request)
             VALUES ($1, $2, $3, $4, $5)",
        )?
        .execute(params![key, caller, fingerprint, at.as_millis(), &request[..]])?;
    let number = connection.last_insert_rowid();
    Ok((true, Waiting { number, key: *key, fingerprint: *fingerprint, at: *at }))
}

fn find(connection: &Connection, key: Key) -> Result<Option<Waiting>> {
    let text = "SELECT number, key, fingerprint, at FROM waiting WHERE key = $1";
    Ok(connection.sql(text)?.query_row([key], waiting).optional()?)
}

fn waiting(row: &rusqlite::Row<'_>) -> rusqlite::Result<Waiting> {
    let at = Timestamp::from_millis(row.get(3)?);
    Ok(Waiting { number: row.get(0)?, key: row.get(1)?, fingerprint: row.get(2)?, at })
}
