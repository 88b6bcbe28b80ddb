//! The figures of one route.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};
use parking_lot::RwLock;

/// Counts the answers of one route. The counters are looked up once, not for each request.
#[derive(Default)]
pub(super) struct Endpoint {
    route: OnceLock<String>,
    /// A handful: a route answers one method with a few statuses.
    seen: RwLock<Vec<Seen>>,
}

struct Seen {
    method: &'static str,
    status: StatusCode,
    answers: Counter,
    durations: Histogram,
}

impl Endpoint {
    /// Tells the route's pattern, which is known at the first request; `None` if there is none.
    pub(super) fn name(&self, route: Option<&str>) {
        self.route.get_or_init(|| route.unwrap_or("none").to_owned());
    }

    pub(super) fn record(&self, method: &Method, status: StatusCode, elapsed: Duration) {
        let method = label(method);
        let matches = |seen: &&Seen| seen.method == method && seen.status == status;
        if let Some(seen) = self.seen.read().iter().find(matches) {
            return seen.record(elapsed);
        }
        let mut all = self.seen.write();
        if let Some(seen) = all.iter().find(matches) {
            return seen.record(elapsed);
        }
        let route = self.route.get().cloned().unwrap_or_default();
        let labels = [("route", route.clone()), ("method", method.to_owned())];
        let seen = Seen {
            method,
            status,
            answers: counter!(
                "tintype_http_requests_total",
                "route" => route, "method" => method, "status" => status.as_u16().to_string()
            ),
            durations: histogram!("tintype_http_request_duration_seconds", &labels),
        };
        seen.record(elapsed);
        all.push(seen);
    }
}

impl Seen {
    fn record(&self, elapsed: Duration) {
        self.answers.increment(1);
        self.durations.record(elapsed);
    }
}

/// The method as a label. A client may invent methods; a label for each would fill the memory.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
