//! Where everything is kept: the embedded database, or PostgreSQL when its address is given.
//!
//! A slice asks which of the two it is once, when it chooses its store. What is the same on both is
//! here: migrations, the outbox, and the word of what has been committed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::outbox::{Outbox, Record};
use crate::transfer::{self, Rows, Table};
use crate::{IdGenerator, outbox, postgres, sqlite};

/// The tables of the platform itself: outbox, consumers, dead letters, idempotency keys.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "platform",
    sqlite: &[
        Migration {
            version: 1,
            name: "outbox",
            sql: include_str!("../migrations/sqlite/0001_outbox.sql"),
        },
        Migration {
            version: 2,
            name: "idempotency",
            sql: include_str!("../migrations/sqlite/0002_idempotency.sql"),
        },
    ],
    postgres: &[
        Migration {
            version: 1,
            name: "platform",
            sql: include_str!("../migrations/postgres/0001_platform.sql"),
        },
        Migration {
            version: 2,
            name: "fleet",
            sql: include_str!("../migrations/postgres/0002_fleet.sql"),
        },
        Migration {
            version: 3,
            name: "carried_out",
            sql: include_str!("../migrations/postgres/0003_carried_out.sql"),
        },
    ],
    tables: &[
        Table { name: "outbox", rows: outbox::MOVED },
        Table { name: "relay", rows: outbox::MOVED_PLACE },
        Table { name: "consumers", rows: Rows::Same },
        Table { name: "dead_letters", rows: Rows::Same },
        Table { name: "idempotency_keys", rows: Rows::Same },
        Table {
            name: "carried_out",
            rows: Rows::None("what SQLite has carried out has its answer among the keys"),
        },
        Table { name: "leases", rows: Rows::None("whoever serves the site takes new ones") },
        Table { name: "agreements", rows: Rows::None("those who serve the site make new ones") },
        Table { name: "moving", rows: Rows::None("it tells of the copying itself") },
    ],
};

/// A handle on the database of a site; clones share it.
#[derive(Clone)]
pub enum Database {
    /// A file beside the program.
    Sqlite(sqlite::Database),
    /// A server that several processes may share.
    Postgres(postgres::Database),
}

impl Database {
    /// Opens what `settings` name, relative to `data_dir`, and brings its tables up to date.
    pub async fn open(
        settings: &config::Database,
        data_dir: &Path,
        migrations: &[Migrations],
    ) -> Result<Self> {
        if let Some(path) = settings.path(data_dir) {
            return sqlite::Database::open(&path, &settings.into(), migrations).map(Self::Sqlite);
        }
        let database = postgres::Database::open(&settings.try_into()?, migrations).await?;
        transfer::refuse_unfinished(&database).await?;
        Ok(Self::Postgres(database))
    }

    /// What happened, in the order of commits.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        match self {
            Self::Sqlite(database) => Arc::new(outbox::SqliteOutbox::new(database.clone())),
            Self::Postgres(database) => Arc::new(outbox::PostgresOutbox::new(database.clone())),
        }
    }

    /// Puts an event into the outbox that comes with no other change.
    pub async fn publish(&self, record: Record) -> Result<()> {
        match self {
            Self::Sqlite(database) => database.write(move |write| write.publish(&record)).await,
            Self::Postgres(database) => {
                let change = database.begin(record.key).await?;
                change.publish(&record);
                change.commit().await
            }
        }
    }

    /// Whether the database can be read at all; an error says that it cannot.
    pub async fn answers(&self) -> Result<()> {
        match self {
            Self::Sqlite(database) => database.answers(),
            Self::Postgres(database) => database.answers().await,
        }
    }

    /// Keeps `followers` true from now on, until the task is ended. An embedded database does not
    /// say what another process (a command, say) has changed: then everything is forgotten.
    pub fn follow(&self, followers: Vec<Arc<dyn Follower>>) -> JoinHandle<()> {
        match self {
            Self::Sqlite(database) => {
                let mut commits = database.commits();
                let mut seen = commits.borrow().foreign;
                tokio::spawn(async move {
                    while commits.wait_for(|commits| commits.foreign != seen).await.is_ok() {
                        seen = commits.borrow_and_update().foreign;
                        for follower in &followers {
                            follower.forget();
                        }
                    }
                })
            }
            Self::Postgres(database) => database.follow(followers),
        }
    }

    /// Waits until the followers of this process have seen whatever was committed, by any process,
    /// before this call. An error says that the database could not be asked.
    pub async fn caught_up(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(database) => database.caught_up().await,
        }
    }

    /// The number by which this process's ids are told from those of others, which it has to itself
    /// until the database is closed. With an embedded database that is `configured`.
    pub async fn node(&self, configured: u8) -> Result<u8> {
        match self {
            Self::Sqlite(_) => Ok(configured),
            Self::Postgres(database) => database.leases().take_number(database, NODE, NODES).await,
        }
    }

    /// Keeps the number of this process its own, or finds it another when it was lost, until the
    /// task is ended.
    pub fn keep_node(&self, ids: Arc<IdGenerator>) -> JoinHandle<()> {
        let database = self.clone();
        tokio::spawn(async move {
            let Self::Postgres(database) = database else { return };
            loop {
                tokio::time::sleep(RENEW_NODE).await;
                let node = ids.node();
                let lease = format!("{NODE}.{node}");
                let kept = match database.leases().take(&database, &lease).await {
                    Ok(true) => continue,
                    Ok(false) => database.leases().take_number(&database, NODE, NODES).await,
                    Err(error) => Err(error),
                };
                match kept {
                    Ok(other) => {
                        tracing::warn!(node, other, "another process took the number of this one");
                        ids.become_node(other);
                    }
                    Err(error) => tracing::warn!(cause = %error, "the node number is in doubt"),
                }
            }
        })
    }

    /// Bytes that it takes.
    pub async fn size(&self) -> Result<u64> {
        match self {
            Self::Sqlite(database) => {
                // What was written last may still be in its log alone.
                let mut log = database.path().as_os_str().to_owned();
                log.push("-wal");
                let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
                Ok(bytes(database.path()) + bytes(Path::new(&log)))
            }
            Self::Postgres(database) => {
                let text = "SELECT pg_database_size(current_database())";
                Ok(database.query_one(text, &[]).await?.get::<_, i64>(0) as u64)
            }
        }
    }

    /// Waits for the writes that were begun and lets go of the database.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
        }
    }
}

