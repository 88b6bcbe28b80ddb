//! What is popular among people whom the viewer does not know yet.

use std::sync::Arc;

use tintype_api::feed::FeedPage;
use tintype_api::posts::{Engagement, PostRef, PostView};
use tintype_api::{Circle, UserId};
use tintype_platform::page::PageQuery;
use tintype_platform::{Result, id};

use super::ranked::FixedPlace;
use super::{DAY, FeedService};
use crate::snapshots::{List, Snapshot};

/// Days that popular posts may be old, unless there are fewer than [`ENOUGH`] of them.
const DAYS: i64 = 30;
const ENOUGH: usize = 100;

/// Popular posts that an explore page is chosen from.
const CANDIDATES: u32 = 1000;

impl FeedService {
    /// A page of popular posts by public accounts that `viewer` neither follows, blocks nor mutes,
    /// nor is blocked by, nor is.
    pub async fn explore(&self, viewer: UserId, query: &PageQuery) -> Result<FeedPage> {
        let limit = query.limit();
        let circle = self.services.graph().circle(viewer).await?;
        let skip = u32::try_from(query.skip()).unwrap_or(u32::MAX);
        let place = FixedPlace::read(query.cursor.as_deref(), skip)?;
        let snapshot = if let Some(snapshot) = self.fixed(viewer, List::Explore, &place).await? {
            snapshot
        } else {
            let popular = self.popular().await?;
            let refs = popular.iter().map(|popular| popular.post);
            let new = refs.filter(|post| is_new_to(viewer, &circle, *post));
            let posts = new.map(|post| post.post).collect();
            let (number, list, scores) = (self.ids.next(), List::Explore, Vec::new());
            Arc::new(Snapshot { number, viewer, list, posts, scores })
        };
        let wanted = |view: &PostView| {
            let post = PostRef { post: view.post.id, author: view.post.author };
            !view.author.is_private && is_new_to(viewer, &circle, post)
        };
        self.fixed_page(snapshot, place, limit, wanted).await
    }

    async fn popular(&self) -> Result<Vec<Engagement>> {
        let posts = self.services.posts();
        let since = self.clock.now().plus_millis(-DAYS * DAY);
        let popular = posts.popular(since, CANDIDATES).await?;
        if popular.len() >= ENOUGH {
            return Ok(popular);
        }
        posts.popular(id::EPOCH, CANDIDATES).await
    }
}

fn is_new_to(viewer: UserId, circle: &Circle, post: PostRef) -> bool {
    let author = post.author;
    author != viewer && !circle.follows(author) && !circle.blocks(author) && !circle.mutes(author)
}
