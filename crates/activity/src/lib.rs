//! What happened to a person: likes, comments, follows, mentions.
//!
//! Everything here follows from the events of other slices, and can be seen only as long as what
//! it tells of can be seen: an item is left out at reading when its actor is gone or blocked, or
//! when its post is no longer there for the reader.

mod consumers;
mod happenings;
mod routes;
mod service;
mod store;

use std::sync::Arc;

use tintype_api::{Base, Slice};
use tintype_platform::Result;
use tintype_platform::db::{Migration, Migrations};
use tintype_platform::transfer::{Rows, Table};

pub use service::{ActivityService, Told};

/// The tables of this slice.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "activity",
    sqlite: &[Migration {
        version: 1,
        name: "activity",
        sql: include_str!("../migrations/sqlite/0001_activity.sql"),
    }],
    postgres: &[Migration {
        version: 1,
        name: "activity",
        sql: include_str!("../migrations/postgres/0001_activity.sql"),
    }],
    tables: &[
        Table { name: "activities", rows: Rows::Same },
        Table { name: "activity_states", rows: Rows::Same },
    ],
};

/// What may be set about this slice.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most items kept for one account; older ones are dropped.
    pub most_items: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { most_items: 1_000 }
    }
}

/// Starts the slice on the tables of `base`.
pub fn start(base: &Base, settings: Settings) -> Result<Slice<ActivityService>> {
    let store = store::open(&base.database);
    let service =
        Arc::new(ActivityService::new(store, base.services.clone(), base.ids.clone(), settings));
    Ok(Slice {
        routes: routes::routes(service.clone()),
        consumers: vec![Arc::new(consumers::Recorder::new(service.clone()))],
        followers: Vec::new(),
        service,
    })
}
