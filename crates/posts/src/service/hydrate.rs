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
        let mut flags = vec![Flags::default(); posts.len()];
        let mut missing = Vec::new();
        for (post, slot) in posts.iter().zip(&mut flags) {
            let Some(post) = post else { continue };
            match self.flags.get(&(viewer, post.id)) {
                Some(cached) => *slot = cached,
                None => missing.push(PostRef { post: post.id, author: post.author }),
            }
        }
        if missing.is_empty() {
            return Ok(flags);
        }
        missing.sort_unstable_by_key(|missing| missing.post);
        missing.dedup();
        let stamps: Vec<_> =
            missing.iter().map(|missing| self.flags.stamp(&(viewer, missing.post))).collect();
        let loaded = self.store.flags(viewer, missing.clone()).await?;
        for ((missing, stamp), flags) in missing.iter().zip(stamps).zip(&loaded) {
            self.flags.insert((viewer, missing.post), stamp, *flags);
        }
        for (post, slot) in posts.iter().zip(&mut flags) {
            let find = |post: &Arc<Post>| missing.binary_search_by_key(&post.id, |of| of.post).ok();
            let at = post.as_ref().and_then(find);
            if let Some(at) = at {
                *slot = loaded[at];
            }
        }
        Ok(flags)
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
