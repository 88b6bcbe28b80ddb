//! How far a process sees what is committed by all of them.
//!
//! A process looks at the database again and again (see [`postgres`](crate::postgres)) and corrects
//! what it remembers by what it finds. Transactions are numbered by the database, which gives the
//! processes a measure in common: what one of them has read bears a number, by which every other can
//! tell whether that was before or after a change.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one process has seen. It only rises.
#[derive(Debug, Default)]
pub struct Horizon {
    /// The number of the last look that has begun.
    begun: AtomicU64,
    /// The number of the last look whose findings are taken in.
    taken_in: AtomicU64,
    /// Every transaction below is seen.
    below: AtomicU64,
    /// No transaction from here on is seen, nor by a look that is being taken in.
    end: AtomicU64,
}

impl Horizon {
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// The look that began last has seen the transactions below `end`; what it found is taken in
    /// from now on.
    pub(crate) fn found(&self, end: u64) {
        self.end.fetch_max(end, Ordering::AcqRel);
    }

    /// What the look that began last has found is taken in; it saw every transaction below `below`.
    pub(crate) fn took_in(&self, below: u64) {
        self.below.fetch_max(below, Ordering::AcqRel);
        self.taken_in.store(self.begun.load(Ordering::Acquire), Ordering::Release);
    }

    /// Every transaction below this number shows in whatever is read from now on. 0 as long as
    /// nothing has been seen.
    pub(crate) fn below(&self) -> u64 {
        self.below.load(Ordering::Acquire)
    }
}

/// From when on something that was read is known to be true still.
#[derive(Debug, Default)]
pub(crate) struct Since {
    /// The number below which it must have seen every transaction.
    below: AtomicU64,
    /// The look that must have been taken in before anybody knows that number.
    look: AtomicU64,
}

impl Since {
    /// A change was committed. Its number is not known here, so it waits for a look that begins
    /// later, which finds the change and calls this once more.
    pub(crate) fn changed(&self, horizon: &Horizon) {
        self.look.fetch_max(horizon.begun.load(Ordering::Acquire) + 1, Ordering::AcqRel);
        self.below.fetch_max(horizon.end.load(Ordering::Acquire), Ordering::AcqRel);
    }

    /// Whether what was read when every transaction below `read` was seen holds still.
    pub(crate) fn holds(&self, horizon: &Horizon, read: u64) -> bool {
        horizon.taken_in.load(Ordering::Acquire) >= self.look.load(Ordering::Acquire)
            && read >= self.below.load(Ordering::Acquire)
            // Nobody can have read what is not there: the number is of another time of the database,
            // from before a backup was restored.
            && read <= horizon.end.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_holds_no_more_once_anybody_could_know() {
        let (horizon, key) = (Horizon::default(), Since::default());
        horizon.begin();
        horizon.found(100);
        horizon.took_in(90);
        assert!(key.holds(&horizon, 90));
        assert!(!key.holds(&horizon, 101), "nobody has read that yet");
        // A look is on its way that may have begun before the change was committed.
        horizon.begin();
        key.changed(&horizon);
        assert!(!key.holds(&horizon, 90));
        horizon.found(105);
        horizon.took_in(105);
        assert!(!key.holds(&horizon, 105), "it did not need to find the change");
        horizon.begin();
        horizon.found(110);
        key.changed(&horizon);
        horizon.took_in(107);
        horizon.begin();
        horizon.found(112);
        horizon.took_in(112);
        assert!(!key.holds(&horizon, 107), "the change may be 108");
        assert!(key.holds(&horizon, 110));
    }
}
