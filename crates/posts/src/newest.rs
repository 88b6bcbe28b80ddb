//! The newest posts of every author, in memory: what a feed is merged from.
//!
//! Eight bytes a post, at least as many of each author as a feed is long, neither deleted nor
//! hidden ones. It follows the database without a lock that is held over a read: whoever learns that a
//! post may have changed notes the author's generation, reads the truth, and applies it only if
//! nobody else has applied anything to that author in between; else it reads again. So whatever
//! was applied last was read after everything that was applied before it, in whichever order
//! writers, events and reloads arrive.

use std::array;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use parking_lot::{RwLock, RwLockReadGuard};
use rustc_hash::FxHashMap;
use tintype_api::posts::{PostRef, Window};
use tintype_api::{PostId, UserId};
use tintype_platform::id;

/// A reader takes all of them, a writer one.
const SHARDS: usize = 16;

/// The index.
pub(crate) struct Newest {
    shards: [RwLock<FxHashMap<UserId, Author>>; SHARDS],
    kept: usize,
}

#[derive(Default)]
struct Author {
    /// In rising order.
    posts: Vec<PostId>,
    /// Whether the author may have older posts than those.
    has_older: bool,
    generation: u64,
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
        Self { shards: array::from_fn(|_| RwLock::default()), kept }
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
        if entry.posts.len() > self.held() {
            entry.posts.drain(..entry.posts.len() - self.kept);
            entry.has_older = true;
        }
        if entry.has_older && entry.posts.len() < self.kept {
            Applied::TooFew
        } else {
            Applied::Done
        }
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
        *entry = Author { posts, has_older, generation: generation + 1 };
        true
    }

    /// The newest posts by any of `authors`, each of whom stands there once: see `Posts::newest`.
    pub(crate) fn merge(&self, authors: &[UserId], window: Window, limit: u32) -> Vec<PostRef> {
        let limit = limit as usize;
        if limit == 0 {
            return Vec::new();
        }
        let below = window.below.map_or(u64::MAX, PostId::get);
        let mut floor = window.since.map_or(0, id::floor_at);
        // The oldest of the newest on top: what is older than that need not be looked at.
        let mut newest = BinaryHeap::with_capacity(limit.min(self.kept) + 1);
        let shards: [RwLockReadGuard<'_, _>; SHARDS] = array::from_fn(|at| self.shards[at].read());
        for author in authors {
            let Some(entry) = shards[shard_of(*author)].get(author) else { continue };
            let posts = if window.below.is_some() {
                &entry.posts[..entry.posts.partition_point(|post| post.get() < below)]
            } else {
                &entry.posts[..]
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
        let newest = newest.into_sorted_vec().into_iter();
        newest.map(|Reverse((post, author))| PostRef { post, author }).collect()
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
            prop_assert_eq!(numbers(newest.merge(&authors, window, limit)), wanted);
        }
    }

    #[test]
    fn a_window_begins_at_its_moment() {
        let start = tintype_platform::testkit::START;
        let at = |millis| id::floor_at(start.plus_millis(millis));
        let newest = Newest::new(1000);
        newest.load(vec![(user(1), posts([at(0), at(1), at(2), at(3)]))]);
        let since = Window { below: Some(post(at(3))), since: Some(start.plus_millis(1)) };
        assert_eq!(numbers(newest.merge(&[user(1)], since, 10)), [at(2), at(1)]);
    }
}
