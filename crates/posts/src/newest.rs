//! The newest posts of authors, in memory: what a feed is merged from.
//!
//! Eight bytes a post, at least as many of each author as a feed is long, neither deleted nor
//! hidden ones. Where one process has the database to itself, every author is held. One process of
//! several holds those who are asked for, as many as it has room for, and corrects them by every event
//! in the order of commits.
//!
//! The complete index follows the database without a lock that is held over a read: whoever learns that a
//! post may have changed notes the author's generation, reads the truth, and applies it only if
//! nobody else has applied anything to that author in between; else it reads again. (Whoever makes a
//! post need not read: its own commit is a truth that is younger than the generation.) So whatever
//! was applied last was read after everything that was applied before it, in whichever order
//! writers, events and reloads arrive.

use std::array;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::{RwLock, RwLockReadGuard};
use rustc_hash::{FxBuildHasher, FxHashMap};
use tintype_api::posts::{PostRef, Window};
use tintype_api::{PostId, UserId};
use tintype_platform::id;

/// A reader takes all of them, a writer one.
const SHARDS: usize = 16;

/// Stripes of an index on demand.
const STRIPES: usize = 1 << 14;

/// The index.
pub(crate) struct Newest {
    shards: [RwLock<FxHashMap<UserId, Author>>; SHARDS],
    kept: usize,
    room: Option<Room>,
}

/// What an index that does not hold everybody needs beside.
struct Room {
    /// Posts that may be held.
    posts: usize,
    held: AtomicUsize,
    /// Raised with every change of an author of the stripe, held or not.
    generations: Box<[AtomicU64]>,
}

/// Authors of whom nothing is known here: what they have must be read first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown(pub(crate) Vec<UserId>);

/// What was read of authors for one answer.
pub(crate) type Read = FxHashMap<UserId, Vec<PostId>>;

#[derive(Default)]
struct Author {
    /// In rising order.
    posts: Vec<PostId>,
    /// Whether the author may have older posts than those.
    has_older: bool,
    generation: u64,
    /// Whether a feed has asked for it since room was made last.
    asked_for: AtomicBool,
}

/// What became of an attempt to apply what was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    Done,
    /// Somebody else was faster: read again.
    Overtaken,
    /// So many are gone that older ones have to be read in.
    TooFew,
}

impl Newest {
    /// An empty index that keeps the newest `kept` posts of each author, whatever is deleted.
    pub(crate) fn new(kept: usize) -> Self {
        Self { shards: array::from_fn(|_| RwLock::default()), kept, room: None }
    }

    /// An empty index of those who are asked for, with room for so many `posts`.
    pub(crate) fn on_demand(kept: usize, posts: usize) -> Self {
        let generations = (0..STRIPES).map(|_| AtomicU64::new(0)).collect();
        let room = Room { posts, held: AtomicUsize::new(0), generations };
        Self { room: Some(room), ..Self::new(kept) }
    }

    /// Whether authors are held who are asked for, and no others.
    pub(crate) fn is_on_demand(&self) -> bool {
        self.room.is_some()
    }

    /// Makes an index on demand say that a post is there, or is not, as an event tells that came
    /// after all that were noted before. What was read before and is not held yet no longer counts.
    pub(crate) fn note(&self, author: UserId, post: PostId, is_there: bool) {
        let Some(room) = &self.room else { return };
        let mut shard = self.shard(author).write();
        room.generations[stripe_of(author)].fetch_add(1, Ordering::AcqRel);
        let Some(entry) = shard.get_mut(&author) else { return };
        let before = entry.weight();
        if is_there {
            entry.add(post);
        } else {
            entry.remove(post);
        }
        let mut after = 0;
        if entry.is_enough(self.kept, self.held()) {
            after = entry.weight();
        } else {
            shard.remove(&author);
        }
        room.held.fetch_add(after, Ordering::Relaxed);
        room.held.fetch_sub(before, Ordering::Relaxed);
    }

