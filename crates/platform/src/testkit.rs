//! What tests stand on: a real database in a folder of its own, a clock that stands still, and
//! services served over a real connection.

mod proxy;
mod servers;

use std::sync::Arc;

use crate::clock::{ManualClock, Timestamp};
use crate::db::{Database, Migrations, Options, Record, Sql};
use crate::id::IdGenerator;
use crate::rpc::{Peer, Routes, guarded};
pub use proxy::{Network, Proxy};
pub use servers::{s3, variable};

/// The moment at which test clocks start: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A database, a clock and ids, gone when dropped.
pub struct Workbench {
    /// The database, with all the migrations asked for.
    pub database: Database,
    /// A clock that moves only when told to.
    pub clock: Arc<ManualClock>,
    /// Ids by that clock.
    pub ids: Arc<IdGenerator>,
    folder: tempfile::TempDir,
}

impl Workbench {
    /// A new database with the platform's tables and those of `slices`.
    pub fn new(slices: &[Migrations]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut migrations = vec![crate::db::MIGRATIONS];
        migrations.extend_from_slice(slices);
        let path = folder.path().join("tintype.db");
        let database = Database::open(&path, &Options::default(), &migrations)
            .expect("a new database can be opened");
        let clock = Arc::new(ManualClock::at(START));
        let ids = Arc::new(IdGenerator::new(clock.clone(), 0, 0));
        Self { database, clock, ids, folder }
    }

    /// What has happened since the place `after` in the outbox (0 for all), oldest first.
    pub fn happened_after(&self, after: i64) -> Vec<Record> {
        self.database
            .read(|connection| {
                let mut statement = connection.sql(
                    "SELECT sequence, id, kind, key, body, at FROM outbox
                     WHERE sequence > $1 ORDER BY sequence",
                )?;
                let records = statement.query_map([after], Record::from_row)?;
                Ok(records.collect::<rusqlite::Result<_>>()?)
            })
            .expect("the outbox can be read")
    }

    /// The folder that the database is in.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// Serves `routes` on a port of their own and answers a peer that calls them there.
pub async fn far(routes: Routes) -> Peer {
    const SECRET: &str = "the secret of the tests";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    let routes = guarded(routes, SECRET);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Peer::new(&format!("http://{address}"), SECRET).expect("a client can be built")
}
