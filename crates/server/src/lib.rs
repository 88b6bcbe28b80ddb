//! The program `tintype`: the whole network in one process.
//!
//! [`wiring`] says which slice runs here; [`commands`] are what a person can ask for; everything
//! else stands in the crates of the slices and of the platform.

pub mod commands;
mod data_lock;
mod demo;
mod docs;
mod health;
mod operations;
mod report;
mod warming;
pub mod wiring;
