//! The use-cases of the feed.

mod explore;
mod latest;
mod ranked;

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::feed::{Feed, FeedPage, FeedRequest, FeedStats, Order};
use tintype_api::graph::GraphCounts;
use tintype_api::posts::{PostRef, PostView, Window};
use tintype_api::{Base, Circle, Event, PostId, Services, Stamp, UserId};
use tintype_platform::bus::Bus;
use tintype_platform::db::Database;
use tintype_platform::page::Limit;
use tintype_platform::{Clock, IdGenerator, Result, Timestamp, config};

use crate::Settings;
use crate::live::Live;
use crate::snapshots::Snapshots;
use crate::store::TimelineStore;
use crate::strategy::{self, Reader, Strategy, Timelines};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Where hydrated posts are kept, for those who ask.
pub(crate) const CACHE: &str = "in-process";

/// Figures about a feed and its viewer.
pub(crate) struct Figures {
    pub(crate) feed: FeedStats,
    pub(crate) counts: GraphCounts,
    /// Where timelines are, in a word.
    place: &'static str,
}

impl Figures {
    /// Where the feed comes from.
    pub(crate) fn storage(&self) -> String {
        let strategy = &*self.feed.strategy;
        match strategy {
            "pull" => format!("memory-index ({strategy})"),
            _ => format!("{}-timelines ({strategy})", self.place),
        }
    }
}

/// Feeds, near; see [`Feed`].
pub struct FeedService {
    pub(crate) services: Arc<Services>,
    pub(crate) settings: Settings,
    pub(crate) live: Arc<Live>,
    pub(crate) database: Database,
    clock: Arc<dyn Clock>,
    ids: Arc<IdGenerator>,
    strategy: Strategy,
    snapshots: Snapshots,
    /// Where orders are kept for other processes.
    store: Arc<dyn TimelineStore>,
}

#[async_trait]
impl Feed for FeedService {
    async fn page(&self, request: FeedRequest) -> Result<FeedPage> {
        match request.order {
            Order::Latest => self.latest(&request, &self.strategy).await,
            Order::Ranked => self.ranked(&request).await,
        }
    }

    async fn stats(&self, viewer: UserId) -> Result<FeedStats> {
        let circle = self.services.graph().circle(viewer).await?;
        let size = self.size(viewer, &circle).await?;
        let strategy = match self.settings.strategy {
            config::Strategy::Auto | config::Strategy::Pull => "pull",
            config::Strategy::Push => "push",
            config::Strategy::Hybrid => "hybrid",
        };
        Ok(FeedStats { size, strategy: strategy.to_owned() })
    }

    async fn rebuild(&self, viewer: UserId) -> Result<u32> {
        let circle = self.services.graph().circle(viewer).await?;
        if self.strategy.rebuild(viewer, &circle).await? {
            let updated = Event::FeedUpdated { user: viewer }.record(Stamp::made_by(&self.ids))?;
            self.database.publish(updated).await?;
        }
        self.size(viewer, &circle).await
    }
}

impl FeedService {
    pub(crate) fn new(base: &Base, settings: Settings, store: Arc<dyn TimelineStore>) -> Self {
        let stored = |threshold| {
            let (services, store) = (base.services.clone(), store.clone());
            let (size, database) = (settings.timeline_size, base.database.clone());
            Arc::new(Timelines { services, store, threshold, size, database })
        };
        let strategy = match settings.strategy {
            config::Strategy::Auto | config::Strategy::Pull => {
                Strategy::Pull(base.services.clone())
            }
            config::Strategy::Push => Strategy::Stored(stored(None)),
            config::Strategy::Hybrid => {
                Strategy::Nearest(stored(Some(settings.celebrity_threshold)))
            }
        };
        Self {
            services: base.services.clone(),
            live: Arc::new(Live::new(base.services.clone(), settings.streams_per_user)),
            database: base.database.clone(),
            clock: base.clock.clone(),
            ids: base.ids.clone(),
            strategy,
            snapshots: Snapshots::default(),
            store: store.clone(),
            settings,
        }
    }

