//! What a person can ask of the program.

mod admin;
mod apikey;
mod check;
mod deadletters;
mod demo;
mod migrate;
mod progress;
mod serve;
mod sweep;
mod warm;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Sources};
use tintype_platform::sqlite;

use crate::wiring::Site;

/// The node number of commands that run beside a server; the configuration lets no server have it.
const COMMAND_NODE: u8 = 255;

/// A photo-sharing network in one program.
#[derive(Debug, Parser)]
#[command(name = "tintype", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration file [default: tintype.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of everything that is kept
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Any key of the configuration, such as `limits.enabled=false`; may stand several times
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    keys: Vec<(String, String)>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the network
    Serve(Listen),
    /// Serve a network of some 200 people to look around in, made on the first start
    Demo(demo::Demo),
    /// Recount every counter and compare feeds with their definition; fails if something is wrong
    Check(check::Check),
    /// Look for pictures and films that belong to nothing, and remove them; also while it is served
    Sweep(sweep::Sweep),
    /// Copy the database to a file as it is at one moment, also while it is served
    Backup {
        /// The copy; replaced if it is there
        file: PathBuf,
    },
    /// Move a whole site from SQLite to PostgreSQL; killed in the middle, it goes on when started again
    Migrate(migrate::Migrate),
    /// Build the timelines that all processes of a fleet share, for those who signed in last
    Warm(warm::Warm),
    /// Keys for backends that act for their users
    #[command(subcommand)]
    Apikey(apikey::ApiKey),
    /// Look after people and posts
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Events that a consumer could not handle
    #[command(subcommand)]
    Deadletters(deadletters::DeadLetters),
    /// Show what is in force, and where each value comes from
    Config,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Where to listen.
#[derive(Debug, clap::Args)]
struct Listen {
    /// Address and port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

impl Cli {
    /// Does what was asked. The exit code is not 0 when the answer is no, as `check` may find.
    pub fn run(self) -> Result<ExitCode> {
        if let Command::Completions { shell } = self.command {
            clap_complete::generate(shell, &mut Self::command(), "tintype", &mut std::io::stdout());
            return Ok(ExitCode::SUCCESS);
        }
        let mut flags: BTreeMap<String, String> = self.keys.into_iter().collect();
        if let Some(folder) = self.data_dir {
            let folder = folder.into_os_string().into_string();
            let folder = folder.ok().context("the data folder's path must be valid UTF-8")?;
            flags.insert("server.data_dir".to_owned(), folder);
        }
        if let Command::Serve(Listen { listen: Some(listen) })
        | Command::Demo(demo::Demo { listen: Listen { listen: Some(listen) }, .. }) =
            &self.command
        {
            flags.insert("server.listen".to_owned(), listen.clone());
        }
        if let Command::Migrate(migrate::Migrate { to: Some(to), .. }) = &self.command {
            flags.insert("database.url".to_owned(), to.clone());
        }
        let (config, provenance) = Config::load(&Sources::of_process(self.config, flags))?;
        for warning in &provenance.warnings {
            eprintln!("warning: {warning}");
        }
        if let Command::Config = self.command {
            let mut out = std::io::stdout().lock();
            for setting in provenance.settings() {
                writeln!(out, "{} = {}  # {}", setting.key, setting.shown(), setting.source)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.command.run(&config))
    }
}

impl Command {
    async fn run(self, config: &Config) -> Result<ExitCode> {
        match self {
            Self::Serve(_) => Box::pin(serve::serve(config)).await,
            Self::Demo(demo) => Box::pin(demo.run(config)).await,
            Self::Check(check) => check.run(&existing(config).await?).await,
            Self::Sweep(sweep) => sweep.run(&existing(config).await?).await,
            Self::Backup { file } => {
                let Some(path) = config.database_path() else {
                    anyhow::bail!(
                        "a PostgreSQL database is copied by its own tools, such as `pg_dump`"
                    );
                };
                must_exist(config)?;
                sqlite::backup(&path, &file)?;
                println!("The database was copied to {}", file.display());
                Ok(ExitCode::SUCCESS)
            }
            Self::Migrate(migrate) => migrate.run(config).await,
            Self::Warm(warm) => warm.run(&existing(config).await?).await,
            Self::Apikey(command) => command.run(&existing(config).await?).await,
            Self::Admin(command) => command.run(&existing(config).await?).await,
            Self::Deadletters(command) => command.run(&existing(config).await?).await,
            Self::Config | Self::Completions { .. } => Ok(ExitCode::SUCCESS),
        }
    }
}

/// The site of a data folder that is there already; it may be served at the same time.
async fn existing(config: &Config) -> Result<Site> {
    must_exist(config)?;
    Ok(Site::open(config, Arc::new(SystemClock), COMMAND_NODE).await?)
}

/// A command that looks into a data folder must not make an empty one by a slip of the pen.
fn must_exist(config: &Config) -> Result<()> {
    let Some(path) = config.database_path() else { return Ok(()) };
    anyhow::ensure!(
        path.exists(),
        "there is no database at {}; name its folder with --data-dir, or start one with `tintype serve`",
        path.display()
    );
    Ok(())
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}
