//! Counting how often posts are seen, without a write for every read.
//!
//! Views are collected in memory and written together whenever the program says so: each second
//! while it runs, and at its end. A crash loses what was collected since, and nothing else.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tintype_api::PostId;
use tintype_api::posts::{PostRef, PostView};
use tintype_platform::Result;

use super::PostsService;

/// Posts of one write.
const BATCH: usize = 500;

/// What was seen and is not written yet.
#[derive(Default)]
pub(super) struct Seen {
    pending: Mutex<FxHashMap<PostRef, u32>>,
    /// Held while views are written, so that none is written twice.
    writing: tokio::sync::Mutex<()>,
}

impl PostsService {
    pub(super) fn count_view(&self, post: PostRef) {
        *self.seen.pending.lock().entry(post).or_default() += 1;
    }

    /// Views that are not written yet, so that a count never goes back.
    pub(super) fn add_pending_views(&self, view: &mut PostView) {
        let post = PostRef { post: view.post.id, author: view.post.author };
        let pending = self.seen.pending.lock().get(&post).copied();
        if let Some(views) = pending {
            Arc::make_mut(&mut view.post).views += u64::from(views);
        }
    }

    /// Writes the views that were collected; to be called each second, and before the program ends.
    pub async fn flush_views(&self) -> Result<()> {
        let _writing = self.seen.writing.lock().await;
        let collected: Vec<(PostRef, u32)> =
            self.seen.pending.lock().iter().map(|(post, views)| (*post, *views)).collect();
        for batch in collected.chunks(BATCH) {
            self.store.add_views(batch.to_vec()).await?;
            // They leave the collection after they are written and not before: whoever looks in
            // between may see a view twice, and nobody sees the count go back.
            let posts: Vec<PostId> = batch.iter().map(|(post, _)| post.post).collect();
            for post in &posts {
                self.posts.invalidate(post);
            }
            let mut pending = self.seen.pending.lock();
            for (post, written) in batch {
                if let Some(views) = pending.get_mut(post) {
                    *views -= written;
                    if *views == 0 {
                        pending.remove(post);
                    }
                }
            }
        }
        Ok(())
    }
}
