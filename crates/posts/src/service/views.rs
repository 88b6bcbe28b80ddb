//! Counting how often posts are seen, without a write for every read.
//!
//! Views are collected in memory and written together, a second after the first of them or when
//! there are many. A crash loses what was collected in that last second, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tintype_api::PostId;
use tintype_api::posts::{PostRef, PostView};
use tintype_platform::Result;
use tokio::sync::Notify;

use super::PostService;

/// How long a view may be unwritten.
const PATIENCE: Duration = Duration::from_secs(1);

/// Views that are written without waiting for that.
const MANY: u32 = 1000;

/// Posts of one write.
const BATCH: usize = 500;

/// What was seen and is not written yet.
#[derive(Default)]
pub(super) struct Seen {
    pending: Mutex<Pending>,
    many: Notify,
    /// Held while views are written, so that none is written twice.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Pending {
    views: FxHashMap<PostRef, u32>,
    total: u32,
    /// Whether a task waits to write them.
    is_awaited: bool,
}

impl PostService {
    pub(super) fn count_view(self: &Arc<Self>, post: PostRef) {
        let mut pending = self.seen.pending.lock();
        *pending.views.entry(post).or_default() += 1;
        pending.total += 1;
        let (is_first, is_many) = (!pending.is_awaited, pending.total == MANY);
        pending.is_awaited = true;
        drop(pending);
        if is_first {
            tokio::spawn(self.clone().write_soon());
        }
        if is_many {
            self.seen.many.notify_one();
        }
    }

    /// Views that are not written yet, so that a count never goes back.
    pub(super) fn add_pending_views(&self, view: &mut PostView) {
        let post = PostRef { post: view.post.id, author: view.post.author };
        let pending = self.seen.pending.lock().views.get(&post).copied();
        if let Some(views) = pending {
            Arc::make_mut(&mut view.post).views += u64::from(views);
        }
    }

    /// Writes the views that were collected; to be called before the program ends.
    pub async fn flush_views(&self) -> Result<()> {
        let _writing = self.seen.writing.lock().await;
        let collected: Vec<(PostRef, u32)> =
            self.seen.pending.lock().views.iter().map(|(post, views)| (*post, *views)).collect();
        for batch in collected.chunks(BATCH) {
            self.store.add_views(batch.to_vec()).await?;
            // They leave the collection after they are written and not before: whoever looks in
            // between may see a view twice, and nobody sees the count go back.
            let posts: Vec<PostId> = batch.iter().map(|(post, _)| post.post).collect();
            posts.iter().for_each(|post| self.posts.invalidate(post));
            let mut pending = self.seen.pending.lock();
            for (post, written) in batch {
                pending.total -= written;
                if let Some(views) = pending.views.get_mut(post) {
                    *views -= written;
                    if *views == 0 {
                        pending.views.remove(post);
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes what is collected until nothing is left.
    async fn write_soon(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(PATIENCE) => {}
                () = self.seen.many.notified() => {}
            }
            if let Err(error) = self.flush_views().await {
                tracing::warn!(cause = %error, "views could not be written; trying again");
                tokio::time::sleep(PATIENCE).await;
            }
            let mut pending = self.seen.pending.lock();
            if pending.views.is_empty() {
                pending.is_awaited = false;
                return;
            }
        }
    }
}
