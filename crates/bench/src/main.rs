//! `tintype-bench`: how fast Tintype is, beside what bounds it.
//!
//! A figure by itself says more about the machine than about the program. So each is measured next
//! to its bound, in the same run and in turns with it: a feed page next to a bare route that
//! returns the same bytes, a post next to the writer thread alone. `docs/performance.md` holds what
//! was found.

mod client;
mod deeds;
mod graph;
mod ground;
mod inside;
mod limits;
mod load;
mod machine;
mod mix;
mod pictures;
mod population;
mod prepare;
mod processes;
mod report;
mod run;
mod server;
mod spread;
mod store;
#[cfg(test)]
mod tests;
mod truth;
mod wrk;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The allocator that `tintype` has, so that what is compared differs in nothing but its work.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures how fast Tintype is, beside what bounds it.
#[derive(Debug, Parser)]
#[command(name = "tintype-bench", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything in one go: starts the servers, measures, compares, ends them
    Run(run::Run),
    /// Serve the bytes of a page from a route that does nothing else
    Bare(limits::bare::Bare),
    /// Durable writes through the database's writer thread alone
    Writer(limits::writer::Writer),
    /// The four sizes of a photograph, beside what sharp takes for them
    Pictures(pictures::Pictures),
    /// Print a network that is made up: who follows whom
    Graph(prepare::Print),
    /// Put a network into an empty site, to be served and measured
    Fill(prepare::Fill),
    /// Play a mix of deeds against a site that was filled
    Mix(prepare::Play),
    /// Read the feed of one account
    Feed(deeds::Feed),
    /// Make posts, each client as an account of its own
    Post(deeds::Deed),
    /// Like and unlike posts, each client as an account of its own
    Like(deeds::Deed),
    /// Follow and unfollow, each client as an account of its own
    Follow(deeds::Deed),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(run) => run.carry_out(),
        Command::Bare(bare) => bare.serve(),
        Command::Writer(writer) => writer.print(),
        Command::Pictures(pictures) => pictures.print(),
        Command::Graph(graph) => graph.print(),
        Command::Fill(fill) => fill.print(),
        Command::Mix(mix) => mix.print(),
        Command::Feed(feed) => feed.print(),
        Command::Post(deed) => deed.print(|site, accounts| Ok(deeds::posts(site, accounts))),
        Command::Like(deed) => deed.print(deeds::likes),
        Command::Follow(deed) => deed.print(deeds::follows),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
