//! What one process of several has for itself, for as long as it says so: a consumer, the number in
//! its ids. Whoever is gone for longer than a lease lasts has lost it to another.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Change, Database};
use crate::error::{Error, Result};

/// How long a lease lasts in the database.
const LASTS: &str = "6 seconds";

/// How long its holder trusts in it: less, by what a statement may take.
const TRUSTED: Duration = Duration::from_secs(5);

/// A lease is renewed when it is older than this.
const RENEWED: Duration = Duration::from_millis(1500);

/// The leases of this process.
pub struct Leases {
    holder: i64,
    /// When each was last known to be held.
    held: Mutex<BTreeMap<String, Instant>>,
}

impl Leases {
    #[expect(clippy::disallowed_methods, reason = "tells processes apart, which nobody replays")]
    pub(super) fn new() -> Result<Self> {
        let holder = getrandom::u64().map_err(Error::internal)? as i64;
        Ok(Self { holder, held: Mutex::default() })
    }

    /// Whether this process has the lease `name`, taken now if nobody has it. To be asked again
    /// and again: that also renews it.
    #[expect(clippy::disallowed_methods, reason = "leases last by the clock of the machine")]
    pub async fn take(&self, database: &Database, name: &str) -> Result<bool> {
        let now = Instant::now();
        let since = self.held.lock().get(name).copied();
        if since.is_some_and(|since| now < since + RENEWED) {
            return Ok(true);
        }
        let taken = database
            .query(
                "INSERT INTO leases (name, holder, until)
                 VALUES ($1, $2, clock_timestamp() + $3::TEXT::INTERVAL)
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
                 WHERE leases.holder = excluded.holder OR leases.until < clock_timestamp()
                 RETURNING name",
                &[&name, &self.holder, &LASTS],
            )
            .await;
        match taken {
            Ok(rows) if !rows.is_empty() => {
                self.held.lock().insert(name.to_owned(), now);
                Ok(true)
            }
            Ok(_) => {
                self.held.lock().remove(name);
                Ok(false)
            }
            // It lasts a while longer, whatever ails the database.
            Err(_) if since.is_some_and(|since| now < since + TRUSTED) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The lowest number below `end` that no other process has: taken as the lease of its name.
    pub async fn take_number(&self, database: &Database, kind: &str, end: u8) -> Result<u8> {
        for number in 0..end {
            if self.take(database, &format!("{kind}.{number}")).await? {
                return Ok(number);
            }
        }
        Err(Error::unavailable(
            "too_many_processes",
            format!("{end} processes use this database already; stop one of them"),
            10,
        ))
    }

    /// Whether another process is there.
    pub(super) async fn others(&self, change: &Change) -> Result<bool> {
        let others = change
            .query(
                "SELECT 1 FROM leases WHERE holder <> $1 AND until > clock_timestamp() LIMIT 1",
                &[&self.holder],
            )
            .await?;
        Ok(!others.is_empty())
    }

    /// Leaves everything to others.
    pub async fn release(&self, database: &Database) -> Result<()> {
        self.held.lock().clear();
        database.query("DELETE FROM leases WHERE holder = $1", &[&self.holder]).await.map(drop)
    }
}
