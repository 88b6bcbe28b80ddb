//! What the store could not be told while it was down.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::{Answer, Key};

/// As many are remembered; what is left out is found to be unknown by whoever asks again.
const MOST: usize = 1000;

/// The largest answer that is remembered, in bytes.
const LARGEST: usize = 16 * 1024;

/// What is to become of a reserved key.
#[derive(Clone)]
pub(super) enum End {
    /// The answer is kept.
    Answered(Answer),
    /// The key may be tried again.
    Released,
}

/// The ends that the store does not know of yet. A process that is killed takes them along, and the
/// keys stay reserved.
#[derive(Default)]
pub(super) struct Unsettled(Mutex<HashMap<Key, End>>);

impl Unsettled {
    pub(super) fn add(&self, key: Key, end: End) {
        let mut all = self.0.lock();
        let is_small = match &end {
            End::Answered(answer) => answer.body.len() <= LARGEST,
            End::Released => true,
        };
        if is_small && all.len() < MOST {
            all.insert(key, end);
        }
    }

    /// Takes the end of `key`, if that is still to be told.
    pub(super) fn take(&self, key: &Key) -> Option<End> {
        self.0.lock().remove(key)
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.0.lock().keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answered(bytes: usize) -> End {
        let body = Bytes::from(vec![1; bytes]);
        End::Answered(Answer { status: 201, content_type: String::new(), body })
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let unsettled = Unsettled::default();
        unsettled.add([1; 32], answered(LARGEST + 1));
        assert!(unsettled.take(&[1; 32]).is_none(), "it is too large");
        for number in 0..=MOST as u64 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            unsettled.add(key, if number % 2 == 0 { End::Released } else { answered(LARGEST) });
        }
        assert_eq!(unsettled.keys().len(), MOST);
        assert!(matches!(unsettled.take(&[0; 32]), Some(End::Released)));
        assert!(unsettled.take(&[0; 32]).is_none(), "it is told once");
        unsettled.add([2; 32], answered(1));
        assert!(matches!(unsettled.take(&[2; 32]), Some(End::Answered(_))), "there is room again");
    }
}
