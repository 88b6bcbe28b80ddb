//! `tintype migrate`: a whole site from SQLite to PostgreSQL.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use tintype_platform::config::{self, Config};
use tintype_platform::transfer::{Comparison, Transfer};

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
        let bar = bar(rows, "Copying")?;
        bar.set_position(taken);
        transfer.copy(|table, taken| advance(&bar, table, taken)).await?;
        bar.finish_and_clear();

        let bar = self::bar(rows, "Comparing")?;
        let comparisons = transfer.compare(|table, taken| advance(&bar, table, taken)).await?;
        bar.finish_and_clear();
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

/// A bar on a terminal; elsewhere nothing is seen of it.
fn bar(rows: u64, what: &'static str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template(
        "{prefix:<10} {msg:<18} {wide_bar} {percent:>3} %  {eta} left",
    )
    .context("the bar's template is well-formed")?;
    let bar = ProgressBar::new(rows).with_style(style).with_prefix(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}

/// Moves the bar on; where there is none, a line says so now and then.
fn advance(bar: &ProgressBar, table: &'static str, rows: u64) {
    let percent = |rows: u64| 100 * rows / bar.length().unwrap_or(0).max(1);
    let before = bar.position();
    bar.set_message(table);
    bar.inc(rows);
    if bar.is_hidden() && percent(before) / 10 < percent(bar.position()) / 10 {
        println!("{} {table}: {} %", bar.prefix(), percent(bar.position()));
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
