//! What rows say.

use rusqlite::types::Type;
use tintype_api::{Drift, MediaId, UserId};
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Row, Sql, params};
use tintype_platform::{Result, Timestamp};

use crate::names::Token;
use crate::store::{Pending, Record, Standing, Usage, differences, file_type, kind, sql};

const BY_IDS: &str = sql::records!("WHERE owner = $1 AND id IN rarray($2)");
const BY_TOKEN: &str = sql::records!("WHERE owner = $1 AND token = $2");

/// A column that holds one of a few words.
fn word<T>(row: &Row<'_>, column: usize, read: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            Type::Text,
            format!("unknown word {text:?}").into(),
        )
    })
}

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let receipt: String = row.get(12)?;
    Ok(Record {
        owner: row.get(0)?,
        id: row.get(1)?,
        token: row.get(2)?,
        kind: word(row, 3, kind)?,
        file_type: word(row, 4, file_type)?,
        width: row.get(5)?,
        height: row.get(6)?,
        duration_ms: row.get::<_, Option<i64>>(7)?.map(|duration| duration as u64),
        blurhash: row.get(8)?,
        alt_text: row.get(9)?,
        has_poster: row.get(10)?,
        bytes: row.get::<_, i64>(11)? as u64,
        receipt: serde_json::from_str(&receipt).map_err(|cause| {
            rusqlite::Error::FromSqlConversionFailure(12, Type::Text, cause.into())
        })?,
    })
}

pub(super) fn pending(row: &Row<'_>) -> rusqlite::Result<Pending> {
    Ok(Pending {
        owner: row.get(0)?,
        id: row.get(1)?,
        token: row.get(2)?,
        file_type: word(row, 3, file_type)?,
        expires_at: Timestamp::from_millis(row.get(4)?),
    })
}

/// Bytes and files, in two columns from `first` on.
pub(super) fn usage(row: &Row<'_>, first: usize) -> rusqlite::Result<Usage> {
    Ok(Usage {
        bytes: row.get::<_, i64>(first)? as u64,
        files: row.get::<_, i64>(first + 1)? as u64,
    })
}

pub(super) fn collect<T>(
    rows: rusqlite::Rows<'_>,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    Ok(rows.mapped(read).collect::<rusqlite::Result<_>>()?)
}

pub(super) fn by_ids(
    connection: &Connection,
    owner: UserId,
    ids: impl IntoIterator<Item = MediaId>,
) -> Result<Vec<Record>> {
    let ids = Ids::new(ids);
    collect(connection.sql(BY_IDS)?.query(params![owner, ids])?, record)
}

pub(super) fn by_token(
    connection: &Connection,
    owner: UserId,
    token: Token,
) -> Result<Option<Record>> {
    let mut statement = connection.sql(BY_TOKEN)?;
    Ok(statement.query_row(params![owner, token], record).optional()?)
}

pub(super) fn pending_by_id(
    connection: &Connection,
    owner: UserId,
    id: MediaId,
) -> Result<Option<Pending>> {
    let mut statement = connection.sql(sql::PENDING)?;
    Ok(statement.query_row(params![owner, id], pending).optional()?)
}

pub(super) fn standing(connection: &Connection, owner: UserId) -> Result<Standing> {
    let mut statement = connection.sql(sql::USAGE)?;
    let standing = statement
        .query_row([owner], |row| Ok(Standing { usage: usage(row, 0)?, gone: row.get(2)? }))
        .optional()?;
    Ok(standing.unwrap_or_default())
}

pub(super) fn drift(connection: &Connection) -> Result<Vec<Drift>> {
    let mut statement = connection.sql(sql::DRIFT)?;
    let mut rows = statement.query([])?;
    let mut drift = Vec::new();
    while let Some(row) = rows.next()? {
        let (bytes, files) = ([row.get(1)?, row.get(2)?], [row.get(3)?, row.get(4)?]);
        drift.extend(differences(row.get(0)?, bytes, files));
    }
    Ok(drift)
}
