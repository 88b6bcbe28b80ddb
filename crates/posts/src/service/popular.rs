//! Which posts are popular, and with whom somebody has most to do: both from a bounded look back,
//! kept for a while, so that no request waits for more than an index can give.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use tintype_api::UserId;
use tintype_api::posts::Engagement;
use tintype_platform::{Result, Timestamp, id};

use super::{Interactions, PostsService};

/// Posts among which the popular ones are found: the newest of all.
const RANKED: u32 = 5000;

/// How far back somebody's likes and comments count.
const LOOK_BACK_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Likes, and comments, that count: the last of each.
const MOST_INTERACTIONS: u32 = 2000;

/// How long somebody's interactions are kept.
const INTERACTIONS_FOR_MILLIS: i64 = 60 * 1000;

/// The ranking as of a moment.
pub(super) struct Popular {
    ranking: RwLock<Option<Arc<Ranking>>>,
    /// Held by the one who makes a new ranking.
    making: tokio::sync::Mutex<()>,
    lasts: Duration,
}

struct Ranking {
    at: Timestamp,
    /// The most popular first.
    posts: Vec<Engagement>,
}

impl Popular {
    pub(super) fn new(lasts: Duration) -> Self {
        Self { ranking: RwLock::default(), making: tokio::sync::Mutex::default(), lasts }
    }

    pub(super) fn forget(&self) {
        *self.ranking.write() = None;
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Ranking>> {
        let ranking = self.ranking.read().clone()?;
        (now.since(ranking.at) < self.lasts.as_millis() as i64).then_some(ranking)
    }
}

impl PostsService {
    /// See `Posts::popular`. Found among the newest 5,000 posts by likes + 2 · comments + views / 20;
    /// the order is up to `Settings::popular_for` old.
    pub(super) async fn popular_since(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Engagement>> {
        let ranking = self.ranking().await?;
        let floor = id::floor_at(since);
        let young = ranking.posts.iter().filter(|found| found.post.post.get() >= floor);
        Ok(young.take(limit as usize).copied().collect())
    }

    async fn ranking(&self) -> Result<Arc<Ranking>> {
        let now = self.clock.now();
        if let Some(ranking) = self.popular.fresh(now) {
            return Ok(ranking);
        }
        let _making = self.popular.making.lock().await;
        if let Some(ranking) = self.popular.fresh(now) {
            return Ok(ranking);
        }
        let mut posts = self.store.recent(RANKED).await?;
        posts.sort_unstable_by_key(|found| Reverse((score(found), found.post.post)));
        let ranking = Arc::new(Ranking { at: now, posts });
        *self.popular.ranking.write() = Some(ranking.clone());
        Ok(ranking)
    }

    /// How often `user` liked or commented on posts of whom in the last 90 days; up to a minute old.
    pub(super) async fn interactions_of(&self, user: UserId) -> Result<Arc<Interactions>> {
        let now = self.clock.now();
        let cached = self.interactions.get(&user);
        if let Some(cached) = cached.filter(|cached| now.since(cached.at) < INTERACTIONS_FOR_MILLIS)
        {
            return Ok(cached);
        }
        let stamp = self.interactions.stamp(&user);
        let floor = id::floor_at(now.plus_millis(-LOOK_BACK_MILLIS));
        let mut with = FxHashMap::default();
        for owner in self.store.interactions(user, floor, MOST_INTERACTIONS).await? {
            *with.entry(owner).or_default() += 1;
        }
        let interactions = Arc::new(Interactions { at: now, with });
        self.interactions.insert(user, stamp, interactions.clone());
        Ok(interactions)
    }
}

/// Twentieths of a like: a comment is worth two likes, twenty views are worth one.
fn score(found: &Engagement) -> u64 {
    found.likes * 20 + found.comments * 40 + found.views
}
