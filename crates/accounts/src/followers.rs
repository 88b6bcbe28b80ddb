//! Keeping what is remembered of accounts true, whichever process changes one.

use std::sync::Arc;

use tintype_api::{Event, Stale};
use tintype_platform::Result;
use tintype_platform::db::Follower;
use tintype_platform::outbox::Record;
use tintype_platform::rpc::async_trait;

use crate::AccountsService;

#[async_trait]
impl Follower for AccountsService {
    async fn see(&self, records: &[Arc<Record>]) -> Result<()> {
        for record in records {
            match Event::read(record)? {
                Event::UserUpdated { user } => self.forget_account(user),
                Event::UserDeleted { .. } => self.forget_caches(),
                Event::Stale(Stale::Tokens { tokens }) => self.end_callers(&tokens),
                _ => {}
            }
        }
        Ok(())
    }

    fn forget(&self) {
        self.forget_caches();
    }
}
