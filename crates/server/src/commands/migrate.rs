//! `tintype migrate`: a whole site from SQLite to PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use tintype_platform::config::{self, Config};
use tintype_platform::objects::Objects;
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
    /// Copy pictures and films, too: from this folder of the site, relative to the data folder, to the
    /// store that media.url names
    #[arg(long, value_name = "FOLDER")]
    media_from: Option<PathBuf>,
}

impl Migrate {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode> {
        let from = config::Database { url: self.from.clone(), ..config.database.clone() };
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
        let data_dir = &config.server.data_dir;
        if let Some(folder) = &self.media_from {
            copy_media(&data_dir.join(folder), config).await?;
        }
        transfer.finish().await?;
        println!("Everything is there, and the same on both sides. Before it is served:");
        println!(
            "  * give every process the same auth.jwt_secret; with that in {} people stay signed in",
            data_dir.join("jwt.secret").display()
        );
        if self.media_from.is_none() {
            println!(
                "  * pictures and films are not in the database: with --media-from they are copied, or \
                 copy their folder to where media.url will be, under the same names"
            );
        }
        println!("  * keep the SQLite database until you are content, and serve it no more");
        Ok(ExitCode::SUCCESS)
    }
}

/// Pictures and films, from a folder to the store of the configuration.
async fn copy_media(folder: &Path, config: &Config) -> Result<()> {
    anyhow::ensure!(
        folder.is_dir() && config.media.url.starts_with("s3:"),
        "pictures are copied from a folder that is there ({}) to the s3://BUCKET/PREFIX of media.url",
        folder.display()
    );
    let store = Objects::open(&config.media, &config.server.data_dir)?;
    let count = tintype_media::count_objects(folder).await?;
    let copying = bar(count, "Copying")?;
    let copied =
        tintype_media::copy_objects(folder, &store, || advance(&copying, "pictures", 1)).await?;
    copying.finish_and_clear();
    println!(
        "{copied} of {count} files were copied to {}; the others were there.",
        config.media.url
    );
    Ok(())
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