    /// Lets go of an author: an index on demand does not know them any more.
    pub(crate) fn forget(&self, author: UserId) {
        let Some(room) = &self.room else { return };
        room.generations[stripe_of(author)].fetch_add(1, Ordering::AcqRel);
        let gone = self.shard(author).write().remove(&author);
        room.held.fetch_sub(gone.map_or(0, |entry| entry.weight()), Ordering::Relaxed);
    }

    /// Lets go of everybody.
    pub(crate) fn forget_all(&self) {
        let Some(room) = &self.room else { return };
        for generation in &room.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
        for shard in &self.shards {
            let gone: usize = shard.write().drain().map(|(_, entry)| entry.weight()).sum();
            room.held.fetch_sub(gone, Ordering::Relaxed);
        }
    }

    /// What the truth about an author is known by, to be taken before reading it for
    /// [`Newest::fill`].
    pub(crate) fn stamp(&self, author: UserId) -> u64 {
        self.room
            .as_ref()
            .map_or(0, |room| room.generations[stripe_of(author)].load(Ordering::Acquire))
    }

    /// Holds the newest [`Newest::held`] posts of an author, in rising order, if nothing has changed
    /// since `stamp`. Others may have to go.
    pub(crate) fn fill(&self, author: UserId, stamp: u64, posts: Vec<PostId>) {
        let Some(room) = &self.room else { return };
        let has_older = posts.len() >= self.held();
        let entry = Author { posts, has_older, generation: 0, asked_for: AtomicBool::new(true) };
        let weight = entry.weight();
        let mut shard = self.shard(author).write();
        if room.generations[stripe_of(author)].load(Ordering::Acquire) != stamp {
            return;
        }
        let gone = shard.insert(author, entry).map_or(0, |entry| entry.weight());
        let held = room.held.fetch_add(weight, Ordering::Relaxed) + weight - gone;
        room.held.fetch_sub(gone, Ordering::Relaxed);
        if held > room.posts {
            // Of this shard those go that nobody has asked for lately; the others with the next.
            shard.retain(|held, entry| {
                let stays = *held == author || entry.asked_for.swap(false, Ordering::Relaxed);
                if !stays {
                    room.held.fetch_sub(entry.weight(), Ordering::Relaxed);
                }
                stays
            });
        }
    }

    /// Puts in the newest [`Newest::held`] posts of each author, in rising order.
    pub(crate) fn load(&self, authors: Vec<(UserId, Vec<PostId>)>) {
        for (author, posts) in authors {
            self.replace(author, self.generation(author), posts);
        }
    }

    /// Posts that are kept of an author whatever is deleted.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Posts that are held of an author at the most, and read in when fewer than [`Newest::kept`]
    /// are left: the difference is what can be deleted in between.
    pub(crate) fn held(&self) -> usize {
        self.kept + self.kept / 4 + 1
    }

    /// What an author's entry is known by now; to be taken before reading the truth.
    pub(crate) fn generation(&self, author: UserId) -> u64 {
        self.shard(author).read().get(&author).map_or(0, |entry| entry.generation)
    }

    /// Makes the index say of `posts`, all by `author`, that those in `visible` are there and the
    /// others are not, if that was read at `generation`.
    pub(crate) fn apply(
        &self,
        author: UserId,
        generation: u64,
        posts: &[PostId],
        visible: &[PostId],
    ) -> Applied {
        let mut shard = self.shard(author).write();
        let entry = shard.entry(author).or_default();
        if entry.generation != generation {
            return Applied::Overtaken;
        }
        entry.generation += 1;
        for post in posts {
            if visible.contains(post) { entry.add(*post) } else { entry.remove(*post) }
        }
        if entry.is_enough(self.kept, self.held()) { Applied::Done } else { Applied::TooFew }
    }

