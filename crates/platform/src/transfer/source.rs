//! The embedded database that a site is moved from.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tokio::sync::mpsc;

use super::{Making, Row, Rows, Table, lines};
use crate::db::Migrations;
use crate::error::{Error, Result};
use crate::sqlite;

/// Bytes of a batch, about; and rows at the most.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_ROWS: u64 = 10_000;

/// Batches that are read ahead.
const AHEAD: usize = 2;

/// A database that nobody else uses.
pub(super) struct Source {
    connection: Arc<Mutex<Connection>>,
    name: String,
}

/// How the rows of a table are read.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) table: &'static str,
    /// The columns that are filled, in the order of the lines.
    pub(super) columns: Vec<String>,
    /// Rows that there are to read.
    pub(super) rows: u64,
    select: String,
    by: Option<Making>,
}

/// Rows, as lines of text.
pub(super) struct Batch {
    pub(super) text: Bytes,
    /// Rows that were read for it.
    pub(super) taken: u64,
}

impl Source {
    pub(super) fn open(path: &Path, migrations: &[Migrations]) -> Result<Self> {
        let connection = sqlite::open_alone(path, migrations)?;
        let name = path.canonicalize().map_err(Error::internal)?;
        let connection = Arc::new(Mutex::new(connection));
        Ok(Self { connection, name: name.to_string_lossy().into_owned() })
    }

    /// By what the same database is known again.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How the rows of `table` are read; none for one that stays empty.
    pub(super) fn plan(&self, table: &'static Table) -> Result<Option<Plan>> {
        let connection = self.connection.lock();
        let by = match table.rows {
            Rows::Made { by, .. } => Some(by),
            _ => None,
        };
        let (select, columns) = match table.rows {
            Rows::None(_) => return Ok(None),
            Rows::Made { of, columns, .. } => {
                (of.to_owned(), columns.iter().map(|column| (*column).to_owned()).collect())
            }
            Rows::Selected(select) => (select.to_owned(), columns_of(&connection, select)?),
            Rows::Same => {
                let columns = columns_of(&connection, &format!("SELECT * FROM {}", table.name))?;
                let key = key_of(&connection, table.name)?;
                let all = quoted(&columns);
                (format!("SELECT {all} FROM {} ORDER BY {}", table.name, quoted(&key)), columns)
            }
        };
        let count = format!("SELECT count(*) FROM ({select})");
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        Ok(Some(Plan { table: table.name, columns, rows: rows as u64, select, by }))
    }

    /// Reads the rows of a table behind the first `skipped`, in batches, for as long as somebody takes
    /// them.
    pub(super) fn read(&self, plan: &Plan, skipped: u64) -> mpsc::Receiver<Result<Batch>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (connection, plan) = (self.connection.clone(), plan.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = read(&connection.lock(), &plan, skipped, &sender) {
                let _ = sender.blocking_send(Err(error));
            }
        });
        receiver
    }
}

fn read(
    connection: &Connection,
    plan: &Plan,
    skipped: u64,
    sender: &mpsc::Sender<Result<Batch>>,
) -> Result<()> {
    let mut statement =
        connection.prepare(&format!("{} LIMIT -1 OFFSET {skipped}", plan.select))?;
    let mut rows = statement.query([])?;
    loop {
        let (mut text, mut taken) = (Vec::new(), 0);
        while taken < BATCH_ROWS && text.len() < BATCH_BYTES {
            let Some(row) = rows.next()? else { break };
            add(&mut text, row, plan)?;
            taken += 1;
        }
        if taken == 0 {
            return Ok(());
        }
        if sender.blocking_send(Ok(Batch { text: text.into(), taken })).is_err() {
            return Ok(());
        }
    }
}

/// The lines that come of a row.
fn add(text: &mut Vec<u8>, row: &Row<'_>, plan: &Plan) -> Result<()> {
    if let Some(by) = plan.by {
        for made in by(row)? {
            lines::push(text, made.iter().map(ValueRef::from));
        }
        return Ok(());
    }
    let values = (0..plan.columns.len()).map(|place| row.get_ref(place));
    let values: Vec<ValueRef<'_>> = values.collect::<rusqlite::Result<_>>()?;
    lines::push(text, values.into_iter());
    Ok(())
}

fn columns_of(connection: &Connection, select: &str) -> Result<Vec<String>> {
    let statement = connection.prepare(select)?;
    Ok(statement.column_names().map(str::to_owned).collect())
}

fn key_of(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?;
    let key = statement.query_map([table], |row| row.get(0))?;
    Ok(key.collect::<rusqlite::Result<_>>()?)
}

/// Names as both databases take them, whatever words they are.
pub(super) fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
