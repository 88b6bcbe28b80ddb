//! The slice as a whole, on a real database.

mod contention;
mod history;
mod lifecycle;
mod near_and_far;
mod privacy;
mod rules;
mod site;
mod stage;
mod uploads;
mod wire;
