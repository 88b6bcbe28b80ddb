//! The row that the writer thread is measured with.

use tintype_platform::clock::Timestamp;
use tintype_platform::db::{Migration, Migrations, Record, Sql, Write, params};
use tintype_platform::{IdGenerator, Result};

/// The table of the row.
pub(crate) const MIGRATIONS: Migrations = Migrations {
    slice: "bench",
    list: &[Migration {
        version: 1,
        name: "bench_rows",
        sql: include_str!("../migrations/sqlite/0001_bench_rows.sql"),
    }],
};

/// Puts in one row of the size of a post, and the event that goes with it.
pub(crate) fn insert(write: &Write<'_>, id: u64, author: u64, at: Timestamp) -> Result<()> {
    write
        .sql(
            "INSERT INTO bench_rows
                 (author, id, caption, media, hashtags, likes, comments, views, updated_at)
             VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6)",
        )?
        .execute(params![
            author as i64,
            id as i64,
            "Morning light on the old harbour, before anybody was up #light",
            r#"[{"url":"https://pictures.example/bench/harbour.jpg","kind":"image"}]"#,
            r#"["light"]"#,
            at.as_millis(),
        ])?;
    write.publish(&Record {
        sequence: 0,
        id,
        kind: "post.created".to_owned(),
        key: author,
        body: format!(
            r#"{{"type":"post.created","post":"{id}","author":"{author}","mentions":[]}}"#
        ),
        at,
    })
}

/// A new id and its moment.
pub(crate) fn stamp(ids: &IdGenerator) -> (u64, Timestamp) {
    (ids.next(), ids.clock().now())
}
