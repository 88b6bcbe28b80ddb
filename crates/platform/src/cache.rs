//! An in-process cache that no race can make stale.
//!
//! Every key belongs to one of many stripes, and every stripe has a generation. An entry keeps the
//! generation that its stripe had *before* the value was loaded, and counts only as long as the
//! stripe still has it. Whoever changes the truth raises the generation after the commit and before
//! anybody is told of it: from then on no value that was read earlier is served, not even one whose
//! load began before the change and ended after it.

mod shared;

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache as Entries;
use rustc_hash::FxBuildHasher;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Result;
use shared::Level;
pub use shared::Sharing;

/// Stripes of a cache. Two keys of one stripe only cost each other a reload.
const STRIPES: usize = 1 << 14;

/// What the truth about a key was known by at one moment: see [`Cache::stamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

/// A bounded cache of `V` by `K`; values are cloned out, so `V` is an `Arc` or small.
pub struct Cache<K, V> {
    name: &'static str,
    entries: Entries<K, (Stamp, V), quick_cache::UnitWeighter, FxBuildHasher>,
    generations: Box<[AtomicU64]>,
    /// Raised when everything is to be forgotten.
    epoch: AtomicU64,
    shared: Option<Level<K, V>>,
    hits: metrics::Counter,
    misses: metrics::Counter,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// An empty cache of up to `capacity` entries; `name` is what its metrics are called by.
    pub fn new(name: &'static str, capacity: usize) -> Self {
        Self {
            name,
            entries: Entries::with(
                capacity,
                capacity as u64,
                quick_cache::UnitWeighter,
                FxBuildHasher,
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            generations: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            epoch: AtomicU64::new(0),
            shared: None,
            hits: metrics::counter!("tintype_cache_hits_total", "cache" => name),
            misses: metrics::counter!("tintype_cache_misses_total", "cache" => name),
        }
    }

    /// The same with what other processes have read as a second level, each value for as long as
    /// `kept`; [`fetch`](Self::fetch) asks for them.
    #[must_use]
    pub fn shared(self, sharing: Option<Sharing>, kept: Duration) -> Self
    where
        K: Display,
        V: Serialize + DeserializeOwned,
    {
        let shared = sharing.map(|sharing| Level::new(sharing, self.name, kept));
        Self { shared, ..self }
    }

    /// The value of `key`, if it is there and nothing has changed it since it was loaded.
    pub fn get(&self, key: &K) -> Option<V> {
        let found = self.find(key);
        if found.is_some() { &self.hits } else { &self.misses }.increment(1);
        found
    }

    /// The values of `keys` that are there, in their order.
    pub fn get_all(&self, keys: &[K]) -> Vec<Option<V>> {
        let found: Vec<Option<V>> = keys.iter().map(|key| self.find(key)).collect();
        // Counted together: a counter that all threads write to costs more than a lookup.
        let hits = found.iter().flatten().count();
        self.hits.increment(hits as u64);
        if hits < found.len() {
            self.misses.increment((found.len() - hits) as u64);
        }
        found
    }

    fn find(&self, key: &K) -> Option<V> {
        let stamp = self.stamp(key);
        let found = self.entries.get(key).filter(|(stamped, _)| *stamped == stamp);
        found.map(|(_, value)| value)
    }

    /// The value of `key`, loaded if need be. Errors are not kept.
    pub fn get_or_load(&self, key: &K, load: impl FnOnce() -> Result<V>) -> Result<V> {
        if let Some(value) = self.get(key) {
            return Ok(value);
        }
        let stamp = self.stamp(key);
        let value = load()?;
        self.entries.insert(key.clone(), (stamp, value.clone()));
        Ok(value)
    }

    /// The values of `keys`, in their order, with one load for all that are missing.
    ///
    /// `load` gets the missing keys and answers the values that it found, with their keys; a key
    /// for which there is none is `None` in the answer and is not kept.
    pub async fn fetch<L>(
        &self,
        keys: &[K],
        load: impl FnOnce(Vec<K>) -> L,
    ) -> Result<Vec<Option<V>>>
    where
        L: Future<Output = Result<Vec<(K, V)>>>,
    {
        let mut found = self.get_all(keys);
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        let mut loaded = HashMap::<K, V, FxBuildHasher>::default();
        let missing = keys.iter().zip(&found).filter(|(_, value)| value.is_none());
        // Stamps are taken before anything is read: what changes in between must not be taken for
        // true.
        let mut missing: Vec<(K, Stamp)> =
            missing.map(|(key, _)| (key.clone(), self.stamp(key))).collect();
        let seen = self.shared.as_ref().map_or(0, Level::seen);
        if let Some(shared) = &self.shared {
            let wanted: Vec<_> = missing.iter().map(|(key, _)| (stripe(key), key)).collect();
            let values = shared.get(&wanted).await;
            let mut values = values.into_iter();
            missing.retain(|(key, stamp)| {
                let Some(value) = values.next().flatten() else { return true };
                self.insert(key.clone(), *stamp, value.clone());
                loaded.insert(key.clone(), value);
                false
            });
        }
        if !missing.is_empty() {
            let wanted = missing.iter().map(|(key, _)| key.clone()).collect();
            let read = load(wanted).await?;
            if let Some(shared) = &self.shared {
                shared.put(seen, &read).await;
            }
            loaded.extend(read);
            for (key, stamp) in missing {
                if let Some(value) = loaded.get(&key) {
                    self.insert(key, stamp, value.clone());
                }
            }
        }
        for (key, slot) in keys.iter().zip(&mut found) {
            if slot.is_none() {
                *slot = loaded.get(key).cloned();
            }
        }
        Ok(found)
    }

    /// What the truth about `key` is known by now; to be taken before a load that has to wait.
    pub fn stamp(&self, key: &K) -> Stamp {
        let generation = self.generations[stripe(key)].load(Ordering::Acquire);
        Stamp(generation.wrapping_add(self.epoch.load(Ordering::Acquire)))
    }

    /// Keeps a value whose load began at `stamp`; it counts only if nothing has changed since.
    pub fn insert(&self, key: K, stamp: Stamp, value: V) {
        self.entries.insert(key, (stamp, value));
    }

    /// Makes whatever was loaded for `key` until now count no more. To be called after the commit
    /// of a change and before its caller is answered.
    pub fn invalidate(&self, key: &K) {
        let stripe = stripe(key);
        self.generations[stripe].fetch_add(1, Ordering::AcqRel);
        if let Some(shared) = &self.shared {
            shared.changed(stripe);
        }
    }

    /// Makes everything loaded until now count no more.
    pub fn invalidate_all(&self) {
        self.epoch.fetch_add(1 << 32, Ordering::AcqRel);
        if let Some(shared) = &self.shared {
            shared.changed_all();
        }
    }
}

fn stripe(key: &impl Hash) -> usize {
    (FxBuildHasher.hash_one(key) >> 32) as usize % STRIPES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_load_that_began_before_a_change_is_not_served_after_it() {
        let cache = Cache::new("test", 16);
        let loaded = cache.get_or_load(&1u64, || {
            cache.invalidate(&1);
            Ok("old")
        });
        assert_eq!(loaded.unwrap(), "old");
        assert_eq!(cache.get(&1), None);
        assert_eq!(cache.get_or_load(&1, || Ok("new")).unwrap(), "new");
        assert_eq!(cache.get(&1), Some("new"));
        cache.invalidate_all();
        assert_eq!(cache.get(&1), None);
    }

    #[tokio::test]
    async fn many_keys_cost_one_load_and_keep_their_order() {
        let cache = Cache::new("test", 16);
        cache.get_or_load(&2u64, || Ok(20)).unwrap();
        let values = cache
            .fetch(&[1, 2, 3, 1], async |missing: Vec<u64>| {
                assert_eq!(missing, [1, 3, 1]);
                Ok(vec![(1, 10)])
            })
            .await
            .unwrap();
        assert_eq!(values, [Some(10), Some(20), None, Some(10)]);
    }

    #[test]
    fn an_error_is_not_kept() {
        let cache = Cache::<u64, u64>::new("test", 16);
        assert!(cache.get_or_load(&1, || Err(Error::internal("no"))).is_err());
        assert_eq!(cache.get_or_load(&1, || Ok(1)).unwrap(), 1);
    }
}
