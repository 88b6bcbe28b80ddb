//! The outbox: what happened, kept in the same commit as the change itself.

use rusqlite::{Connection, Row, params};

use super::sql::Sql;
use crate::clock::Timestamp;
use crate::error::Result;

/// One thing that happened, as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The place in the outbox, rising in the order of commits; 0 before it is stored.
    pub sequence: i64,
    /// The event's own id, by which a consumer knows it again.
    pub id: u64,
    /// What happened, such as `post.created`.
    pub kind: String,
    /// Whose it is: events of one key are delivered in order.
    pub key: u64,
    /// The event as JSON.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
}

impl Record {
    pub(super) fn insert(&self, connection: &Connection) -> Result<()> {
        connection
            .sql("INSERT INTO outbox (id, kind, key, body, at) VALUES ($1, $2, $3, $4, $5)")?
            .execute(params![
                self.id as i64,
                self.kind,
                self.key as i64,
                self.body,
                self.at.as_millis()
            ])?;
        Ok(())
    }

    /// Reads a row of `sequence, id, kind, key, body, at`.
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            id: row.get::<_, i64>(1)? as u64,
            kind: row.get(2)?,
            key: row.get::<_, i64>(3)? as u64,
            body: row.get(4)?,
            at: Timestamp::from_millis(row.get(5)?),
        })
    }
}
