//! Load: a thread for each client, and how long each request took.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::client::{Answer, Connection, Url};

/// Load that is not measured, at the start: caches fill, connections open.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// How far a server may fall behind a timetable before it is not waited for any longer.
const BEHIND: Duration = Duration::from_secs(10);

/// Somebody who asks again and again, on a connection of their own.
pub(crate) trait Client: Send {
    /// What is asked next, ready to be sent, and the number of its kind.
    fn next(&mut self) -> (usize, &[u8]);

    /// Takes the answer to what was asked last, which is a success.
    fn take(&mut self, _answer: &Answer<'_>) -> Result<()> {
        Ok(())
    }
}

/// Clients of a measurement.
pub(crate) type Clients = Vec<Box<dyn Client>>;

/// What each client asks for, again and again from the start: prepared requests in their order.
pub(crate) type Rounds = Vec<Vec<Vec<u8>>>;

/// Clients who ask for what is prepared. Each has at least one thing to ask for.
pub(crate) fn clients(rounds: &Rounds) -> Clients {
    let client = |requests: &Vec<Vec<u8>>| -> Box<dyn Client> {
        Box::new(Repeating { requests: requests.clone(), next: 0 })
    };
    rounds.iter().map(client).collect()
}

struct Repeating {
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl Client for Repeating {
    fn next(&mut self) -> (usize, &[u8]) {
        let request = &self.requests[self.next % self.requests.len()];
        self.next += 1;
        (0, request)
    }
}

/// How the clients take turns.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Each sends its next request when it has the answer to the last: what the server can do.
    Closed,
    /// So many requests a second of all clients together, whether or not the server keeps up.
    ///
    /// A request has its moment by the timetable, and its time is counted from that moment even if
    /// no client was free then: a server that stalls is charged for all who would have come
    /// meanwhile, not for the one that happened to wait.
    Open(u32),
}

/// What was measured.
pub(crate) struct Outcome {
    pub(crate) requests_per_second: f64,
    latencies: Histogram<u64>,
    /// Those of each kind.
    pub(crate) kinds: Vec<Kind>,
}

/// What was measured of requests of one kind.
pub(crate) type Kind = Histogram<u64>;

impl Outcome {
    /// Of requests that were all begun within `duration`.
    pub(crate) fn new(latencies: Histogram<u64>, duration: Duration) -> Self {
        let requests_per_second = latencies.len() as f64 / duration.as_secs_f64();
        Self { requests_per_second, latencies, kinds: Vec::new() }
    }

    /// The time within which the share `quantile` of the requests was answered.
    pub(crate) fn latency(&self, quantile: f64) -> Duration {
        latency(&self.latencies, quantile)
    }
}

/// The time within which the share `quantile` of the requests was answered.
pub(crate) fn latency(kind: &Kind, quantile: f64) -> Duration {
    Duration::from_micros(kind.value_at_quantile(quantile))
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, p99, p999] =
            [0.5, 0.99, 0.999].map(|quantile| milliseconds(self.latency(quantile)));
        let rate = self.requests_per_second;
        write!(f, "{rate:.0}/s, p50 {median}, p99 {p99}, p99.9 {p999}")
    }
}

