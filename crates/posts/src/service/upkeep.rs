//! What keeps the slice in order: clearing away what the dead left behind, and checking counters.

use tintype_api::posts::PostRef;
use tintype_api::{CommentId, Drift, PostId, Stamp, UserId};
use tintype_platform::Result;

use super::PostsService;
use crate::store::Counter;

/// Rows that one write removes or recounts: other writes wait for it.
const BATCH: u32 = 200;

impl PostsService {
    /// Recounts likes and comments of posts, likes of comments and posts of authors, and compares
    /// the index of the newest posts with the database. With `repair` everything is right
    /// afterwards; what is answered is what was wrong.
    pub async fn check(&self, repair: bool) -> Result<Vec<Drift>> {
        let mut drifts = Vec::new();
        for counter in Counter::ALL {
            let wrong = self.store.drift(counter).await?;
            if repair {
                for batch in wrong.chunks(BATCH as usize) {
                    self.store.recount(counter, batch.to_vec()).await?;
                }
            }
            drifts.extend(wrong.into_iter().map(|found| found.drift));
        }
        if repair && !drifts.is_empty() {
            self.posts.invalidate_all();
        }
        drifts.extend(self.check_index(repair).await?);
        Ok(drifts)
    }

    /// Removes what a deleted post left behind.
    pub(crate) async fn clear_post(&self, post: PostRef) -> Result<()> {
        while self.store.clear_post(post, BATCH).await? > 0 {}
        Ok(())
    }

    /// Removes the likes that a deleted comment left behind.
    pub(crate) async fn clear_comment(&self, post: PostRef, comment: CommentId) -> Result<()> {
        while self.store.clear_comment(post, comment, BATCH).await? > 0 {}
        Ok(())
    }

    /// Removes everything that a deleted account made, a batch at a time, so that others can write
    /// in between. Interrupted, it goes on where it stopped.
    pub(crate) async fn remove_account(&self, user: UserId) -> Result<()> {
        loop {
            let stamps = (0..BATCH).map(|_| Stamp::made_by(&self.ids)).collect();
            let removed = self.store.remove_account(user, stamps).await?;
            for post in removed.posts.iter().chain(&removed.touched) {
                self.posts.invalidate(post);
            }
            if !removed.posts.is_empty() {
                self.index(user, &removed.posts).await?;
            }
            if !removed.more {
                return Ok(());
            }
        }
    }

    /// Forgets what is cached of a post.
    pub(crate) fn forget_post(&self, post: PostId) {
        self.posts.invalidate(&post);
    }
}
