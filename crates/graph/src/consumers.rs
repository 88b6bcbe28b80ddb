//! What the graph does when an account changes or goes.

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::Event;
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::outbox::Record;

use crate::GraphService;

/// Accepts what waits for an account that has gone public, and removes the ties of one that is
/// gone.
pub(crate) struct Upkeep {
    service: Arc<GraphService>,
}

impl Upkeep {
    pub(crate) fn new(service: Arc<GraphService>) -> Self {
        Self { service }
    }
}

#[async_trait]
impl Consumer for Upkeep {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["user.updated", "user.deleted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        let mut changed = Vec::new();
        for record in records {
            match Event::read(record)? {
                Event::UserUpdated { user } => changed.push(user),
                Event::UserDeleted { user } => self.service.forget_user(user).await?,
                _ => {}
            }
        }
        // What an account is now counts, whatever it was when the event was made.
        self.service.accept_for_public(changed).await
    }
}