/// `1.23 ms`
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// The time, for measuring how long something takes.
#[expect(clippy::disallowed_methods, reason = "a stopwatch is what this program is")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sends what `clients` ask for [`WARM_UP`] and then `duration`, which is measured, to the servers of
/// `urls`, which share the clients evenly.
///
/// An answer that is no success ends it with an error: a server that refuses is fast.
pub(crate) fn run(
    urls: &[Url],
    clients: Clients,
    pace: Pace,
    duration: Duration,
) -> Result<Outcome> {
    let connections = urls.iter().cycle().take(clients.len()).map(Connection::open);
    let connections = connections.collect::<Result<Vec<Connection>>>()?;
    let start = now();
    let timetable = Timetable {
        pace,
        start,
        measured_from: start + WARM_UP,
        end: start + WARM_UP + duration,
        next: AtomicU64::new(0),
        given_up: AtomicBool::new(false),
    };
    let outcomes: Vec<Result<Vec<Kind>>> = thread::scope(|scope| {
        let threads: Vec<_> = connections
            .into_iter()
            .zip(clients)
            .map(|(connection, client)| {
                let timetable = &timetable;
                scope.spawn(move || timetable.follow(connection, client))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a client does not panic")).collect()
    });
    let mut kinds = Vec::new();
    for outcome in outcomes {
        for (kind, latencies) in outcome?.into_iter().enumerate() {
            of_kind(&mut kinds, kind)?.add(latencies)?;
        }
    }
    let mut all = histogram()?;
    for kind in &kinds {
        all.add(kind)?;
    }
    Ok(Outcome { kinds, ..Outcome::new(all, duration) })
}

fn of_kind(kinds: &mut Vec<Kind>, kind: usize) -> Result<&mut Kind> {
    while kinds.len() <= kind {
        kinds.push(histogram()?);
    }
    Ok(&mut kinds[kind])
}

struct Timetable {
    pace: Pace,
    start: Instant,
    measured_from: Instant,
    end: Instant,
    next: AtomicU64,
    given_up: AtomicBool,
}

impl Timetable {
    fn follow(&self, mut connection: Connection, mut client: Box<dyn Client>) -> Result<Vec<Kind>> {
        let mut kinds = Vec::new();
        while let Some(moment) = self.next_moment() {
            let (kind, request) = client.next();
            let done = connection.send(request).and_then(|answer| {
                answer.check()?;
                client.take(&answer)
            });
            if done.is_err() {
                self.given_up.store(true, Ordering::Relaxed);
            }
            done?;
            if moment >= self.measured_from {
                let taken = now().duration_since(moment).as_micros() as u64;
                of_kind(&mut kinds, kind)?.saturating_record(taken);
            }
        }
        Ok(kinds)
    }

    /// Waits for the moment of the next request and answers it; none when it is over.
    fn next_moment(&self) -> Option<Instant> {
        let moment = match self.pace {
            Pace::Closed => now(),
            Pace::Open(rate) => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let moment = self.start + Duration::from_secs(number) / rate;
                thread::sleep(moment.saturating_duration_since(now()));
                if now() > self.end + BEHIND {
                    return None;
                }
                moment
            }
        };
        (moment < self.end && !self.given_up.load(Ordering::Relaxed)).then_some(moment)
    }
}

/// The middle of several figures; 0 of none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// Microseconds up to a minute, to three digits.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::slice::from_ref;

    use super::*;
    use crate::client::request;

    /// Answers one connection, each request after `pause`; the answers turn to 503 after `good`.
    fn server(pause: Duration, good: usize) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1024];
            let mut answered = 0;
            while stream.read(&mut asked).is_ok_and(|read| read > 0) {
                thread::sleep(pause);
                let status = if answered < good { "200 OK" } else { "503 Service Unavailable" };
                let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                answered += 1;
            }
        });
        url
    }

    fn one_client(url: &Url) -> Clients {
        clients(&vec![vec![request("GET", url, &[], "")]])
    }

    #[test]
    fn a_slow_server_is_charged_for_those_who_wait_in_line() {
        let url = server(Duration::from_millis(20), usize::MAX);
        // Twice as many come as it can answer: the last has waited about as long as all have come.
        let duration = Duration::from_millis(200);
        let open = run(from_ref(&url), one_client(&url), Pace::Open(100), duration).unwrap();
        assert!(open.latency(0.0) >= Duration::from_millis(20));
        assert!(open.latency(1.0) >= Duration::from_millis(600), "{open}");
    }

    #[test]
    fn a_refusal_is_no_figure() {
        let url = server(Duration::ZERO, 3);
        let refused = run(from_ref(&url), one_client(&url), Pace::Closed, Duration::from_secs(1));
        assert!(refused.err().unwrap().to_string().contains("503"));
    }

    #[test]
    fn every_kind_has_figures_of_its_own() {
        struct Turns(Vec<u8>, usize);
        impl Client for Turns {
            fn next(&mut self) -> (usize, &[u8]) {
                self.1 += 1;
                (2 * (self.1 % 2), &self.0)
            }
        }
        let url = server(Duration::ZERO, usize::MAX);
        let client: Box<dyn Client> = Box::new(Turns(request("GET", &url, &[], ""), 0));
        let duration = Duration::from_secs(1);
        let outcome = run(from_ref(&url), vec![client], Pace::Closed, duration).unwrap();
        let [first, none, third] = &outcome.kinds[..] else { panic!("three kinds") };
        assert!(!first.is_empty() && none.is_empty() && third.len().abs_diff(first.len()) <= 1);
    }

    #[test]
    fn quantiles_are_those_of_sorted_figures() {
        let mut latencies = histogram().unwrap();
        for millis in (1..=1000).rev() {
            latencies.record(millis * 1000).unwrap();
        }
        let outcome = Outcome::new(latencies, Duration::from_secs(2));
        assert!((outcome.requests_per_second - 500.0).abs() < 1e-9);
        for (quantile, millis) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            let found = outcome.latency(quantile).as_secs_f64() * 1e3;
            assert!((found - millis).abs() <= millis / 1000.0, "{quantile}: {found}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
