//! Who is told what, and who still sees it.

mod recording;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use tintype_api::activity::{ActivityItem, ActivityKind, TargetKind};
use tintype_api::{Activity, Card, Drift, PostId, Services, UserId};
use tintype_platform::page::{Cursor, Limit, Page};
use tintype_platform::rpc::async_trait;
use tintype_platform::{IdGenerator, Result};

use crate::Settings;
use crate::store::{Item, Kept, Store};

/// What tells the cursors of this list from those of others.
const LIST: u8 = b'A';

/// Items read at once on the way to a full page, or removed in one transaction.
const BATCH: usize = 200;

/// Everything that can be done with what happened to a person.
pub struct ActivityService {
    store: Arc<dyn Store>,
    services: Arc<Services>,
    ids: Arc<IdGenerator>,
    settings: Settings,
}

/// An item with who did it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What happened.
    pub item: ActivityItem,
    /// Who did it.
    pub actor: Arc<Card>,
}

impl ActivityService {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        services: Arc<Services>,
        ids: Arc<IdGenerator>,
        settings: Settings,
    ) -> Self {
        Self { store, services, ids, settings }
    }

    /// A page of what happened to `user`, the newest first, as far as they may still see it.
    pub async fn page(
        &self,
        user: UserId,
        cursor: Option<&str>,
        limit: Limit,
    ) -> Result<Page<Told>> {
        let mut below = match cursor.filter(|cursor| !cursor.is_empty()) {
            Some(cursor) => Some(Cursor::<1>::read(LIST, cursor)?[0]),
            None => None,
        };
        let mut told = Vec::new();
        // What is left out leaves room on the page: read on until it is full.
        while told.len() <= limit.get() {
            let wanted = limit.get() + 1;
            let kept = self.store.newest(user, below, wanted).await?;
            let last = kept.len() < wanted;
            below = kept.last().map(|kept| kept.item.id);
            told.extend(self.seen_by(user, kept).await?);
            if last {
                break;
            }
        }
        Ok(Page::from_one_more(told, limit, |told| Cursor::new(LIST, [told.item.id]).to_string()))
    }

    /// Counts every counter anew and answers those that were wrong; puts them right if asked to.
    pub async fn check(&self, repair: bool) -> Result<Vec<Drift>> {
        let drift = self.store.drift().await?;
        if repair {
            let accounts: Vec<UserId> =
                drift.iter().filter_map(|drift| UserId::new(drift.of)).collect();
            for part in accounts.chunks(BATCH) {
                self.store.recount(part.to_vec()).await?;
            }
        }
        Ok(drift)
    }

    /// Those of `kept` of which `user` may still know: by people who are there for them, on posts
    /// that are.
    async fn seen_by(&self, user: UserId, kept: Vec<Kept>) -> Result<Vec<Told>> {
        let circle = self.services.graph().circle(user).await?;
        let mut actors: Vec<UserId> = kept.iter().map(|kept| kept.item.key.actor).collect();
        actors.sort_unstable();
        actors.dedup();
        actors.retain(|actor| !circle.blocks(*actor));
        let mut posts: Vec<PostId> = kept.iter().filter_map(|kept| kept.item.post).collect();
        posts.sort_unstable();
        posts.dedup();
        let cards = self.services.accounts().cards(actors).await?;
        let cards: FxHashMap<UserId, Arc<Card>> =
            cards.into_iter().flatten().map(|card| (card.id, card)).collect();
        let shown = self.posts_shown_to(user, posts).await?;
        let told = kept.into_iter().filter_map(|Kept { item, read }| {
            let there = item.post.is_none_or(|post| shown.binary_search(&post).is_ok());
            let actor = cards.get(&item.key.actor).filter(|_| there)?.clone();
            Some(Told { item: describe(&item, read), actor })
        });
        Ok(told.collect())
    }

    /// Those of `posts`, which are in order, that are there for `user`.
    async fn posts_shown_to(&self, user: UserId, mut posts: Vec<PostId>) -> Result<Vec<PostId>> {
        if posts.is_empty() {
            return Ok(posts);
        }
        let views = self.services.posts().views(Some(user), posts.clone()).await?;
        let mut there = views.iter().map(Option::is_some);
        posts.retain(|_| there.next().unwrap_or(false));
        Ok(posts)
    }
}

#[async_trait]
impl Activity for ActivityService {
    async fn recent(
        &self,
        user: UserId,
        cursor: Option<String>,
        limit: Limit,
    ) -> Result<Page<ActivityItem>> {
        Ok(self.page(user, cursor.as_deref(), limit).await?.map(|told| told.item))
    }

    async fn unread(&self, user: UserId) -> Result<u32> {
        let items = self.store.unread(user).await?;
        let kept = items.into_iter().map(|item| Kept { item, read: false }).collect();
        Ok(self.seen_by(user, kept).await?.len() as u32)
    }

    async fn mark_read(&self, user: UserId) -> Result<()> {
        self.store.mark_read(user).await
    }
}

fn describe(item: &Item, read: bool) -> ActivityItem {
    let key = item.key;
    let target_kind = match key.kind {
        ActivityKind::Like => TargetKind::Post,
        // In a caption; else in a comment.
        ActivityKind::Mention if item.post.is_some_and(|post| post.get() == key.target) => {
            TargetKind::Post
        }
        ActivityKind::Mention | ActivityKind::Comment | ActivityKind::CommentLike => {
            TargetKind::Comment
        }
        ActivityKind::Follow | ActivityKind::FollowRequest | ActivityKind::FollowAccepted => {
            TargetKind::User
        }
    };
    let metadata = match (target_kind, item.post) {
        (TargetKind::Comment, Some(post)) => json!({"post_id": post.to_string()}),
        _ => Value::Object(serde_json::Map::new()),
    };
    ActivityItem {
        id: item.id,
        kind: key.kind,
        actor: key.actor,
        target: key.target,
        target_kind,
        metadata,
        read,
        created_at: item.at,
    }
}
