//! Liking posts.

use std::sync::Arc;

use tintype_api::accounts::Card;
use tintype_api::posts::PostRef;
use tintype_api::{PostId, UserId};
use tintype_platform::page::Page;
use tintype_platform::{Result, Timestamp, id};

use super::page::Filling;
use super::{PostsService, Wanted, no_such_post};
use crate::store::{Counted, Like};

/// Somebody who likes a post.
pub struct Liker {
    /// Who.
    pub card: Arc<Card>,
    /// Since when.
    pub at: Timestamp,
}

impl PostsService {
    /// Lets `user` like a post that they see. Repeating changes nothing.
    pub async fn like(&self, user: UserId, post: PostId) -> Result<Counted> {
        let (which, _) = self.seen_by(user, post).await?;
        let stamp = self.stamp();
        let like = Like { post: which, user, id: stamp.id };
        let counted = self.store.like(like, stamp).await?;
        self.reacted(user, post, counted)
    }

    /// Takes a like back. Repeating changes nothing.
    pub async fn unlike(&self, user: UserId, post: PostId) -> Result<Counted> {
        let (which, _) = self.seen_by(user, post).await?;
        let counted = self.store.unlike(which, user, self.stamp()).await?;
        self.reacted(user, post, counted)
    }

    /// Who likes a post, the newest first, without those who are not there for `viewer`.
    pub async fn likers(
        &self,
        viewer: Option<UserId>,
        post: PostId,
        wanted: Wanted,
    ) -> Result<Page<Liker>> {
        let author = self.look(viewer, post).await?.post.author;
        let post = PostRef { post, author };
        let circle = self.circle(viewer).await?;
        let mut filling = Filling::new(wanted);
        while let Some((below, count)) = filling.next() {
            let likes = self.store.likes(post, below, count).await?;
            let users = likes.iter().map(|like| like.user).collect();
            let cards = self.services.accounts().cards(users).await?;
            let likers = likes.into_iter().zip(cards).map(|(like, card)| {
                let card = card
                    .filter(|card| circle.as_ref().is_none_or(|circle| !circle.blocks(card.id)));
                (like.id, card.map(|card| Liker { card, at: id::timestamp_of(like.id) }))
            });
            filling.add(count, likers);
        }
        Ok(filling.page())
    }

    fn reacted(&self, user: UserId, post: PostId, counted: Option<Counted>) -> Result<Counted> {
        self.forget_like(post, user);
        counted.ok_or_else(no_such_post)
    }

    /// Forgets what is cached of a post and of what `user` does with it.
    pub(crate) fn forget_like(&self, post: PostId, user: UserId) {
        self.posts.invalidate(&post);
        self.flags.invalidate(&(user, post));
    }
}
