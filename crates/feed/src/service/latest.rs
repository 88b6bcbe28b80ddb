//! The feed by age.

use tintype_api::PostId;
use tintype_api::feed::{FeedPage, FeedRequest};
use tintype_api::posts::Window;
use tintype_platform::page::Cursor;
use tintype_platform::{Result, Timestamp};

use super::FeedService;
use crate::strategy::{Reader, Strategy};

/// The kinds of cursors of this list, with and without the viewer's own posts.
const WITH_OWN: u8 = b'F';
const WITHOUT_OWN: u8 = b'f';

/// Where a page of the feed begins.
#[derive(Clone, Copy)]
struct Place {
    /// The last post of the page before.
    below: Option<PostId>,
    /// How many posts of the feed came before: the feed ends when they are as many as it may hold.
    passed: u32,
    /// Only posts of this moment and later: fixed with the first page, so that no post drops out
    /// between two pages.
    since: Option<Timestamp>,
}

impl FeedService {
    /// A page, whose posts are found by `strategy`.
    pub(super) async fn latest(
        &self,
        request: &FeedRequest,
        strategy: &Strategy,
    ) -> Result<FeedPage> {
        let list = if request.own_posts { WITH_OWN } else { WITHOUT_OWN };
        let place = match request.cursor.as_deref() {
            None | Some("") => Place { below: None, passed: 0, since: self.since(request.days) },
            Some(cursor) => Place::read(list, cursor)?,
        };
        let (limit, skip) = (request.limit.get(), request.skip as usize);
        let room = self.settings.timeline_size.saturating_sub(place.passed as usize);
        let mut page = FeedPage {
            posts: Vec::with_capacity(limit + 1),
            scores: Vec::new(),
            next: None,
            offset: place.passed.saturating_add(request.skip),
        };
        if skip >= room {
            return Ok(page);
        }
        // One more than the page holds tells whether there is a next one.
        let wanted = (skip + limit + 1).min(room);
        let circle = self.services.graph().circle(request.viewer).await?;
        let reader =
            Reader { viewer: request.viewer, circle: &circle, own_posts: request.own_posts };
        let mut window = Window { below: place.below, since: place.since };
        let mut seen = 0;
        while seen < wanted {
            let asked = wanted - seen;
            let posts = strategy.newest(reader, window, asked).await?;
            let is_end = posts.len() < asked;
            window.below = posts.last().map(|last| last.post);
            let posts = posts.iter().map(|post| post.post).collect();
            for view in self.visible(request.viewer, posts).await?.into_iter().flatten() {
                seen += 1;
                if seen > skip {
                    page.posts.push(view);
                }
            }
            if is_end {
                break;
            }
        }
        let more = page.posts.len() > limit;
        page.posts.truncate(limit);
        page.offset += page.posts.len() as u32;
        if let Some(last) = page.posts.last().filter(|_| more) {
            let next = Place { below: Some(last.post.id), passed: page.offset, since: place.since };
            page.next = Some(next.write(list));
        }
        Ok(page)
    }
}

impl Place {
    fn read(list: u8, cursor: &str) -> Result<Self> {
        let [below, passed, since] = Cursor::read(list, cursor)?;
        Ok(Self {
            below: PostId::new(below),
            passed: u32::try_from(passed).unwrap_or(u32::MAX),
            since: (since > 0).then(|| Timestamp::from_millis(since as i64)),
        })
    }

    fn write(self, list: u8) -> String {
        let below = self.below.map_or(0, PostId::get);
        let since = self.since.map_or(0, |since| since.as_millis().max(1) as u64);
        Cursor::new(list, [below, u64::from(self.passed), since]).to_string()
    }
}
