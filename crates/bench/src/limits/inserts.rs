//! Rows of a post's size, put into PostgreSQL by clients that do nothing else.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::load::{WARM_UP, now};
use crate::store::Inserts;

/// Inserts a second by `clients`, each with a connection of its own, each insert a transaction.
pub(crate) async fn measure(url: &str, clients: u64, duration: Duration) -> Result<f64> {
    let first = Inserts::open(url).await.context("the database for raw inserts")?;
    first.make_table().await?;
    let start = now() + WARM_UP;
    let mut tasks = JoinSet::new();
    for client in 1..=clients {
        let mut inserts = Inserts::open(url).await?;
        tasks.spawn(async move {
            inserts.prepare().await?;
            let mut done = 0u64;
            let mut number = 0u64;
            while now() < start + duration {
                number += 1;
                inserts.insert(client, number).await?;
                done += u64::from(now() >= start);
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(task) = tasks.join_next().await {
        done += task??;
    }
    first.drop_table().await?;
    Ok(done as f64 / duration.as_secs_f64())
}
