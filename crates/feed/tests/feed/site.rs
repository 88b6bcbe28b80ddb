//! A world whose routes are served over a real connection, with a real bus.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::Value;
use tintype_api::activity::ActivityItem;
use tintype_api::auth::Gate;
use tintype_api::{Activity, Event, PostId, Stamp, UserId};
use tintype_feed::Settings;
use tintype_platform::Result;
use tintype_platform::bus::{self, Bus};
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, serve, stack};
use tintype_platform::page::{Limit, Page};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::world::World;

pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) client: reqwest::Client,
    pub(crate) base: String,
    pub(crate) bus: Arc<Bus>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Site {
    /// `user1` to `user4`, of whom the first follows the others; `user5` is private.
    pub(crate) async fn new(settings: Settings) -> Self {
        let mut world = World::new(settings);
        let people = world.populate(4);
        world.people.put(5, "user5", true);
        for other in &people[1..] {
            world.ties.follow(people[0], *other, true);
        }
        world.base.services.set_activity(Arc::new(Bell));
        let base = &world.base;
        let consumers = world.slice.consumers.clone();
        let (outbox, settings) = (base.database.outbox(), bus::Settings::default());
        let bus = Bus::start(outbox, base.clock.clone(), &settings, consumers);
        let bus = Arc::new(bus.await.unwrap());
        let ground = Arc::new(Ground::new(&Config::defaults()));
        world.service().go_live(&bus, ground.closing());
        let accounts = world.people.clone();
        let gate = Gate { accounts, limits: ground.limits(), loopback: true };
        let (routes, _) = std::mem::take(&mut world.slice.routes).split_for_parts();
        let router = stack(routes.layer(axum::Extension(gate)), &ground);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, router, ground, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::new();
        Self { world, client, base: address, bus, stop, server }
    }

    /// Makes a post, whose event every consumer has seen when this is done.
    pub(crate) async fn post(&self, author: UserId) -> PostId {
        let post = self.world.post(author);
        let events: Vec<Event> = self.world.outbox.lock().unwrap().drain(..).collect();
        for event in &events {
            self.publish(event).await;
        }
        post
    }

    pub(crate) async fn publish(&self, event: &Event) {
        let record = event.record(Stamp::made_by(&self.world.base.ids)).unwrap();
        self.world.base.database.publish(record).await.unwrap();
        self.bus.drained().await.unwrap();
    }

    /// What is answered; `who` signs in by name, nobody when empty.
    pub(crate) async fn ask(&self, who: &str, method: Method, path: &str) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !who.is_empty() {
            request = request.bearer_auth(who);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> (u16, Value) {
        self.ask(who, Method::GET, path).await
    }

    /// Stops the server as a signal would, and waits for it to end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.server.await.unwrap();
        self.bus.stop().await;
    }
}

/// Activity of which everybody has not seen three.
struct Bell;

#[async_trait]
impl Activity for Bell {
    async fn recent(&self, _: UserId, _: Option<String>, _: Limit) -> Result<Page<ActivityItem>> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn unread(&self, _: UserId) -> Result<u32> {
        Ok(3)
    }

    async fn mark_read(&self, _: UserId) -> Result<()> {
        Ok(())
    }
}
