//! `tintype warm`: timelines for those who are likely to come.

use std::num::NonZeroU32;
use std::process::ExitCode;

use anyhow::Result;

use super::progress::{advance, bar};
use crate::wiring::Site;

/// For how many, and how fast.
#[derive(Debug, clap::Args)]
pub(super) struct Warm {
    /// The most accounts whose timelines are built, those who signed in last first
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    viewers: usize,
    /// Accounts a second, so that whoever uses the site meanwhile notices nothing
    #[arg(long, default_value = "200", value_name = "COUNT")]
    per_second: NonZeroU32,
}

impl Warm {
    pub(super) async fn run(self, site: &Site) -> Result<ExitCode> {
        anyhow::ensure!(
            site.feed.shares_timelines(),
            "this site stores no timelines that processes share; with feed.warm_at_start each fills \
             what it remembers by itself when it starts"
        );
        let viewers = site.accounts.last_signed_in(self.viewers).await?;
        let count = viewers.len();
        let bar = bar(count as u64, "Reading")?;
        let warmed = site.warm(viewers, Some(self.per_second), || advance(&bar, "feeds", 1)).await;
        bar.finish_and_clear();
        site.database.close().await;
        warmed?;
        println!("The timelines of {count} accounts are there.");
        Ok(ExitCode::SUCCESS)
    }
}
