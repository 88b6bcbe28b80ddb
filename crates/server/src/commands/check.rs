//! `tintype check`: does every counter show what it counts, is every feed what it should be?

use std::process::ExitCode;

use anyhow::Result;

use crate::wiring::Site;

/// Findings printed; the rest is only counted.
const SHOWN: usize = 50;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Put right what is wrong
    #[arg(long)]
    repair: bool,
    /// Accounts whose feeds are compared with their definition, the oldest first
    #[arg(long, default_value_t = 1000, value_name = "COUNT")]
    feeds: usize,
}

impl Check {
    pub(super) async fn run(self, site: &Site) -> Result<ExitCode> {
        let drifts = site.check(self.feeds, self.repair).await?;
        for drift in drifts.iter().take(SHOWN) {
            println!(
                "{} of {}: shows {}, should show {}",
                drift.counter, drift.of, drift.stored, drift.counted
            );
        }
        if drifts.len() > SHOWN {
            println!("… and {} more", drifts.len() - SHOWN);
        }
        match (drifts.len(), self.repair) {
            (0, _) => println!("Everything is right."),
            (count, true) => println!("{count} findings, all put right."),
            (count, false) => {
                println!("{count} findings; `tintype check --repair` puts them right.");
            }
        }
        site.database.close().await;
        let clean = drifts.is_empty() || self.repair;
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
