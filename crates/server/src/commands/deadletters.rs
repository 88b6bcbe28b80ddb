//! `tintype deadletters`: events that a consumer could not handle.

use std::process::ExitCode;

use anyhow::Result;
use tintype_platform::bus::dead_letters;

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
        let database = &site.database;
        match self {
            Self::List => {
                let letters = dead_letters::list(database, SHOWN)?;
                for letter in &letters {
                    println!(
                        "{}  {}  {}  {}  after {} tries: {}\n    {}",
                        letter.number,
                        letter.at,
                        letter.consumer,
                        letter.kind,
                        letter.tries,
                        letter.error,
                        letter.body
                    );
                }
                let all: i64 = dead_letters::counts(database)?.iter().map(|(_, count)| count).sum();
                println!("{all} dead letters, {} shown.", letters.len());
            }
            Self::Replay { numbers } => {
                let count = dead_letters::replay(database, numbers).await?;
                println!("{count} dead letters go to their consumers again.");
            }
            Self::Discard { numbers } => {
                let count = dead_letters::discard(database, numbers).await?;
                println!("{count} dead letters were dropped.");
            }
        }
        database.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
