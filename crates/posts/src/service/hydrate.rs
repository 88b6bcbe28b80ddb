//! From ids to posts as one viewer sees them: the hot path of every feed.
//!
//! With warm caches nothing waits and nothing is allocated for a single post beyond its place in
//! the answer: posts and cards are shared, flags are two booleans.

use std::sync::Arc;

use tintype_api::accounts::Card;
use tintype_api::posts::{Post, PostMedia, PostRef, PostView};
use tintype_api::{Circle, PostId, UserId};
use tintype_platform::Result;

use super::PostsService;
use crate::store::Flags;

impl PostsService {
    /// `posts` as `viewer` sees them, in their order: see `Posts::views`.
    pub(super) async fn hydrate(
        &self,
        viewer: Option<UserId>,
        posts: &[PostId],
    ) -> Result<Vec<Option<PostView>>> {
        let mut found = self.posts(posts).await?;
        let mut authors: Vec<UserId> = found.iter().flatten().map(|post| post.author).collect();
        authors.sort_unstable();
        authors.dedup();
        let cards = self.services.accounts().cards(authors.clone()).await?;
        let circle = self.circle(viewer).await?;
        let card_of = |author: UserId| {
            let at = authors.binary_search(&author).ok()?;
            cards.get(at)?.as_ref()
        };
        for slot in &mut found {
            let seen = slot.as_ref().is_some_and(|post| {
                let card = card_of(post.author);
                card.is_some_and(|card| is_seen(viewer, circle.as_deref(), post, card))
            });
            if !seen {
                *slot = None;
            }
        }
        let flags = match viewer {
            Some(viewer) => self.flags(viewer, &found).await?,
            None => vec![Flags::default(); found.len()],
        };
        let view = |(post, flags): (Option<Arc<Post>>, Flags)| {
            let post = post?;
            let author = card_of(post.author)?.clone();
            Some(PostView { post, author, liked: flags.liked, saved: flags.saved })
        };
        Ok(found.into_iter().zip(flags).map(view).collect())
    }

    /// These posts, in their order, whoever may see them; one read for all that are not cached.
    pub(super) async fn posts(&self, posts: &[PostId]) -> Result<Vec<Option<Arc<Post>>>> {
        let load = |missing| async move {
            let loaded = self.store.posts(missing).await?.into_iter();
            Ok(loaded.map(|post| (post.id, Arc::new(self.addressed(post)))).collect())
        };
        self.posts.fetch(posts, load).await
    }

    /// A post of the store with addresses in place of the names of objects.
    pub(super) fn addressed(&self, post: Post) -> Post {
        let addressed = |media: PostMedia| media.addressed(&self.objects);
        Post { media: post.media.into_iter().map(addressed).collect(), ..post }
    }

    /// What `viewer` does with each of `posts`; one read for all that are not cached.
    async fn flags(&self, viewer: UserId, posts: &[Option<Arc<Post>>]) -> Result<Vec<Flags>> {
        let there = posts.iter().flatten();
        let mut there: Vec<PostRef> =
            there.map(|post| PostRef { post: post.id, author: post.author }).collect();
        let keys: Vec<(UserId, PostId)> = there.iter().map(|of| (viewer, of.post)).collect();
        let load = |mut missing: Vec<(UserId, PostId)>| async move {
            missing.sort_unstable();
            there.retain(|of| missing.binary_search(&(viewer, of.post)).is_ok());
            there.sort_unstable_by_key(|of| of.post);
            there.dedup();
            let loaded = self.store.flags(viewer, there.clone()).await?;
            Ok(there.into_iter().map(|of| (viewer, of.post)).zip(loaded).collect())
        };
        let mut found = self.flags.fetch(&keys, load).await?.into_iter();
        let flags = |post: &Option<_>| post.as_ref().and_then(|_| found.next().flatten());
        Ok(posts.iter().map(flags).map(Option::unwrap_or_default).collect())
    }
}

/// Whether a post is there for a viewer: its author is, and it is not hidden from them.
fn is_seen(viewer: Option<UserId>, circle: Option<&Circle>, post: &Post, card: &Card) -> bool {
    match (viewer, circle) {
        (Some(viewer), _) if viewer == post.author => true,
        (Some(viewer), Some(circle)) => !post.hidden && circle.may_see(viewer, card),
        _ => !post.hidden && !card.is_private,
    }
}
