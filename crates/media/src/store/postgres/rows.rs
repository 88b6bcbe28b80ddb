//! What rows say.

use tintype_api::Drift;
use tintype_platform::postgres::Row;
use tintype_platform::{Error, Result, Timestamp};

use crate::store::{Pending, Record, Standing, Usage, differences, file_type, kind};

pub(super) fn record(row: &Row) -> Result<Record> {
    Ok(Record {
        owner: row.get(0),
        id: row.get(1),
        token: row.get(2),
        kind: word(row, 3, kind)?,
        file_type: word(row, 4, file_type)?,
        width: row.get::<_, i64>(5) as u32,
        height: row.get::<_, i64>(6) as u32,
        duration_ms: row.get::<_, Option<i64>>(7).map(|duration| duration as u64),
        blurhash: row.get(8),
        alt_text: row.get(9),
        has_poster: row.get::<_, i64>(10) != 0,
        bytes: row.get::<_, i64>(11) as u64,
        receipt: serde_json::from_str(row.get(12))?,
    })
}

pub(super) fn pending(row: &Row) -> Result<Pending> {
    Ok(Pending {
        owner: row.get(0),
        id: row.get(1),
        token: row.get(2),
        file_type: word(row, 3, file_type)?,
        expires_at: Timestamp::from_millis(row.get(4)),
    })
}

/// Reads a row of `sql::USAGE`.
pub(super) fn standing(row: &Row) -> Standing {
    Standing { usage: usage(row), gone: row.get::<_, i64>(2) != 0 }
}

/// Bytes and files, in the first two columns.
pub(super) fn usage(row: &Row) -> Usage {
    Usage { bytes: row.get::<_, i64>(0) as u64, files: row.get::<_, i64>(1) as u64 }
}

/// Reads a row of `sql::DRIFT`.
pub(super) fn drift(row: &Row) -> impl Iterator<Item = Drift> {
    differences(row.get(0), [row.get(1), row.get(2)], [row.get(3), row.get(4)])
}

/// A column that holds one of a few words.
fn word<T>(row: &Row, column: usize, read: fn(&str) -> Option<T>) -> Result<T> {
    let text: &str = row.get(column);
    read(text).ok_or_else(|| Error::internal(format!("unknown word {text:?}")))
}
