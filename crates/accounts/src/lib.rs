//! People: registration, sessions, profiles, roles, API keys, search.

mod account;
mod input;
mod password;
mod store;
mod token;

use tintype_platform::db::{Migration, Migrations};

/// The tables of the slice.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "accounts",
    list: &[Migration {
        version: 1,
        name: "accounts",
        sql: include_str!("../migrations/sqlite/0001_accounts.sql"),
    }],
};
