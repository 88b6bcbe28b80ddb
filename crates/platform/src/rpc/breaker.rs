//! A breaker: after some failures in a row a peer is left alone for a while.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES: u32 = 5;

/// How long it stays open before one call may try again.
const OPEN: Duration = Duration::from_secs(1);

pub(crate) struct Breaker {
    state: Mutex<State>,
    /// 1 while it is open, for whoever watches over the site.
    open: metrics::Gauge,
}

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// A closed one; `peer` is what its metric calls whom it stands before.
    pub(crate) fn new(peer: impl Into<metrics::SharedString>) -> Self {
        let open = metrics::gauge!("tintype_breaker_open", "peer" => peer);
        open.set(0.0);
        Self { state: Mutex::default(), open }
    }

    /// Whether the peer is left alone, or was until a call that is trying it.
    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().open_until.is_some()
    }

    /// Whether a call may go out. After an open breaker's time one call may, and no other until
    /// that one has come back or the time has passed again.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + OPEN);
                true
            }
            None => true,
        }
    }

    pub(crate) fn succeeded(&self) {
        let before = std::mem::take(&mut *self.state.lock());
        if before.open_until.is_some() {
            self.open.set(0.0);
        }
    }

    pub(crate) fn failed(&self, now: Instant) {
        let mut state = self.state.lock();
        state.failures += 1;
        if state.failures >= FAILURES {
            state.open_until = Some(now + OPEN);
            self.open.set(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn opens_after_failures_in_a_row_and_lets_one_call_try() {
        let breaker = Breaker::new("test");
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert!(breaker.admits(start));
            breaker.failed(start);
        }
        assert!(!breaker.admits(start));
        let later = start + OPEN;
        assert!(breaker.admits(later));
        assert!(!breaker.admits(later));
        assert!(breaker.is_open());
        breaker.succeeded();
        assert!(!breaker.is_open());
        assert!(breaker.admits(later));
    }
}
