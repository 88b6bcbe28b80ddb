//! `writer`: what the database's writer thread does when nothing is around it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use hdrhistogram::Histogram;
use tintype_platform::IdGenerator;
use tintype_platform::clock::SystemClock;
use tintype_platform::db;
use tintype_platform::sqlite::{Database, Options};
use tokio::task::JoinSet;

use crate::load::{Outcome, WARM_UP, histogram, now};
use crate::store;

/// Writes by tasks that each wait for their own commit.
#[derive(Debug, Args)]
pub(crate) struct Writer {
    /// How many write at the same time
    #[arg(long, default_value_t = 32)]
    clients: u64,
    /// How long to measure
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Where the database is made and removed again; the disk it is on decides [default: the
    /// system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Writer {
    pub(crate) fn print(self) -> Result<()> {
        let dir = self.dir.unwrap_or_else(std::env::temp_dir);
        let writes = measure(&dir, self.clients, Duration::from_secs(self.seconds))?;
        println!("durable writes: {}, {:.1} to a commit", writes.outcome, writes.per_commit);
        Ok(())
    }
}

/// What was measured.
pub(crate) struct Writes {
    /// Writes that were on the disk, and how long each had to wait for that.
    pub(crate) outcome: Outcome,
    /// How many shared a commit, on average.
    pub(crate) per_commit: f64,
}

/// Writes into a new database under `dir` by `clients` tasks for `duration` after a warm-up.
pub(crate) fn measure(dir: &Path, clients: u64, duration: Duration) -> Result<Writes> {
    let folder = tempfile::Builder::new()
        .prefix("tintype-bench-")
        .tempdir_in(dir)
        .with_context(|| format!("{} cannot be written", dir.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let path = folder.path().join("writer.db");
        let options = Options::default();
        let database = Database::open(&path, &options, &[db::MIGRATIONS, store::MIGRATIONS])?;
        let ids = Arc::new(IdGenerator::new(Arc::new(SystemClock), 0, 0));
        let warm_up = write_for(&database, &ids, clients, WARM_UP).await?.len();
        let latencies = write_for(&database, &ids, clients, duration).await?;
        let commits = database.commits();
        // The last group is counted after its writes are answered.
        database.close().await;
        // Every write has an event, so no group is left out.
        let groups = commits.borrow().events;
        let per_commit = (warm_up + latencies.len()) as f64 / groups as f64;
        Ok(Writes { outcome: Outcome::new(latencies, duration), per_commit })
    })
}

async fn write_for(
    database: &Database,
    ids: &Arc<IdGenerator>,
    clients: u64,
    duration: Duration,
) -> Result<Histogram<u64>> {
    let end = now() + duration;
    let mut tasks = JoinSet::new();
    for author in 1..=clients {
        let (database, ids) = (database.clone(), ids.clone());
        tasks.spawn(async move {
            let mut latencies = histogram()?;
            loop {
                let begun = now();
                if begun >= end {
                    return anyhow::Ok(latencies);
                }
                let (id, at) = store::stamp(&ids);
                database.write(move |write| store::insert(write, id, author, at)).await?;
                latencies.saturating_record(begun.elapsed().as_micros() as u64);
            }
        });
    }
    let mut latencies = histogram()?;
    while let Some(task) = tasks.join_next().await {
        latencies.add(task??)?;
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_of_several_share_a_commit() {
        let dir = tempfile::tempdir().unwrap();
        let writes = measure(dir.path(), 8, Duration::from_millis(200)).unwrap();
        assert!(writes.outcome.requests_per_second > 0.0);
        assert!(writes.per_commit > 1.0 && writes.per_commit <= 8.0, "{}", writes.per_commit);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