/// Whoever remembers something of the database follows what is committed to it by others.
#[async_trait]
pub trait Follower: Send + Sync + 'static {
    /// Corrects what is remembered, before anybody reads it who has come after the commit. Sees
    /// what this process has committed as well, and may see an event twice.
    async fn see(&self, records: &[Arc<Record>]) -> Result<()>;

    /// Forgets everything, because something may have been missed.
    fn forget(&self);
}

/// What the leases of numbers are called.
const NODE: &str = "node";

/// As many processes can make ids for one database.
const NODES: u8 = 255;

/// How often a process says that its number is its own.
const RENEW_NODE: Duration = Duration::from_secs(1);

/// What is known of what has been committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commits {
    /// Rises with every commit of this process, and with those of others as they are noticed, that
    /// put something into the outbox.
    pub events: u64,
    /// Rises when another process has changed the embedded database (an `admin` command, say):
    /// whatever this process has cached may be wrong from then on.
    pub foreign: u64,
}

/// One step of a slice's tables. Once released it is never edited: a checksum finds out.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, without gaps.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    /// The statements, run as a whole in one transaction.
    pub sql: &'static str,
}

impl Migration {
    /// The SHA-256 of its statements, in hexadecimal.
    pub(crate) fn checksum(&self) -> String {
        use std::fmt::Write;
        let digest = Sha256::digest(self.sql.as_bytes());
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Whether it is still to be applied, given the checksum under which the database knows it. An
    /// error if that is another than its own.
    pub(crate) fn is_to_be_applied(&self, slice: &str, applied: Option<&str>) -> Result<bool> {
        match applied {
            None => Ok(true),
            Some(applied) if applied == self.checksum() => Ok(false),
            Some(_) => Err(Error::new(
                Kind::Conflict,
                "changed_migration",
                format!(
                    "Migration {} of {slice} is not the one that this database was made with; use \
                     the program that made it, or restore a backup",
                    self.version
                ),
            )),
        }
    }
}

/// All steps of one slice, for each database in rising order of version.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The slice that owns the tables.
    pub slice: &'static str,
    /// For the embedded database.
    pub sqlite: &'static [Migration],
    /// For PostgreSQL.
    pub postgres: &'static [Migration],
    /// Its tables in PostgreSQL, each with where its rows come from when a site moves there.
    pub tables: &'static [Table],
}

/// Refuses a database that knows a later step of a slice than this program does. Both are pairs of
/// a slice and the version of its last step.
pub(crate) fn refuse_newer<'s>(
    known: impl Iterator<Item = (&'s str, &'s [Migration])> + Clone,
    applied: &[(String, u32)],
) -> Result<()> {
    for (slice, version) in applied {
        let last = known.clone().find(|(known, _)| known == slice);
        let last = last.and_then(|(_, list)| list.last()).map_or(0, |last| last.version);
        if *version > last {
            return Err(Error::new(
                Kind::Conflict,
                "newer_database",
                format!(
                    "The database was written by a newer Tintype ({slice} is at version {version}, \
                     this program knows {last}); start the newer program, or restore a backup"
                ),
            ));
        }
    }
    Ok(())
}

/// What follows the commits of a database; see [`Commits`].
pub type Watch = watch::Receiver<Commits>;
