//! `run`: the whole measurement, from starting the servers to the report.

mod bounds;
mod mixes;
mod starts;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::graph::{EXPONENT, Network};
use crate::ground::{Ground, Place};
use crate::mix::Scene;
use crate::population::Population;
use crate::report::Report;
use crate::server::Server;
use crate::{inside, machine, spread, truth};

/// Posts that each member has made on average before the measurement.
const POSTS_EACH: u32 = 5;

/// Feeds that are compared with their definition.
const COMPARED: usize = 200;

/// Timelines in which fan-out within this program's memory is measured.
const TIMELINES: u64 = 10_000;

/// The whole measurement against servers that are started, and ended, for it.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    network: Network,
    /// The program, built with --release [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    tintype: Option<PathBuf>,
    /// Where the data is made and removed again; the disk it is on decides [default: the system's
    /// folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How long each single measurement takes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How often each is repeated, in turns with what it is compared with
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Members who come to look during the measurement, the most active ones
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    viewers: u32,
    /// The time within which 99 of 100 requests are to be answered, in milliseconds: what rate holds
    /// it is looked for
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    p99: u64,
    /// A small network and one short round of everything: whether it works, not how fast
    #[arg(long)]
    quick: bool,
    /// Also write the report as a page with plots to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also write the tables to this file
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl Run {
    pub(crate) fn carry_out(mut self) -> Result<()> {
        if self.quick {
            let network = &mut self.network;
            (network.users, network.audience) =
                (network.users.min(1000), network.audience.min(3000));
            (self.rounds, self.seconds, self.viewers) = (1, 1, self.viewers.min(100));
        }
        let report = self.measure()?;
        println!("{report}");
        let files = [(&self.markdown, report.to_string()), (&self.html, report.html())];
        for (file, text) in files {
            if let Some(file) = file {
                std::fs::write(file, text)
                    .with_context(|| format!("{} cannot be written", file.display()))?;
            }
        }
        Ok(())
    }

    /// Everything in order; what was started has ended when this answers.
    pub(crate) fn measure(&self) -> Result<Report> {
        let itself = std::env::current_exe().context("this program cannot find itself")?;
        let tintype = self.tintype.clone().unwrap_or_else(|| itself.with_file_name("tintype"));
        ensure!(
            tintype.exists(),
            "there is no program at {}; build it with `cargo build --release`",
            tintype.display()
        );
        let dir = self.dir.clone().unwrap_or_else(std::env::temp_dir);
        let folder = tempfile::Builder::new()
            .prefix("tintype-bench-")
            .tempdir_in(&dir)
            .with_context(|| format!("{} cannot be written", dir.display()))?;
        let ground = Ground::take(&self.place, tintype.clone(), folder.path())?;
        let about = format!("{}; {}", machine::describe(folder.path()), ground.describe()?);
        let mut measurement = Measurement {
            report: Report::new("How fast Tintype is, beside what bounds it", about),
            itself,
            tintype,
            ground,
            rounds: self.rounds,
            duration: Duration::from_secs(self.seconds),
            p99: Duration::from_millis(self.p99),
            quick: self.quick,
        };
        let measured = measurement.all(self);
        // Also after an error: nothing is to stay on servers that are not ours.
        let Measurement { report, ground, .. } = measurement;
        let left = ground.leave();
        measured?;
        left.context("what the measurement has made could not be removed")?;
        Ok(report)
    }
}

struct Measurement {
    report: Report,
    itself: PathBuf,
    tintype: PathBuf,
    ground: Ground,
    rounds: u64,
    duration: Duration,
    p99: Duration,
    quick: bool,
}

impl Measurement {
    fn all(&mut self, run: &Run) -> Result<()> {
        if !self.ground.is_fleet() && !self.quick {
            self.starts()?;
        }
        let population = self.network(run)?;
        if !self.ground.is_fleet() {
            self.inside(&population)?;
        }
        self.fan_out_to_redis()?;
        if self.ground.is_fleet() && run.network.audience > 0 {
            progress("timelines of the star's followers are stored");
            self.ground.warm(&population)?;
        }
        let servers = self.ground.start()?;
        let urls = servers.iter().map(|server| server.url.clone()).collect();
        progress("viewers sign in");
        let scene = Arc::new(Scene::open(population, urls, run.viewers)?);
        if run.network.audience > 0 {
            self.spread(&scene)?;
        }
        self.bounds(&scene, &servers)?;
        self.mixes(&scene, &servers)?;
        self.truth(&scene, &servers, run)?;
        servers.into_iter().try_for_each(Server::stop)
    }

