//! Timelines in the memory of this process.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use tintype_api::{PostId, UserId};
use tintype_platform::Result;

use super::{Basis, Rebuild, Stretch, TimelineStore};

/// Locks that the timelines are spread over.
const SHARDS: usize = 64;

/// A bounded number of timelines, those that are read kept longest.
pub struct MemoryTimelines {
    shards: Box<[Mutex<Shard>]>,
    /// Posts that a timeline holds at the most.
    size: usize,
    rebuilds: AtomicU64,
    merged: RwLock<Arc<[UserId]>>,
}

/// Timelines by viewer in two generations: when the young one is full it becomes the old one, and
/// what had grown old unread is gone.
#[derive(Default)]
struct Shard {
    young: FxHashMap<UserId, Timeline>,
    old: FxHashMap<UserId, Timeline>,
    /// Timelines of a full generation.
    room: usize,
}

struct Timeline {
    state: State,
    /// In rising order of ids; none twice, none below the floor.
    posts: VecDeque<PostId>,
    /// Nothing that belongs here and has this id or a higher one is missing.
    floor: u64,
}

#[derive(PartialEq, Eq)]
enum State {
    Building(Rebuild),
    Built(Basis),
}

impl MemoryTimelines {
    /// Room for about `timelines` of up to `size` posts (8 bytes each).
    pub fn new(timelines: usize, size: usize) -> Self {
        let room = timelines.div_ceil(2 * SHARDS).max(1);
        let shard = || Mutex::new(Shard { room, ..Shard::default() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            size,
            rebuilds: AtomicU64::new(0),
            merged: RwLock::default(),
        }
    }

    fn shard(&self, viewer: UserId) -> &Mutex<Shard> {
        // The low bits of an id are a sequence that is mostly 0; the multiplication mixes all bits
        // into the upper ones.
        let mixed = viewer.get().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.shards[(mixed >> 58) as usize % SHARDS]
    }
}

#[async_trait]
impl TimelineStore for MemoryTimelines {
    async fn append(&self, post: PostId, viewers: &[UserId]) -> Result<()> {
        for viewer in viewers {
            if let Some(timeline) = self.shard(*viewer).lock().find(*viewer) {
                timeline.add(post, self.size);
            }
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
        let mut shard = self.shard(viewer).lock();
        let Some(timeline) = shard.find_to_read(viewer) else { return Ok(None) };
        if timeline.state != State::Built(basis) {
            return Ok(None);
        }
        let posts = &timeline.posts;
        let end = below.map_or(posts.len(), |below| posts.partition_point(|at| *at < below));
        let start = end.saturating_sub(limit);
        let posts = posts.range(start..end).rev().copied().collect();
        Ok(Some(Stretch { posts, floor: timeline.floor }))
    }

    async fn begin(&self, viewer: UserId) -> Result<Rebuild> {
        let rebuild = Rebuild(self.rebuilds.fetch_add(1, Ordering::Relaxed));
        let state = State::Building(rebuild);
        let timeline = Timeline { state, posts: VecDeque::new(), floor: 0 };
        self.shard(viewer).lock().put(viewer, timeline);
        Ok(rebuild)
    }

    async fn finish(
        &self,
        viewer: UserId,
        rebuild: Rebuild,
        basis: Basis,
        posts: Vec<PostId>,
        floor: u64,
    ) -> Result<()> {
        let mut shard = self.shard(viewer).lock();
        let Some(timeline) = shard.find(viewer) else { return Ok(()) };
        if timeline.state != State::Building(rebuild) {
            return Ok(());
        }
        let posts = posts.into_iter().rev().collect();
        let built = Timeline { state: State::Built(basis), posts, floor };
        let appended = mem::replace(timeline, built);
        timeline.trim(self.size);
        for post in appended.posts {
            timeline.add(post, self.size);
        }
        timeline.raise_floor(appended.floor);
        Ok(())
    }

    async fn forget(&self, viewer: UserId) -> Result<()> {
        let mut shard = self.shard(viewer).lock();
        shard.young.remove(&viewer);
        shard.old.remove(&viewer);
        Ok(())
    }

    async fn merge(&self, author: UserId) -> Result<()> {
        let mut merged = self.merged.write();
        if let Err(place) = merged.binary_search(&author) {
            let mut authors = merged.to_vec();
            authors.insert(place, author);
            *merged = authors.into();
        }
        Ok(())
    }

    async fn merged(&self) -> Result<Arc<[UserId]>> {
        Ok(self.merged.read().clone())
    }
}

impl Shard {
    fn find(&mut self, viewer: UserId) -> Option<&mut Timeline> {
        self.young.get_mut(&viewer).or_else(|| self.old.get_mut(&viewer))
    }

    fn find_to_read(&mut self, viewer: UserId) -> Option<&mut Timeline> {
        if let Some(timeline) = self.old.remove(&viewer) {
            self.put(viewer, timeline);
        }
        self.young.get_mut(&viewer)
    }

    fn put(&mut self, viewer: UserId, timeline: Timeline) {
        self.old.remove(&viewer);
        if self.young.len() >= self.room && !self.young.contains_key(&viewer) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(viewer, timeline);
    }
}

impl Timeline {
    fn add(&mut self, post: PostId, size: usize) {
        if post.get() < self.floor {
            return;
        }
        // Nearly every post is newer than all that are there, and its place is found in the one
        // stretch of memory that is written to.
        let place = match self.posts.back() {
            Some(newest) if *newest >= post => self.posts.partition_point(|at| *at < post),
            _ => self.posts.len(),
        };
        if self.posts.get(place) == Some(&post) {
            return;
        }
        if self.posts.len() < size {
            self.grow(size);
            self.posts.insert(place, post);
        } else if place == 0 {
            self.floor = post.get() + 1;
        } else {
            self.drop_oldest();
            self.posts.insert(place - 1, post);
        }
    }

    /// Makes room for another post, and for few more: most timelines stay far below `size`.
    fn grow(&mut self, size: usize) {
        let length = self.posts.len();
        if length == self.posts.capacity() {
            self.posts.reserve_exact((length / 4 + 4).min(size - length));
        }
    }

    fn trim(&mut self, size: usize) {
        while self.posts.len() > size {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(dropped) = self.posts.pop_front() {
            self.floor = dropped.get() + 1;
        }
    }

    fn raise_floor(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
        while self.posts.front().is_some_and(|oldest| oldest.get() < self.floor) {
            self.posts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance;
    use super::*;

    #[tokio::test]
    async fn conforms() {
        conformance::run(async |size| Arc::new(MemoryTimelines::new(1000, size))).await;
    }

    #[tokio::test]
    async fn timelines_are_bounded_and_those_that_are_read_stay() {
        let timelines = MemoryTimelines::new(2 * SHARDS, 10);
        let user = tintype_api::testkit::user;
        let basis = Basis { version: 1, followees: 0 };
        let build = async |viewer| {
            let rebuild = timelines.begin(viewer).await.unwrap();
            timelines.finish(viewer, rebuild, basis, Vec::new(), 0).await.unwrap();
        };
        build(user(1)).await;
        for number in 2..=10_000 {
            build(user(number)).await;
            assert!(timelines.read(user(1), basis, None, 10).await.unwrap().is_some(), "{number}");
        }
        let count = |shard: &Mutex<Shard>| {
            let shard = shard.lock();
            shard.young.len() + shard.old.len()
        };
        let kept: usize = timelines.shards.iter().map(count).sum();
        assert!(kept <= 2 * SHARDS, "{kept} are kept");
    }
}
