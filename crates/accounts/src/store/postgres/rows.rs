//! What a row says.

use std::sync::Arc;

use tintype_api::{Card, UserId};
use tintype_platform::postgres::Row;
use tintype_platform::{Error, Result, Timestamp};

use crate::account::{Account, ApiKey, AuditEntry, Audited, Origin, Session};
use crate::store::{may_write, role};

/// Reads a row of `sql::ACCOUNT`.
pub(super) fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        card: Arc::new(Card {
            id: row.get(0),
            username: row.get(1),
            full_name: row.get(2),
            profile_picture_url: row.get(3),
            is_private: row.get::<_, i64>(4) != 0,
            rendered: tintype_api::Rendered::default(),
        }),
        email: row.get(5),
        bio: row.get(6),
        website: row.get(7),
        role: word(row, 8, role)?,
        created_at: Timestamp::from_millis(row.get(9)),
        updated_at: Timestamp::from_millis(row.get(10)),
    })
}

/// Reads a row of `sql::TRAIL`.
pub(super) fn audit_entry(account: UserId, row: &Row) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.get::<_, i64>(0) as u64,
        account,
        what: word(row, 1, Audited::of_word)?,
        at: Timestamp::from_millis(row.get(2)),
        origin: origin(row, 3),
    })
}

/// Reads a row of `sql::LIST_SESSIONS`.
pub(super) fn session(account: UserId, row: &Row) -> Session {
    Session {
        id: row.get(0),
        account,
        created_at: Timestamp::from_millis(row.get(1)),
        expires_at: Timestamp::from_millis(row.get(2)),
        origin: origin(row, 3),
    }
}

/// Reads a row of `sql::KEYS`.
pub(super) fn key(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        number: row.get::<_, i64>(0) as u64,
        name: row.get(1),
        may_write: word(row, 2, may_write)?,
        created_at: Timestamp::from_millis(row.get(3)),
        revoked_at: row.get::<_, Option<i64>>(4).map(Timestamp::from_millis),
    })
}

/// Reads a stored word.
pub(super) fn word<T>(row: &Row, column: usize, of: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text: &str = row.get(column);
    let unknown = || Error::internal(format!("{text:?} is not a word that is stored here"));
    of(text).ok_or_else(unknown)
}

/// An address and a user agent, from the column `first` on.
fn origin(row: &Row, first: usize) -> Origin {
    let address: Option<&str> = row.get(first);
    Origin {
        address: address.and_then(|address| address.parse().ok()),
        user_agent: row.get(first + 1),
    }
}
