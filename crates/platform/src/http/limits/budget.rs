//! One kind of allowance, which each process counts in its own memory.
//!
//! By the generic cell rate algorithm: all that is kept of a caller is the moment at which the whole
//! budget is there again. What is taken moves it on, and nothing may move it further away than a whole
//! budget takes to come back.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;

use super::fleet::Fleet;
use super::{Left, Visit, refused};
use crate::error::Result;

/// Stripes of a budget, each with a lock of its own.
const STRIPES: usize = 32;

/// After so many requests a stripe forgets callers who have all of their budget again; after as many as it
/// then knows callers, if those are more.
const SWEEP: usize = 256;

/// Callers of one stripe of whom a fleet is told at once. What more of them take meanwhile is counted by
/// this process alone.
const TOLD: usize = 128;

const SECOND: u64 = 1_000_000_000;

/// Whom a budget is for.
pub(super) trait Caller: Copy + Eq + Hash + Display {}

impl<K: Copy + Eq + Hash + Display> Caller for K {}

/// How much there is, and how it comes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    burst: u32,
    interval: u64,
}

impl Quota {
    /// `count` in every `period`, all of which may be taken at once; at least one.
    pub(super) fn new(count: u32, period: Duration) -> Self {
        let burst = count.max(1);
        Self { burst, interval: period.as_nanos() as u64 / u64::from(burst) }
    }

    /// The most that can be taken at once.
    pub(super) fn burst(self) -> u32 {
        self.burst
    }

    /// Nanoseconds in which one comes back.
    pub(super) fn interval(self) -> u64 {
        self.interval
    }

    /// Nanoseconds in which everything comes back.
    pub(super) fn window(self) -> u64 {
        self.interval * u64::from(self.burst)
    }

    /// What is left of it when all will be there in so many nanoseconds.
    pub(super) fn left(self, lead: u64) -> Left {
        let remaining = self.window().saturating_sub(lead) / self.interval;
        Left { limit: self.burst, remaining: remaining as u32, reset: lead.div_ceil(SECOND) as u32 }
    }
}

/// An allowance for each caller by itself.
pub(super) struct Budget<K> {
    /// What it is called by in metrics and in Redis.
    pub(super) name: &'static str,
    pub(super) quota: Quota,
    stripes: Box<[Mutex<Stripe<K>>]>,
    /// From which moments are counted here, in nanoseconds.
    started: Instant,
    pub(super) refused: metrics::Counter,
}

/// What a caller has taken of which a fleet has not been told.
pub(super) struct Untold<K> {
    pub(super) caller: K,
    pub(super) taken: u32,
    /// Nanoseconds since the first of it was taken.
    pub(super) ago: u64,
}

impl<K: Caller> Budget<K> {
    /// Nobody has taken anything yet.
    #[expect(clippy::disallowed_methods, reason = "a limit measures by the clock of the machine")]
    pub(super) fn new(name: &'static str, quota: Quota) -> Self {
        Self {
            name,
            quota,
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            started: Instant::now(),
            refused: metrics::counter!("tintype_http_limited_total", "budget" => name),
        }
    }

    /// Takes one from the budget of `caller`, and has the `fleet` told of it, if there is one; 429 if
    /// nothing is left.
    pub(super) fn check(&self, caller: K, visit: &Visit, fleet: Option<&Fleet>) -> Result<()> {
        let (now, is_told) = (self.now(), fleet.is_some());
        let taken = self.stripes[stripe(&caller)].lock().take(caller, now, self.quota, is_told);
        visit.note(self.quota.left(taken.lead));
        if let Some(fleet) = fleet.filter(|_| taken.is_first) {
            fleet.has_to_be_told();
        }
        if taken.wait > 0 {
            self.refused.increment(1);
            return Err(refused(taken.wait.div_ceil(SECOND) as u32));
        }
        Ok(())
    }

    /// This moment as it is counted here.
    pub(super) fn now(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }

    /// What was taken since this was last asked, by the stripes that those who took it belong to. Whoever
    /// gets it has to tell: nobody else will.
    pub(super) fn take_untold(&self) -> impl Iterator<Item = (usize, Vec<Untold<K>>)> {
        let now = self.now();
        let untold =
            self.stripes.iter().map(move |stripe| stripe.lock().take_untold(now)).enumerate();
        untold.filter(|(_, untold)| !untold.is_empty())
    }

    /// Learns that at the moment `then` the whole budget of `caller` was `lead` nanoseconds away,
    /// counting all that it had taken by then. What this process knows to be further away stays so.
    pub(super) fn learn(&self, caller: K, then: u64, lead: u64) {
        let mut stripe = self.stripes[stripe(&caller)].lock();
        let standing = stripe.callers.entry(caller).or_default();
        let since = u64::from(standing.untold) * self.quota.interval;
        standing.whole = standing.whole.max(then + lead + since);
    }
}

