//! What the writer thread is measured with: the rows of a post, and nothing of what is around it.

use tintype_platform::clock::Timestamp;
use tintype_platform::db::{Migration, Migrations};
use tintype_platform::outbox::Record;
use tintype_platform::sqlite::{Sql, Write, params};
use tintype_platform::{IdGenerator, Result};

/// The tables of the rows.
pub(crate) const MIGRATIONS: Migrations = Migrations {
    slice: "bench",
    postgres: &[],
    sqlite: &[Migration {
        version: 1,
        name: "bench_rows",
        sql: include_str!("../migrations/sqlite/0001_bench_rows.sql"),
    }],
    tables: &[],
};

/// Puts in what a post with one hashtag puts in: a row with an index, the hashtag, the author's
/// count and the event.
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
    write
        .sql("INSERT INTO bench_tags (tag, post) VALUES ($1, $2)")?
        .execute(params!["light", id as i64])?;
    write
        .sql(
            "INSERT INTO bench_counts (author, posts) VALUES ($1, 1)
             ON CONFLICT (author) DO UPDATE SET posts = bench_counts.posts + 1",
        )?
        .execute([author as i64])?;
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