    /// The stored timelines, unless feeds are pulled.
    pub(crate) fn timelines(&self) -> Option<Arc<Timelines>> {
        self.strategy.timelines().cloned()
    }

    /// Whether a feed that is read here leaves a timeline that other processes read.
    pub fn shares_timelines(&self) -> bool {
        self.strategy.timelines().is_some() && self.store.is_shared()
    }

    /// A page by age, for which nothing nearer is asked than what is stored: that is built then, for
    /// other processes as well.
    pub async fn stored_page(&self, request: &FeedRequest) -> Result<FeedPage> {
        self.latest(request, &self.strategy.farthest()).await
    }

    /// Lets streams be told of what `bus` delivers, and ends them when `closing` comes: an open
    /// stream would hold up a server that stops. Without it streams hold pings alone.
    pub fn go_live(&self, bus: &Arc<Bus>, closing: impl Future<Output = ()> + Send + 'static) {
        // The bus has the consumers, and they have this service.
        let bus = Arc::downgrade(bus);
        self.live.watch(Box::new(move || Some(bus.upgrade()?.live())));
        let live = self.live.clone();
        tokio::spawn(async move {
            closing.await;
            live.close();
        });
    }

    pub(crate) async fn figures(&self, viewer: UserId) -> Result<Figures> {
        let counts = self.services.graph().counts(vec![viewer]);
        let (feed, counts) = tokio::try_join!(self.stats(viewer), counts)?;
        let counts = counts.first().copied().unwrap_or_default();
        Ok(Figures { feed, counts, place: self.store.place() })
    }

    /// A post as it may be shown in the feed of `viewer`.
    pub(crate) async fn one(&self, viewer: UserId, post: PostId) -> Result<Option<PostView>> {
        Ok(self.visible(viewer, vec![post]).await?.into_iter().flatten().next())
    }

    /// The newest posts of a feed, at most `limit`, of which those above `last`, the oldest first.
    pub(crate) async fn newer(
        &self,
        viewer: UserId,
        last: PostId,
        limit: Limit,
    ) -> Result<Vec<PostView>> {
        let order = Order::Latest;
        let request = FeedRequest {
            viewer,
            order,
            cursor: None,
            skip: 0,
            limit,
            own_posts: true,
            days: None,
        };
        let mut posts = self.page(request).await?.posts;
        posts.retain(|view| view.post.id > last);
        posts.reverse();
        Ok(posts)
    }

    /// The posts of a feed, computed from the author index whatever is stored.
    async fn definition(
        &self,
        reader: Reader<'_>,
        since: Option<Timestamp>,
    ) -> Result<Vec<PostRef>> {
        let window = Window { below: None, since };
        let posts = self.services.posts();
        strategy::pull(&**posts, reader, window, self.settings.timeline_size).await
    }

    async fn size(&self, viewer: UserId, circle: &Circle) -> Result<u32> {
        let reader = Reader { viewer, circle, own_posts: true };
        Ok(self.definition(reader, None).await?.len() as u32)
    }

    /// The moment `days` ago.
    fn since(&self, days: Option<u32>) -> Option<Timestamp> {
        days.map(|days| self.clock.now().plus_millis(-DAY * i64::from(days)))
    }

    /// What of `posts` is there for `viewer`, each at its place.
    async fn visible(&self, viewer: UserId, posts: Vec<PostId>) -> Result<Vec<Option<PostView>>> {
        let mut views = self.services.posts().views(Some(viewer), posts).await?;
        for view in &mut views {
            // A hidden post is there for its author, but in nobody's feed.
            if view.as_ref().is_some_and(|view| view.post.hidden) {
                *view = None;
            }
        }
        Ok(views)
    }
}
