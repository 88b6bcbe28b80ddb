//! Single deeds next to what bounds them, in turns.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Measurement, Pairs, per_second, progress};
use crate::client::Url;
use crate::deeds::{self, Account, FEED, Site};
use crate::limits::{fsync, inserts, pushes, writer};
use crate::load::{self, Pace, Rounds, median};
use crate::mix::Scene;
use crate::report::Bars;
use crate::server::Server;
use crate::wrk;

/// Connections that read feeds.
const READERS: usize = 64;

/// Clients that post.
const POSTERS: usize = 32;

/// Followees of the viewer whose feed is the hot one: many enough that there is something to merge.
const HOT_FOLLOWEES: usize = 100;

/// Requests a second at which latencies are measured: well below what the machine can do, so that
/// they are those of the server and not of a queue.
const FEEDS_PER_SECOND: u32 = 1000;
const CHANGES_PER_SECOND: u32 = 200;

/// Timelines in Redis that posts are pushed to.
const TIMELINES: u32 = 10_000;

impl Measurement {
    /// Feed pages and posts next to their bounds, and latencies well below them.
    pub(super) fn bounds(&mut self, scene: &Scene, servers: &[Server]) -> Result<()> {
        self.report.section(
            "Next to what bounds it",
            "Each figure in turns with its bound: a feed page with a bare route that returns the same \
             bytes, posts with the same rows written by nothing but the database.",
        );
        let token = self.feeds(scene)?;
        let site = Site::at(&scene.urls[0]);
        let accounts = site.register(POSTERS)?;
        self.posts(scene, &site, &accounts)?;
        self.latencies(scene, servers, &site, &accounts, &token)
    }

    /// The feed page against the bare route of the same bytes. Answers whose it was.
    fn feeds(&mut self, scene: &Scene) -> Result<String> {
        let graph = &scene.population.graph;
        let (_, header) = scene
            .viewers
            .iter()
            .min_by_key(|(viewer, _)| graph.followees(*viewer).len().abs_diff(HOT_FOLLOWEES))
            .context("somebody comes to look")?;
        let header = &header[0];
        let page = scene.urls[0].at(FEED);
        let mut command = Command::new(&self.itself);
        command.args(["bare", "--bytes-from", &page.to_string(), "--header", header]);
        let bare = Server::start(&mut command, &self.ground.folder.join("bare.log"))?;
        let seconds = self.duration.as_secs();
        let goal = if self.ground.is_fleet() { 0.3 } else { 0.6 };

        progress("the feed, by wrk");
        let bare_page = bare.url.at(FEED);
        let by_wrk = |url: &Url| wrk::measure(url, header, READERS, seconds);
        let mut pairs = Pairs::default();
        for _ in 0..self.rounds {
            let (Some(bare), Some(feed)) = (by_wrk(&bare_page)?, by_wrk(&page)?) else {
                break;
            };
            pairs.add(bare, feed);
        }
        if pairs.is_empty() {
            self.report.figure("feed by wrk", "wrk is not installed".to_owned());
        } else {
            self.report.figure("bare route by wrk", per_second(pairs.bound()));
            self.report.figure("feed page by wrk, one process", per_second(pairs.figure()));
            self.report.at_least("feed page / bare route, by wrk", &pairs.ratios(), goal);
        }

        progress("the feed, by this program");
        let rounds: Rounds = vec![vec![deeds::feed(&page, header)]; READERS];
        let own = |urls: &[_]| {
            let clients = load::clients(&rounds);
            anyhow::Ok(load::run(urls, clients, Pace::Closed, self.duration)?.requests_per_second)
        };
        let bare_urls = [bare.url.clone()];
        let mut pairs = Pairs::default();
        for _ in 0..self.rounds {
            pairs.add(own(&bare_urls)?, own(&scene.urls)?);
        }
        self.report.figure("bare route", per_second(pairs.bound()));
        self.report.figure("feed page", per_second(pairs.figure()));
        self.report.at_least("feed page / bare route", &pairs.ratios(), goal);
        self.plot("A hot feed page", ["bare route", "feed page"], &pairs);
        Ok(header.clone())
    }

