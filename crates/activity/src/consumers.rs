//! Records what other slices tell.

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::Event;
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::outbox::Record;

use crate::ActivityService;
use crate::happenings::{KINDS, acts};

/// Turns events into items.
pub(crate) struct Recorder {
    service: Arc<ActivityService>,
}

impl Recorder {
    pub(crate) fn new(service: Arc<ActivityService>) -> Self {
        Self { service }
    }
}

#[async_trait]
impl Consumer for Recorder {
    fn name(&self) -> &'static str {
        "activity"
    }

    fn kinds(&self) -> &'static [&'static str] {
        KINDS
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        let mut all = Vec::new();
        for record in records {
            all.extend(acts(Event::read(record)?, record.at));
        }
        self.service.carry_out(all).await
    }
}
