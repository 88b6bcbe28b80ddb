//! What people do here, from their first day to their last.

mod activity;
mod blocks;
mod deletion;
mod feeds;
mod keys;
mod posts;
mod privacy;
mod sessions;
mod stream;
mod tour;
