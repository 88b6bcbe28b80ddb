//! The graph as the other slices and its clients meet it, on a real database.

mod conforms;
mod contention;
mod history;
mod network;
mod rules;
mod wire;
