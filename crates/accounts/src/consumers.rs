//! What the slice does about what happens elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use tintype_api::Event;
use tintype_api::accounts::{Accounts, Picture};
use tintype_api::graph::FollowStatus;
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::outbox::Record;
use tintype_platform::rpc::async_trait;

use crate::service::AccountsService;

/// The consumers of this slice.
pub(crate) fn consumers(service: &Arc<AccountsService>) -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(Popularity(service.clone())), Arc::new(Pictures(service.clone()))]
}

/// Keeps popularity near the graph's counts. It sets what the count is now, so an event may come
/// twice, or late.
struct Popularity(Arc<AccountsService>);

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

/// Follows profile pictures. Media says it at once as well; this is for when it cannot.
struct Pictures(Arc<AccountsService>);

#[async_trait]
impl Consumer for Pictures {
    fn name(&self) -> &'static str {
        "accounts.pictures"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["profile.picture_updated"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        for record in records {
            if let Event::PictureUpdated { media, user, object, .. } = Event::read(record)? {
                self.0.set_picture(user, Picture { media, object }).await?;
            }
        }
        Ok(())
    }
}
