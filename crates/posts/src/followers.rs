//! Keeping what is remembered of posts true, whichever process changes one.

use std::sync::Arc;

use tintype_api::{Event, Stale};
use tintype_platform::Result;
use tintype_platform::db::Follower;
use tintype_platform::outbox::Record;
use tintype_platform::rpc::async_trait;

use crate::PostsService;

#[async_trait]
impl Follower for PostsService {
    async fn see(&self, records: &[Arc<Record>]) -> Result<()> {
        for record in records {
            match Event::read(record)? {
                Event::PostCreated { post, author, .. } => {
                    self.forget_post(post);
                    self.newest.note(author, post, true);
                }
                Event::PostUpdated { post, author, hidden, .. } => {
                    self.forget_post(post);
                    self.newest.note(author, post, !hidden);
                }
                Event::PostDeleted { post, author } => {
                    self.forget_post(post);
                    self.newest.note(author, post, false);
                }
                Event::PostLiked { post, user, .. } | Event::PostUnliked { post, user, .. } => {
                    self.forget_like(post, user);
                }
                Event::CommentCreated { post, .. } | Event::CommentDeleted { post, .. } => {
                    self.forget_post(post);
                }
                Event::Stale(Stale::Save { user, post }) => self.forget_save(user, post),
                Event::Stale(Stale::Views { posts }) => {
                    for post in posts {
                        self.forget_post(post);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn forget(&self) {
        self.forget_caches();
    }
}
