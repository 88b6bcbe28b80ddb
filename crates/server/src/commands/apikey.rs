//! `tintype apikey`: keys for backends that act for their users.

use std::process::ExitCode;

use anyhow::Result;

use crate::wiring::Site;

#[derive(Debug, clap::Subcommand)]
pub(super) enum ApiKey {
    /// Make a key and show it, this once; from the first key on, `/v1` asks for one
    Create {
        /// What it is for
        name: String,
        /// It may read and change nothing
        #[arg(long)]
        read_only: bool,
    },
    /// Show the keys, without what makes them work
    List,
    /// Let a key count no more
    Revoke {
        /// Its number, as `list` shows it
        number: u64,
    },
}

impl ApiKey {
    pub(super) async fn run(self, site: &Site) -> Result<ExitCode> {
        match self {
            Self::Create { name, read_only } => {
                let key = site.accounts.create_key(&name, !read_only).await?;
                println!("{key}");
                eprintln!("Keep it: it is not shown again. Send it as X-API-Key.");
            }
            Self::List => {
                let keys = site.accounts.keys().await?;
                for key in &keys {
                    let scope = if key.may_write { "read and write" } else { "read" };
                    let state = match key.revoked_at {
                        Some(at) => format!("revoked {at}"),
                        None => "in force".to_owned(),
                    };
                    println!(
                        "{}  {}  {scope}  made {}  {state}",
                        key.number, key.name, key.created_at
                    );
                }
                println!("{} keys.", keys.len());
            }
            Self::Revoke { number } => {
                site.accounts.revoke_key(number).await?;
                println!("Key {number} counts no more.");
            }
        }
        site.database.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
