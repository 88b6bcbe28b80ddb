//! The ranked order: how much each post is worth, and in which order that puts them.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tintype_api::UserId;
use tintype_api::feed::Score;
use tintype_api::posts::{Engagement, PostRef};
use tintype_platform::Timestamp;

/// Posts of one author that may stand in a row.
const IN_A_ROW: usize = 3;

/// Reactions at which the engagement of a post is one half.
const HALF_ENGAGED: f64 = 20.0;

/// Likes and comments of a viewer at which the affinity to an author is one half.
const HALF_CLOSE: f64 = 10.0;

/// What a post is worth to a viewer at the moment `now`.
///
/// * recency: e^(-age in hours / 12);
/// * engagement: x / (x + 20), where x counts a like as 1, a comment as 2 and a view as 0.1;
/// * affinity: y / (y + 10), where y is how often the viewer has liked or commented on posts of the
///   author in the last 90 days.
///
/// Each part is from 0 to 1, and so is the weighted sum.
pub(crate) fn score(post: &Engagement, interactions: u32, now: Timestamp) -> Score {
    // A clock that was set back must not make a post more recent than new.
    let age = now.since(post.post.post.made_at()).max(0) as f64 / 3_600_000.0;
    let reactions = post.likes as f64 + 2.0 * post.comments as f64 + 0.1 * post.views as f64;
    let recency = (-age / 12.0).exp();
    let engagement = reactions / (reactions + HALF_ENGAGED);
    let affinity = f64::from(interactions) / (f64::from(interactions) + HALF_CLOSE);
    let total = 0.5 * recency + 0.3 * engagement + 0.2 * affinity;
    Score { recency, engagement, affinity, total }
}

/// Orders posts by total, the newer first among equals, but lets no more than three of one author
/// stand in a row as long as that can be done.
///
/// The best post that may stand next does, unless that would leave so many posts of one author that
/// they could no longer be kept apart: then the best of theirs does.
pub(crate) fn arrange(mut posts: Vec<(PostRef, Score)>) -> Vec<(PostRef, Score)> {
    posts.sort_unstable_by(|(one, one_score), (other, other_score)| {
        other_score.total.total_cmp(&one_score.total).then(other.post.cmp(&one.post))
    });
    let mut left = Left::of(&posts);
    let mut arranged = Vec::with_capacity(posts.len());
    let mut row: Option<(UserId, usize)> = None;
    // Whether a row too long can be avoided; it then stays so, whatever is chosen below.
    let possible = left.most().is_none_or(|(_, most, others)| most <= IN_A_ROW * (others + 1));
    while let Some((author, most, others)) = left.most() {
        let full = row.filter(|(_, length)| *length >= IN_A_ROW).map(|(author, _)| author);
        let next = if possible && most > IN_A_ROW * others && full != Some(author) {
            left.best_of(author)
        } else {
            left.best_but(full).or_else(|| left.best_but(None))
        };
        let Some(place) = next else { break };
        let author = posts[place].0.author;
        left.take(author, place);
        row = match row {
            Some((last, length)) if last == author => Some((author, length + 1)),
            _ => Some((author, 1)),
        };
        arranged.push(posts[place]);
    }
    arranged
}

/// The posts that have no place yet, as places in the sorted list.
struct Left {
    /// Of each author, the best last.
    of: FxHashMap<UserId, Vec<usize>>,
    /// The best of each author.
    best: BTreeSet<(usize, UserId)>,
    /// How many of each author.
    counts: BTreeSet<(usize, UserId)>,
    all: usize,
}

impl Left {
    fn of(posts: &[(PostRef, Score)]) -> Self {
        let mut of = FxHashMap::<UserId, Vec<usize>>::default();
        for (place, (post, _)) in posts.iter().enumerate().rev() {
            of.entry(post.author).or_default().push(place);
        }
        let best = of.iter().filter_map(|(author, places)| Some((*places.last()?, *author)));
        let counts = of.iter().map(|(author, places)| (places.len(), *author));
        Self { best: best.collect(), counts: counts.collect(), all: posts.len(), of }
    }

    /// The author with the most posts, how many these are, and how many others there are.
    fn most(&self) -> Option<(UserId, usize, usize)> {
        self.counts.last().map(|(most, author)| (*author, *most, self.all - most))
    }

    fn best_of(&self, author: UserId) -> Option<usize> {
        self.of.get(&author)?.last().copied()
    }

    fn best_but(&self, not: Option<UserId>) -> Option<usize> {
        self.best.iter().find(|(_, author)| Some(*author) != not).map(|(place, _)| *place)
    }

