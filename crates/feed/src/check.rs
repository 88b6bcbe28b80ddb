//! Whether feeds are what they are defined to be.

use std::time::Duration;

use tintype_api::feed::{Feed, FeedRequest, Order};
use tintype_api::posts::Window;
use tintype_api::{Drift, PostId, UserId};
use tintype_platform::Result;
use tintype_platform::page::Limit;

use crate::FeedService;

/// How often a feed is compared before a difference counts: whatever happens between the two
/// readings makes one, and a new post takes a moment to reach stored timelines.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(300);

impl FeedService {
    /// Compares the feeds of `viewers`, read page by page as they are served, with their definition,
    /// computed author by author; `repair` builds those anew that differ.
    ///
    /// A finding names the viewer and the first post at which the two part (0 for none): `stored`
    /// as it is served, `counted` as the definition has it. Timelines in memory are seen by the
    /// process alone that serves them: in a process of its own, beside a running server, a check
    /// compares feeds that are built for it from the same database.
    pub async fn check(&self, viewers: &[UserId], repair: bool) -> Result<Vec<Drift>> {
        let mut drifts = Vec::new();
        for viewer in viewers {
            if let Some(drift) = self.compare(*viewer).await? {
                drifts.push(drift);
                if repair {
                    self.rebuild(*viewer).await?;
                }
            }
        }
        Ok(drifts)
    }

    async fn compare(&self, viewer: UserId) -> Result<Option<Drift>> {
        let mut drift = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            // Whatever other processes have done until now counts for both.
            self.database.caught_up().await?;
            let (served, defined) = (self.served(viewer).await?, self.defined(viewer).await?);
            if served == defined {
                return Ok(None);
            }
            let common =
                served.iter().zip(&defined).take_while(|(one, other)| one == other).count();
            let at = |posts: &[PostId]| posts.get(common).map_or(0, |post| post.get() as i64);
            drift = Some(Drift {
                counter: "feed",
                of: viewer.get(),
                stored: at(&served),
                counted: at(&defined),
            });
        }
        Ok(drift)
    }

    /// The feed as it is served to whoever finds nothing nearer than what is stored.
    async fn served(&self, viewer: UserId) -> Result<Vec<PostId>> {
        let mut posts = Vec::new();
        let mut cursor = None;
        loop {
            let request = FeedRequest {
                viewer,
                order: Order::Latest,
                cursor,
                skip: 0,
                limit: Limit::MAX,
                own_posts: true,
                days: None,
            };
            let page = self.stored_page(&request).await?;
            posts.extend(page.posts.iter().map(|view| view.post.id));
            let Some(next) = page.next else { return Ok(posts) };
            cursor = Some(next);
        }
    }

    /// The feed as it is defined, without anything that makes it fast.
    async fn defined(&self, viewer: UserId) -> Result<Vec<PostId>> {
        let size = self.settings.timeline_size;
        let circle = self.services.graph().circle(viewer).await?;
        let mut posts = Vec::new();
        for author in circle.followees.iter().copied().chain([viewer]) {
            if circle.blocks(author) || circle.mutes(author) {
                continue;
            }
            let window = Window::default();
            let newest = self.services.posts().newest([author].into(), window, size as u32).await?;
            posts.extend(newest.iter().map(|post| post.post));
        }
        posts.sort_unstable();
        posts.dedup();
        posts.reverse();
        let views = self.services.posts().views(Some(viewer), posts).await?;
        let visible = views.iter().flatten().filter(|view| !view.post.hidden);
        Ok(visible.map(|view| view.post.id).take(size).collect())
    }
}
