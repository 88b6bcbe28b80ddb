//! Who follows, asks, blocks and mutes whom; counts; suggestions.
//!
//! A follow of a private account waits as a request until its owner accepts it. A block takes the
//! follows and requests between two people away, and from then on neither is there for the other;
//! a mute changes only what the one who mutes sees. Every count moves in the transaction of its
//! cause, so [`GraphService::check`] has nothing to report.

mod consumers;
mod followers;
mod routes;
mod service;
mod store;

use std::sync::Arc;

use tintype_api::{Base, Slice};
use tintype_platform::Result;
use tintype_platform::db::{Migration, Migrations};
use tintype_platform::transfer::{Rows, Table};

pub use service::{Entry, FollowOutcome, GraphService, Mutual, UnfollowOutcome};

/// The tables of this slice.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "graph",
    sqlite: &[Migration {
        version: 1,
        name: "graph",
        sql: include_str!("../migrations/sqlite/0001_graph.sql"),
    }],
    postgres: &[Migration {
        version: 1,
        name: "graph",
        sql: include_str!("../migrations/postgres/0001_graph.sql"),
    }],
    tables: &[
        Table { name: "follows", rows: Rows::Same },
        Table { name: "blocks", rows: Rows::Same },
        Table { name: "mutes", rows: Rows::Same },
        Table { name: "graph_counts", rows: Rows::Same },
    ],
};

/// What may be set about this slice.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most accounts that one may follow, requests included.
    pub most_followees: u32,
    /// Circles kept in memory. One takes 8 bytes for each followee and some 200 beside.
    pub cached_circles: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { most_followees: 7_500, cached_circles: 10_000 }
    }
}

/// Starts the slice on the tables of `base`.
pub fn start(base: &Base, settings: Settings) -> Result<Slice<GraphService>> {
    let store = store::open(&base.database);
    let service = Arc::new(GraphService::new(store, base, settings));
    Ok(Slice {
        routes: routes::routes(service.clone()),
        consumers: vec![Arc::new(consumers::Upkeep::new(service.clone()))],
        followers: vec![service.clone()],
        service,
    })
}
