//! Ids: 53 bits that sort by time and are exact in a JSON number.
//!
//! 40 bits of milliseconds since [`EPOCH`], 8 bits of node, 5 bits of sequence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{Clock, Timestamp};

/// 2025-01-01T00:00:00Z, the moment that ids count from.
pub const EPOCH: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// The largest id: 2^53 - 1, the largest integer that is exact in every JSON reader.
pub const MAX: u64 = (1 << 53) - 1;

const NODE_BITS: u32 = 8;
const SEQUENCE_BITS: u32 = 5;
const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;

/// Makes ids. One to a process: two with the same node number could make the same id.
pub struct IdGenerator {
    clock: Arc<dyn Clock>,
    node: AtomicU64,
    /// Milliseconds and sequence of the last id, side by side: adding one borrows from the next
    /// millisecond by itself when the 32 ids of one are used up.
    last: AtomicU64,
}

impl IdGenerator {
    /// A generator for `node`, whose ids are all above `floor` (0 for none): pass the highest id
    /// that the node is known to have made, so that a clock set back cannot make one twice.
    pub fn new(clock: Arc<dyn Clock>, node: u8, floor: u64) -> Self {
        let last = (floor >> (NODE_BITS + SEQUENCE_BITS) << SEQUENCE_BITS) | SEQUENCE_MASK;
        Self {
            clock,
            node: AtomicU64::new(u64::from(node)),
            last: AtomicU64::new(if floor == 0 { 0 } else { last }),
        }
    }

    /// The next id: greater than every id this generator made before.
    pub fn next(&self) -> u64 {
        let now = millis_of(self.clock.now()) << SEQUENCE_BITS;
        let step = |last: u64| now.max(last + 1);
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(step(last)))
            .unwrap_or_else(|last| last);
        let slot = step(last);
        let millis = slot >> SEQUENCE_BITS;
        (millis << (NODE_BITS + SEQUENCE_BITS))
            | (self.node.load(Ordering::Relaxed) << SEQUENCE_BITS)
            | (slot & SEQUENCE_MASK)
    }

    /// Makes ids as `node` from now on. For a process that has lost its number to another.
    pub fn become_node(&self, node: u8) {
        self.node.store(u64::from(node), Ordering::Relaxed);
    }

    /// The number of the node that ids are made for.
    pub fn node(&self) -> u8 {
        self.node.load(Ordering::Relaxed) as u8
    }

    /// The clock that the ids are made by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

/// When an id was made, to the millisecond.
pub fn timestamp_of(id: u64) -> Timestamp {
    EPOCH.plus_millis((id >> (NODE_BITS + SEQUENCE_BITS)) as i64)
}

/// The smallest id that can have been made at `moment`: every id at or above it is as young.
pub fn floor_at(moment: Timestamp) -> u64 {
    millis_of(moment) << (NODE_BITS + SEQUENCE_BITS)
}

fn millis_of(moment: Timestamp) -> u64 {
    moment.since(EPOCH).clamp(0, (1 << 40) - 1) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_burst_borrows_from_the_next_millisecond() {
        let clock = Arc::new(ManualClock::at(EPOCH.plus_millis(1000)));
        let ids = IdGenerator::new(clock.clone(), 7, 0);
        let made: Vec<u64> = (0..100).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(timestamp_of(made[31]), EPOCH.plus_millis(1000));
        assert_eq!(timestamp_of(made[32]), EPOCH.plus_millis(1001));
        clock.advance_millis(1);
        assert!(ids.next() > made[99]);
    }

    #[test]
    fn a_clock_set_back_makes_no_id_twice() {
        let clock = Arc::new(ManualClock::at(EPOCH.plus_millis(5000)));
        let first = IdGenerator::new(clock.clone(), 0, 0).next();
        clock.set(EPOCH.plus_millis(10));
        assert!(IdGenerator::new(clock, 0, first).next() > first);
    }

    proptest! {
        #[test]
        fn ids_fit_in_53_bits_rise_and_tell_their_time(
            millis in 0i64..(1 << 40) - 100, node: u8, count in 1usize..200
        ) {
            let moment = EPOCH.plus_millis(millis);
            let ids = IdGenerator::new(Arc::new(ManualClock::at(moment)), node, 0);
            let made: Vec<u64> = (0..count).map(|_| ids.next()).collect();
            prop_assert!(made.iter().all(|&id| id <= MAX && id >= floor_at(moment)));
            prop_assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(timestamp_of(made[0]), moment.max(EPOCH.plus_millis(0)));
            prop_assert!(made.iter().all(|&id| (id >> 5) & 0xff == u64::from(node)));
        }
    }
}
