//! Random histories: whatever happened, every strategy answers what the definition says.
//!
//! `TINTYPE_HISTORY_SEED=7 cargo test -p tintype-feed history` replays one, `TINTYPE_HISTORIES=1000`
//! runs more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tintype_api::feed::Order;
use tintype_api::{Event, Feed, PostId, UserId};
use tintype_feed::{Basis, MemoryTimelines, Rebuild, Stretch, TimelineStore};
use tintype_platform::config::Strategy;
use tintype_platform::testkit::Workbench;
use tintype_platform::{Error, Result};

use crate::world::{STRATEGIES, World, settings};

const HISTORIES: u64 = 50;
const STEPS: usize = 150;
const PEOPLE: u64 = 7;

#[tokio::test]
async fn every_strategy_answers_what_the_definition_says() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("TINTYPE_HISTORY_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("TINTYPE_HISTORIES").unwrap_or(HISTORIES)).collect(),
    };
    let workbench = Arc::new(Workbench::new(&[]));
    for seed in seeds {
        for strategy in STRATEGIES {
            History::new(&workbench, seed, strategy).run().await;
        }
    }
}

struct History {
    seed: u64,
    strategy: Strategy,
    random: StdRng,
    world: World,
    shaky: Arc<Shaky>,
    people: Vec<UserId>,
    authors: BTreeMap<PostId, UserId>,
    done: Vec<String>,
}

impl History {
    fn new(workbench: &Arc<Workbench>, seed: u64, strategy: Strategy) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let size = random.random_range(3..12);
        let mut settings = settings(strategy, size);
        // Sometimes so few that they push each other out.
        settings.timelines = *[3, 1000].choose(&mut random).unwrap();
        let mut shaky = None;
        let world = World::around(
            workbench.clone(),
            settings,
            |store| shaky.insert(Arc::new(Shaky::around(store))).clone(),
            |services| services,
        );
        let people = world.populate(PEOPLE);
        let (authors, done) = (BTreeMap::new(), Vec::new());
        let shaky = shaky.unwrap();
        Self { seed, strategy, random, world, shaky, people, authors, done }
    }

    async fn run(mut self) {
        for _ in 0..STEPS {
            self.step().await;
            let viewer = self.somebody();
            self.check(viewer).await;
        }
        self.deliver(usize::MAX).await;
        for viewer in self.people.clone() {
            self.check(viewer).await;
            // What was stored by the first reading is what the second one reads.
            self.check(viewer).await;
        }
    }

    fn somebody(&mut self) -> UserId {
        *self.people.choose(&mut self.random).unwrap()
    }

    fn some_post(&mut self) -> Option<(PostId, UserId)> {
        let post = *self.world.shelf.ids().choose(&mut self.random)?;
        Some((post, self.authors[&post]))
    }

    async fn step(&mut self) {
        let (one, other) = (self.somebody(), self.somebody());
        let (ties, on) = (self.world.ties.clone(), self.random.random_bool(0.5));
        let post = self.some_post();
        let what = match self.random.random_range(0..100) {
            0..40 => {
                let post = self.world.post(one);
                self.authors.insert(post, one);
                format!("{one} posts {post}")
            }
            40..60 => {
                let count = self.random.random_range(1..4);
                self.deliver(count).await;
                format!("{count} events are delivered")
            }
            60..75 if one != other => {
                let on = on || self.random.random_bool(0.5);
                ties.follow(one, other, on);
                format!("{one} follows {other}: {on}")
            }
            75..78 if one != other => {
                ties.block(one, other, on);
                format!("{one} blocks {other}: {on}")
            }
            78..82 if one != other => {
                ties.mute(one, other, on);
                format!("{one} mutes {other}: {on}")
            }
            82..86 => {
                let Some((post, author)) = post else { return };
                self.world.delete(post, author);
                format!("{post} is deleted")
            }
            86..91 => {
                let Some((post, author)) = post else { return };
                self.world.hide(post, author, on);
                format!("{post} is hidden: {on}")
            }
            91 => {
                self.world.shelf.at_hand.store(on, Ordering::Relaxed);
                format!("the author index is at hand: {on}")
            }
            92 => {
                self.world.timelines.forget(one).await.unwrap();
                format!("the timeline of {one} is lost")
            }
            93..95 => {
                self.world.service().rebuild(one).await.ok();
                format!("{one} refreshes")
            }
            95..100 => {
                let failing = if on { &self.shaky.reads } else { &self.shaky.writes };
                let failures = self.random.random_range(1..5);
                failing.store(failures, Ordering::Relaxed);
                format!("the store fails {failures} times (reads: {on})")
            }
            _ => return,
        };
        self.done.push(what);
    }

    async fn deliver(&mut self, count: usize) {
        // What fails for a while is delivered again, as the bus does.
        while self.world.deliver(count).await.is_err() {}
    }

    /// Posts that the followers of their authors need not see yet.
    fn underway(&self) -> BTreeSet<PostId> {
        if self.strategy == Strategy::Pull {
            return BTreeSet::new();
        }
        let outbox = self.world.outbox.lock().unwrap();
        let new = outbox.iter().filter_map(|event| match event {
            Event::PostCreated { post, .. } | Event::PostUpdated { post, hidden: false, .. } => {
                Some(*post)
            }
            _ => None,
        });
        new.collect()
    }

    async fn check(&mut self, viewer: UserId) {
        let limit = self.random.random_range(1..8);
        let size = self.world.settings.timeline_size;
        let all = self.world.all_of(viewer, true).await;
        let underway = self.underway();
        let feed = self.world.walk(viewer, Order::Latest, limit, || {}).await;
        let told = || {
            let Self { seed, strategy, done, .. } = &*self;
            let done = done.join("\n");
            format!(
                "{done}\nseed {seed}, {strategy:?}: {viewer} reads {feed:?} in pages of {limit}, \
                 {all:?} are defined, {underway:?} underway, the size is {size}"
            )
        };
        assert!(feed.len() <= size, "{}", told());
        assert!(feed.windows(2).all(|pair| pair[0] > pair[1]), "{}", told());
        assert!(feed.iter().all(|post| all.contains(post)), "{}", told());
        let oldest = (feed.len() == size).then(|| feed.last().copied()).flatten();
        let missing = all
            .iter()
            .filter(|post| oldest.is_none_or(|oldest| **post > oldest) && !feed.contains(post));
        for post in missing {
            let own = self.authors[post] == viewer;
            assert!(underway.contains(post) && !own, "{post} is missing; {}", told());
        }
    }
}

