//! `graph`, `fill` and `mix`: the parts of a run one by one, for a site that somebody serves.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tintype_platform::config::{Config, Sources};

use crate::client::Url;
use crate::graph::{self, Network};
use crate::load::{self, Pace, latency, milliseconds};
use crate::mix::{Deed, Mix, Scene};
use crate::population::Population;

/// Who follows whom in a network that is made up.
#[derive(Debug, Args)]
pub(crate) struct Print {
    #[command(flatten)]
    network: Network,
    /// Only how many have how many followers
    #[arg(long)]
    summary: bool,
}

impl Print {
    /// Prints FOLLOWER FOLLOWEE on each line, as `--edges` takes it.
    pub(crate) fn print(self) -> Result<()> {
        let graph = self.network.graph()?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        if self.summary {
            writeln!(out, "{:>12} {:>12}", "followers ≥", "people")?;
            for (least, people) in graph::followers(&graph) {
                writeln!(out, "{least:>12} {people:>12}")?;
            }
            return Ok(out.flush()?);
        }
        for person in 0..graph.people() {
            for followee in graph.followees(person) {
                writeln!(out, "{person} {followee}")?;
            }
        }
        Ok(out.flush()?)
    }
}

/// Puts a network into an empty site that nobody serves: accounts, follows and posts.
#[derive(Debug, Args)]
pub(crate) struct Fill {
    #[command(flatten)]
    network: Network,
    /// Posts that each member has made on average
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    posts: u32,
    /// The folder of the site, as `tintype serve` takes it
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Any key of its configuration, such as `database.url=postgres://…`; may stand several times
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    keys: Vec<(String, String)>,
}

impl Fill {
    pub(crate) fn print(self) -> Result<()> {
        let mut flags = BTreeMap::from_iter(self.keys);
        flags.insert("server.data_dir".to_owned(), self.data_dir.display().to_string());
        let (config, _) = Config::load(&Sources::of_process(None, flags))?;
        let graph = self.network.graph()?;
        let posts = graph.members().saturating_mul(self.posts);
        let population = Population::new(graph, self.network.seed, posts);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        println!("{}", runtime.block_on(population.fill(&config))?);
        Ok(())
    }
}

/// A mix of deeds by people of a network that `fill` has put into the site, with the same options.
#[derive(Debug, Args)]
pub(crate) struct Play {
    #[command(flatten)]
    network: Network,
    /// Where the server listens; may stand several times for several processes of one site
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: Vec<Url>,
    /// What is done: 60/30/10 (home, profile, compose) or 70/10/8/6/2/2/1/1 (home, profile, post,
    /// like, comment, follow, compose, login)
    #[arg(long, default_value = "70/10/8/6/2/2/1/1")]
    mix: Mix,
    /// Posts that each member has made on average, as they were filled in
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    posts: u32,
    /// Members who come to look, the most active ones
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    viewers: u32,
    /// Connections
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How long to measure, after a second that is not
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Requests a second of all clients together; without it each sends when it has an answer
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
}

impl Play {
    pub(crate) fn print(self) -> Result<()> {
        let graph = self.network.graph()?;
        let posts = graph.members().saturating_mul(self.posts);
        let population = Population::new(graph, self.network.seed, posts);
        let scene = Arc::new(Scene::open(population, self.url, self.viewers)?);
        let pace = self.rate.map_or(Pace::Closed, Pace::Open);
        let clients = scene.clients(&self.mix, self.clients, self.network.seed);
        let outcome = load::run(&scene.urls, clients, pace, Duration::from_secs(self.seconds))?;
        println!("all: {outcome}");
        for (deed, kind) in Deed::ALL.iter().zip(&outcome.kinds) {
            if kind.is_empty() {
                continue;
            }
            let times = [0.5, 0.99, 0.999].map(|quantile| milliseconds(latency(kind, quantile)));
            let [p50, p99, p999] = times;
            println!("{}: p50 {p50}, p99 {p99}, p99.9 {p999}", deed.name());
        }
        Ok(())
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}
