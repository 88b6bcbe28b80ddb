//! Activity as its readers meet it, on a real database and from real events.

mod contention;
mod network;
mod rules;
mod wire;