/// Which stripe a caller belongs to, in every process of a fleet the same.
fn stripe(caller: &impl Hash) -> usize {
    (FxBuildHasher.hash_one(caller) >> 32) as usize % STRIPES
}

struct Stripe<K> {
    callers: HashMap<K, Standing>,
    /// Those who have taken something of which a fleet has not been told.
    untold: Vec<K>,
    /// Requests until the next sweep.
    until_sweep: usize,
}

/// What is known of one caller.
#[derive(Default)]
struct Standing {
    /// The moment at which the whole budget is there again.
    whole: u64,
    /// How many were taken of which a fleet has not been told, and the moment of the first.
    untold: u32,
    first: u64,
}

/// What came of a request.
struct Taken {
    /// Nanoseconds until the whole budget is there again.
    lead: u64,
    /// Nanoseconds to wait first, if nothing was left.
    wait: u64,
    /// Whether it is the first of this caller of which a fleet has to be told.
    is_first: bool,
}

impl<K> Default for Stripe<K> {
    fn default() -> Self {
        Self { callers: HashMap::new(), untold: Vec::new(), until_sweep: SWEEP }
    }
}

impl<K: Caller> Stripe<K> {
    fn take(&mut self, caller: K, now: u64, quota: Quota, is_told: bool) -> Taken {
        self.sweep(now);
        let standing = self.callers.entry(caller).or_default();
        let before = standing.whole.max(now);
        let whole = before + quota.interval;
        let wait = whole.saturating_sub(now + quota.window());
        if wait > 0 {
            return Taken { lead: before - now, wait, is_first: false };
        }
        standing.whole = whole;
        let is_first = is_told && standing.untold == 0 && self.untold.len() < TOLD;
        if is_first {
            standing.first = now;
            self.untold.push(caller);
        }
        if is_first || standing.untold > 0 {
            standing.untold += 1;
        }
        Taken { lead: whole - now, wait, is_first }
    }

    fn take_untold(&mut self, now: u64) -> Vec<Untold<K>> {
        let told = self.untold.drain(..).filter_map(|caller| {
            let standing = self.callers.get_mut(&caller)?;
            let taken = std::mem::take(&mut standing.untold);
            Some(Untold { caller, taken, ago: now.saturating_sub(standing.first) })
        });
        told.collect()
    }

    /// Costs a request as much as to look at one or two callers, taken over all requests.
    fn sweep(&mut self, now: u64) {
        if self.until_sweep == 0 {
            self.callers.retain(|_, standing| standing.whole > now || standing.untold > 0);
            self.callers.shrink_to_fit();
            self.until_sweep = self.callers.len().max(SWEEP);
        }
        self.until_sweep -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR_A_SECOND: Quota = Quota { burst: 4, interval: SECOND / 4 };

    #[test]
    fn what_was_taken_comes_back_one_by_one() {
        let mut stripe = Stripe::default();
        let mut take = |now| {
            let taken = stripe.take(1u64, now, FOUR_A_SECOND, false);
            let left = FOUR_A_SECOND.left(taken.lead);
            if taken.wait == 0 { Ok(left.remaining) } else { Err(taken.wait) }
        };
        let start = 1_000 * SECOND;
        assert_eq!([0; 5].map(|_| take(start)), [Ok(3), Ok(2), Ok(1), Ok(0), Err(SECOND / 4)]);
        assert_eq!(take(start + SECOND / 4 - 1), Err(1));
        assert_eq!(take(start + SECOND / 4), Ok(0));
        assert_eq!(take(start + SECOND / 4), Err(SECOND / 4));
        assert_eq!(take(start + SECOND), Ok(2));
        assert_eq!(take(start + 60 * SECOND), Ok(3));
    }

    #[test]
    fn callers_who_have_asked_nothing_for_long_are_forgotten() {
        let mut stripe = Stripe::default();
        for caller in 0..10 * SWEEP as u64 {
            stripe.take(caller, caller * SECOND, FOUR_A_SECOND, false);
        }
        assert!(stripe.callers.len() <= SWEEP + 1, "{}", stripe.callers.len());
        assert!(stripe.callers.capacity() <= 4 * SWEEP, "{}", stripe.callers.capacity());
    }

    #[test]
    fn a_fleet_is_told_of_so_many_at_once_and_of_the_others_later() {
        let mut stripe = Stripe::default();
        let mut told = |round| {
            for caller in 0..2 * TOLD {
                stripe.take(caller, round, FOUR_A_SECOND, true);
            }
            let untold = stripe.take_untold(round);
            assert!(untold.iter().all(|untold| untold.taken == 1 && untold.ago == 0));
            untold.len()
        };
        assert_eq!([told(0), told(SECOND)], [TOLD, TOLD]);
        assert!(stripe.take_untold(SECOND).is_empty());
    }
}
