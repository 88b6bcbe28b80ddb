//! `tintype migrate`: a whole site from SQLite to PostgreSQL.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tintype_platform::config::{self, Config};
use tintype_platform::transfer::{Comparison, Transfer};

use super::progress::{advance, bar};
use crate::wiring::MIGRATIONS;

/// What is moved, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {
    /// The database of the site, relative to the data folder; nobody may be serving it
    #[arg(long, default_value = "sqlite:tintype.db", value_name = "sqlite:FILE")]
    from: String,
    /// An empty PostgreSQL database [default: database.url of the configuration]
    #[arg(long, value_name = "postgres://…")]
    pub(super) to: Option<String>,
}

impl Migrate {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode> {
        let from = config::Database { url: self.from, ..config.database.clone() };
        let from = from
            .path(&config.server.data_dir)
            .context("--from names the database of a site as sqlite:FILE")?;
        anyhow::ensure!(
            config.database_path().is_none(),
            "say with --to where the site is to go: postgres://USER:PASSWORD@HOST:PORT/DATABASE"
        );
        let mut transfer =
            Transfer::begin(&from, &(&config.database).try_into()?, &MIGRATIONS).await?;

        let rows = transfer.shares().map(|share| share.rows).sum();
        let taken = transfer.shares().map(|share| share.taken).sum();
        if taken > 0 {
            println!("{taken} of {rows} rows were read before; going on behind them.");
        }
        let copying = bar(rows, "Copying")?;
        copying.set_position(taken);
        transfer.copy(|table, taken| advance(&copying, table, taken)).await?;
        copying.finish_and_clear();

        let comparing = bar(rows, "Comparing")?;
        let comparisons =
            transfer.compare(|table, taken| advance(&comparing, table, taken)).await?;
        comparing.finish_and_clear();
        let differing: Vec<&str> = comparisons
            .iter()
            .inspect(|comparison| print(comparison))
            .filter(|comparison| comparison.source != comparison.target)
            .map(|comparison| comparison.table)
            .collect();
        if !differing.is_empty() {
            println!(
                "Not the same on both sides: {}. Was the site served between two runs? Empty the \
                 PostgreSQL database and start again.",
                differing.join(", ")
            );
            return Ok(ExitCode::FAILURE);
        }
        transfer.finish().await?;
        println!("Everything is there, and the same on both sides. Before it is served:");
        for word in [
            "give every process the same auth.jwt_secret; with that of the data folder (jwt.secret) \
             people stay signed in",
            "pictures and films are not in the database: copy the folder media/ into the bucket that \
             media.url will name, under the same names, or have every process see that folder",
            "keep the SQLite database until you are content, and serve it no more",
        ] {
            println!("  * {word}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(Comparison { table, source, target }: &Comparison) {
    if source == target {
        println!("{table:<18} {:>12} rows  {source}", source.rows);
    } else {
        println!(
            "{table:<18} {:>12} rows  {source} in SQLite\n{:<18} {:>12} rows  {target} in PostgreSQL",
            source.rows, "", target.rows
        );
    }
}
