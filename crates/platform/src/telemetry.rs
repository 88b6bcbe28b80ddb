//! What happened: logs and figures.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::clock::{Clock, SystemClock};
use crate::config::{self, LogFormat};

/// Upper ends, in seconds, of the ranges in which durations are counted.
const DURATIONS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper ends of the ranges in which the writes of a commit are counted.
const GROUPS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// How often what histograms were given is added up; until then each value is kept by itself.
const UPKEEP: Duration = Duration::from_secs(1);

/// The figures of this process.
#[derive(Clone)]
pub struct Telemetry {
    prometheus: PrometheusHandle,
}

impl Telemetry {
    /// All figures in Prometheus' text format, those of the process itself as they are now.
    pub fn render(&self) -> String {
        measure_process();
        self.prometheus.render()
    }
}

/// Begins to log, to the standard error stream, and to count.
///
/// The first call of a process decides; later ones only answer the same figures, so that several
/// servers may run in one process. Counters and caches made before it count nothing.
pub fn init(config: &config::Log) -> Telemetry {
    static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
    let start = || {
        start_log(config);
        log_panics();
        Telemetry { prometheus: start_figures() }
    };
    TELEMETRY.get_or_init(start).clone()
}

fn start_log(config: &config::Log) {
    let filter = match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => EnvFilter::new(directives),
        _ => EnvFilter::new(&config.level),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A test may have set up a log of its own, which is then the one that is used.
    let _ = match config.format {
        LogFormat::Human => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
    };
}

/// Logs panics like everything else, once, with the request that they belong to.
fn log_panics() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !tracing::enabled!(tracing::Level::ERROR) {
            return otherwise(panic);
        }
        let message = panic.payload_as_str().unwrap_or("a value that is no text");
        let location = panic.location().map_or_else(String::new, ToString::to_string);
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
        let thread = std::thread::current();
        tracing::error!(
            panic.message = message,
            panic.location = location,
            panic.thread = thread.name(),
            panic.backtrace = backtrace.map(tracing::field::display),
            "panicked"
        );
    }));
}

fn start_figures() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&DURATIONS)
        .and_then(|builder| {
            let name = Matcher::Full("tintype_commit_group_size".to_owned());
            builder.set_buckets_for_metric(name, &GROUPS)
        })
        .expect("there are ranges")
        .build_recorder();
    let handle = recorder.handle();
    // Somebody else's recorder, in a process that is not ours, goes before ours.
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
        start_upkeep(handle.clone());
    }
    gauge!("process_start_time_seconds").set(SystemClock.now().as_millis() as f64 / 1000.0);
    handle
}

fn start_upkeep(handle: PrometheusHandle) {
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP);
            handle.run_upkeep();
        }
    };
    let thread = std::thread::Builder::new().name("tintype-metrics".to_owned()).spawn(upkeep);
    if let Err(cause) = thread {
        tracing::warn!(%cause, "no thread for figures: memory grows until /metrics is read");
    }
}

/// Every figure there is, with its unit: names and labels are promised to dashboards and alerts.
fn describe() {
    let counter = |name, help| describe_counter!(name, Unit::Count, help);
    counter("tintype_http_requests_total", "Requests answered, by route, method and status.");
    counter("tintype_http_limited_total", "Requests answered 429, by the budget that was used up.");
    counter("tintype_http_replayed_total", "Requests given the first answer to their key again.");
    counter("tintype_cache_hits_total", "Lookups that a cache answered, by cache.");
    counter("tintype_cache_misses_total", "Lookups that a cache could not answer, by cache.");
    counter("tintype_shared_cache_hits_total", "Of those, what Redis could answer, by cache.");
    counter("tintype_shared_cache_misses_total", "And what Redis could not, by cache.");
    counter(
        "tintype_consumer_failures_total",
        "Tries to handle an event that failed, by consumer.",
    );
    counter("tintype_media_uploads_total", "Uploads taken and refused, by type and outcome.");
    counter("tintype_peer_failures_total", "Calls of another process that failed, by peer.");
    counter(
        "tintype_object_store_failures_total",
        "Calls of the store of pictures and films that failed, by operation.",
    );
    counter(
        "tintype_operations_total",
        "Requests kept while the database was down, refused when full, done and refused later.",
    );

    let gauge = |name, help| describe_gauge!(name, Unit::Count, help);
    gauge("tintype_operations_waiting", "Requests on this node's disk that wait for the database.");
    describe_gauge!(
        "tintype_operations_oldest_seconds",
        Unit::Seconds,
        "How long the oldest of the requests has waited."
    );
    gauge("tintype_http_connections", "Open connections.");
    gauge("tintype_breaker_open", "1 while a peer is left alone that has failed, by peer.");
    gauge("tintype_consumer_lag", "Events that a consumer has not handled yet, by consumer.");
    gauge("tintype_outbox_depth", "Events that some consumer has not handled yet.");
    gauge("tintype_dead_letters", "Events that a consumer gave up on, by consumer.");
    gauge("tintype_counter_drift", "What the last recount found wrong.");
    gauge("tintype_media_files", "Pictures and films that are kept.");
    gauge("tintype_media_queue_depth", "Pictures that wait for a thread to work on them.");
    describe_gauge!("tintype_media_bytes", Unit::Bytes, "What all pictures and films take.");
    gauge("process_open_fds", "Open file descriptors.");
    describe_gauge!("process_resident_memory_bytes", Unit::Bytes, "Memory in use.");
    describe_gauge!(
        "process_start_time_seconds",
        Unit::Seconds,
        "When the process started, since the Unix epoch."
    );

    describe_histogram!(
        "tintype_http_request_duration_seconds",
        Unit::Seconds,
        "Time to the head of the answer, by route and method."
    );
    describe_histogram!(
        "tintype_object_store_seconds",
        Unit::Seconds,
        "Time until the store of pictures and films answered, by operation."
    );
    describe_histogram!(
        "tintype_media_develop_seconds",
        Unit::Seconds,
        "Time that a thread works on a picture or film."
    );
    describe_histogram!("tintype_commit_group_size", Unit::Count, "Writes that shared a commit.");
}

/// Reads what Linux tells of the process; elsewhere the figures stay away.
fn measure_process() {
    const PAGE: f64 = 4096.0;
    let resident = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<f64>().ok());
    if let Some(pages) = resident {
        gauge!("process_resident_memory_bytes").set(pages * PAGE);
    }
    if let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") {
        // One of them is the folder being read.
        gauge!("process_open_fds").set(descriptors.count().saturating_sub(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn starting_twice_counts_in_one_place() {
        let config = Config::defaults().log;
        let (first, second) = (init(&config), init(&config));
        metrics::counter!("tintype_cache_hits_total", "cache" => "telemetry").increment(2);
        metrics::histogram!("tintype_http_request_duration_seconds", "route" => "/telemetry")
            .record(0.004);
        // Its own series: the databases of other tests count their groups too.
        metrics::histogram!("tintype_commit_group_size", "of" => "telemetry").record(100.0);
        for telemetry in [first, second] {
            let text = telemetry.render();
            for line in [
                "# TYPE tintype_cache_hits_total counter",
                r#"tintype_cache_hits_total{cache="telemetry"} 2"#,
                r#"tintype_http_request_duration_seconds_bucket{route="/telemetry",le="0.005"} 1"#,
                r#"tintype_http_request_duration_seconds_bucket{route="/telemetry",le="0.0025"} 0"#,
                r#"tintype_commit_group_size_bucket{of="telemetry",le="64"} 0"#,
            ] {
                assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
            }
            assert!(text.contains("process_resident_memory_bytes "));
        }
    }
}
