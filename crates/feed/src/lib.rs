//! The personal feed: timelines, fan-out, ranking, explore, and what is shown live.
//!
//! The feed keeps nothing in the database. What a feed holds is defined in terms of the other
//! slices (the circle of the viewer, the posts of those in it). It is found with or without stored
//! timelines, and whatever is stored can be lost at any moment: why that never shows is told in
//! `strategy/stored.rs`.

mod check;
mod consumers;
mod live;
mod ranking;
mod routes;
mod service;
mod snapshots;
mod store;
mod strategy;

use std::sync::Arc;
use std::time::Duration;

use tintype_api::{Base, Slice};
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::config;
use tintype_platform::db::{Database, Migration, Migrations};
use tintype_platform::page::Limit;
use tintype_platform::transfer::{Rows, Table};

pub use service::FeedService;
pub use store::{
    Basis, MemoryTimelines, PostgresTimelines, Rebuild, RedisTimelines, Stretch, TimelineStore,
};

/// The tables of this slice: stored timelines, where they are kept in PostgreSQL.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "feed",
    sqlite: &[],
    postgres: &[Migration {
        version: 1,
        name: "feed",
        sql: include_str!("../migrations/postgres/0001_feed.sql"),
    }],
    tables: &[
        Table { name: "timelines", rows: Rows::None("they are built when they are read") },
        Table { name: "merged_authors", rows: Rows::None("they last as long as timelines do") },
        Table {
            name: "shelved_orders",
            rows: Rows::None("they are gone after half an hour anyway"),
        },
    ],
};

/// What can be set about feeds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How the posts of a feed are found; changes the speed and never the answer.
    pub strategy: config::Strategy,
    /// Followers from which `hybrid` merges an author in at read time.
    pub celebrity_threshold: u64,
    /// The most posts of a feed, and of a stored timeline.
    pub timeline_size: usize,
    /// Posts on a page when the client does not say.
    pub default_limit: Limit,
    /// Days that the trusted dialect's feed goes back.
    pub days_limit: u32,
    /// Timelines that are kept in memory, of up to 8 bytes a post.
    pub timelines: usize,
    /// How long a timeline is kept in Redis that nobody reads.
    pub kept: Duration,
    /// Event streams that one account may have open.
    pub streams_per_user: usize,
    /// The pause between two signs of life on a stream.
    pub ping: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strategy: config::Strategy::Pull,
            celebrity_threshold: 100_000,
            timeline_size: 1000,
            default_limit: Limit::default(),
            days_limit: 7,
            timelines: 10_000,
            kept: Duration::from_mins(5),
            streams_per_user: 5,
            ping: Duration::from_secs(15),
        }
    }
}

impl From<&config::Feed> for Settings {
    fn from(feed: &config::Feed) -> Self {
        Self {
            strategy: feed.strategy,
            celebrity_threshold: feed.celebrity_threshold,
            timeline_size: feed.timeline_size,
            default_limit: Limit::clamped(i64::from(feed.default_limit)),
            days_limit: feed.days_limit,
            ..Self::default()
        }
    }
}

/// Starts the slice. If it stores timelines it does so in Redis, else where everything is: in
/// PostgreSQL, or in the memory of the one process there is.
pub fn start(base: &Base, settings: Settings) -> Result<Slice<FeedService>> {
    let (ids, size) = (base.ids.clone(), settings.timeline_size);
    let timelines: Arc<dyn TimelineStore> = match (base.redis.clone(), &base.database) {
        (Some(redis), _) => Arc::new(RedisTimelines::new(redis, ids, size, settings.kept)),
        (None, Database::Postgres(database)) => {
            Arc::new(PostgresTimelines::new(database.clone(), ids, size))
        }
        (None, Database::Sqlite(_)) => Arc::new(MemoryTimelines::new(settings.timelines, size)),
    };
    start_with_timelines(base, settings, timelines)
}

/// The route of the live stream by itself, to be put where the pages of the site are.
pub fn live<S>(service: Arc<FeedService>) -> axum::routing::MethodRouter<S> {
    routes::live(service)
}

/// Starts the slice with timelines kept in `store`; `pull` does not use it.
pub fn start_with_timelines(
    base: &Base,
    settings: Settings,
    store: Arc<dyn TimelineStore>,
) -> Result<Slice<FeedService>> {
    let service = Arc::new(FeedService::new(base, settings, store));
    let consumers = service.timelines().map(|timelines| {
        let fan_out: Arc<dyn Consumer> = Arc::new(consumers::FanOut(timelines));
        fan_out
    });
    let routes = routes::routes(service.clone());
    let consumers = consumers.into_iter().collect();
    Ok(Slice { service, routes, consumers, followers: Vec::new() })
}
