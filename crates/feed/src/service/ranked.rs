//! The feed by score.

use std::sync::Arc;

use tintype_api::UserId;
use tintype_api::feed::{FeedPage, FeedRequest, Score};
use tintype_api::posts::{PostRef, PostView};
use tintype_platform::page::{Cursor, Limit};
use tintype_platform::{Result, Timestamp};

use super::FeedService;
use crate::ranking;
use crate::snapshots::{self, List, Snapshot};
use crate::strategy::Reader;

/// The kind of cursors of lists whose order was fixed.
const FIXED: u8 = b'R';

impl FeedService {
    pub(super) async fn ranked(&self, request: &FeedRequest) -> Result<FeedPage> {
        let circle = self.services.graph().circle(request.viewer).await?;
        let reader =
            Reader { viewer: request.viewer, circle: &circle, own_posts: request.own_posts };
        let place = FixedPlace::read(request.cursor.as_deref(), request.skip)?;
        let snapshot = match self.fixed(request.viewer, List::Ranked, &place).await? {
            Some(snapshot) => snapshot,
            None => Arc::new(self.rank(reader, self.since(request.days)).await?),
        };
        self.fixed_page(snapshot, place, request.limit, |view| reader.wants(view.post.author)).await
    }

    /// The order that a page goes on in; none for a first page.
    pub(super) async fn fixed(
        &self,
        viewer: UserId,
        list: List,
        place: &FixedPlace,
    ) -> Result<Option<Arc<Snapshot>>> {
        let now = self.clock.now();
        match place.snapshot {
            Some(number) => match self.snapshots.get(viewer, list, number, now) {
                Some(snapshot) => Ok(Some(snapshot)),
                None => self.shelved(viewer, list, number).await.map(Some),
            },
            None if place.skip > 0 => Ok(self.snapshots.last(viewer, list, now)),
            None => Ok(None),
        }
    }

    /// The snapshot of another process, or of this one before it was started anew.
    async fn shelved(&self, viewer: UserId, list: List, number: u64) -> Result<Arc<Snapshot>> {
        let order = self.store.shelved(viewer, number).await?.ok_or_else(snapshots::expired)?;
        let snapshot: Snapshot = serde_json::from_slice(&order)?;
        let is_asked_for =
            (snapshot.viewer, snapshot.list, snapshot.number) == (viewer, list, number);
        if !is_asked_for || snapshots::is_too_old(number, self.clock.now()) {
            return Err(snapshots::expired());
        }
        let snapshot = Arc::new(snapshot);
        self.snapshots.keep(snapshot.clone());
        Ok(snapshot)
    }

    /// Keeps a snapshot for the pages after its first, whichever process is asked for them.
    async fn keep(&self, snapshot: Arc<Snapshot>) {
        if !self.snapshots.keep(snapshot.clone()) || !self.store.is_shared() {
            return;
        }
        let shelved = async {
            let order = serde_json::to_vec(&*snapshot)?;
            self.store.shelve(snapshot.viewer, snapshot.number, order).await
        };
        if let Err(error) = shelved.await {
            // This process knows it; at another the cursor will have expired.
            tracing::warn!(cause = %error, "an order of posts could not be kept for others");
        }
    }

    /// A page of a fixed order: of what is visible at this moment and still `wanted`.
    pub(super) async fn fixed_page(
        &self,
        snapshot: Arc<Snapshot>,
        place: FixedPlace,
        limit: Limit,
        wanted: impl Fn(&PostView) -> bool,
    ) -> Result<FeedPage> {
        let limit = limit.get();
        let offset = place.passed.saturating_add(place.skip);
        let mut page = FeedPage { posts: Vec::new(), scores: Vec::new(), next: None, offset };
        let mut to_skip = place.skip as usize;
        let mut start = place.index.min(snapshot.posts.len());
        let mut after = start;
        // One more than the page holds tells whether there is a next one.
        while start < snapshot.posts.len() && page.next.is_none() {
            let looked_at = to_skip.saturating_add(limit + 1 - page.posts.len());
            let end = start.saturating_add(looked_at).min(snapshot.posts.len());
            let posts = snapshot.posts[start..end].to_vec();
            let views = self.visible(snapshot.viewer, posts).await?;
            for (index, view) in (start..end).zip(views) {
                let Some(view) = view.filter(&wanted) else { continue };
                if to_skip > 0 {
                    to_skip -= 1;
                } else if page.posts.len() < limit {
                    page.posts.push(view);
                    page.scores.extend(snapshot.scores.get(index));
                    after = index + 1;
                } else {
                    let passed = offset.saturating_add(limit as u32);
                    page.next = Some(FixedPlace::write(snapshot.number, after, passed));
                    break;
                }
            }
            start = end;
        }
        page.offset = offset.saturating_add(page.posts.len() as u32);
        if page.next.is_some() {
            self.keep(snapshot).await;
        }
        Ok(page)
    }

    /// Puts the feed of this moment in order.
    async fn rank(&self, reader: Reader<'_>, since: Option<Timestamp>) -> Result<Snapshot> {
        let posts = self.services.posts();
        let feed = self.definition(reader, since).await?;
        let mut authors: Vec<UserId> = feed.iter().map(|post| post.author).collect();
        authors.sort_unstable();
        authors.dedup();
        let ids = feed.iter().map(|post| post.post).collect();
        let (engagements, interactions) = tokio::try_join!(
            posts.engagement(ids),
            posts.interactions(reader.viewer, authors.clone())
        )?;
        let now = self.clock.now();
        let scored: Vec<(PostRef, Score)> = engagements
            .iter()
            .flatten()
            .map(|post| {
                let author = authors.binary_search(&post.post.author).ok();
                let interactions = author.and_then(|author| interactions.get(author)).copied();
                (post.post, ranking::score(post, interactions.unwrap_or(0), now))
            })
            .collect();
        let arranged = ranking::arrange(scored).into_iter();
        let (posts, scores) = arranged.map(|(post, score)| (post.post, score)).unzip();
        let (number, viewer) = (self.ids.next(), reader.viewer);
        Ok(Snapshot { number, viewer, list: List::Ranked, posts, scores })
    }
}

/// Where a page of a fixed order begins.
pub(super) struct FixedPlace {
    snapshot: Option<u64>,
    index: usize,
    /// Posts on the pages before.
    passed: u32,
    skip: u32,
}

impl FixedPlace {
    pub(super) fn read(cursor: Option<&str>, skip: u32) -> Result<Self> {
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
            return Ok(Self { snapshot: None, index: 0, passed: 0, skip });
        };
        let [number, index, passed] = Cursor::read(FIXED, cursor)?;
        Ok(Self {
            snapshot: Some(number),
            index: usize::try_from(index).unwrap_or(usize::MAX),
            passed: u32::try_from(passed).unwrap_or(u32::MAX),
            skip: 0,
        })
    }

    fn write(number: u64, index: usize, passed: u32) -> String {
        Cursor::new(FIXED, [number, index as u64, u64::from(passed)]).to_string()
    }
}
