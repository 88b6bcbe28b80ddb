//! Profiles: what is shown of an account, and to whom.

use std::sync::Arc;

use tintype_api::UserId;
use tintype_api::graph::{GraphCounts, Relationship};
use tintype_platform::{Error, Result};

use super::{AccountsService, not_found};
use crate::account::{Account, ProfileChange};
use crate::store::ProfileChanged;

/// An account with what others know of it.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The account.
    pub account: Arc<Account>,
    /// Followers and followees.
    pub graph: GraphCounts,
    /// How many posts it has.
    pub posts: u64,
    /// How the viewer and the account stand to each other, when there is a viewer.
    pub relationship: Option<Relationship>,
}

impl AccountsService {
    /// The profile of a username as `viewer` sees it. 404 when nobody is called so, or when one of
    /// the two blocks the other.
    pub async fn profile(&self, viewer: Option<UserId>, username: &str) -> Result<Profile> {
        let account = self.find(username).await?.ok_or_else(not_found)?;
        let other = account.card.id;
        self.refuse_blocked(viewer, other).await?;
        let mut profile = self.with_counts(account).await?;
        if let Some(viewer) = viewer {
            let relationships = self.services.graph().relationships(viewer, vec![other]).await?;
            profile.relationship = relationships.into_iter().next();
        }
        Ok(profile)
    }

    /// The profile of an account as `viewer` sees it, without how the two stand. 404 when it is not
    /// there, or when one of the two blocks the other.
    pub async fn profile_for(&self, viewer: Option<UserId>, user: UserId) -> Result<Profile> {
        self.refuse_blocked(viewer, user).await?;
        self.profile_of(user).await
    }

    /// The profile of an account; 404 when it is not there.
    pub async fn profile_of(&self, user: UserId) -> Result<Profile> {
        let account = self.account(user).await?.ok_or_else(not_found)?;
        self.with_counts(account).await
    }

    /// An account with its counts.
    pub async fn with_counts(&self, account: Arc<Account>) -> Result<Profile> {
        let profile = self.with_counts_all(vec![account]).await?.pop();
        profile.ok_or_else(|| Error::internal("counts of one account were asked for, none came"))
    }

    /// Accounts with their counts, in their order.
    pub async fn with_counts_all(&self, accounts: Vec<Arc<Account>>) -> Result<Vec<Profile>> {
        let ids: Vec<UserId> = accounts.iter().map(|account| account.card.id).collect();
        let (graph, posts) = tokio::try_join!(
            self.services.graph().counts(ids.clone()),
            self.services.posts().counts(ids),
        )?;
        let counts = graph.into_iter().zip(posts);
        Ok(accounts
            .into_iter()
            .zip(counts)
            .map(|(account, (graph, posts))| Profile { account, graph, posts, relationship: None })
            .collect())
    }

    /// Changes the profile of `user` and answers it. Going public accepts the requests that wait.
    pub async fn change_profile(&self, user: UserId, change: ProfileChange) -> Result<Profile> {
        let changed = self.store.change_profile(user, change, self.stamp()).await?;
        self.accounts.invalidate(&user);
        if changed.ok_or_else(not_found)? == ProfileChanged::WentPublic {
            // The graph does the same when it hears of the change, so a failure only delays it.
            if let Err(error) = self.services.graph().accept_all(user).await {
                tracing::warn!(cause = %error, %user, "requests of a newly public account wait on");
            }
        }
        self.profile_of(user).await
    }

    async fn refuse_blocked(&self, viewer: Option<UserId>, other: UserId) -> Result<()> {
        let Some(viewer) = viewer else { return Ok(()) };
        let circle = self.services.graph().circle(viewer).await?;
        if circle.blocks(other) { Err(not_found()) } else { Ok(()) }
    }
}
