//! Activity among accounts, ties and posts that a test names.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tintype_activity::ActivityService;
use tintype_api::activity::{ActivityItem, ActivityKind};
use tintype_api::events::{Event, Stamp};
use tintype_api::posts::{Engagement, Post, PostRef, PostView, Posts, Window};
use tintype_api::testkit::{People, Ties};
use tintype_api::{Accounts, Activity, Base, PostId, Services, UserId};
use tintype_platform::bus::{Bus, Consumer, Settings};
use tintype_platform::outbox::Record;
use tintype_platform::page::Limit;
use tintype_platform::rpc::async_trait;
use tintype_platform::testkit::Workbench;
use tintype_platform::{Result, Timestamp};
use utoipa_axum::router::OpenApiRouter;

pub(crate) struct Network {
    pub(crate) bench: Workbench,
    pub(crate) people: Arc<People>,
    pub(crate) ties: Arc<Ties>,
    pub(crate) wall: Arc<Wall>,
    pub(crate) activity: Arc<ActivityService>,
    pub(crate) consumer: Arc<dyn Consumer>,
    pub(crate) routes: OpenApiRouter,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with(tintype_activity::Settings::default())
    }

    pub(crate) fn with(settings: tintype_activity::Settings) -> Self {
        let bench = Workbench::new(&[tintype_activity::MIGRATIONS]);
        let (people, ties) = (Arc::new(People::default()), Arc::new(Ties::default()));
        let wall = Arc::new(Wall { people: people.clone(), secret: Mutex::default() });
        let services = Arc::new(Services::default());
        services.set_accounts(people.clone());
        services.set_graph(ties.clone());
        services.set_posts(wall.clone());
        let base = Base {
            database: bench.database.clone(),
            clock: bench.clock.clone(),
            ids: bench.ids.clone(),
            services,
            objects: tintype_platform::objects::ObjectUrls::new(""),
            redis: None,
        };
        let mut slice = tintype_activity::start(&base, settings).unwrap();
        let consumer = slice.consumers.remove(0);
        let activity = slice.service;
        Self { bench, people, ties, wall, activity, consumer, routes: slice.routes }
    }

    /// Public accounts `name1`, `name2`, … with the ids 1, 2, ….
    pub(crate) fn crowd<const N: usize>(&self) -> [UserId; N] {
        std::array::from_fn(|index| {
            let number = index as u64 + 1;
            self.people.put(number, &format!("name{number}"), false)
        })
    }

    /// Hands events to the consumer as one delivery.
    pub(crate) async fn happen(&self, events: &[Event]) {
        let records: Vec<Record> = events.iter().map(|event| self.record(event)).collect();
        self.consumer.handle(&records).await.unwrap();
    }

    /// Hands events over twice, as a bus may.
    pub(crate) async fn happen_twice(&self, events: &[Event]) {
        let records: Vec<Record> = events.iter().map(|event| self.record(event)).collect();
        self.consumer.handle(&records).await.unwrap();
        self.consumer.handle(&records).await.unwrap();
    }

    pub(crate) fn record(&self, event: &Event) -> Record {
        event.record(Stamp::made_by(&self.bench.ids)).unwrap()
    }

    pub(crate) async fn bus(&self) -> Bus {
        let consumers = vec![self.consumer.clone()];
        let clock = self.bench.clock.clone();
        Bus::start(self.bench.database.outbox(), clock, &Settings::default(), consumers)
            .await
            .unwrap()
    }

    pub(crate) async fn items(&self, user: UserId) -> Vec<ActivityItem> {
        let page = self.activity.recent(user, None, Limit::MAX).await.unwrap();
        assert_eq!(page.next, None);
        page.items
    }

    /// Kind, actor and target of all that `user` reads.
    pub(crate) async fn told(&self, user: UserId) -> Vec<(ActivityKind, u64, u64)> {
        let items = self.items(user).await;
        items.iter().map(|item| (item.kind, item.actor.get(), item.target)).collect()
    }
}

/// Posts with ids from 1,000 up. Everybody sees all but the secret ones, by nobody in particular.
pub(crate) struct Wall {
    people: Arc<People>,
    secret: Mutex<BTreeSet<(PostId, UserId)>>,
}

impl Wall {
    /// Hides a post from one person.
    pub(crate) fn hide(&self, post: PostId, from: UserId) {
        self.secret.lock().unwrap().insert((post, from));
    }
}

#[async_trait]
impl Posts for Wall {
    async fn views(
        &self,
        viewer: Option<UserId>,
        posts: Vec<PostId>,
    ) -> Result<Vec<Option<PostView>>> {
        let author = self.people.cards(vec![tintype_api::testkit::user(1)]).await?.remove(0);
        let secret = self.secret.lock().unwrap();
        let view = |post: PostId| {
            let hidden = viewer.is_some_and(|viewer| secret.contains(&(post, viewer)));
            let author = author.clone().filter(|_| !hidden)?;
            let post = Arc::new(Post {
                id: post,
                author: author.id,
                caption: None,
                media: Vec::new(),
                location: None,
                alt_text: None,
                hashtags: Vec::new(),
                mentions: Vec::new(),
                likes: 0,
                comments: 0,
                views: 0,
                comments_disabled: false,
                hidden: false,
                created_at: Timestamp::default(),
                updated_at: Timestamp::default(),
                rendered: tintype_api::Rendered::default(),
            });
            Some(PostView { post, author, liked: false, saved: false })
        };
        Ok(posts.into_iter().map(view).collect())
    }

    async fn newest(&self, _: Arc<[UserId]>, _: Window, _: u32) -> Result<Vec<PostRef>> {
        Ok(Vec::new())
    }

    async fn newest_at_hand(
        &self,
        _: Arc<[UserId]>,
        _: Window,
        _: u32,
    ) -> Result<Option<Vec<PostRef>>> {
        Ok(None)
    }

    async fn engagement(&self, posts: Vec<PostId>) -> Result<Vec<Option<Engagement>>> {
        Ok(vec![None; posts.len()])
    }

    async fn interactions(&self, _: UserId, authors: Vec<UserId>) -> Result<Vec<u32>> {
        Ok(vec![0; authors.len()])
    }

    async fn popular(&self, _: Timestamp, _: u32) -> Result<Vec<Engagement>> {
        Ok(Vec::new())
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        Ok(vec![0; users.len()])
    }
}
