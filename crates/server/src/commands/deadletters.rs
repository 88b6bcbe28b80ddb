//! `tintype deadletters`: events that a consumer could not handle.

use std::process::ExitCode;

use anyhow::Result;

use crate::wiring::Site;

/// Dead letters printed at once.
const SHOWN: usize = 100;

#[derive(Debug, clap::Subcommand)]
pub(super) enum DeadLetters {
    /// Show them, the oldest first
    List,
    /// Hand them to their consumers again
    Replay {
        /// Their numbers; all if none is given
        numbers: Vec<i64>,
    },
    /// Drop them for good
    Discard {
        /// Their numbers; all if none is given
        numbers: Vec<i64>,
    },
}

impl DeadLetters {
    pub(super) async fn run(self, site: &Site) -> Result<ExitCode> {
        let outbox = site.database.outbox();
        match self {
            Self::List => {
                let letters = outbox.dead_letters(SHOWN).await?;
                for letter in &letters {
                    println!(
                        "{}  {}  {}  {}  after {} tries: {}\n    {}",
                        letter.number,
                        letter.record.at,
                        letter.consumer,
                        letter.record.kind,
                        letter.tries,
                        letter.error,
                        letter.record.body
                    );
                }
                let counts = outbox.count_dead_letters().await?;
                let all: i64 = counts.iter().map(|(_, count)| count).sum();
                println!("{all} dead letters, {} shown.", letters.len());
            }
            Self::Replay { numbers } => {
                let count = outbox.take_dead_letters(numbers, true).await?;
                println!("{count} dead letters go to their consumers again.");
            }
            Self::Discard { numbers } => {
                let count = outbox.take_dead_letters(numbers, false).await?;
                println!("{count} dead letters were dropped.");
            }
        }
        site.database.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
