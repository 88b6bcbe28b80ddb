//! Mixes of deeds: how many requests, how long each takes at which rate, and what they cost whom.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::{Measurement, per_second, progress};
use crate::load::{self, Outcome, Pace, latency, milliseconds};
use crate::mix::{Deed, Mix, Scene};
use crate::processes::Taken;
use crate::report::{Bars, Lines};
use crate::server::Server;

/// Connections of viewers.
const CONNECTIONS: usize = 64;

/// Shares of what the site can do at the most at which latencies are looked at, rising.
const STEPS: [f64; 5] = [0.2, 0.4, 0.6, 0.75, 0.9];

const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

impl Measurement {
    /// Both mixes.
    pub(super) fn mixes(&mut self, scene: &Arc<Scene>, servers: &[Server]) -> Result<()> {
        for (number, mix) in [Mix::plain(), Mix::app()].into_iter().enumerate() {
            let names: Vec<&str> = mix.deeds().map(Deed::name).collect();
            let about = format!(
                "{} in these shares, by {} viewers, the active more often. At a rate, requests come by \
                 a timetable, and the time of each counts from its moment.",
                names.join(", "),
                scene.viewers.len()
            );
            self.report.section(&format!("Mix {}", mix.name), about);
            self.mix(scene, servers, &mix, number as u64 * 1000)?;
        }
        Ok(())
    }

    fn mix(&mut self, scene: &Arc<Scene>, servers: &[Server], mix: &Mix, seed: u64) -> Result<()> {
        progress(&format!("mix {}, as fast as it goes", mix.name));
        let watched = self.ground.watch(servers)?;
        let before = watched.look()?;
        let clients = scene.clients(mix, CONNECTIONS, seed);
        let full = load::run(&scene.urls, clients, Pace::Closed, self.duration)?;
        // The warm-up counts too, in both.
        let time = (self.duration + load::WARM_UP).as_secs_f64();
        let requests = full.requests_per_second * time;
        self.costs(&watched.since(&before)?, requests);
        let rate = full.requests_per_second;
        let at_most = format!("{}, {CONNECTIONS} connections", per_second(rate));
        self.report.figure("requests, as fast as it goes", at_most);

        // What that has left to be done is not charged to those who come by a timetable.
        self.settle(servers)?;
        let mut steps = Vec::new();
        for (number, step) in STEPS.iter().enumerate() {
            let rate = ((rate * step) as u32).max(1);
            progress(&format!("mix {}, {rate} a second", mix.name));
            let clients = scene.clients(mix, CONNECTIONS, seed + 100 * (number as u64 + 1));
            let outcome = load::run(&scene.urls, clients, Pace::Open(rate), self.duration)?;
            steps.push((rate, outcome));
        }
        self.steps(&steps);
        // In the middle of what it can do: neither idle nor in a queue.
        if let Some((rate, outcome)) = steps.get(STEPS.len() / 2) {
            self.deeds(mix, *rate, outcome);
        }
        Ok(())
    }

    /// Processor time for a thousand requests, and memory.
    fn costs(&mut self, taken: &[Taken], requests: f64) {
        let thousand = |taken: &Taken| taken.seconds / requests * 1000.0;
        let all: f64 = taken.iter().map(thousand).sum();
        self.report.figure("processor seconds for 1,000 requests, all", format!("{all:.3}"));
        for taken in taken {
            let what = format!("{}: processor seconds for 1,000 requests, memory", taken.name);
            let figure = format!("{:.3}, {:.0} MB", thousand(taken), taken.bytes as f64 / 1e6);
            self.report.figure(&what, figure);
        }
        self.report.plot(Bars {
            title: "Processor time for 1,000 requests".to_owned(),
            unit: "s".to_owned(),
            series: taken.iter().map(|taken| taken.name.clone()).collect(),
            groups: vec![("all processes".to_owned(), taken.iter().map(thousand).collect())],
            stacked: true,
        });
    }

    /// Latency by rate, and the highest rate that holds what is wanted.
    fn steps(&mut self, steps: &[(u32, Outcome)]) {
        for (rate, outcome) in steps {
            let [p50, p99, p999] =
                QUANTILES.map(|(_, quantile)| milliseconds(outcome.latency(quantile)));
            let figure = format!("p50 {p50}, p99 {p99}, p99.9 {p999}");
            self.report.figure(&format!("all requests at {rate}/s"), figure);
        }
        // A rate holds only if those below it do.
        let held = steps.iter().take_while(|(_, outcome)| outcome.latency(0.99) <= self.p99).last();
        let held = held.map_or_else(|| "none of these".to_owned(), |(rate, _)| format!("{rate}/s"));
        let limit = self.p99.as_millis();
        self.report.figure(&format!("highest of these rates with p99 ≤ {limit} ms"), held);
        let line = |(name, quantile): (&str, f64)| {
            let point = |(rate, outcome): &(u32, Outcome)| {
                (f64::from(*rate), millis(outcome.latency(quantile)))
            };
            (name.to_owned(), steps.iter().map(point).collect())
        };
        self.report.plot(Lines {
            title: "Latency by rate".to_owned(),
            across: "requests a second".to_owned(),
            up: "ms".to_owned(),
            curves: QUANTILES.map(line).to_vec(),
        });
    }

    /// Latency of each deed at one rate.
    fn deeds(&mut self, mix: &Mix, rate: u32, outcome: &Outcome) {
        let mut groups = Vec::new();
        for deed in mix.deeds() {
            let kind = outcome.kinds.get(deed as usize).filter(|kind| !kind.is_empty());
            let Some(kind) = kind else { continue };
            let times = QUANTILES.map(|(_, quantile)| latency(kind, quantile));
            let [p50, p99, p999] = times.map(milliseconds);
            let figure = format!("p50 {p50}, p99 {p99}, p99.9 {p999}");
            self.report.figure(&format!("{} at {rate}/s in all", deed.name()), figure);
            groups.push((deed.name().to_owned(), times.map(millis).to_vec()));
        }
        self.report.plot(Bars {
            title: format!("Latency of each deed at {rate} requests a second"),
            unit: "ms".to_owned(),
            series: QUANTILES.map(|(name, _)| name.to_owned()).to_vec(),
            groups,
            stacked: false,
        });
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