    /// Waits until what is left of one measurement is no longer charged to the next. Of a quick one
    /// nobody quotes the figures.
    fn settle(&self, servers: &[Server]) -> Result<()> {
        if self.quick { Ok(()) } else { servers.iter().try_for_each(Server::settle) }
    }

    /// Makes the network and puts it into the site.
    fn network(&mut self, run: &Run) -> Result<Population> {
        progress("the network is made");
        let graph = run.network.graph()?;
        let posts = graph.members().saturating_mul(POSTS_EACH);
        let population = Population::new(graph, run.network.seed, posts);
        let filled = self.ground.fill(&population)?;
        let how = match &run.network.edges {
            Some(_) => "as a file says".to_owned(),
            None => format!(
                "by a power law of exponent {EXPONENT}, {} each on average (seed {})",
                run.network.following, run.network.seed
            ),
        };
        let about = format!(
            "{} members, who follow each other {how}; one more account, the star, has {} followers.",
            population.graph.members(),
            population.graph.audience()
        );
        self.report.section("The network", about);
        self.report.figure("put into the site", filled.to_string());
        Ok(population)
    }

    /// What the slices' own code takes.
    fn inside(&mut self, population: &Population) -> Result<()> {
        progress("merging, assembly and timelines in memory");
        let timelines = if self.quick { TIMELINES / 10 } else { TIMELINES };
        let site = self.ground.open()?;
        let found = inside::measure(&self.ground.runtime, &site, population, timelines);
        self.ground.close(site);
        let inside::Inside { merge, plain_merge, assembly, copy, delivery, entry } = found?;
        let micros = |seconds: f64| seconds * 1e6;
        let report = &mut self.report;
        report.section(
            "Within one process",
            "The slices' own code, called without network or database.",
        );
        let merged = format!("µs to merge a page out of {} authors", inside::MERGED);
        report.at_most(&merged, &[micros(merge)], 6.0);
        report.figure("µs for the same by plain code", format!("{:.2}", micros(plain_merge)));
        report.at_most("µs to assemble a page of 20 posts", &[micros(assembly)], 1.0);
        report.figure("µs to copy its bytes", format!("{:.2}", micros(copy)));
        let million = 1.0 / delivery / 1e6;
        report.at_least("million deliveries a core-second, timelines in memory", &[million], 10.0);
        report.at_most("bytes of memory for an entry of theirs", &[entry], 10.0);
        Ok(())
    }

    /// From a post of the star to the last of its followers.
    fn spread(&mut self, scene: &Scene) -> Result<()> {
        progress("a post of the star goes round");
        let spreads = spread::measure(scene, self.rounds)?;
        let about = format!(
            "An author of {} followers posts. Followers who are spread over all of them, the last to be \
             reached among them, ask until they are shown the post; counted from the answer to it.",
            scene.population.graph.audience()
        );
        self.report.section("From a post to the last follower", about);
        let served: Vec<_> = spreads.iter().map(|spread| spread.served).collect();
        let second = Duration::from_secs(1);
        self.report.time("last of the followers who look served", &served, Some(second));
        let stored: Vec<_> = spreads.iter().filter_map(|spread| spread.stored).collect();
        if !stored.is_empty() {
            self.report.time("in every stored timeline", &stored, Some(second));
        }
        Ok(())
    }

    /// Whether feeds hold what they have to, after everything that was done.
    fn truth(&mut self, scene: &Scene, servers: &[Server], run: &Run) -> Result<()> {
        progress("feeds are compared with their definition");
        servers.iter().try_for_each(Server::settle)?;
        let viewers = if self.quick { COMPARED / 10 } else { COMPARED };
        let posts = truth::check(scene, viewers, run.network.seed)?;
        self.report.section(
            "Truth",
            "The newest hundred posts of random viewers' feeds, next to what the network and the \
             posts that were answered say they are.",
        );
        self.report.figure("posts compared, none of them wrong", posts.to_string());
        Ok(())
    }
}

/// Measurements made in turns with their bound: a machine that is slow for a while is so for both.
#[derive(Default)]
struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    fn add(&mut self, bound: f64, figure: f64) {
        self.0.push((bound, figure));
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn bound(&self) -> f64 {
        let bounds: Vec<f64> = self.0.iter().map(|(bound, _)| *bound).collect();
        crate::load::median(&bounds)
    }

    fn figure(&self) -> f64 {
        let figures: Vec<f64> = self.0.iter().map(|(_, figure)| *figure).collect();
        crate::load::median(&figures)
    }

    fn ratios(&self) -> Vec<f64> {
        self.0.iter().map(|(bound, figure)| figure / bound).collect()
    }
}

fn progress(what: &str) {
    eprintln!("measuring: {what}");
}

fn per_second(rate: f64) -> String {
    format!("{rate:.0}/s")
}
