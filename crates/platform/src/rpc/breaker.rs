//! A breaker: after some failures in a row a peer is left alone for a while.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES: u32 = 5;

/// How long it stays open before one call may try again.
const OPEN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may go out. After an open breaker's time one call may, and no other until
    /// that one has come back or the time has passed again.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.0.lock();
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
        *self.0.lock() = State::default();
    }

    pub(crate) fn failed(&self, now: Instant) {
        let mut state = self.0.lock();
        state.failures += 1;
        if state.failures >= FAILURES {
            state.open_until = Some(now + OPEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn opens_after_failures_in_a_row_and_lets_one_call_try() {
        let breaker = Breaker::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert!(breaker.admits(start));
            breaker.failed(start);
        }
        assert!(!breaker.admits(start));
        let later = start + OPEN;
        assert!(breaker.admits(later));
        assert!(!breaker.admits(later));
        breaker.succeeded();
        assert!(breaker.admits(later));
    }
}
