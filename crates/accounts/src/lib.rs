//! People: registration, sessions, profiles, roles, API keys, search.
//!
//! An account's password is a bcrypt hash, made on threads of its own. A token is a JWT whose
//! session is a row here: what ends the row ends the token with the next request. Search looks at
//! usernames and full names; popularity, by which its results are put in order, is told by the
//! graph's events.

pub mod account;
mod consumers;
mod followers;
pub mod input;
mod password;
mod routes;
mod service;
mod store;
mod token;

use std::sync::Arc;

use tintype_api::{Base, Slice};
use tintype_platform::Result;
use tintype_platform::db::{Migration, Migrations};
use tintype_platform::transfer::{Rows, Table};

pub use service::{AccountsService, Profile, Registration, SignedUp};

/// The tables of the slice.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "accounts",
    sqlite: &[
        Migration {
            version: 1,
            name: "accounts",
            sql: include_str!("../migrations/sqlite/0001_accounts.sql"),
        },
        Migration {
            version: 2,
            name: "pictures",
            sql: include_str!("../migrations/sqlite/0002_pictures.sql"),
        },
    ],
    postgres: &[Migration {
        version: 1,
        name: "accounts",
        sql: include_str!("../migrations/postgres/0001_accounts.sql"),
    }],
    tables: &[
        Table { name: "accounts", rows: Rows::Same },
        Table { name: "account_usernames", rows: store::USERNAMES },
        Table { name: "account_emails", rows: store::EMAILS },
        Table { name: "account_search", rows: store::SEARCH_PARTS },
        Table { name: "sessions", rows: Rows::Same },
        Table { name: "audit", rows: Rows::Same },
        Table { name: "api_keys", rows: Rows::Same },
    ],
};

/// How the slice is set.
#[derive(Clone)]
pub struct Settings {
    /// By what tokens are signed.
    pub jwt_secret: String,
    /// Days that a token is good for.
    pub token_days: u16,
    /// Cost of a password's hash, 4 to 31.
    pub bcrypt_cost: u32,
    /// Threads that hash; 0 for one to every two cores.
    pub bcrypt_threads: usize,
    /// Hashes that may wait for a thread.
    pub bcrypt_queue: usize,
    /// Accounts, names and tokens that are kept in memory, each.
    pub cached: usize,
}

/// Starts the slice.
pub fn start(base: &Base, settings: Settings) -> Result<Slice<AccountsService>> {
    let store = store::open(&base.database);
    let service = Arc::new(AccountsService::new(base, store, &settings)?);
    Ok(Slice {
        routes: routes::all(service.clone()),
        consumers: consumers::consumers(&service),
        followers: vec![service.clone()],
        service,
    })
}
