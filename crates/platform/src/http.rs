//! The ground that every route stands on: extractors, errors in three dialects, limits,
//! idempotency, and the loop that listens.
//!
//! A route takes [`Json`], [`Query`] and [`Path`] from here rather than from axum and answers
//! `Result<_, Error>`: whatever it refuses is then written in the dialect of its path by the one
//! layer around all routes, [`stack`].

mod address;
mod body;
mod compress;
pub mod context;
mod cors;
mod dialect;
mod endpoint;
mod extract;
pub mod idempotency;
mod limits;
pub mod operations;
mod probes;
mod reply;
mod request_id;
mod serve;
mod shape;
mod stack;

pub use address::{ClientAddress, Network};
pub use dialect::Dialect;
pub use extract::{Json, OptionalJson, Path, Query};
pub use limits::{Limits, LoginAllowance, RegisterAllowance};
pub use probes::probes;
pub use serve::serve;
pub use stack::{Ground, stack};
