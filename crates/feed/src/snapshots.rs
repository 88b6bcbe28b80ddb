//! Orders that were fixed when a first page was read, so that the next pages fit to it.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tintype_api::feed::Score;
use tintype_api::{PostId, UserId};
use tintype_platform::{Error, Timestamp, id};

/// Snapshots that are kept.
const SNAPSHOTS: usize = 4096;

/// Posts that all of them together hold: some 25 MB.
const POSTS: usize = 1 << 19;

/// Snapshots of one viewer: nobody pushes out those of others by asking again and again.
const OF_ONE_VIEWER: usize = 4;

/// How long a snapshot is kept, in milliseconds.
pub(crate) const KEPT: i64 = 30 * 60 * 1000;

/// Which list a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum List {
    Ranked,
    Explore,
}

/// An order of posts at one moment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// An id: told apart from those of before a restart, and it says when the snapshot was taken.
    pub(crate) number: u64,
    pub(crate) viewer: UserId,
    pub(crate) list: List,
    pub(crate) posts: Vec<PostId>,
    /// For each post, if the list is a ranked one.
    pub(crate) scores: Vec<Score>,
}

/// The newest snapshots, in the memory of this process.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The newest last.
    of: FxHashMap<UserId, VecDeque<Arc<Snapshot>>>,
    /// All of them in the order in which they came; some may be gone already.
    order: VecDeque<(UserId, u64)>,
    count: usize,
    posts: usize,
}

impl Snapshots {
    /// Keeps a snapshot for later pages; one that is kept already stays as it is. Says whether it
    /// is new.
    pub(crate) fn keep(&self, snapshot: Arc<Snapshot>) -> bool {
        let now = id::timestamp_of(snapshot.number);
        let (viewer, number) = (snapshot.viewer, snapshot.number);
        let mut kept = self.0.lock();
        let of_viewer = kept.of.entry(viewer).or_default();
        if of_viewer.iter().any(|kept| kept.number == number) {
            return false;
        }
        let posts = snapshot.posts.len();
        of_viewer.push_back(snapshot);
        let oldest = (of_viewer.len() > OF_ONE_VIEWER).then(|| of_viewer[0].number);
        kept.count += 1;
        kept.posts += posts;
        if let Some(oldest) = oldest {
            kept.remove(viewer, oldest);
        }
        kept.order.push_back((viewer, number));
        while let Some((viewer, number)) = kept.order.front().copied()
            && (kept.count > SNAPSHOTS || kept.posts > POSTS || is_too_old(number, now))
        {
            kept.order.pop_front();
            kept.remove(viewer, number);
        }
        if kept.order.len() > 2 * SNAPSHOTS {
            let Kept { of, order, .. } = &mut *kept;
            order.retain(|(viewer, number)| {
                of.get(viewer).is_some_and(|all| all.iter().any(|kept| kept.number == *number))
            });
        }
        true
    }

    /// The snapshot that a cursor of `viewer` speaks of, if it is kept.
    pub(crate) fn get(
        &self,
        viewer: UserId,
        list: List,
        number: u64,
        now: Timestamp,
    ) -> Option<Arc<Snapshot>> {
        self.find(viewer, now, |snapshot| snapshot.list == list && snapshot.number == number)
    }

    /// The last order that `viewer` was shown: pages by offset go on in it.
    pub(crate) fn last(&self, viewer: UserId, list: List, now: Timestamp) -> Option<Arc<Snapshot>> {
        self.find(viewer, now, |snapshot| snapshot.list == list)
    }

    fn find(
        &self,
        viewer: UserId,
        now: Timestamp,
        wanted: impl Fn(&Snapshot) -> bool,
    ) -> Option<Arc<Snapshot>> {
        let kept = self.0.lock();
        let found = kept.of.get(&viewer)?.iter().rev().find(|snapshot| wanted(snapshot))?;
        (!is_too_old(found.number, now)).then(|| found.clone())
    }
}

/// What a cursor is told whose snapshot is kept nowhere.
pub(crate) fn expired() -> Error {
    Error::refused(
        "cursor_expired",
        "This ranking is no longer kept; read the feed again from the first page",
    )
}

