//! Forward-only migrations, embedded in the program.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::error::{Error, Kind, Result};

/// One step of a slice's tables. Once released it is never edited: a checksum finds out.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, without gaps.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    /// The statements, run as a whole in one transaction.
    pub sql: &'static str,
}

/// All steps of one slice.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The slice that owns the tables.
    pub slice: &'static str,
    /// In rising order of version.
    pub list: &'static [Migration],
}

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
        for migration in migrations.list {
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
    for (slice, version) in applied {
        let known = all
            .iter()
            .find(|migrations| migrations.slice == slice)
            .and_then(|migrations| migrations.list.last())
            .map_or(0, |migration| migration.version);
        if version > known {
            return Err(Error::new(
                Kind::Conflict,
                "newer_database",
                format!(
                    "The database was written by a newer Tintype ({slice} is at version {version}, \
                     this program knows {known}); start the newer program, or restore a backup"
                ),
            ));
        }
    }
    Ok(())
}

fn apply(connection: &Connection, slice: &str, migration: &Migration) -> Result<()> {
    let checksum = hex(&Sha256::digest(migration.sql.as_bytes()));
    let applied: Option<String> = connection
        .query_row(
            "SELECT checksum FROM migrations WHERE slice = ?1 AND version = ?2",
            params![slice, migration.version],
            |row| row.get(0),
        )
        .optional()?;
    match applied {
        Some(applied) if applied == checksum => Ok(()),
        Some(_) => Err(Error::new(
            Kind::Conflict,
            "changed_migration",
            format!(
                "Migration {} of {slice} is not the one that this database was made with; use the \
                 program that made it, or restore a backup",
                migration.version
            ),
        )),
        None => {
            connection.execute_batch(migration.sql)?;
            connection.execute(
                "INSERT INTO migrations (slice, version, name, checksum) VALUES (?1, ?2, ?3, ?4)",
                params![slice, migration.version, migration.name, checksum],
            )?;
            Ok(())
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
