//! Forward-only migrations, embedded in the program.

use std::time::Duration;

use tokio_postgres::Transaction;
use tokio_postgres::error::{DbError, SqlState};

use super::connect::Connector;
use crate::db::{self, Migrations};
use crate::error::{Error, Result};

/// Tries to make the table of migrations, which several processes may do at once.
const TRIES: u32 = 5;

/// Brings the tables of all slices up to date, or changes nothing at all.
pub(super) async fn migrate(connector: &Connector, all: &[Migrations]) -> Result<()> {
    let mut client = connector.connect().await?;
    // A migration may take its time, and wait for another process that is at it. That there is
    // nothing to do is no news.
    client.batch_execute("SET statement_timeout = 0; SET client_min_messages = warning").await?;
    make_table(&client).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute("LOCK TABLE migrations IN ACCESS EXCLUSIVE MODE").await?;
    refuse_newer(&transaction, all).await?;
    for migrations in all {
        for migration in migrations.postgres {
            apply(&transaction, migrations.slice, migration).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

async fn make_table(client: &tokio_postgres::Client) -> Result<()> {
    let mut tries = 0;
    loop {
        let made = client
            .batch_execute(
                "CREATE TABLE IF NOT EXISTS migrations (
                     slice    TEXT   NOT NULL,
                     version  BIGINT NOT NULL,
                     name     TEXT   NOT NULL,
                     checksum TEXT   NOT NULL,
                     PRIMARY KEY (slice, version)
                 )",
            )
            .await;
        tries += 1;
        match made {
            Ok(()) => return Ok(()),
            Err(error) if was_made_meanwhile(&error) && tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(unusable(error)),
        }
    }
}

/// What whoever starts the program is told of a database in which tables cannot be made.
fn unusable(cause: tokio_postgres::Error) -> Error {
    let Some(said) = cause.as_db_error().map(DbError::message) else { return cause.into() };
    match cause.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Error::forbidden(
            "database_not_owned",
            format!(
                "The role that database.url names may not make tables there ({said}); make it the \
                 owner of the database"
            ),
        ),
        Some(&(SqlState::DUPLICATE_TABLE | SqlState::DUPLICATE_OBJECT)) => Error::conflict(
            "database_not_empty",
            format!(
                "The database that database.url names is used for something else already ({said}); \
                 give Tintype one of its own"
            ),
        ),
        _ => cause.into(),
    }
}

/// Two that make a table at once meet in one of the catalogues: in that of relations, of types
/// (a table has one of its own), or in an index of either.
fn was_made_meanwhile(error: &tokio_postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(
            &(SqlState::UNIQUE_VIOLATION | SqlState::DUPLICATE_OBJECT | SqlState::DUPLICATE_TABLE)
        )
    )
}

async fn refuse_newer(transaction: &Transaction<'_>, all: &[Migrations]) -> Result<()> {
    let rows =
        transaction.query("SELECT slice, max(version) FROM migrations GROUP BY slice", &[]).await?;
    let applied: Vec<(String, u32)> =
        rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u32)).collect();
    db::refuse_newer(all.iter().map(|slice| (slice.slice, slice.postgres)), &applied)
}

async fn apply(
    transaction: &Transaction<'_>,
    slice: &str,
    migration: &db::Migration,
) -> Result<()> {
    let version = i64::from(migration.version);
    let applied = transaction
        .query_opt(
            "SELECT checksum FROM migrations WHERE slice = $1 AND version = $2",
            &[&slice, &version],
        )
        .await?;
    let applied: Option<String> = applied.map(|row| row.get(0));
    if !migration.is_to_be_applied(slice, applied.as_deref())? {
        return Ok(());
    }
    transaction.batch_execute(migration.sql).await.map_err(|cause| {
        tracing::error!(slice, version, "a migration failed");
        unusable(cause)
    })?;
    transaction
        .execute(
            "INSERT INTO migrations (slice, version, name, checksum) VALUES ($1, $2, $3, $4)",
            &[&slice, &version, &migration.name, &migration.checksum()],
        )
        .await?;
    Ok(())
}