impl Kept {
    fn remove(&mut self, viewer: UserId, number: u64) {
        let Some(of_viewer) = self.of.get_mut(&viewer) else { return };
        let place = of_viewer.iter().position(|snapshot| snapshot.number == number);
        if let Some(dropped) = place.and_then(|place| of_viewer.remove(place)) {
            self.count -= 1;
            self.posts -= dropped.posts.len();
        }
        if of_viewer.is_empty() {
            self.of.remove(&viewer);
        }
    }
}

pub(crate) fn is_too_old(number: u64, now: Timestamp) -> bool {
    now.since(id::timestamp_of(number)) > KEPT
}

#[cfg(test)]
mod tests {
    use tintype_api::testkit::user;
    use tintype_platform::IdGenerator;
    use tintype_platform::clock::ManualClock;
    use tintype_platform::testkit::START;

    use super::*;

    fn snapshot(ids: &IdGenerator, viewer: u64, posts: usize) -> Arc<Snapshot> {
        let post = PostId::new(1).unwrap();
        Arc::new(Snapshot {
            number: ids.next(),
            viewer: user(viewer),
            list: List::Ranked,
            posts: vec![post; posts],
            scores: Vec::new(),
        })
    }

    #[test]
    fn a_snapshot_is_kept_for_its_viewer_and_list_and_for_a_time() {
        let clock = Arc::new(ManualClock::at(START));
        let ids = IdGenerator::new(clock.clone(), 0, 0);
        let snapshots = Snapshots::default();
        let kept = snapshot(&ids, 1, 3);
        assert!(snapshots.keep(kept.clone()));
        assert!(!snapshots.keep(kept.clone()));
        let get = |viewer, list, now| snapshots.get(user(viewer), list, kept.number, now);
        assert_eq!(get(1, List::Ranked, START).unwrap().number, kept.number);
        assert!(get(2, List::Ranked, START).is_none());
        assert!(get(1, List::Explore, START).is_none());
        assert!(get(1, List::Ranked, START.plus_millis(KEPT)).is_some());
        assert!(get(1, List::Ranked, START.plus_millis(KEPT + 1)).is_none());
        assert!(snapshots.last(user(1), List::Ranked, START).is_some());
        assert!(snapshots.last(user(1), List::Explore, START).is_none());
    }

    #[test]
    fn the_newest_are_kept_and_one_viewer_pushes_out_only_their_own() {
        let ids = IdGenerator::new(Arc::new(ManualClock::at(START)), 0, 0);
        let snapshots = Snapshots::default();
        let other = snapshot(&ids, 2, 1);
        snapshots.keep(other.clone());
        let mine: Vec<_> = (0..3 * SNAPSHOTS).map(|_| snapshot(&ids, 1, 10)).collect();
        for snapshot in &mine {
            snapshots.keep(snapshot.clone());
        }
        let is_kept = |snapshot: &Snapshot| {
            snapshots.get(snapshot.viewer, List::Ranked, snapshot.number, START).is_some()
        };
        assert!(is_kept(&other));
        let kept = mine.iter().map(|snapshot| is_kept(snapshot)).collect::<Vec<_>>();
        assert_eq!(kept.iter().filter(|kept| **kept).count(), OF_ONE_VIEWER);
        assert!(snapshots.0.lock().order.len() <= 2 * SNAPSHOTS);
        assert!(kept[mine.len() - OF_ONE_VIEWER..].iter().all(|kept| *kept));
    }

    #[test]
    fn all_of_them_together_are_bounded() {
        let clock = Arc::new(ManualClock::at(START));
        let ids = IdGenerator::new(clock.clone(), 0, 0);
        let snapshots = Snapshots::default();
        for viewer in 1..=2 * SNAPSHOTS as u64 {
            snapshots.keep(snapshot(&ids, viewer, 200));
        }
        let kept = snapshots.0.lock();
        assert!(kept.posts <= POSTS && kept.posts > POSTS - 200, "{}", kept.posts);
        assert_eq!(kept.of.values().map(VecDeque::len).sum::<usize>(), kept.count);
        drop(kept);
        clock.advance_millis(KEPT + 60_000);
        snapshots.keep(snapshot(&ids, 1, 1));
        let kept = snapshots.0.lock();
        assert_eq!((kept.count, kept.posts, kept.order.len(), kept.of.len()), (1, 1, 1, 1));
    }
}