    /// Posts against the writer thread alone, or the database server alone, on the same disk.
    fn posts(&mut self, scene: &Scene, site: &Site, accounts: &[Account]) -> Result<()> {
        progress("posts");
        let rounds = deeds::posts(site, accounts);
        let mut pairs = Pairs::default();
        let mut per_commit = Vec::new();
        let mut disk = Vec::new();
        for _ in 0..self.rounds {
            let bound = if let Some(url) = self.ground.database() {
                let inserts = inserts::measure(url, POSTERS as u64, self.duration);
                self.ground.runtime.block_on(inserts)?
            } else {
                let writes = writer::measure(&self.ground.folder, POSTERS as u64, self.duration)?;
                per_commit.push(writes.per_commit);
                writes.outcome.requests_per_second
            };
            let posts =
                load::run(&scene.urls, load::clients(&rounds), Pace::Closed, self.duration)?;
            pairs.add(bound, posts.requests_per_second);
            disk.push(fsync::measure(&self.ground.folder, POSTERS, self.duration / 3)?);
        }
        let report = &mut self.report;
        report.figure("raw fsync, 32 writes to each", per_second(median(&disk)));
        report.figure("durable posts, 32 clients", per_second(pairs.figure()));
        let names = if self.ground.is_fleet() {
            report.figure("raw inserts, 32 clients", per_second(pairs.bound()));
            report.at_least("durable posts / raw inserts", &pairs.ratios(), 0.6);
            ["raw inserts", "durable posts"]
        } else {
            let bound = per_second(pairs.bound());
            let bound = format!("{bound}, {:.0} to a commit", median(&per_commit));
            report.figure("writer thread alone, 32 clients", bound);
            report.at_least("durable posts / writer thread", &pairs.ratios(), 0.6);
            ["writer thread alone", "durable posts"]
        };
        self.plot("Posts that are on the disk, 32 clients", names, &pairs);
        Ok(())
    }

    fn plot(&mut self, title: &str, names: [&str; 2], pairs: &Pairs) {
        let bar = |name: &str, value| (name.to_owned(), vec![value]);
        self.report.plot(Bars {
            title: title.to_owned(),
            unit: "/s".to_owned(),
            series: vec![String::new()],
            groups: vec![bar(names[0], pairs.bound()), bar(names[1], pairs.figure())],
            stacked: false,
        });
    }

    /// How long single requests take when the machine is not full.
    fn latencies(
        &mut self,
        scene: &Scene,
        servers: &[Server],
        site: &Site,
        accounts: &[Account],
        header: &str,
    ) -> Result<()> {
        self.report.section(
            "Latency of single deeds",
            "Requests come by a timetable, well below what the machine can do; the time of each counts \
             from its moment.",
        );
        if !self.ground.is_fleet() {
            progress("latency: one write at a time");
            let alone = (0..self.rounds)
                .map(|_| {
                    let writes = writer::measure(&self.ground.folder, 1, self.duration)?;
                    Ok(writes.outcome.latency(0.99))
                })
                .collect::<Result<Vec<Duration>>>()?;
            self.report.time("writer thread alone, 1 client, p99", &alone, None);
        }
        let feed = deeds::feed(&scene.urls[0].at(FEED), header);
        let deeds = [
            ("feed page", vec![vec![feed]; READERS], FEEDS_PER_SECOND, 10),
            ("post", deeds::posts(site, accounts), CHANGES_PER_SECOND, 5),
            ("like", deeds::likes(site, accounts)?, CHANGES_PER_SECOND, 3),
            ("follow", deeds::follows(site, accounts)?, CHANGES_PER_SECOND, 3),
        ];
        for (what, rounds, rate, goal_ms) in deeds {
            progress(&format!("latency: {what}"));
            self.settle(servers)?;
            let times = (0..self.rounds)
                .map(|_| {
                    let clients = load::clients(&rounds);
                    let outcome = load::run(&scene.urls, clients, Pace::Open(rate), self.duration)?;
                    Ok(outcome.latency(0.99))
                })
                .collect::<Result<Vec<Duration>>>()?;
            let goal = (!self.ground.is_fleet()).then(|| Duration::from_millis(goal_ms));
            self.report.time(&format!("{what} at {rate}/s, p99"), &times, goal);
        }
        Ok(())
    }

    /// Deliveries to timelines in Redis, next to a raw pipeline.
    pub(super) fn fan_out_to_redis(&mut self) -> Result<()> {
        let Some(redis) = self.ground.redis.clone() else { return Ok(()) };
        progress("fan-out to Redis");
        let timelines = if self.quick { TIMELINES / 10 } else { TIMELINES };
        let prefix = format!("{}-pushes", redis.prefix);
        let pushes = pushes::measure(&redis.url, &prefix, timelines, self.rounds, self.duration);
        let pushes = self.ground.runtime.block_on(pushes)?;
        let mut pairs = Pairs::default();
        pushes.rates.iter().for_each(|(raw, own)| pairs.add(*raw, *own));
        self.report.section(
            "Fan-out to Redis",
            "One post after another to many timelines, next to a pipeline of RPUSH and LTRIM that knows \
             nothing of rebuilds, eras or duplicates.",
        );
        self.report.figure("raw pipeline, deliveries", per_second(pairs.bound()));
        self.report.figure("fan-out, deliveries", per_second(pairs.figure()));
        self.report.at_least("fan-out / raw pipeline", &pairs.ratios(), 0.8);
        self.report.at_most("bytes of Redis for an entry", &[pushes.entry], 12.0);
        self.plot("Deliveries to timelines in Redis", ["raw pipeline", "fan-out"], &pairs);
        Ok(())
    }
}
