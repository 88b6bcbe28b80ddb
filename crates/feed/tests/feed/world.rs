//! A small network around a feed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tintype_api::feed::{FeedPage, FeedRequest, Order};
use tintype_api::testkit::{People, Ties};
use tintype_api::{Base, Event, Feed, Graph, PostId, Services, Slice, Stamp, UserId};
use tintype_feed::{FeedService, MemoryTimelines, Settings, TimelineStore};
use tintype_platform::Result;
use tintype_platform::config::Strategy;
use tintype_platform::outbox::Record;
use tintype_platform::page::Limit;
use tintype_platform::testkit::Workbench;

use crate::shelf::Shelf;

/// Every strategy, with a threshold that a few followers cross.
pub(crate) const STRATEGIES: [Strategy; 3] = [Strategy::Pull, Strategy::Push, Strategy::Hybrid];

pub(crate) struct World {
    pub(crate) people: Arc<People>,
    pub(crate) ties: Arc<Ties>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) slice: Slice<FeedService>,
    pub(crate) timelines: Arc<MemoryTimelines>,
    pub(crate) base: Base,
    pub(crate) settings: Settings,
    pub(crate) workbench: Arc<Workbench>,
    /// What happened and was not delivered yet.
    pub(crate) outbox: Mutex<VecDeque<Event>>,
}

/// Settings for small networks: feeds of `size` posts, famous with three followers.
pub(crate) fn settings(strategy: Strategy, size: usize) -> Settings {
    Settings { strategy, timeline_size: size, celebrity_threshold: 3, ..Settings::default() }
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::around(Arc::new(Workbench::new(&[])), settings, |store| store, |services| services)
    }

    /// A world whose feed finds the timelines and services that `store` and `services` make of the
    /// real ones. Opening a database is most of the work, so many worlds may share one in turn.
    pub(crate) fn around<S: TimelineStore>(
        workbench: Arc<Workbench>,
        settings: Settings,
        store: impl FnOnce(Arc<MemoryTimelines>) -> Arc<S>,
        services: impl FnOnce(Arc<Services>) -> Arc<Services>,
    ) -> Self {
        let (people, ties) = (Arc::new(People::default()), Arc::new(Ties::default()));
        let shelf = Arc::new(Shelf::new(people.clone(), ties.clone()));
        let real = Arc::new(Services::default());
        real.set_accounts(people.clone());
        real.set_graph(ties.clone());
        real.set_posts(shelf.clone());
        let base = Base {
            database: workbench.database.clone(),
            clock: workbench.clock.clone(),
            ids: workbench.ids.clone(),
            services: services(real),
            objects: tintype_platform::objects::ObjectUrls::new(""),
            redis: None,
        };
        let timelines = Arc::new(MemoryTimelines::new(settings.timelines, settings.timeline_size));
        let slice =
            tintype_feed::start_with_timelines(&base, settings.clone(), store(timelines.clone()))
                .unwrap();
        let outbox = Mutex::default();
        Self { people, ties, shelf, slice, timelines, base, settings, workbench, outbox }
    }

    pub(crate) fn service(&self) -> &Arc<FeedService> {
        &self.slice.service
    }

    /// So many public accounts, numbered from 1.
    pub(crate) fn populate(&self, count: u64) -> Vec<UserId> {
        (1..=count).map(|number| self.people.put(number, &format!("user{number}"), false)).collect()
    }

    /// Makes a post a millisecond after the last.
    pub(crate) fn post(&self, author: UserId) -> PostId {
        self.workbench.clock.advance_millis(1);
        let post = PostId::made_by(&self.workbench.ids);
        self.shelf.put(post, author);
        self.shelf.index(post);
        self.happened(Event::PostCreated { post, author, mentions: Vec::new() });
        post
    }

    pub(crate) fn hide(&self, post: PostId, author: UserId, hidden: bool) {
        self.shelf.change(post, |post| post.hidden = hidden);
        self.happened(Event::PostUpdated { post, author, hidden, mentions: Vec::new() });
    }

    pub(crate) fn delete(&self, post: PostId, author: UserId) {
        self.shelf.delete(post);
        self.happened(Event::PostDeleted { post, author });
    }

    pub(crate) fn happened(&self, event: Event) {
        self.outbox.lock().unwrap().push_back(event);
    }

    /// Delivers the next `count` events; they stay in the outbox if that fails.
    pub(crate) async fn deliver(&self, count: usize) -> Result<()> {
        let events: Vec<Event> = self.outbox.lock().unwrap().iter().take(count).cloned().collect();
        for consumer in &self.slice.consumers {
            let wanted = events.iter().filter(|event| consumer.kinds().contains(&event.kind()));
            let records: Vec<Record> = wanted
                .map(|event| event.record(Stamp::made_by(&self.workbench.ids)).unwrap())
                .collect();
            consumer.handle(&records).await?;
        }
        self.outbox.lock().unwrap().drain(..events.len());
        Ok(())
    }

    pub(crate) async fn drain(&self) {
        self.deliver(usize::MAX).await.unwrap();
    }

    /// Everything that the definition allows into the feed of `viewer`, newest first, before it is
    /// cut to size.
    pub(crate) async fn all_of(&self, viewer: UserId, own_posts: bool) -> Vec<PostId> {
        let circle = self.ties.circle(viewer).await.unwrap();
        let belongs = |author| {
            (own_posts && author == viewer)
                || (circle.follows(author) && !circle.blocks(author) && !circle.mutes(author))
        };
        let shown = self.shelf.shown();
        shown.iter().filter(|post| belongs(post.author)).map(|post| post.post).collect()
    }

    /// The feed of `viewer` as it is defined.
    pub(crate) async fn definition(&self, viewer: UserId) -> Vec<PostId> {
        let mut posts = self.all_of(viewer, true).await;
        posts.truncate(self.settings.timeline_size);
        posts
    }

    pub(crate) async fn page(&self, request: FeedRequest) -> Result<FeedPage> {
        self.service().page(request).await
    }

    /// The feed of `viewer` read to its end in pages of `limit`, with `between` after each.
    pub(crate) async fn walk(
        &self,
        viewer: UserId,
        order: Order,
        limit: i64,
        mut between: impl FnMut(),
    ) -> Vec<PostId> {
        let mut posts = Vec::new();
        let mut request = first(viewer, order, limit);
        loop {
            let page = self.page(request.clone()).await.unwrap();
            assert!(page.posts.len() <= request.limit.get());
            posts.extend(ids(&page));
            assert_eq!(page.offset as usize, posts.len());
            assert!(page.next.is_none() || page.posts.len() == request.limit.get());
            assert!(
                !page.posts.is_empty() || posts.is_empty(),
                "a page said that there is another"
            );
            if page.next.is_none() {
                return posts;
            }
            request.cursor = page.next;
            between();
        }
    }
}

/// The first page of a feed.
pub(crate) fn first(viewer: UserId, order: Order, limit: i64) -> FeedRequest {
    let limit = Limit::clamped(limit);
    FeedRequest { viewer, order, cursor: None, skip: 0, limit, own_posts: true, days: None }
}

pub(crate) fn ids(page: &FeedPage) -> Vec<PostId> {
    page.posts.iter().map(|view| view.post.id).collect()
}
