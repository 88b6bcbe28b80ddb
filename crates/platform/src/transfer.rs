//! Moving a whole site from the embedded database to PostgreSQL.
//!
//! Each slice says beside its migrations where the rows of its tables come from ([`Table`]); how they are
//! copied and compared is the same for all. Rows are read in the order of their key, once, and written
//! in batches; each batch commits together with how far it has come, so that a transfer that was
//! killed goes on behind the last batch and nothing is there twice.
//!
//! A database that is not whole is served by nobody (`refuse_unfinished`), and the embedded one is
//! locked for as long as it is read.

mod lines;
mod source;
mod target;

use std::path::Path;

pub use rusqlite::types::Value;

use crate::db::Migrations;
use crate::error::{Error, Kind, Result};
use crate::postgres;
pub use crate::sqlite::Row;
pub use lines::Digest;
use source::{Plan, Source};
use target::Target;

/// A table of PostgreSQL, and what it holds when a site has moved there.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Where its rows come from.
    pub rows: Rows,
}

/// Where the rows of a [`Table`] come from.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    /// From the embedded table of the same name, column for column.
    Same,
    /// From a statement on the embedded database, whose columns are called as those of the table. It
    /// ends with an `ORDER BY` by which the rows always come in one order.
    Selected(&'static str),
    /// Each row of such a statement makes several.
    Made {
        /// The statement.
        of: &'static str,
        /// The columns of what is made.
        columns: &'static [&'static str],
        /// Makes them.
        by: Making,
    },
    /// There are none, for this reason.
    None(&'static str),
}

/// What makes several rows of one.
pub type Making = fn(&Row<'_>) -> rusqlite::Result<Vec<Vec<Value>>>;

/// A transfer that has begun.
pub struct Transfer {
    source: Source,
    target: Target,
    /// With how many rows of each were taken before.
    plans: Vec<(Plan, u64)>,
}

/// How much of a table there is to copy.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// The table.
    pub table: &'static str,
    /// Rows that it is made of.
    pub rows: u64,
    /// How many of them were taken before.
    pub taken: u64,
}

/// A table as it is on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// The table.
    pub table: &'static str,
    /// What was to be copied.
    pub source: Digest,
    /// What is there.
    pub target: Digest,
}

impl Transfer {
    /// Begins to move the site in the file `from`, or goes on where an earlier transfer ended. Brings
    /// the tables of both sides up to date.
    ///
    /// Refuses a file that a server uses and keeps servers from it, and refuses a database on the
    /// other side that holds anything else than the beginnings of this very copy.
    pub async fn begin(
        from: &Path,
        to: &postgres::Options,
        migrations: &[Migrations],
    ) -> Result<Self> {
        let source = Source::open(from, migrations)?;
        let mut target = Target::open(to, migrations).await?;
        let tables: Vec<&'static Table> =
            migrations.iter().flat_map(|slice| slice.tables).collect();
        let taken = target.begin(source.name(), &tables).await?;
        let mut plans = Vec::new();
        for table in tables {
            if let Some(plan) = source.plan(table)? {
                plans.push((plan, taken.get(table.name).copied().unwrap_or(0)));
            }
        }
        Ok(Self { source, target, plans })
    }

    /// What there is to copy.
    pub fn shares(&self) -> impl Iterator<Item = Share> {
        self.plans.iter().map(|(plan, taken)| Share {
            table: plan.table,
            rows: plan.rows,
            taken: *taken,
        })
    }

    /// Copies what is not there yet; `tell` hears of each batch its table and how many rows it took.
    pub async fn copy(&mut self, mut tell: impl FnMut(&'static str, u64)) -> Result<()> {
        for (plan, taken) in &mut self.plans {
            let mut batches = self.source.read(plan, *taken);
            while let Some(batch) = batches.recv().await {
                let batch = batch?;
                self.target.add(plan, *taken, &batch).await?;
                *taken += batch.taken;
                tell(plan.table, batch.taken);
            }
        }
        Ok(())
    }

    /// Reads every table on both sides; `tell` hears how many rows of the source were read.
    pub async fn compare(
        &self,
        mut tell: impl FnMut(&'static str, u64),
    ) -> Result<Vec<Comparison>> {
        let mut comparisons = Vec::new();
        for (plan, _) in &self.plans {
            let source = async {
                let mut digest = Digest::default();
                let mut batches = self.source.read(plan, 0);
                while let Some(batch) = batches.recv().await {
                    let batch = batch?;
                    digest.add_lines(&batch.text);
                    tell(plan.table, batch.taken);
                }
                Ok(digest)
            };
            let (source, target) = tokio::try_join!(source, self.target.digest(plan))?;
            comparisons.push(Comparison { table: plan.table, source, target });
        }
        Ok(comparisons)
    }

    /// Lets the site be served from where it is now. To be called when the [comparison](Self::compare)
    /// has found no difference.
    pub async fn finish(self) -> Result<()> {
        self.target.finish().await
    }
}

/// Refuses a database to which a site is being moved: what is missing there would seem to be deleted.
pub(crate) async fn refuse_unfinished(database: &postgres::Database) -> Result<()> {
    match database.query_opt("SELECT source FROM moving LIMIT 1", &[]).await? {
        None => Ok(()),
        Some(row) => Err(Error::new(
            Kind::Conflict,
            "unfinished_transfer",
            format!(
                "{} was not copied to this database to the end; run `tintype migrate` again",
                row.get::<_, &str>(0)
            ),
        )),
    }
}
