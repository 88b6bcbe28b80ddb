//! What databases are measured with: the rows of a post, and nothing of what is around it.

use anyhow::Context;
use tintype_platform::clock::Timestamp;
use tintype_platform::db::{Migration, Migrations};
use tintype_platform::outbox::Record;
use tintype_platform::sqlite::{Sql, Write, params};
use tintype_platform::{IdGenerator, Result};
use tokio_postgres::{Client, NoTls, Statement};

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

/// The table of raw inserts.
const TABLE: &str = include_str!("../migrations/postgres/0001_bench_inserts.sql");
const DROP_TABLE: &str = "DROP TABLE bench_inserts";
const INSERT: &str = "INSERT INTO bench_inserts
         (author, id, caption, media, hashtags, mentions, hidden, likes, comments, views, updated_at)
     VALUES ($1, $2, $3, $4, $5, '[]', 0, 0, 0, 0, $6)";

/// A connection to PostgreSQL that puts in one row after another.
pub(crate) struct Inserts {
    client: Client,
    insert: Option<Statement>,
}

impl Inserts {
    /// Connects to the server of `url`, which speaks without encryption.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // Its errors are those of the statements that are under way.
        tokio::spawn(connection);
        Ok(Self { client, insert: None })
    }

    pub(crate) async fn make_table(&self) -> anyhow::Result<()> {
        Ok(self.client.batch_execute(TABLE).await?)
    }

    pub(crate) async fn drop_table(&self) -> anyhow::Result<()> {
        Ok(self.client.batch_execute(DROP_TABLE).await?)
    }

    pub(crate) async fn prepare(&mut self) -> anyhow::Result<()> {
        self.insert = Some(self.client.prepare(INSERT).await?);
        Ok(())
    }

    /// Puts in a row, which is durable when this answers.
    pub(crate) async fn insert(&self, author: u64, id: u64) -> anyhow::Result<()> {
        let insert = self.insert.as_ref().context("the statement is prepared first")?;
        let caption = "Morning light on the old harbour, before anybody was up #light";
        let media = r#"[{"url":"https://pictures.example/bench/harbour.jpg","kind":"image"}]"#;
        let (author, id) = (author as i64, id as i64);
        self.client
            .execute(insert, &[&author, &id, &caption, &media, &r#"["light"]"#, &id])
            .await?;
        Ok(())
    }
}

/// A database of its own on a PostgreSQL server, which goes when this does.
pub(crate) struct Lent {
    server: Client,
    server_url: String,
    name: String,
    /// Its address.
    pub(crate) url: String,
    is_removed: bool,
}

impl Lent {
    /// Makes the database `name` on the server of `url`.
    pub(crate) async fn make(url: &str, name: &str) -> anyhow::Result<Self> {
        let mut address = url::Url::parse(url).context("the address of PostgreSQL")?;
        let (server, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .context("PostgreSQL cannot be reached at the address of --on")?;
        tokio::spawn(connection);
        server
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .context("a database for the measurement cannot be made")?;
        address.set_path(name);
        let (server_url, name) = (url.to_owned(), name.to_owned());
        Ok(Self { server, server_url, name, url: address.into(), is_removed: false })
    }

    /// What the server says of itself: its version, what keeps writes, and the process behind this
    /// connection.
    pub(crate) async fn about(&self) -> anyhow::Result<(String, u32)> {
        let row = self.server.query_one(ABOUT, &[]).await?;
        let pid: i32 = row.get(3);
        let [version, fsync, commit] = [0, 1, 2].map(|at| row.get::<_, &str>(at));
        let about = format!("PostgreSQL {version} (fsync {fsync}, synchronous_commit {commit})");
        Ok((about, pid as u32))
    }

    /// Lets the planner know what is in the database.
    pub(crate) async fn analyze(&self) -> anyhow::Result<()> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client.batch_execute("VACUUM ANALYZE").await?)
    }

    /// Removes the database, and says so if that fails.
    pub(crate) async fn remove(mut self) -> anyhow::Result<()> {
        self.server.batch_execute(&self.removal()).await?;
        self.is_removed = true;
        Ok(())
    }

    fn removal(&self) -> String {
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
    }
}

impl Drop for Lent {
    /// What was measured with it has failed, and leaves nothing behind for that.
    fn drop(&mut self) {
        if self.is_removed {
            return;
        }
        let (url, removal) = (self.server_url.clone(), self.removal());
        // The runtime that the connection is driven by may be ending.
        let removing = std::thread::spawn(move || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let (server, connection) = tokio_postgres::connect(&url, NoTls).await?;
                tokio::spawn(connection);
                Ok(server.batch_execute(&removal).await?)
            })
        });
        // The failure that led here is what is told.
        let _ = removing.join();
    }
}

const ABOUT: &str = "SELECT current_setting('server_version'), current_setting('fsync'),
     current_setting('synchronous_commit'), pg_backend_pid()";
