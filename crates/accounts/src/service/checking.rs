//! What is derived from elsewhere, and whether it is right.

use std::collections::BTreeSet;
use std::time::Duration;

use tintype_api::{Drift, UserId};
use tintype_platform::Result;

use super::AccountsService;

/// Accounts that are compared at once.
const AT_ONCE: usize = 500;

/// How long the consumer has to catch up before a difference counts as drift.
const PATIENCE: Duration = Duration::from_millis(500);

impl AccountsService {
    /// Compares popularity with the graph's counts, and the search index with the accounts. With
    /// `repair`, sets right what it finds.
    pub async fn check(&self, repair: bool) -> Result<Vec<Drift>> {
        let mut drift = self.popularity_drift().await?;
        if !drift.is_empty() {
            // Popularity follows the graph a moment late. What differs twice is wrong.
            tokio::time::sleep(PATIENCE).await;
            drift = self.compare(drift.iter().filter_map(|drift| UserId::new(drift.of))).await?;
        }
        let search = self.store.search_drift().await?;
        if repair {
            let popularity = drift
                .iter()
                .filter_map(|drift| Some((UserId::new(drift.of)?, drift.counted as u64)));
            let popularity: Vec<_> = popularity.collect();
            for some in popularity.chunks(AT_ONCE) {
                self.store.set_popularity(some.to_vec()).await?;
            }
            let accounts: Vec<UserId> = search.iter().map(|drift| drift.account).collect();
            for some in accounts.chunks(AT_ONCE) {
                self.store.reindex(some.to_vec()).await?;
            }
        }
        drift.extend(search.into_iter().map(|drift| Drift {
            counter: "search_index",
            of: drift.account.get(),
            stored: drift.stored,
            counted: drift.counted,
        }));
        Ok(drift)
    }

    /// Sets the popularity of these accounts to the graph's counts.
    pub(crate) async fn follow_popularity(&self, accounts: BTreeSet<UserId>) -> Result<()> {
        if accounts.is_empty() {
            return Ok(());
        }
        let accounts: Vec<UserId> = accounts.into_iter().collect();
        let counts = self.services.graph().counts(accounts.clone()).await?;
        let followers = accounts.into_iter().zip(counts.iter().map(|counts| counts.followers));
        self.store.set_popularity(followers.collect()).await
    }

    async fn popularity_drift(&self) -> Result<Vec<Drift>> {
        let mut drift = Vec::new();
        let mut after = None;
        loop {
            let stored = self.store.popularity(after, AT_ONCE).await?;
            let Some((last, _)) = stored.last() else { return Ok(drift) };
            after = Some(*last);
            drift.extend(self.differing(stored).await?);
        }
    }

    async fn compare(&self, accounts: impl Iterator<Item = UserId>) -> Result<Vec<Drift>> {
        let mut stored = Vec::new();
        for account in accounts {
            let before = UserId::new(account.get() - 1);
            let found = self.store.popularity(before, 1).await?;
            stored.extend(found.into_iter().filter(|(found, _)| *found == account));
        }
        self.differing(stored).await
    }

    async fn differing(&self, stored: Vec<(UserId, u64)>) -> Result<Vec<Drift>> {
        let accounts = stored.iter().map(|(account, _)| *account).collect();
        let counts = self.services.graph().counts(accounts).await?;
        let differing =
            stored.iter().zip(counts).filter(|((_, stored), counts)| *stored != counts.followers);
        Ok(differing
            .map(|((account, stored), counts)| Drift {
                counter: "popularity",
                of: account.get(),
                stored: *stored as i64,
                counted: counts.followers as i64,
            })
            .collect())
    }
}