/// A store that fails now and then.
struct Shaky {
    store: Arc<MemoryTimelines>,
    /// How often it will fail to answer, and to change anything.
    reads: AtomicU32,
    writes: AtomicU32,
}

impl Shaky {
    fn around(store: Arc<MemoryTimelines>) -> Self {
        Self { store, reads: AtomicU32::new(0), writes: AtomicU32::new(0) }
    }
}

fn may_fail(failures: &AtomicU32) -> Result<()> {
    let left = failures.load(Ordering::Relaxed);
    if left == 0 {
        return Ok(());
    }
    failures.store(left - 1, Ordering::Relaxed);
    // One kind of failure is tried again, the other is not.
    Err(match left % 2 {
        0 => Error::unavailable("down", "The store is down", 1),
        _ => Error::internal("the store is confused"),
    })
}

#[async_trait]
impl TimelineStore for Shaky {
    async fn append(&self, post: PostId, viewers: &[UserId]) -> Result<()> {
        let half = viewers.len() / 2;
        self.store.append(post, &viewers[..half]).await?;
        may_fail(&self.writes)?;
        self.store.append(post, &viewers[half..]).await
    }

    async fn read(
        &self,
        viewer: UserId,
        basis: Basis,
        below: Option<PostId>,
        limit: usize,
    ) -> Result<Option<Stretch>> {
        may_fail(&self.reads)?;
        self.store.read(viewer, basis, below, limit).await
    }

    async fn begin(&self, viewer: UserId) -> Result<Rebuild> {
        may_fail(&self.writes)?;
        self.store.begin(viewer).await
    }

    async fn finish(
        &self,
        viewer: UserId,
        rebuild: Rebuild,
        basis: Basis,
        posts: Vec<PostId>,
        floor: u64,
    ) -> Result<()> {
        may_fail(&self.writes)?;
        self.store.finish(viewer, rebuild, basis, posts, floor).await
    }

    async fn forget(&self, viewer: UserId) -> Result<()> {
        self.store.forget(viewer).await
    }

    async fn merge(&self, author: UserId) -> Result<()> {
        may_fail(&self.writes)?;
        self.store.merge(author).await
    }

    async fn merged(&self) -> Result<Arc<[UserId]>> {
        may_fail(&self.reads)?;
        self.store.merged().await
    }
}
