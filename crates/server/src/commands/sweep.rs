//! `tintype sweep`: what a crash, or somebody's hand, has left among pictures and films.

use std::process::ExitCode;

use anyhow::Result;
use tintype_media::Swept;

use crate::wiring::Site;

/// Uploads with missing objects that are named; the rest is only counted.
const SHOWN: usize = 50;

#[derive(Debug, clap::Args)]
pub(super) struct Sweep {
    /// Only look, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub(super) async fn run(self, site: &Site) -> Result<ExitCode> {
        let sweep = tintype_media::Sweep { dry_run: self.dry_run };
        let swept = site.media.sweep(sweep).await;
        site.database.close().await;
        let swept = swept?;
        if self.json {
            println!("{}", serde_json::to_string(&swept)?);
        } else {
            self.print(&swept);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn print(&self, swept: &Swept) {
        for (count, what) in [
            (swept.objects, "objects in the store"),
            (swept.orphans, "of them belong to no upload"),
            (swept.foreign, "of them are not Tintype's, and are left alone"),
            (swept.expired, "uploads were announced and never completed"),
            (swept.stale_uses, "posts are gone and still held uploads"),
            (swept.incomplete.len() as u64, "uploads miss objects"),
            (swept.unfinished, "files were left unfinished"),
        ] {
            println!("{count:>10}  {what}");
        }
        for incomplete in swept.incomplete.iter().take(SHOWN) {
            println!(
                "Upload {} of account {} misses {} objects.",
                incomplete.media, incomplete.owner, incomplete.missing
            );
        }
        if swept.incomplete.len() > SHOWN {
            println!("… and {} more", swept.incomplete.len() - SHOWN);
        }
        let found = swept.orphans + swept.expired + swept.stale_uses + swept.unfinished;
        let megabytes = swept.orphan_bytes as f64 / (1024.0 * 1024.0);
        match (found, self.dry_run) {
            (0, _) => println!("There is nothing to remove."),
            (_, true) => {
                println!("{megabytes:.1} MB can be freed; `tintype sweep` does it.");
            }
            (_, false) => println!("{megabytes:.1} MB were freed."),
        }
    }
}
