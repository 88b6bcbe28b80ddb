//! What the other slices ask.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tintype_api::graph::{GraphCounts, Relationship};
use tintype_api::{Circle, Graph, UserId};
use tintype_platform::Result;
use tintype_platform::rpc::async_trait;

use super::{BATCH, GraphService};

#[async_trait]
impl Graph for GraphService {
    async fn circle(&self, viewer: UserId) -> Result<Arc<Circle>> {
        let load =
            |_| async move { Ok(vec![(viewer, Arc::new(self.store.circle(viewer).await?))]) };
        let circles = self.circles.fetch(&[viewer], load).await?;
        Ok(circles.into_iter().flatten().next().unwrap_or_default())
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<GraphCounts>> {
        // Never cached: a consumer that hears of a change may ask before whoever made the change
        // could make a cache forget.
        let known: FxHashMap<UserId, GraphCounts> =
            self.store.counts(users.clone()).await?.into_iter().collect();
        // Who has no counts yet has none of anything.
        Ok(users.iter().map(|user| known.get(user).copied().unwrap_or_default()).collect())
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        self.store.relationships(viewer, others).await
    }

    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        self.store.followers_after(user, after, limit).await
    }

    async fn accept_all(&self, user: UserId) -> Result<()> {
        loop {
            let accepted = self.store.accept_oldest(user, self.stamps()).await?;
            self.forget_circle(user);
            for follower in &accepted {
                self.forget_circle(*follower);
            }
            if accepted.len() < BATCH {
                return Ok(());
            }
        }
    }
}