    fn take(&mut self, author: UserId, place: usize) {
        let Some(places) = self.of.get_mut(&author) else { return };
        self.counts.remove(&(places.len(), author));
        self.best.remove(&(place, author));
        places.pop();
        self.all -= 1;
        if let Some(next) = places.last() {
            self.best.insert((*next, author));
            self.counts.insert((places.len(), author));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tintype_api::PostId;
    use tintype_api::testkit::user;
    use tintype_platform::testkit::START;

    use super::*;

    fn posts(list: &[(u64, u32)]) -> Vec<(PostRef, Score)> {
        let post = |(index, (author, total)): (usize, &(u64, u32))| {
            let post = PostId::new(index as u64 + 1).unwrap();
            let total = f64::from(*total);
            let score = Score { recency: 0.0, engagement: 0.0, affinity: 0.0, total };
            (PostRef { post, author: user(*author) }, score)
        };
        list.iter().enumerate().map(post).collect()
    }

    fn longest_row(authors: &[UserId]) -> usize {
        authors.chunk_by(|one, other| one == other).map(<[UserId]>::len).max().unwrap_or(0)
    }

    fn authors(posts: &[(PostRef, Score)]) -> Vec<UserId> {
        posts.iter().map(|(post, _)| post.author).collect()
    }

    /// Whether any order has no row of more than three, found by trying them all.
    fn can_be_kept_apart(counts: &mut Vec<usize>, last: usize, row: usize) -> bool {
        if counts.iter().all(|count| *count == 0) {
            return true;
        }
        (0..counts.len()).any(|author| {
            let length = if author == last { row + 1 } else { 1 };
            if counts[author] == 0 || length > 3 {
                return false;
            }
            counts[author] -= 1;
            let can = can_be_kept_apart(counts, author, length);
            counts[author] += 1;
            can
        })
    }

    proptest! {
        #[test]
        fn arranging_loses_and_repeats_nothing(
            list in prop::collection::vec((1u64..5, 0u32..10), 0..200)
        ) {
            let posts = posts(&list);
            let mut arranged = arrange(posts.clone());
            prop_assert_eq!(&arrange(posts.iter().rev().copied().collect()), &arranged);
            arranged.sort_unstable_by_key(|(post, _)| post.post);
            prop_assert_eq!(arranged, posts);
        }

        #[test]
        fn no_more_than_three_in_a_row_whenever_that_can_be_done(
            list in prop::collection::vec((prop_oneof![4 => Just(1u64), 1 => 2u64..5], 0u32..5), 0..11)
        ) {
            let posts = posts(&list);
            let mut counts = vec![0; 5];
            for (post, _) in &posts {
                counts[post.author.get() as usize] += 1;
            }
            let possible = can_be_kept_apart(&mut counts, usize::MAX, 0);
            let arranged = authors(&arrange(posts));
            prop_assert_eq!(longest_row(&arranged) <= 3, possible);
        }

        #[test]
        fn the_best_comes_first_where_no_row_forbids_it(
            list in prop::collection::vec((1u64..8, 0u32..1000), 0..30)
        ) {
            let mut sorted = posts(&list);
            sorted.sort_by(|(one, one_score), (other, other_score)| {
                (other_score.total, other.post).partial_cmp(&(one_score.total, one.post)).unwrap()
            });
            prop_assume!(longest_row(&authors(&sorted)) <= 3);
            prop_assert_eq!(arrange(sorted.clone()), sorted);
        }

        #[test]
        fn every_part_of_a_score_is_from_0_to_1(
            likes: u32, comments: u32, views: u32, interactions: u32, age in -1_000_000i64..1 << 40
        ) {
            let ids = tintype_platform::IdGenerator::new(
                std::sync::Arc::new(tintype_platform::clock::ManualClock::at(START)), 0, 0,
            );
            let post = PostRef { post: PostId::made_by(&ids), author: user(1) };
            let engagement = Engagement {
                post, likes: likes.into(), comments: comments.into(), views: views.into()
            };
            let score = score(&engagement, interactions, START.plus_millis(age));
            for part in [score.recency, score.engagement, score.affinity, score.total] {
                prop_assert!((0.0..=1.0).contains(&part), "{:?}", score);
            }
        }
    }

    #[test]
    fn a_score_is_what_the_contract_says() {
        let ids = tintype_platform::IdGenerator::new(
            std::sync::Arc::new(tintype_platform::clock::ManualClock::at(START)),
            0,
            0,
        );
        let post = PostRef { post: PostId::made_by(&ids), author: user(1) };
        let engagement = Engagement { post, likes: 10, comments: 3, views: 40 };
        let score = score(&engagement, 30, START.plus_millis(6 * 3_600_000));
        let near = |one: f64, other: f64| (one - other).abs() < 1e-12;
        assert!(near(score.recency, (-0.5f64).exp()), "{score:?}");
        assert!(near(score.engagement, 0.5), "{score:?}");
        assert!(near(score.affinity, 0.75), "{score:?}");
        assert!(near(score.total, 0.5 * (-0.5f64).exp() + 0.15 + 0.15), "{score:?}");
    }

    #[test]
    fn many_posts_of_one_author_are_spread_out() {
        let list = [(2, 9), (1, 8), (1, 7), (1, 6), (1, 5), (1, 4), (1, 3)];
        let order: Vec<u64> =
            authors(&arrange(posts(&list))).iter().map(|user| user.get()).collect();
        assert_eq!(
            order,
            [1, 1, 1, 2, 1, 1, 1],
            "the best must wait, or four would stand in a row"
        );
        let list = [(2, 1), (1, 8), (1, 7), (1, 6), (1, 5)];
        let order: Vec<u64> =
            authors(&arrange(posts(&list))).iter().map(|user| user.get()).collect();
        assert_eq!(order, [1, 1, 1, 2, 1]);
    }
}
