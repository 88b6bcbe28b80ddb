//! What the feed does on events.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tintype_api::Event;
use tintype_api::posts::PostRef;
use tintype_platform::bus::Consumer;
use tintype_platform::outbox::Record;
use tintype_platform::{Error, Result};

use crate::strategy::Timelines;

/// The longest that one fan-out may take, well below the patience of the bus.
const PATIENCE: Duration = Duration::from_secs(10);

/// Brings new posts, and hidden ones that are shown again, to the timelines of followers.
pub(crate) struct FanOut(pub(crate) Arc<Timelines>);

#[async_trait]
impl Consumer for FanOut {
    fn name(&self) -> &'static str {
        "feed.fan_out"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["post.created", "post.updated", "user.deleted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        // A process that lags behind the one where the posts were made would not find them in its
        // author index.
        self.0.database.caught_up().await?;
        let mut posts = Vec::with_capacity(records.len());
        for record in records {
            match Event::read(record)? {
                // An edit cannot be told from a post that is shown again; appending it once more
                // changes nothing.
                Event::PostCreated { post, author, .. }
                | Event::PostUpdated { post, author, hidden: false, .. } => {
                    posts.push(PostRef { post, author });
                }
                Event::UserDeleted { user } => self.0.store.forget(user).await?,
                _ => {}
            }
        }
        self.fan_out(&posts).await
    }
}

impl FanOut {
    /// What will pass by itself is left to the bus to try again, and what was too much at once comes
    /// again one by one. A post that cannot be brought everywhere is not lost either: its author is
    /// merged in when feeds are read.
    async fn fan_out(&self, posts: &[PostRef]) -> Result<()> {
        let cause = match tokio::time::timeout(PATIENCE, self.0.fan_out(posts)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if error.is_transient() => return Err(error),
            Ok(Err(error)) => error,
            Err(_) => Error::internal("the fan-out took too long"),
        };
        let [post] = posts else { return Err(cause) };
        tracing::warn!(
            post.id = post.post.get(),
            author.id = post.author.get(),
            %cause,
            "a post could not be fanned out; its author is merged in at read time from now on"
        );
        self.0.store.merge(post.author).await
    }
}
