//! What the slice does about what happens elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use tintype_api::Event;
use tintype_api::graph::FollowStatus;
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::db::Record;
use tintype_platform::rpc::async_trait;

use crate::service::AccountsService;

/// Keeps popularity near the graph's counts. It sets what the count is now, so an event may come
/// twice, or late.
pub(crate) struct Popularity(pub(crate) Arc<AccountsService>);

#[async_trait]
impl Consumer for Popularity {
    fn name(&self) -> &'static str {
        "accounts.popularity"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["graph.follow", "graph.follow_accepted", "graph.unfollow"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        let mut followees = BTreeSet::new();
        for record in records {
            match Event::read(record)? {
                Event::Followed { followee, status: FollowStatus::Accepted, .. }
                | Event::FollowAccepted { followee, .. }
                | Event::Unfollowed { followee, .. } => followees.insert(followee),
                _ => continue,
            };
        }
        self.0.follow_popularity(followees).await
    }
}
