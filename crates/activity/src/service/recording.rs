//! Writing down what happened.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tintype_api::{Circle, PostId, Stamp, UserId};
use tintype_platform::Result;

use super::{ActivityService, BATCH};
use crate::happenings::{Act, News};
use crate::store::{Change, Item};

impl ActivityService {
    /// Does what is to be done about events, in their order. Doing it again changes nothing.
    pub(crate) async fn carry_out(&self, acts: Vec<Act>) -> Result<()> {
        let welcome = self.welcome(&acts).await?;
        let mut changes = Vec::new();
        for act in acts {
            match act {
                Act::Tell(news) if !welcome.allows(&news) => {}
                Act::Tell(News { key, post, at, .. }) => {
                    let stamp = Stamp::made_by(&self.ids);
                    let item = Item { id: stamp.id, key, post, at };
                    changes.push(Change::Add { item, stamp });
                }
                Act::Undo(key) => changes.push(Change::Remove(key)),
                Act::CommentGone { post, comment } => {
                    changes.push(Change::RemoveComment { post, comment });
                }
                Act::Parted(one, other) => changes.push(Change::RemoveBetween(one, other)),
                // There may be any number of these: a transaction for each batch.
                Act::PostGone(post) => {
                    self.apply(&mut changes).await?;
                    while self.store.remove_post(post, BATCH).await? == BATCH {}
                }
                Act::UserGone(user) => {
                    self.apply(&mut changes).await?;
                    while self.store.remove_user(user, BATCH).await? > 0 {}
                }
            }
        }
        self.apply(&mut changes).await
    }

    async fn apply(&self, changes: &mut Vec<Change>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        self.store.apply(std::mem::take(changes), self.settings.most_items).await
    }

    /// Asks the other slices, once for all of `acts`, who may be told what.
    async fn welcome(&self, acts: &[Act]) -> Result<Welcome> {
        let mut welcome = Welcome::default();
        let mut people = FxHashSet::default();
        let mut accounts = FxHashSet::default();
        let mut uncalled: FxHashMap<UserId, Vec<PostId>> = FxHashMap::default();
        for act in acts {
            let Act::Tell(news) = act else { continue };
            people.extend([news.key.account, news.key.actor]);
            accounts.insert(news.key.account);
            if let Some(post) = news.post.filter(|_| news.uncalled) {
                uncalled.entry(news.key.account).or_default().push(post);
            }
        }
        let cards = self.services.accounts().cards(people.into_iter().collect()).await?;
        welcome.there = cards.into_iter().flatten().map(|card| card.id).collect();
        for account in accounts {
            let circle = self.services.graph().circle(account).await?;
            welcome.circles.insert(account, circle);
        }
        for (account, mut posts) in uncalled {
            posts.sort_unstable();
            posts.dedup();
            let shown = self.posts_shown_to(account, posts).await?;
            welcome.shown.extend(shown.into_iter().map(|post| (account, post)));
        }
        Ok(welcome)
    }
}

/// Who may be told what.
#[derive(Default)]
struct Welcome {
    /// People whose accounts are there.
    there: FxHashSet<UserId>,
    /// The circle of each account that is to be told something.
    circles: FxHashMap<UserId, Arc<Circle>>,
    /// Posts that an account may see.
    shown: FxHashSet<(UserId, PostId)>,
}

impl Welcome {
    fn allows(&self, news: &News) -> bool {
        let key = news.key;
        self.there.contains(&key.account)
            && self.there.contains(&key.actor)
            && self.circles.get(&key.account).is_some_and(|circle| !circle.blocks(key.actor))
            && (!news.uncalled
                || news.post.is_some_and(|post| self.shown.contains(&(key.account, post))))
    }
}
