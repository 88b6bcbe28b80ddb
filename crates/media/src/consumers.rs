//! What the slice does about what happened, its own acts included.
//!
//! Two consumers, so that a store of objects that is down holds up nothing but the removal of
//! objects.

use std::sync::Arc;

use tintype_api::Event;
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::outbox::Record;
use tintype_platform::rpc::async_trait;

use crate::MediaService;

/// The consumers of this slice.
pub(crate) fn consumers(service: &Arc<MediaService>) -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(Removal(service.clone())), Arc::new(Clearing(service.clone()))]
}

/// Removes the objects of what was deleted.
struct Removal(Arc<MediaService>);

#[async_trait]
impl Consumer for Removal {
    fn name(&self) -> &'static str {
        "media.removal"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["media.deleted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        let mut gone = Vec::new();
        for record in records {
            if let Event::MediaDeleted { objects, .. } = Event::read(record)? {
                gone.extend(objects);
            }
        }
        self.0.remove_objects(gone).await
    }
}

/// Deletes what was uploaded for posts and by people that are gone.
struct Clearing(Arc<MediaService>);

#[async_trait]
impl Consumer for Clearing {
    fn name(&self) -> &'static str {
        "media.clearing"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["post.deleted", "user.deleted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        for record in records {
            match Event::read(record)? {
                Event::PostDeleted { post, author } => self.0.release(author, post).await?,
                Event::UserDeleted { user } => self.0.forget_user(user).await?,
                _ => {}
            }
        }
        Ok(())
    }
}
