//! Mechanism without domain: what every slice of Tintype stands on.
//!
//! Nothing here knows what a post or a follower is. A module is one mechanism:
//!
//! * [`clock`] and [`id`]: time and ids, always passed in, never taken from the air
//! * [`error`]: the one error that travels from a store to a client
//! * [`page`]: cursors and limits of lists
//! * [`db`]: the database of a site, which is one of the next two; migrations
//! * [`sqlite`]: SQLite behind one writer thread with group commit
//! * [`postgres`]: PostgreSQL behind pipelined reads and a pool for changes
//! * [`transfer`]: moving a site from one to the other
//! * [`outbox`], [`bus`]: what happened, and durable consumers of it
//! * [`once`]: changes that are made once, however often they are tried
//! * [`cache`]: a cache that no race can make stale, in the process and in Redis for several
//! * [`horizon`]: how far a process sees what the others commit
//! * [`redis`]: Redis, by itself, watched over by Sentinels or as a Cluster
//! * [`rpc`]: one service trait, near or far
//! * [`http`]: extractors, the three dialects of errors, limits, the listening loop
//! * [`config`], [`telemetry`]: what is in force, and what happened
//! * [`testkit`]: a database, a clock and a far side for tests

pub mod bus;
pub mod cache;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod horizon;
pub mod http;
pub mod id;
pub mod objects;
pub mod once;
pub mod outbox;
pub mod page;
pub mod postgres;
pub mod redis;
pub mod rpc;
pub mod sqlite;
pub mod telemetry;
pub mod testkit;
pub mod transfer;

pub use clock::{Clock, Timestamp};
pub use error::{Error, Result};
pub use id::IdGenerator;
