//! What keeps the slice in order: clearing away what the dead left behind, checking counters.

use tintype_api::{Drift, PostId, UserId};
use tintype_platform::Result;
use tintype_platform::objects::ObjectName;

use super::MediaService;

/// Uploads that one write removes: other writes wait for it.
const BATCH: usize = 50;

/// Objects that one call of the store removes.
const REMOVED_AT_ONCE: usize = 100;

impl MediaService {
    /// Recounts what the uploads of everybody take. With `repair` it is right afterwards; what is
    /// answered is what was wrong.
    pub async fn check(&self, repair: bool) -> Result<Vec<Drift>> {
        let drift = self.store.drift().await?;
        if repair {
            let mut owners: Vec<UserId> =
                drift.iter().filter_map(|drift| UserId::new(drift.of)).collect();
            owners.dedup();
            for owners in owners.chunks(BATCH) {
                self.store.recount(owners.to_vec()).await?;
            }
        }
        Ok(drift)
    }

    /// Sets the figures of what all uploads take, and answers how many bytes that is.
    pub async fn measure(&self) -> Result<u64> {
        let total = self.store.total().await?;
        metrics::gauge!("tintype_media_bytes").set(total.bytes as f64);
        metrics::gauge!("tintype_media_files").set(total.files as f64);
        Ok(total.bytes)
    }

    /// Removes uploads that a killed process had not finished. Only for the process that serves,
    /// before it does.
    pub fn clear_spool(&self) {
        self.spool.clear();
    }

    /// A post is gone, and with it what it alone has used.
    pub(crate) async fn release(&self, author: UserId, post: PostId) -> Result<()> {
        while self.store.release(author, post, self.stamps(BATCH)).await? == BATCH {}
        Ok(())
    }

    /// An account is gone, and with it all that it has uploaded.
    pub(crate) async fn forget_user(&self, user: UserId) -> Result<()> {
        while self.store.forget(user, self.stamps(BATCH)).await? == BATCH {}
        Ok(())
    }

    /// Removes objects from the store; those that are not there are removed already.
    pub(crate) async fn remove_objects(&self, names: Vec<String>) -> Result<()> {
        // What is no name was never stored.
        let names: Vec<ObjectName> =
            names.into_iter().filter_map(|name| name.try_into().ok()).collect();
        for names in names.chunks(REMOVED_AT_ONCE) {
            self.objects.delete(names).await?;
        }
        Ok(())
    }
}
