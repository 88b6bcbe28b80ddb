//! How the site is doing, for the page of those who run it.

use std::sync::Arc;

use tintype_platform::Result;
use tintype_platform::bus::Bus;
use tintype_web::{BoxFuture, DeadLetter, Figure, Report};

use crate::wiring::Site;

/// Dead letters that are shown.
const SHOWN: usize = 50;

/// What makes a report whenever it is asked to.
pub(crate) fn reporter(
    site: Arc<Site>,
    bus: Arc<Bus>,
) -> Box<dyn Fn() -> BoxFuture<Result<Report>> + Send + Sync> {
    Box::new(move || {
        let (site, bus) = (site.clone(), bus.clone());
        Box::pin(async move { report(&site, &bus).await })
    })
}

async fn report(site: &Site, bus: &Bus) -> Result<Report> {
    // Without the feeds, whose comparison takes long.
    let drift = site.check(0, false).await?;
    let outbox = site.database.outbox();
    let letters = outbox.dead_letters(SHOWN).await?;
    let count = outbox.count_dead_letters().await?;
    let database = site.database.size().await?;
    Ok(Report {
        figures: vec![
            ("people", Figure::Count(site.accounts.count().await?)),
            ("dead letters", Figure::Count(count.iter().map(|(_, count)| *count as u64).sum())),
            ("counters that drift", Figure::Count(drift.len() as u64)),
            ("database", Figure::Bytes(database)),
            ("pictures and films", Figure::Bytes(site.media.measure().await?)),
        ],
        lags: bus.lags().await?,
        dead_letters: letters
            .into_iter()
            .map(|letter| DeadLetter {
                number: letter.number,
                consumer: letter.consumer,
                kind: letter.record.kind,
                at: letter.record.at,
                error: letter.error,
            })
            .collect(),
        drift: drift
            .into_iter()
            .map(|drift| (drift.counter, drift.of, drift.stored, drift.counted))
            .collect(),
    })
}
