//! Forward-only migrations, embedded in the program.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::db::{self, Migration, Migrations};
use crate::error::Result;

/// Brings the tables of all slices up to date, or changes nothing at all.
pub(super) fn migrate(connection: &mut Connection, all: &[Migrations]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             slice TEXT NOT NULL,
             version INTEGER NOT NULL,
             name TEXT NOT NULL,
             checksum TEXT NOT NULL,
             PRIMARY KEY (slice, version)
         ) WITHOUT ROWID, STRICT",
    )?;
    refuse_newer(&transaction, all)?;
    for migrations in all {
        for migration in migrations.sqlite {
            apply(&transaction, migrations.slice, migration)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn refuse_newer(connection: &Connection, all: &[Migrations]) -> Result<()> {
    let mut statement =
        connection.prepare("SELECT slice, max(version) FROM migrations GROUP BY slice")?;
    let applied = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    db::refuse_newer(all.iter().map(|slice| (slice.slice, slice.sqlite)), &applied)
}

fn apply(connection: &Connection, slice: &str, migration: &Migration) -> Result<()> {
    let applied: Option<String> = connection
        .query_row(
            "SELECT checksum FROM migrations WHERE slice = ?1 AND version = ?2",
            params![slice, migration.version],
            |row| row.get(0),
        )
        .optional()?;
    if !migration.is_to_be_applied(slice, applied.as_deref())? {
        return Ok(());
    }
    connection.execute_batch(migration.sql)?;
    connection.execute(
        "INSERT INTO migrations (slice, version, name, checksum) VALUES (?1, ?2, ?3, ?4)",
        params![slice, migration.version, migration.name, migration.checksum()],
    )?;
    Ok(())
}
