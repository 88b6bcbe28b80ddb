//! Load: a thread for each client, and how long each request took.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use crate::client::{Connection, Url};

/// Load that is not measured, at the start: caches fill, connections open.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// What each client asks for, again and again from the start: prepared requests in their order.
pub(crate) type Rounds = Vec<Vec<Vec<u8>>>;

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
}

impl Outcome {
    /// Of requests that were all begun within `duration`.
    pub(crate) fn new(latencies: Histogram<u64>, duration: Duration) -> Self {
        let requests_per_second = latencies.len() as f64 / duration.as_secs_f64();
        Self { requests_per_second, latencies }
    }

    /// The time within which the share `quantile` of the requests was answered.
    pub(crate) fn latency(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(quantile))
    }
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
fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// The time, for measuring how long something takes.
#[expect(clippy::disallowed_methods, reason = "a stopwatch is what this program is")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sends `rounds` to the server of `url` for [`WARM_UP`] and then `duration`, which is measured.
///
/// An answer that is no success ends it with an error: a server that refuses is fast.
pub(crate) fn run(url: &Url, rounds: &Rounds, pace: Pace, duration: Duration) -> Result<Outcome> {
    let connections =
        rounds.iter().map(|_| Connection::open(url)).collect::<Result<Vec<Connection>>>()?;
    let start = now();
    let timetable = Timetable {
        pace,
        start,
        measured_from: start + WARM_UP,
        end: start + WARM_UP + duration,
        next: AtomicU64::new(0),
        given_up: AtomicBool::new(false),
    };
    let outcomes: Vec<Result<Histogram<u64>>> = thread::scope(|scope| {
        let clients: Vec<_> = connections
            .into_iter()
            .zip(rounds)
            .map(|(connection, requests)| {
                let timetable = &timetable;
                scope.spawn(move || timetable.follow(connection, requests))
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client does not panic")).collect()
    });
    let mut latencies = histogram()?;
    for outcome in outcomes {
        latencies.add(outcome?)?;
    }
    Ok(Outcome::new(latencies, duration))
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
    fn follow(&self, mut connection: Connection, requests: &[Vec<u8>]) -> Result<Histogram<u64>> {
        let mut latencies = histogram()?;
        let mut requests = requests.iter().cycle();
        while let Some(moment) = self.next_moment() {
            let request = requests.next().context("a client has nothing to ask for")?;
            let outcome = connection.send(request).and_then(|answer| answer.check());
            if outcome.is_err() {
                self.given_up.store(true, Ordering::Relaxed);
            }
            outcome?;
            if moment >= self.measured_from {
                latencies.saturating_record(now().duration_since(moment).as_micros() as u64);
            }
        }
        Ok(latencies)
    }

    /// Waits for the moment of the next request and answers it; none when it is over.
    fn next_moment(&self) -> Option<Instant> {
        let moment = match self.pace {
            Pace::Closed => now(),
            Pace::Open(rate) => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let moment = self.start + Duration::from_secs(number) / rate;
                thread::sleep(moment.saturating_duration_since(now()));
                moment
            }
        };
        (moment < self.end && !self.given_up.load(Ordering::Relaxed)).then_some(moment)
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

    fn one_client(url: &Url) -> Rounds {
        vec![vec![request("GET", url, &[], "")]]
    }

    #[test]
    fn a_slow_server_is_charged_for_those_who_wait_in_line() {
        let url = server(Duration::from_millis(20), usize::MAX);
        // Twice as many come as it can answer: the last has waited about as long as all have come.
        let duration = Duration::from_millis(200);
        let open = run(&url, &one_client(&url), Pace::Open(100), duration).unwrap();
        assert!(open.latency(0.0) >= Duration::from_millis(20));
        assert!(open.latency(1.0) >= Duration::from_millis(600), "{open}");
    }

    #[test]
    fn a_refusal_is_no_figure() {
        let url = server(Duration::ZERO, 3);
        let refused = run(&url, &one_client(&url), Pace::Closed, Duration::from_secs(1));
        assert!(refused.err().unwrap().to_string().contains("503"));
    }
}
