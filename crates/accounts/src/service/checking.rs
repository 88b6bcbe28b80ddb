//! What is derived from elsewhere, and whether it is right.

use std::collections::BTreeSet;
use std::time::Duration;

use tintype_api::{Drift, UserId};
use tintype_platform::{Error, Result};

use super::AccountsService;
use crate::store::{NameDrift, Naming};

/// Accounts that are compared at once.
const AT_ONCE: usize = 500;

/// How long the consumer has to catch up before a difference counts as drift.
const PATIENCE: Duration = Duration::from_millis(500);

impl AccountsService {
    /// Compares popularity with the graph's counts, and with the accounts the search index and whose
    /// names are kept to be. With `repair`, sets right what it finds.
    pub async fn check(&self, repair: bool) -> Result<Vec<Drift>> {
        let mut drift = self.popularity_drift().await?;
        if !drift.is_empty() {
            // Popularity follows the graph a moment late. What differs twice is wrong.
            tokio::time::sleep(PATIENCE).await;
            drift = self.compare(drift.iter().filter_map(|drift| UserId::new(drift.of))).await?;
        }
        let search = self.store.search_drift().await?;
        let names = self.store.name_drift().await?;
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
            // Last, because a name of two is an error until somebody has decided.
            self.give_names(&names).await?;
        }
        drift.extend(search.into_iter().map(|drift| Drift {
            counter: "search_index",
            of: drift.account.get(),
            stored: drift.stored,
            counted: drift.counted,
        }));
        drift.extend(names.iter().map(name_drift));
        Ok(drift)
    }

    async fn give_names(&self, drift: &[NameDrift]) -> Result<()> {
        if drift.is_empty() {
            return Ok(());
        }
        self.store.give_names(drift.to_vec()).await?;
        let Some(left) = self.store.name_drift().await?.into_iter().next() else { return Ok(()) };
        let (one, other) =
            (left.stored.map_or(0, UserId::get), left.counted.map_or(0, UserId::get));
        Err(Error::conflict(
            "name_of_two",
            format!(
                "The accounts {one} and {other} are both called {}; only you can say whose name it is: \
                 give the other account another one in the database",
                left.name
            ),
        ))
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

fn name_drift(drift: &NameDrift) -> Drift {
    let account = |account: Option<UserId>| account.map_or(0, UserId::get);
    let (stored, counted) = (account(drift.stored), account(drift.counted));
    Drift {
        counter: match drift.naming {
            Naming::Username => "owner_of_username",
            Naming::Email => "owner_of_email",
        },
        of: if counted == 0 { stored } else { counted },
        stored: stored as i64,
        counted: counted as i64,
    }
}