    /// Replaces everything about `author` by `posts`, the newest [`Newest::held`] in rising order,
    /// if they were read at `generation`.
    pub(crate) fn replace(&self, author: UserId, generation: u64, posts: Vec<PostId>) -> bool {
        let mut shard = self.shard(author).write();
        let entry = shard.entry(author).or_default();
        if entry.generation != generation {
            return false;
        }
        let has_older = posts.len() >= self.held();
        let asked_for = AtomicBool::new(true);
        *entry = Author { posts, has_older, generation: generation + 1, asked_for };
        true
    }

    /// The newest posts by any of `authors`, each of whom stands there once: see `Posts::newest`.
    /// What is not held is taken from `read`.
    pub(crate) fn merge(
        &self,
        authors: &[UserId],
        window: Window,
        limit: u32,
        read: &Read,
    ) -> Result<Vec<PostRef>, Unknown> {
        let limit = limit as usize;
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut unknown = Vec::new();
        let below = window.below.map_or(u64::MAX, PostId::get);
        let mut floor = window.since.map_or(0, id::floor_at);
        // The oldest of the newest on top: what is older than that need not be looked at.
        let mut newest = BinaryHeap::with_capacity(limit.min(self.kept) + 1);
        let shards: [RwLockReadGuard<'_, _>; SHARDS] = array::from_fn(|at| self.shards[at].read());
        for author in authors {
            let posts = match (shards[shard_of(*author)].get(author), read.get(author)) {
                (Some(entry), _) => {
                    if self.room.is_some() {
                        entry.asked_for.store(true, Ordering::Relaxed);
                    }
                    &entry.posts
                }
                (None, Some(posts)) => posts,
                (None, None) => {
                    if self.room.is_some() {
                        unknown.push(*author);
                    }
                    continue;
                }
            };
            let posts = if window.below.is_some() {
                &posts[..posts.partition_point(|post| post.get() < below)]
            } else {
                &posts[..]
            };
            for post in posts.iter().rev() {
                if post.get() < floor {
                    break;
                }
                newest.push(Reverse((*post, *author)));
                if newest.len() > limit {
                    newest.pop();
                }
                if newest.len() == limit
                    && let Some(Reverse((oldest, _))) = newest.peek()
                {
                    floor = oldest.get();
                }
            }
        }
        drop(shards);
        if !unknown.is_empty() {
            return Err(Unknown(unknown));
        }
        let newest = newest.into_sorted_vec().into_iter();
        Ok(newest.map(|Reverse((post, author))| PostRef { post, author }).collect())
    }

    /// Whether `post` by `author` is held.
    pub(crate) fn holds(&self, author: UserId, post: PostId) -> bool {
        let shard = self.shard(author).read();
        shard.get(&author).is_some_and(|entry| entry.posts.binary_search(&post).is_ok())
    }

    /// The posts held of `author`, in rising order.
    pub(crate) fn held_of(&self, author: UserId) -> Vec<PostId> {
        self.shard(author).read().get(&author).map_or_else(Vec::new, |entry| entry.posts.clone())
    }

    /// Every author of whom posts are held.
    pub(crate) fn authors(&self) -> Vec<UserId> {
        let held = |shard: &RwLock<FxHashMap<UserId, Author>>| -> Vec<UserId> {
            let shard = shard.read();
            shard.iter().filter(|(_, entry)| !entry.posts.is_empty()).map(|(id, _)| *id).collect()
        };
        self.shards.iter().flat_map(held).collect()
    }

    fn shard(&self, author: UserId) -> &RwLock<FxHashMap<UserId, Author>> {
        &self.shards[shard_of(author)]
    }
}

impl Author {
    /// What it takes, in posts: an author without any takes room as well.
    fn weight(&self) -> usize {
        self.posts.len() + 8
    }

