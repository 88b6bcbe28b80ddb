//! `wrk`, where it is installed: the load generator that others quote.

use std::io::ErrorKind;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::client::Url;

/// Requests a second over `connections`; none when `wrk` is not installed.
pub(crate) fn measure(
    url: &Url,
    header: &str,
    connections: usize,
    seconds: u64,
) -> Result<Option<f64>> {
    let run = Command::new("wrk")
        .args(["--threads", "2", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--header", header])
        .arg(url.to_string())
        .output();
    let output = match run {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        run => run.context("wrk cannot be run")?,
    };
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    rate(&said).map(Some)
}

fn rate(said: &str) -> Result<f64> {
    let refused = said.contains("Non-2xx") || said.contains("Socket errors");
    ensure!(!refused, "wrk had answers that are no success:\n{said}");
    let rate = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).context("wrk printed no rate")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running 5s test @ http://127.0.0.1:1/\n  2 threads and 64 connections\n  \
                        150000 requests in 5.00s, 30MB read\nRequests/sec:  29876.54\nTransfer/sec: 6MB\n";

    #[test]
    fn the_rate_is_read_unless_answers_failed() {
        assert!((rate(SAID).unwrap() - 29_876.54).abs() < 0.01);
        assert!(
            rate(&SAID.replace("Requests", "  Non-2xx or 3xx responses: 7\nRequests")).is_err()
        );
    }
}
