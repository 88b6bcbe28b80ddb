//! What tests stand on: a real database in a folder of its own, a clock that stands still, and
//! services served over a real connection.

mod proxy;
mod servers;

use std::sync::Arc;

use crate::clock::{ManualClock, Timestamp};
use crate::db::{Database, Migrations};
use crate::id::IdGenerator;
use crate::outbox::{Record, Wanted};
use crate::rpc::{Peer, Routes, guarded};
use crate::{config, postgres, sqlite};
pub use proxy::{Network, Proxy};
pub use servers::{ServerDatabase, redis, redis_cluster, s3, variable};

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
    _server: Option<ServerDatabase>,
}

impl Workbench {
    /// A new embedded database with the platform's tables and those of `slices`.
    pub fn new(slices: &[Migrations]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("tintype.db");
        let database =
            sqlite::Database::open(&path, &sqlite::Options::default(), &with_platform(slices))
                .expect("a new database can be opened");
        Self::with(Database::Sqlite(database), folder, None)
    }

    /// The same on a PostgreSQL server, if there is one.
    pub async fn on_postgres(slices: &[Migrations]) -> Option<Self> {
        let server = ServerDatabase::make().await?;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let settings = config::Database {
            url: server.url().to_owned(),
            pool: 8,
            readers: 2,
            ..config::Config::defaults().database
        };
        let database = Database::open(&settings, folder.path(), &with_platform(slices))
            .await
            .expect("a new database can be opened");
        Some(Self::with(database, folder, Some(server)))
    }

    /// Both of them, as far as they are there: what is to hold on every database is tried on each.
    pub async fn each(slices: &[Migrations]) -> Vec<Self> {
        std::iter::once(Self::new(slices)).chain(Self::on_postgres(slices).await).collect()
    }

    fn with(database: Database, folder: tempfile::TempDir, server: Option<ServerDatabase>) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let ids = Arc::new(IdGenerator::new(clock.clone(), 0, 0));
        Self { database, clock, ids, folder, _server: server }
    }

    /// What has happened since the place `after` in the outbox (0 for all), oldest first; without
    /// what was replayed, and what only tells processes to forget something.
    pub async fn happened_after(&self, after: i64) -> Vec<Record> {
        let outbox = self.database.outbox();
        outbox.relay().await.expect("the outbox can be relayed");
        let mut records = Vec::new();
        let mut position = after;
        loop {
            let all = Wanted { consumer: "", kinds: &[] };
            let batch = outbox.after(position, all).await.expect("the outbox can be read");
            if batch.end == position {
                return records;
            }
            position = batch.end;
            let told = batch.records.into_iter().filter(|record| record.kind != "memory.stale");
            records.extend(told);
        }
    }

    /// Puts an event into the outbox, as a change of its own.
    pub async fn publish(&self, record: Record) {
        self.database.publish(record).await.expect("an event can be published");
    }

    /// Carries out statements that both databases understand, behind the program's back.
    pub async fn execute(&self, statements: &'static str) {
        match &self.database {
            Database::Sqlite(database) => {
                database.write(move |write| Ok(write.execute_batch(statements)?)).await
            }
            Database::Postgres(database) => {
                async {
                    let change = database.begin(0u64).await?;
                    for statement in statements.split(';') {
                        change.execute(statement, &[]).await?;
                    }
                    change.commit().await
                }
                .await
            }
        }
        .expect("the statements are carried out");
    }

    /// The embedded database, for what is done to it behind the program's back.
    pub fn sqlite(&self) -> &sqlite::Database {
        match &self.database {
            Database::Sqlite(database) => database,
            Database::Postgres(_) => panic!("this bench is on PostgreSQL"),
        }
    }

    /// The database on a server, for what is done to it behind the program's back.
    pub fn postgres(&self) -> &postgres::Database {
        match &self.database {
            Database::Postgres(database) => database,
            Database::Sqlite(_) => panic!("this bench is on SQLite"),
        }
    }

    /// The folder that the database is in.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

fn with_platform(slices: &[Migrations]) -> Vec<Migrations> {
    std::iter::once(crate::db::MIGRATIONS).chain(slices.iter().copied()).collect()
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
