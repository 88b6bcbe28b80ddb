//! Keeping the remembered circles true, whichever process changes one.

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::Event;
use tintype_platform::Result;
use tintype_platform::db::Follower;
use tintype_platform::outbox::Record;

use crate::GraphService;

#[async_trait]
impl Follower for GraphService {
    async fn see(&self, records: &[Arc<Record>]) -> Result<()> {
        for record in records {
            match Event::read(record)? {
                Event::Followed { follower, .. }
                | Event::FollowAccepted { follower, .. }
                | Event::Unfollowed { follower, .. } => self.forget_circle(follower),
                Event::Blocked { blocker: one, blocked: other }
                | Event::Unblocked { blocker: one, blocked: other } => {
                    self.forget_circle(one);
                    self.forget_circle(other);
                }
                Event::Muted { muter, .. } | Event::Unmuted { muter, .. } => {
                    self.forget_circle(muter);
                }
                Event::UserDeleted { .. } => self.forget_caches(),
                _ => {}
            }
        }
        Ok(())
    }

    fn forget(&self) {
        self.forget_caches();
    }
}
