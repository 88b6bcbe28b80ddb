//! A graph among accounts that a test names.

use std::sync::Arc;

use tintype_api::events::Event;
use tintype_api::testkit::People;
use tintype_api::{Accounts, Base, Graph, Services, Stamp, UserId};
use tintype_graph::{GraphService, Settings};
use tintype_platform::bus::{Bus, Consumer};
use tintype_platform::outbox::Record;
use tintype_platform::page::{Limit, PageQuery};
use tintype_platform::testkit::Workbench;
use utoipa_axum::router::OpenApiRouter;

pub(crate) struct Network {
    pub(crate) bench: Workbench,
    pub(crate) people: Arc<People>,
    pub(crate) graph: Arc<GraphService>,
    pub(crate) consumers: Vec<Arc<dyn Consumer>>,
    pub(crate) routes: OpenApiRouter,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let people = Arc::new(People::default());
        Self::among(people.clone(), people, settings)
    }

    /// One on each database that is there.
    pub(crate) async fn each(settings: Settings) -> Vec<Self> {
        let benches = Workbench::each(&[tintype_graph::MIGRATIONS]).await;
        let network = |bench| {
            let people = Arc::new(People::default());
            Self::on(bench, people.clone(), people, settings.clone())
        };
        benches.into_iter().map(network).collect()
    }

    /// A graph that asks `accounts` about `people`.
    pub(crate) fn among(
        people: Arc<People>,
        accounts: Arc<dyn Accounts>,
        settings: Settings,
    ) -> Self {
        Self::on(Workbench::new(&[tintype_graph::MIGRATIONS]), people, accounts, settings)
    }

    fn on(
        bench: Workbench,
        people: Arc<People>,
        accounts: Arc<dyn Accounts>,
        settings: Settings,
    ) -> Self {
        let services = Arc::new(Services::default());
        services.set_accounts(accounts);
        let base = Base {
            database: bench.database.clone(),
            clock: bench.clock.clone(),
            ids: bench.ids.clone(),
            services: services.clone(),
            objects: tintype_platform::objects::ObjectUrls::new(""),
            redis: None,
        };
        let slice = tintype_graph::start(&base, settings).unwrap();
        services.set_graph(slice.service.clone());
        Self {
            bench,
            people,
            graph: slice.service,
            consumers: slice.consumers,
            routes: slice.routes,
        }
    }

    /// Public accounts `name1`, `name2`, … with the ids 1, 2, ….
    pub(crate) fn crowd(&self, count: u64) -> Vec<UserId> {
        (1..=count).map(|number| self.people.put(number, &format!("name{number}"), false)).collect()
    }

    /// Follows that count, in this order.
    pub(crate) async fn follow(&self, pairs: &[(UserId, UserId)]) {
        for (follower, followee) in pairs {
            self.graph.follow(*follower, *followee).await.unwrap();
        }
    }

    pub(crate) async fn bus(&self) -> Bus {
        let settings = tintype_platform::bus::Settings::default();
        let clock = self.bench.clock.clone();
        Bus::start(self.bench.database.outbox(), clock, &settings, self.consumers.clone())
            .await
            .unwrap()
    }

    /// Puts an event of another slice into the outbox.
    pub(crate) async fn tell(&self, event: Event) {
        let record = self.record(&event);
        self.bench.publish(record).await;
    }

    pub(crate) fn record(&self, event: &Event) -> Record {
        event.record(Stamp::made_by(&self.bench.ids)).unwrap()
    }

    /// Everything that is in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let happened = self.bench.happened_after(0).await;
        happened.iter().map(|record| Event::read(record).unwrap()).collect()
    }

    pub(crate) async fn counts(&self, user: UserId) -> (u64, u64, u64) {
        let counts = self.graph.counts(vec![user]).await.unwrap()[0];
        (counts.followers, counts.following, counts.pending_requests)
    }
}

/// A page of `limit`, from `cursor` on.
pub(crate) fn page(limit: i64, cursor: Option<String>) -> PageQuery {
    PageQuery { cursor, limit: Some(Limit::clamped(limit)), ..PageQuery::default() }
}

/// Reads all pages of a list and answers who is on them, page by page.
pub(crate) async fn pages<F>(limit: i64, mut read: F) -> Vec<Vec<UserId>>
where
    F: AsyncFnMut(PageQuery) -> tintype_platform::page::Page<tintype_graph::Entry>,
{
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let found = read(page(limit, cursor)).await;
        pages.push(found.items.iter().map(|entry| entry.card.id).collect());
        let Some(next) = found.next else { return pages };
        cursor = Some(next);
    }
}
