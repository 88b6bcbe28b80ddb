//! What the slice does about what happened, its own acts included.
//!
//! Several consumers, so that clearing away a famous account holds up no index.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tintype_api::posts::PostRef;
use tintype_api::{Event, PostId, UserId};
use tintype_platform::Result;
use tintype_platform::bus::Consumer;
use tintype_platform::outbox::Record;
use tintype_platform::rpc::async_trait;

use crate::service::PostsService;

/// The consumers of this slice.
pub(crate) fn consumers(service: &Arc<PostsService>) -> Vec<Arc<dyn Consumer>> {
    let mut consumers: Vec<Arc<dyn Consumer>> =
        vec![Arc::new(Uploads(service.clone())), Arc::new(Clearing(service.clone()))];
    if !service.newest.is_on_demand() {
        consumers.push(Arc::new(Index(service.clone())));
    }
    consumers
}

/// Keeps the index of the newest posts: what another process has changed comes in here.
struct Index(Arc<PostsService>);

#[async_trait]
impl Consumer for Index {
    fn name(&self) -> &'static str {
        "posts.index"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["post.created", "post.updated", "post.deleted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        let mut changed = FxHashMap::<UserId, Vec<PostId>>::default();
        for record in records {
            let (post, author) = match Event::read(record)? {
                // Whoever made it has said so already, as good as always.
                Event::PostCreated { post, author, .. } if self.0.newest.holds(author, post) => {
                    continue;
                }
                Event::PostCreated { post, author, .. } => (post, author),
                Event::PostUpdated { post, author, .. } | Event::PostDeleted { post, author } => {
                    self.0.forget_post(post);
                    (post, author)
                }
                _ => continue,
            };
            changed.entry(author).or_default().push(post);
        }
        for (author, posts) in changed {
            self.0.index(author, &posts).await?;
        }
        Ok(())
    }
}

/// Lets posts say of their uploads what is said of those now.
struct Uploads(Arc<PostsService>);

#[async_trait]
impl Consumer for Uploads {
    fn name(&self) -> &'static str {
        "posts.uploads"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["media.updated"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        for record in records {
            if let Event::MediaUpdated { media, user } = Event::read(record)? {
                self.0.follow_upload(user, media).await?;
            }
        }
        Ok(())
    }
}

/// Clears away what hung on posts, comments and accounts that are gone.
struct Clearing(Arc<PostsService>);

#[async_trait]
impl Consumer for Clearing {
    fn name(&self) -> &'static str {
        "posts.clearing"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["post.deleted", "comment.deleted", "user.deleted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        for record in records {
            match Event::read(record)? {
                Event::PostDeleted { post, author } => {
                    self.0.clear_post(PostRef { post, author }).await?;
                }
                Event::CommentDeleted { post, author, comment, .. } => {
                    self.0.clear_comment(PostRef { post, author }, comment).await?;
                }
                Event::UserDeleted { user } => self.0.remove_account(user).await?,
                _ => {}
            }
        }
        Ok(())
    }
}
