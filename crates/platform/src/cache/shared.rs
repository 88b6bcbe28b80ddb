//! What processes of a fleet read for each other, kept in Redis.
//!
//! An entry says which transactions its reader had seen, and every process knows for each stripe
//! since when that must have been: see [`Horizon`]. So nobody has to take anything out of Redis, no
//! message can be lost, and a value that was read before a change and arrives after it counts nowhere.
//! A process trusts no entry from before it was started.
//!
//! Redis that does not answer is missed by nobody: then the database is read.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::STRIPES;
use crate::db::Database;
use crate::horizon::{Horizon, Since};
use crate::redis::Redis;

/// Bytes before the value: the number of the first transaction that its reader may have missed.
const NUMBER: usize = size_of::<u64>();

/// Where caches of one kind share their values.
#[derive(Clone)]
pub struct Sharing {
    redis: Redis,
    horizon: Arc<Horizon>,
}

impl Sharing {
    /// Through `redis`, by what is seen of `database`; none for an embedded database, which one
    /// process reads alone.
    pub fn through(redis: Option<Redis>, database: &Database) -> Option<Self> {
        match database {
            Database::Sqlite(_) => None,
            Database::Postgres(database) => {
                redis.map(|redis| Self { redis, horizon: database.horizon() })
            }
        }
    }
}

/// The shared level of one cache.
pub(super) struct Level<K, V> {
    sharing: Sharing,
    name: &'static str,
    kept: Duration,
    since: Box<[Since]>,
    since_all: Since,
    key: fn(&K) -> String,
    encode: fn(&V) -> Option<Vec<u8>>,
    decode: fn(&[u8]) -> Option<V>,
    hits: metrics::Counter,
    misses: metrics::Counter,
}

impl<K: Display, V: Serialize + DeserializeOwned> Level<K, V> {
    pub(super) fn new(sharing: Sharing, name: &'static str, kept: Duration) -> Self {
        let level = Self {
            sharing,
            name,
            kept,
            since: (0..STRIPES).map(|_| Since::default()).collect(),
            since_all: Since::default(),
            key: K::to_string,
            encode: |value| serde_json::to_vec(value).ok(),
            decode: |bytes| serde_json::from_slice(bytes).ok(),
            hits: metrics::counter!("tintype_shared_cache_hits_total", "cache" => name),
            misses: metrics::counter!("tintype_shared_cache_misses_total", "cache" => name),
        };
        // What was read before this process began to look is not known to hold.
        level.changed_all();
        level
    }
}

impl<K, V> Level<K, V> {
    pub(super) fn changed(&self, stripe: usize) {
        self.since[stripe].changed(&self.sharing.horizon);
    }

    pub(super) fn changed_all(&self) {
        self.since_all.changed(&self.sharing.horizon);
    }

    /// What whoever reads from now on has certainly seen.
    pub(super) fn seen(&self) -> u64 {
        self.sharing.horizon.below()
    }

    /// The values of those of `keys` that are there and hold, in their order; each comes with its
    /// stripe.
    pub(super) async fn get(&self, keys: &[(usize, &K)]) -> Vec<Option<V>> {
        let names: Vec<String> = keys.iter().map(|(_, key)| self.name_of(key)).collect();
        let found = match self.sharing.redis.get(&names).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(cause = %error, cache = self.name, "the database is read instead");
                return keys.iter().map(|_| None).collect();
            }
        };
        let values: Vec<_> = found
            .iter()
            .zip(keys)
            .map(|(bytes, (stripe, _))| self.read(bytes.as_ref()?.as_ref(), *stripe))
            .collect();
        let hits = values.iter().flatten().count();
        self.hits.increment(hits as u64);
        self.misses.increment((values.len() - hits) as u64);
        values
    }

    /// Keeps values that were read when `seen` was.
    pub(super) async fn put(&self, seen: u64, values: &[(K, V)]) {
        if seen == 0 {
            return;
        }
        let entries: Vec<(String, Vec<u8>)> = values
            .iter()
            .filter_map(|(key, value)| {
                let mut bytes = seen.to_le_bytes().to_vec();
                bytes.extend((self.encode)(value)?);
                Some((self.name_of(key), bytes))
            })
            .collect();
        if let Err(error) = self.sharing.redis.set(&entries, self.kept).await {
            tracing::debug!(cause = %error, cache = self.name, "values could not be shared");
        }
    }

    fn read(&self, bytes: &[u8], stripe: usize) -> Option<V> {
        let (seen, value) = bytes.split_first_chunk::<NUMBER>()?;
        let seen = u64::from_le_bytes(*seen);
        let horizon = &self.sharing.horizon;
        let holds = self.since[stripe].holds(horizon, seen) && self.since_all.holds(horizon, seen);
        if holds { (self.decode)(value) } else { None }
    }

    fn name_of(&self, key: &K) -> String {
        self.sharing.redis.key(&format!("{}:{}", self.name, (self.key)(key)))
    }
}

#[cfg(test)]
mod tests;