    /// Lets go of the oldest if there are more than `most`. Says whether there are as many as are to
    /// be `kept`, or all there are.
    fn is_enough(&mut self, kept: usize, most: usize) -> bool {
        if self.posts.len() > most {
            self.posts.drain(..self.posts.len() - kept);
            self.has_older = true;
        }
        !self.has_older || self.posts.len() >= kept
    }

    fn add(&mut self, post: PostId) {
        // A new post is the newest, as good as always.
        if self.posts.last().is_none_or(|last| *last < post) {
            return self.posts.push(post);
        }
        if let Err(at) = self.posts.binary_search(&post) {
            // What is older than all that are held belongs to those that are not.
            if at > 0 || !self.has_older {
                self.posts.insert(at, post);
            }
        }
    }

    fn remove(&mut self, post: PostId) {
        if let Ok(at) = self.posts.binary_search(&post) {
            self.posts.remove(at);
        }
    }
}

/// Two authors of one stripe only cost each other a read.
fn stripe_of(author: UserId) -> usize {
    (FxBuildHasher.hash_one(author) >> 32) as usize % STRIPES
}

/// By the milliseconds of the id: its low bits are the node and a sequence that is mostly zero.
fn shard_of(author: UserId) -> usize {
    (author.get() >> 13) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tintype_api::testkit::user;

    use super::*;

    fn post(number: u64) -> PostId {
        PostId::new(number).unwrap()
    }

    fn posts(numbers: impl IntoIterator<Item = u64>) -> Vec<PostId> {
        numbers.into_iter().map(post).collect()
    }

    fn numbers(refs: Vec<PostRef>) -> Vec<u64> {
        refs.into_iter().map(|found| found.post.get()).collect()
    }

    #[test]
    fn what_was_read_before_another_change_is_not_applied() {
        let newest = Newest::new(1000);
        let (author, created) = (user(1), posts([5]));
        let read_before_delete = newest.generation(author);
        // The post is deleted, and that is applied, before its creation is.
        assert_eq!(newest.apply(author, read_before_delete, &created, &[]), Applied::Done);
        let late = newest.apply(author, read_before_delete, &created, &created);
        assert_eq!(late, Applied::Overtaken);
        assert!(newest.held_of(author).is_empty());
    }

    #[test]
    fn an_author_of_many_posts_keeps_the_newest() {
        let newest = Newest::new(8);
        let author = user(1);
        let last = newest.held() as u64 + 1;
        for number in 1..=last {
            let one = posts([number]);
            assert_eq!(newest.apply(author, number - 1, &one, &one), Applied::Done);
        }
        let kept = posts(last - 7..=last);
        assert_eq!(newest.held_of(author), kept);
        // An old post that is shown again does not come before newer ones that are not held.
        let old = posts([3]);
        assert_eq!(newest.apply(author, newest.generation(author), &old, &old), Applied::Done);
        assert_eq!(newest.held_of(author), kept);
        let gone = posts([last]);
        assert_eq!(newest.apply(author, newest.generation(author), &gone, &[]), Applied::TooFew);
    }

    proptest! {
        #[test]
        fn merging_is_sorting_all(
            held in prop::collection::vec((1u64..40, 1u64..500), 0..200),
            asked in prop::collection::btree_set(1u64..40, 0..30),
            below in prop::option::of(1u64..500),
            limit in 0u32..50,
        ) {
            // Ids of posts are unique: the first author to claim one has it.
            let mut owner = std::collections::BTreeMap::new();
            for (author, number) in held {
                owner.entry(number).or_insert(author);
            }
            let mut by_author = std::collections::BTreeMap::<u64, Vec<u64>>::new();
            for (number, author) in &owner {
                by_author.entry(*author).or_default().push(*number);
            }
            let newest = Newest::new(1000);
            let by_author = by_author.into_iter();
            newest.load(by_author.map(|(author, mine)| (user(author), posts(mine))).collect());
            let authors: Vec<UserId> = asked.iter().map(|number| user(*number)).collect();
            let window = Window { below: below.map(post), since: None };
            let wanted: Vec<u64> = owner
                .iter()
                .rev()
                .filter(|(number, author)| {
                    asked.contains(author) && below.is_none_or(|below| **number < below)
                })
                .map(|(number, _)| *number)
                .take(limit as usize)
                .collect();
            prop_assert_eq!(numbers(newest.merge(&authors, window, limit, &Read::default()).unwrap()), wanted);
        }
    }

    #[test]
    fn a_window_begins_at_its_moment() {
        let start = tintype_platform::testkit::START;
        let at = |millis| id::floor_at(start.plus_millis(millis));
        let newest = Newest::new(1000);
        newest.load(vec![(user(1), posts([at(0), at(1), at(2), at(3)]))]);
        let since = Window { below: Some(post(at(3))), since: Some(start.plus_millis(1)) };
        assert_eq!(
            numbers(newest.merge(&[user(1)], since, 10, &Read::default()).unwrap()),
            [at(2), at(1)]
        );
    }

    #[test]
    fn on_demand_only_what_was_read_is_known() {
        let newest = Newest::on_demand(1000, 1_000_000);
        let (ann, ben) = (user(1), user(2));
        let all = Window { below: None, since: None };
        let merge = |read: &Read| newest.merge(&[ann, ben], all, 10, read);
        assert_eq!(merge(&Read::default()), Err(Unknown(vec![ann, ben])));
        let stamp = newest.stamp(ann);
        newest.fill(ann, stamp, posts([1, 3]));
        assert_eq!(merge(&Read::default()), Err(Unknown(vec![ben])));
        let read = Read::from_iter([(ben, posts([2]))]);
        assert_eq!(numbers(merge(&read).unwrap()), [3, 2, 1]);
        newest.forget(ann);
        assert_eq!(merge(&read), Err(Unknown(vec![ann])));
        // What was read before the change is not held after it.
        newest.fill(ann, stamp, posts([1, 3]));
        assert_eq!(merge(&read), Err(Unknown(vec![ann])));
        newest.fill(ann, newest.stamp(ann), posts([1]));
        newest.forget_all();
        assert_eq!(merge(&read), Err(Unknown(vec![ann])));
    }

    #[test]
    fn on_demand_events_correct_whom_is_held() {
        let newest = Newest::on_demand(8, 1_000_000);
        let (ann, ben) = (user(1), user(2));
        newest.fill(ann, newest.stamp(ann), posts([2, 4]));
        let read_before = newest.stamp(ben);
        newest.note(ann, post(5), true);
        newest.note(ann, post(3), true);
        newest.note(ann, post(2), false);
        newest.note(ann, post(5), true);
        assert_eq!(newest.held_of(ann), posts([3, 4, 5]));
        newest.note(ben, post(6), false);
        // The truth was read before that post was gone.
        newest.fill(ben, read_before, posts([6]));
        assert_eq!(newest.authors(), [ann]);
        let most = newest.held() as u64;
        newest.fill(ben, newest.stamp(ben), posts(1..=most));
        newest.note(ben, post(most + 1), true);
        assert_eq!(newest.held_of(ben), posts(most - 6..=most + 1));
        // Older posts than are held would have to be read.
        newest.note(ben, post(most), false);
        assert_eq!(newest.authors(), [ann]);
        newest.forget(ann);
        assert_eq!(newest.room.unwrap().held.into_inner(), 0);
    }

    #[test]
    fn on_demand_no_more_is_held_than_there_is_room_for() {
        let room = 1000;
        let newest = Newest::on_demand(100, room);
        for number in 1..=1000 {
            // Such as share a shard, where room is made.
            let author = user(number << 17);
            newest.fill(author, newest.stamp(author), posts(1..=10));
        }
        let held: usize = newest.authors().len() * 18;
        assert!(held <= room + 18, "{held}");
        assert!(newest.authors().contains(&user(1000 << 17)));
    }
}
