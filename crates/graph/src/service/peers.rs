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
        if let Some(circle) = self.circles.get(&viewer) {
            return Ok(circle);
        }
        let stamp = self.circles.stamp(&viewer);
        let circle = Arc::new(self.store.circle(viewer).await?);
        self.circles.insert(viewer, stamp, circle.clone());
        Ok(circle)
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<GraphCounts>> {
        let mut found: Vec<_> = users.iter().map(|user| self.counts.get(user)).collect();
        let missing: Vec<_> = users
            .iter()
            .zip(&found)
            .filter(|(_, counts)| counts.is_none())
            .map(|(user, _)| (*user, self.counts.stamp(user)))
            .collect();
        if !missing.is_empty() {
            let asked = missing.iter().map(|(user, _)| *user).collect();
            let loaded: FxHashMap<UserId, GraphCounts> =
                self.store.counts(asked).await?.into_iter().collect();
            // Who has no counts yet has none of anything.
            let of = |user: &UserId| loaded.get(user).copied().unwrap_or_default();
            for (user, stamp) in missing {
                self.counts.insert(user, stamp, of(&user));
            }
            for (user, counts) in users.iter().zip(&mut found) {
                counts.get_or_insert_with(|| of(user));
            }
        }
        Ok(found.into_iter().flatten().collect())
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
            self.forget(user);
            for follower in &accepted {
                self.forget(*follower);
            }
            if accepted.len() < BATCH {
                return Ok(());
            }
        }
    }
}
