//! What a row says.

use std::sync::Arc;

use rusqlite::types::Type;
use tintype_api::{Card, UserId};
use tintype_platform::Timestamp;
use tintype_platform::sqlite::Row;

use crate::account::{Account, AuditEntry, Audited, Origin, Session};
use crate::store::role;

/// Reads a row of `sql::ACCOUNT`.
pub(super) fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        card: Arc::new(Card {
            id: row.get(0)?,
            username: row.get(1)?,
            full_name: row.get(2)?,
            profile_picture_url: row.get(3)?,
            is_private: row.get(4)?,
            rendered: tintype_api::Rendered::default(),
        }),
        email: row.get(5)?,
        bio: row.get(6)?,
        website: row.get(7)?,
        role: word(row, 8, role)?,
        created_at: Timestamp::from_millis(row.get(9)?),
        updated_at: Timestamp::from_millis(row.get(10)?),
    })
}

/// Reads a row of `sql::TRAIL`.
pub(super) fn audit_entry(account: UserId, row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let address: Option<String> = row.get(3)?;
    Ok(AuditEntry {
        id: row.get::<_, i64>(0)? as u64,
        account,
        what: word(row, 1, Audited::of_word)?,
        at: Timestamp::from_millis(row.get(2)?),
        origin: Origin {
            address: address.and_then(|address| address.parse().ok()),
            user_agent: row.get(4)?,
        },
    })
}

/// Reads a row of `sql::LIST_SESSIONS`.
pub(super) fn session(account: UserId, row: &Row<'_>) -> rusqlite::Result<Session> {
    let address: Option<String> = row.get(3)?;
    Ok(Session {
        id: row.get(0)?,
        account,
        created_at: Timestamp::from_millis(row.get(1)?),
        expires_at: Timestamp::from_millis(row.get(2)?),
        origin: Origin {
            address: address.and_then(|address| address.parse().ok()),
            user_agent: row.get(4)?,
        },
    })
}

/// Reads a stored word.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    of: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    of(text).ok_or_else(|| {
        let unknown = format!("{text:?} is not a word that is stored here");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, unknown.into())
    })
}
