//! The ground that every route stands on: extractors, errors in three dialects, limits,
//! idempotency, and the loop that listens.
//!
//! A route takes [`Json`], [`Query`] and [`Path`] from here rather than from axum and answers
//! `Result<_, Error>`: whatever it refuses is then written in the dialect of its path by the one
//! layer around all routes.

mod address;
mod compress;
pub mod context;
mod cors;
mod dialect;
mod extract;
pub mod idempotency;
mod limits;
mod shape;

pub use address::{ClientAddress, Network};
pub use dialect::Dialect;
pub use extract::{Json, OptionalJson, Path, Query};
pub use limits::{Limits, LoginAllowance, RegisterAllowance};
