//! `run`: the whole measurement, from starting the servers to the table.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::client::{Url, bearer};
use crate::deeds::{self, Account, FEED, Site};
use crate::load::{self, Pace, Rounds};
use crate::report::{Report, median};
use crate::server::Server;
use crate::{machine, writer, wrk};

/// Connections that read feeds.
const READERS: usize = 64;

/// Clients that post.
const POSTERS: usize = 32;

/// Starts that are timed.
const STARTS: usize = 5;

/// How long a server is left alone before its memory counts as idle.
const IDLE: Duration = Duration::from_secs(2);

/// Requests a second at which latencies are measured: well below what the machine can do, so that
/// they are those of the server and not of a queue.
const FEEDS_PER_SECOND: u32 = 1000;
const CHANGES_PER_SECOND: u32 = 200;

/// The whole measurement against a `tintype` that is started, and ended, for it.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The program, built with --release [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    tintype: Option<PathBuf>,
    /// Where the data is made and removed again; the disk it is on decides [default: the system's
    /// folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How long each single measurement takes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How often each is repeated, in turns with what it is compared with
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Also write the table to this file
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl Run {
    pub(crate) fn carry_out(self) -> Result<()> {
        let itself = std::env::current_exe().context("this program cannot find itself")?;
        let tintype = match self.tintype {
            Some(path) => path,
            None => itself.with_file_name("tintype"),
        };
        ensure!(
            tintype.exists(),
            "there is no program at {}; build it with `cargo build --release`",
            tintype.display()
        );
        let dir = self.dir.unwrap_or_else(std::env::temp_dir);
        let folder = tempfile::Builder::new()
            .prefix("tintype-bench-")
            .tempdir_in(&dir)
            .with_context(|| format!("{} cannot be written", dir.display()))?;
        let mut measurement = Measurement {
            report: Report::new(machine::describe(folder.path())),
            itself,
            tintype,
            folder: folder.path().to_owned(),
            rounds: self.rounds,
            duration: Duration::from_secs(self.seconds),
        };
        measurement.measure()?;
        let report = measurement.report.to_string();
        println!("{report}");
        if let Some(file) = self.markdown {
            std::fs::write(&file, report)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        Ok(())
    }
}

struct Measurement {
    report: Report,
    itself: PathBuf,
    tintype: PathBuf,
    folder: PathBuf,
    rounds: u64,
    duration: Duration,
}

impl Measurement {
    fn measure(&mut self) -> Result<()> {
        let server = self.starts()?;
        let token = Site::at(&server.url).log_in("ada", "tintype-demo")?;
        self.feeds(&server.url, &token)?;
        let site = Site::at(&server.url);
        let accounts = site.register(POSTERS)?;
        self.posts(&site, &accounts, &server.url)?;
        self.latencies(&site, &accounts, &server, &token)?;
        let memory = server.memory()? as f64 / 1e6;
        self.report.figure("memory after all this", format!("{memory:.1} MB"));
        server.stop()
    }

    /// Makes the demo, starts it again and again, and leaves it running.
    fn starts(&mut self) -> Result<Server> {
        progress("the demo is made");
        let first = self.start_tintype()?;
        let made = first.ready()?;
        first.stop()?;
        progress("it starts again");
        let mut times = Vec::new();
        let mut server = self.start_tintype()?;
        times.push(server.ready()?);
        while times.len() < STARTS {
            server.stop()?;
            server = self.start_tintype()?;
            times.push(server.ready()?);
        }
        std::thread::sleep(IDLE);
        let first = format!("{:.1} s", made.as_secs_f64());
        self.report.figure("first start, which makes the demo", first);
        self.report.time("ready on the demo data", &times, Some(Duration::from_millis(200)));
        self.report.memory("memory, idle", server.memory()?, 50.0);
        Ok(server)
    }

    fn start_tintype(&self) -> Result<Server> {
        let mut command = Command::new(&self.tintype);
        command.arg("demo").arg("--data-dir").arg(self.folder.join("data"));
        command.args(["--listen", "127.0.0.1:0", "--set", "limits.enabled=false"]);
        // Hashing passwords is not what is measured; nothing else depends on its cost.
        command.args(["--set", "auth.bcrypt_cost=4"]);
        Server::start(&mut command, &self.folder.join("tintype.log"))
    }

    /// The feed page against the bare route of the same bytes.
    fn feeds(&mut self, url: &Url, token: &str) -> Result<()> {
        let page = url.at(FEED);
        let mut command = Command::new(&self.itself);
        command.args(["bare", "--bytes-from", &page.to_string(), "--header", &bearer(token)]);
        let bare = Server::start(&mut command, &self.folder.join("bare.log"))?;
        let seconds = self.duration.as_secs();
        let by_wrk = |url: &Url| wrk::measure(&url.at(FEED), &bearer(token), READERS, seconds);

        progress("the feed, by wrk");
        let mut pairs = Pairs::default();
        for _ in 0..self.rounds {
            let (Some(bare), Some(feed)) = (by_wrk(&bare.url)?, by_wrk(url)?) else { break };
            pairs.add(bare, feed);
        }
        if pairs.is_empty() {
            self.report.figure("feed by wrk", "wrk is not installed".to_owned());
        } else {
            self.report.figure("bare route by wrk", pairs.bound());
            self.report.figure("feed page by wrk", pairs.figure());
            self.report.ratio("feed page / bare route, by wrk", &pairs.ratios(), 0.3);
        }

        progress("the feed, by this program");
        let own = |url: &Url| {
            let rounds = deeds::feeds(url, READERS, token);
            anyhow::Ok(load::run(url, &rounds, Pace::Closed, self.duration)?.requests_per_second)
        };
        let mut pairs = Pairs::default();
        for _ in 0..self.rounds {
            pairs.add(own(&bare.url)?, own(url)?);
        }
        self.report.figure("bare route", pairs.bound());
        self.report.figure("feed page", pairs.figure());
        self.report.ratio("feed page / bare route", &pairs.ratios(), 0.3);
        Ok(())
    }

    /// Posts against the writer thread alone, on the same disk.
    fn posts(&mut self, site: &Site, accounts: &[Account], url: &Url) -> Result<()> {
        progress("posts");
        let rounds = deeds::posts(site, accounts);
        let mut pairs = Pairs::default();
        let mut per_commit = Vec::new();
        for _ in 0..self.rounds {
            let writes = writer::measure(&self.folder, POSTERS as u64, self.duration)?;
            per_commit.push(writes.per_commit);
            let posts = load::run(url, &rounds, Pace::Closed, self.duration)?;
            pairs.add(writes.outcome.requests_per_second, posts.requests_per_second);
        }
        let bound = format!("{}, {:.0} to a commit", pairs.bound(), median(&per_commit));
        self.report.figure("writer thread alone, 32 clients", bound);
        self.report.figure("durable posts, 32 clients", pairs.figure());
        self.report.ratio("durable posts / writer thread", &pairs.ratios(), 0.4);
        Ok(())
    }

    /// How long single requests take when the machine is not full.
    fn latencies(
        &mut self,
        site: &Site,
        accounts: &[Account],
        server: &Server,
        token: &str,
    ) -> Result<()> {
        let url = &server.url;
        progress("latency: one write at a time");
        let alone = (0..self.rounds)
            .map(|_| Ok(writer::measure(&self.folder, 1, self.duration)?.outcome.latency(0.99)))
            .collect::<Result<Vec<Duration>>>()?;
        self.report.time("writer thread alone, 1 client, p99", &alone, None);
        let feeds = deeds::feeds(url, READERS, token);
        let posts = deeds::posts(site, accounts);
        let likes = deeds::likes(site, accounts)?;
        let follows = deeds::follows(site, accounts)?;
        self.latency(server, "feed page", &feeds, FEEDS_PER_SECOND, 10)?;
        self.latency(server, "post", &posts, CHANGES_PER_SECOND, 5)?;
        self.latency(server, "like", &likes, CHANGES_PER_SECOND, 3)?;
        self.latency(server, "follow", &follows, CHANGES_PER_SECOND, 3)
    }

    fn latency(
        &mut self,
        server: &Server,
        what: &str,
        rounds: &Rounds,
        rate: u32,
        goal_ms: u64,
    ) -> Result<()> {
        progress(&format!("latency: {what}"));
        server.settle()?;
        let times = (0..self.rounds)
            .map(|_| {
                Ok(load::run(&server.url, rounds, Pace::Open(rate), self.duration)?.latency(0.99))
            })
            .collect::<Result<Vec<Duration>>>()?;
        let what = format!("{what} at {rate}/s, p99");
        self.report.time(&what, &times, Some(Duration::from_millis(goal_ms)));
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

    fn bound(&self) -> String {
        let bounds: Vec<f64> = self.0.iter().map(|(bound, _)| *bound).collect();
        format!("{:.0}/s", median(&bounds))
    }

    fn figure(&self) -> String {
        let figures: Vec<f64> = self.0.iter().map(|(_, figure)| *figure).collect();
        format!("{:.0}/s", median(&figures))
    }

    fn ratios(&self) -> Vec<f64> {
        self.0.iter().map(|(bound, figure)| figure / bound).collect()
    }
}

fn progress(what: &str) {
    eprintln!("measuring: {what}");
}
