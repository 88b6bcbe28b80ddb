//! Fan-out, readers, rebuilds, follows and losses at the same time, in thousands of orders.
//!
//! Every call between the parts may let any other task go first. On one thread the seed alone
//! decides who does, so `TINTYPE_RACE_SEED=7 cargo test -p tintype-feed race` replays one, and
//! `TINTYPE_RACES=10000` runs more of them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tintype_api::feed::Order;
use tintype_api::graph::{Circle, GraphCounts, Relationship};
use tintype_api::posts::{Engagement, PostRef, PostView, Window};
use tintype_api::{Event, Graph, PostId, Posts, Services, UserId};
use tintype_feed::{Basis, MemoryTimelines, Rebuild, Stretch, TimelineStore};
use tintype_platform::config::Strategy;
use tintype_platform::testkit::Workbench;
use tintype_platform::{Result, Timestamp};
use tokio::task::JoinSet;

use crate::world::{World, first, settings};

const RACES: u64 = 500;

#[tokio::test(start_paused = true)]
async fn no_order_of_things_loses_a_post() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("TINTYPE_RACE_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("TINTYPE_RACES").unwrap_or(RACES)).collect(),
    };
    let workbench = Arc::new(Workbench::new(&[]));
    for seed in seeds {
        race(&workbench, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_do_threads() {
    let workbench = Arc::new(Workbench::new(&[]));
    for seed in 0..RACES / 8 {
        race(&workbench, seed).await;
    }
}

async fn race(workbench: &Arc<Workbench>, seed: u64) {
    let random = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
    let roll = |range: std::ops::Range<usize>| random.lock().unwrap().random_range(range);
    let strategy = [Strategy::Push, Strategy::Hybrid][roll(0..2)];
    let whim = Whim(random.clone());
    let world = World::around(
        workbench.clone(),
        settings(strategy, roll(3..30)),
        |store| Arc::new(Restless { real: store, whim: whim.clone() }),
        |real| {
            let services = Services::default();
            services.set_accounts(real.accounts().clone());
            let (real_graph, real_posts) = (real.graph().clone(), real.posts().clone());
            services.set_graph(Arc::new(Restless { real: real_graph, whim: whim.clone() }));
            services.set_posts(Arc::new(Restless { real: real_posts, whim: whim.clone() }));
            Arc::new(services)
        },
    );
    let people = world.populate(5);
    for one in &people {
        for other in &people {
            if one != other && roll(0..2) == 0 {
                world.ties.follow(*one, *other, true);
            }
        }
    }
    // Every change of a tie makes the timelines of all viewers stale, so that it hides what else
    // may go wrong: mostly there are few of them.
    let tasks = [
        (Task::Post, 10),
        (Task::Post, 10),
        (Task::Deliver, 25),
        (Task::Read, 15),
        (Task::Read, 15),
        (Task::Lose, roll(0..15)),
        (Task::Change, [0, 0, 1, 10][roll(0..4)]),
    ];
    let (world, people) = (Arc::new(world), Arc::new(people));
    let mut running = JoinSet::new();
    for (task, times) in tasks {
        let (world, people, whim) = (world.clone(), people.clone(), whim.clone());
        running.spawn(async move {
            for _ in 0..times {
                match task {
                    Task::Post => post(&world, &people, &whim).await,
                    Task::Change => change(&world, &people, &whim),
                    Task::Read => {
                        let viewer = whim.choose(&people[..2]);
                        world.page(first(viewer, Order::Latest, 3)).await.unwrap();
                    }
                    Task::Lose => world.timelines.forget(whim.choose(&people[..2])).await.unwrap(),
                    Task::Deliver => world.deliver(whim.choose(&[1, 2, 5])).await.unwrap(),
                }
                whim.pause().await;
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    world.drain().await;
    for viewer in &*people {
        let defined = world.definition(*viewer).await;
        for _ in 0..2 {
            let feed = world.walk(*viewer, Order::Latest, 4, || {}).await;
            assert_eq!(feed, defined, "seed {seed}, {strategy:?}, viewer {viewer}");
        }
    }
}

#[derive(Clone, Copy)]
enum Task {
    Post,
    Deliver,
    Read,
    Lose,
    Change,
}

/// Commits a post, which is announced at once; the author index hears of it a little later.
async fn post(world: &World, people: &[UserId], whim: &Whim) {
    let author = whim.choose(people);
    world.workbench.clock.advance_millis(1);
    let post = PostId::made_by(&world.workbench.ids);
    world.shelf.put(post, author);
    world.happened(Event::PostCreated { post, author, mentions: Vec::new() });
    whim.pause().await;
    world.shelf.index(post);
}

fn change(world: &World, people: &[UserId], whim: &Whim) {
    let (one, other) = (whim.choose(people), whim.choose(people));
    let shown = world.shelf.shown();
    let post = if shown.is_empty() { None } else { Some(whim.choose(&shown)) };
    match (whim.choose(&[0, 0, 0, 0, 1, 2, 3, 4]), post) {
        (0, _) if one != other => world.ties.follow(one, other, whim.choose(&[true, true, false])),
        (1, _) if one != other => world.ties.mute(one, other, whim.choose(&[true, false])),
        (2, _) if one != other => world.ties.block(one, other, whim.choose(&[true, false])),
        (3, Some(post)) => world.delete(post.post, post.author),
        (4, Some(post)) => {
            world.hide(post.post, post.author, true);
            world.hide(post.post, post.author, false);
        }
        _ => {}
    }
}

/// Decides who goes first.
#[derive(Clone)]
struct Whim(Arc<Mutex<StdRng>>);

impl Whim {
    fn choose<T: Copy>(&self, from: &[T]) -> T {
        *from.choose(&mut *self.0.lock().unwrap()).unwrap()
    }

    /// Lets others go first, perhaps, and now and then for long.
    async fn pause(&self) {
        for _ in 0..self.choose(&[0, 0, 0, 0, 0, 1, 1, 2, 30]) {
            tokio::task::yield_now().await;
        }
    }
}

/// Something whose every call others may come before and after.
struct Restless<T: ?Sized> {
    whim: Whim,
    real: Arc<T>,
}

impl<T: ?Sized> Restless<T> {
    async fn around<A>(&self, call: impl Future<Output = A>) -> A {
        self.whim.pause().await;
        let answer = call.await;
        self.whim.pause().await;
        answer
    }
}

#[async_trait]
impl TimelineStore for Restless<MemoryTimelines> {
    async fn append(&self, post: PostId, viewers: &[UserId]) -> Result<()> {
        for viewer in viewers {
            self.around(self.real.append(post, &[*viewer])).await?;
        }
        Ok(())
    }

    async fn read(
        &self,
        viewer: UserId,
        basis: Basis,
        below: Option<PostId>,
        limit: usize,
    ) -> Result<Option<Stretch>> {
        self.around(self.real.read(viewer, basis, below, limit)).await
    }

    async fn begin(&self, viewer: UserId) -> Result<Rebuild> {
        self.around(self.real.begin(viewer)).await
    }

    async fn finish(
        &self,
        viewer: UserId,
        rebuild: Rebuild,
        basis: Basis,
        posts: Vec<PostId>,
        floor: u64,
    ) -> Result<()> {
        self.around(self.real.finish(viewer, rebuild, basis, posts, floor)).await
    }

    async fn forget(&self, viewer: UserId) -> Result<()> {
        self.around(self.real.forget(viewer)).await
    }

    async fn merge(&self, author: UserId) -> Result<()> {
        self.around(self.real.merge(author)).await
    }

    async fn merged(&self) -> Result<Arc<[UserId]>> {
        self.around(self.real.merged()).await
    }
}

#[async_trait]
impl Posts for Restless<dyn Posts> {
    async fn newest(
        &self,
        authors: Arc<[UserId]>,
        window: Window,
        limit: u32,
    ) -> Result<Vec<PostRef>> {
        self.around(self.real.newest(authors, window, limit)).await
    }

    async fn newest_at_hand(
        &self,
        authors: Arc<[UserId]>,
        window: Window,
        limit: u32,
    ) -> Result<Option<Vec<PostRef>>> {
        self.around(self.real.newest_at_hand(authors, window, limit)).await
    }

    async fn views(
        &self,
        viewer: Option<UserId>,
        posts: Vec<PostId>,
    ) -> Result<Vec<Option<PostView>>> {
        self.around(self.real.views(viewer, posts)).await
    }

    async fn engagement(&self, posts: Vec<PostId>) -> Result<Vec<Option<Engagement>>> {
        self.real.engagement(posts).await
    }

    async fn interactions(&self, viewer: UserId, authors: Vec<UserId>) -> Result<Vec<u32>> {
        self.real.interactions(viewer, authors).await
    }

    async fn popular(&self, since: Timestamp, limit: u32) -> Result<Vec<Engagement>> {
        self.real.popular(since, limit).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        self.real.counts(users).await
    }
}

#[async_trait]
impl Graph for Restless<dyn Graph> {
    async fn circle(&self, viewer: UserId) -> Result<Arc<Circle>> {
        self.around(self.real.circle(viewer)).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<GraphCounts>> {
        self.around(self.real.counts(users)).await
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        self.real.relationships(viewer, others).await
    }

    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        self.around(self.real.followers_after(user, after, limit)).await
    }

    async fn accept_all(&self, user: UserId) -> Result<()> {
        self.real.accept_all(user).await
    }
}
