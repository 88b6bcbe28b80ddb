//! What is carried out once, whoever tries it and however often.
//!
//! A request with an `Idempotency-Key` may be tried again when nobody knows what became of it: the
//! connection broke in the middle of a commit, or the process was killed. So its change leaves the key
//! in the database, in the same transaction, where there is room for it once. Of all tries, on
//! whichever process, one commits.

use std::cell::Cell;

/// Stands for a caller and the `Idempotency-Key` that it sent.
pub type Key = [u8; 32];

tokio::task_local! {
    static DEED: Cell<Option<Key>>;
}

/// Carries out `work` under `key`. A task spawned by it does not inherit the key.
pub(crate) async fn under<F: Future>(key: Key, work: F) -> F::Output {
    DEED.scope(Cell::new(Some(key)), work).await
}

/// The key of what this task carries out, for the one change that is to bear it: the first of which
/// others are told. None outside of such work, and when another change bears it.
pub(crate) fn take_key() -> Option<Key> {
    DEED.try_with(Cell::take).ok().flatten()
}

/// Gives back a key whose change was not committed, for the next.
pub(crate) fn give_back(key: Key) {
    // Outside of such work nothing was taken.
    let _ = DEED.try_with(|deed| deed.set(Some(key)));
}
