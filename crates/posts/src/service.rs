//! What can be done with posts, and by whom.

mod comments;
mod hydrate;
mod index;
mod likes;
mod lists;
mod page;
mod popular;
mod posts;
mod saves;
pub(crate) mod seed;
mod upkeep;
mod views;

use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tintype_api::accounts::Card;
use tintype_api::posts::{Engagement, Post, PostRef, PostView, Posts, Window};
use tintype_api::{Base, Circle, PostId, Services, Stamp, UserId};
use tintype_platform::cache::Cache;
use tintype_platform::objects::ObjectUrls;
use tintype_platform::{Clock, Error, IdGenerator, Result, Timestamp};

use crate::Settings;
use crate::newest::{Newest, Read};
use crate::store::{Flags, Store};
pub use comments::CommentView;
pub(crate) use comments::no_such_comment;
pub use likes::Liker;
pub use page::Wanted;
use popular::Popular;
pub(crate) use posts::not_your_post;
pub use posts::{Change, Draft};
use views::Seen;

/// How long processes of a fleet keep a post for each other.
const SHARED_FOR: Duration = Duration::from_mins(5);

/// People of whom it is cached whose posts they like and comment on.
const CACHED_INTERACTIONS: usize = 10_000;

/// The use-cases of posts.
pub struct PostsService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdGenerator>,
    services: Arc<Services>,
    objects: ObjectUrls,
    pub(crate) newest: Newest,
    posts: Cache<PostId, Arc<Post>>,
    flags: Cache<(UserId, PostId), Flags>,
    interactions: Cache<UserId, Arc<Interactions>>,
    popular: Popular,
    seen: Seen,
}

/// How often somebody liked or commented on posts of whom, as of a moment.
struct Interactions {
    at: Timestamp,
    with: FxHashMap<UserId, u32>,
}

impl PostsService {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        newest: Newest,
        base: &Base,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            clock: base.clock.clone(),
            ids: base.ids.clone(),
            services: base.services.clone(),
            objects: base.objects.clone(),
            newest,
            posts: Cache::new("posts", settings.cached_posts).shared(base.sharing(), SHARED_FOR),
            flags: Cache::new("post_flags", settings.cached_flags),
            interactions: Cache::new("interactions", CACHED_INTERACTIONS),
            popular: Popular::new(settings.popular_for),
            seen: Seen::default(),
        }
    }

    /// Forgets whatever another process may have changed in the database.
    pub fn forget_caches(&self) {
        self.posts.invalidate_all();
        self.flags.invalidate_all();
        self.interactions.invalidate_all();
        self.newest.forget_all();
        self.popular.forget();
    }

    /// The card of an account; 404 when there is none.
    pub(crate) async fn known(&self, user: UserId) -> Result<Arc<Card>> {
        let mut cards = self.services.accounts().cards(vec![user]).await?;
        cards.pop().flatten().ok_or_else(no_such_user)
    }

    /// 404 when an account is meant and there is none.
    pub(crate) async fn known_if_any(&self, user: Option<UserId>) -> Result<()> {
        match user {
            Some(user) => self.known(user).await.map(drop),
            None => Ok(()),
        }
    }

    /// The post as `viewer` sees it; 404 when it is not there for them. Counts no view.
    pub async fn look(&self, viewer: Option<UserId>, post: PostId) -> Result<PostView> {
        let mut views = self.views(viewer, vec![post]).await?;
        views.pop().flatten().ok_or_else(no_such_post)
    }

    /// The post and its author, whoever may see it; `None` when it is not there.
    async fn find(&self, post: PostId) -> Result<Option<PostRef>> {
        let post = self.posts(&[post]).await?.pop().flatten();
        Ok(post.map(|post| PostRef { post: post.id, author: post.author }))
    }

    async fn circle(&self, viewer: Option<UserId>) -> Result<Option<Arc<Circle>>> {
        match viewer {
            Some(viewer) => Ok(Some(self.services.graph().circle(viewer).await?)),
            None => Ok(None),
        }
    }

    fn stamp(&self) -> Stamp {
        Stamp::made_by(&self.ids)
    }
}

#[async_trait::async_trait]
impl Posts for PostsService {
    async fn newest(
        &self,
        authors: Arc<[UserId]>,
        window: Window,
        limit: u32,
    ) -> Result<Vec<PostRef>> {
        self.merge(&authors, window, limit).await
    }

    async fn newest_at_hand(
        &self,
        authors: Arc<[UserId]>,
        window: Window,
        limit: u32,
    ) -> Result<Option<Vec<PostRef>>> {
        Ok(self.newest.merge(&authors, window, limit, &Read::default()).ok())
    }

    async fn views(
        &self,
        viewer: Option<UserId>,
        posts: Vec<PostId>,
    ) -> Result<Vec<Option<PostView>>> {
        self.hydrate(viewer, &posts).await
    }

    async fn engagement(&self, posts: Vec<PostId>) -> Result<Vec<Option<Engagement>>> {
        let engagement = |post: Arc<Post>| Engagement {
            post: PostRef { post: post.id, author: post.author },
            likes: post.likes,
            comments: post.comments,
            views: post.views,
        };
        let posts = self.posts(&posts).await?;
        Ok(posts.into_iter().map(|post| post.map(engagement)).collect())
    }

    async fn interactions(&self, viewer: UserId, authors: Vec<UserId>) -> Result<Vec<u32>> {
        let interactions = self.interactions_of(viewer).await?;
        let with = |author: &UserId| interactions.with.get(author).copied().unwrap_or(0);
        Ok(authors.iter().map(with).collect())
    }

    async fn popular(&self, since: Timestamp, limit: u32) -> Result<Vec<Engagement>> {
        self.popular_since(since, limit).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        self.store.counts(users).await
    }
}

/// What one is told of a post that is not there, or not there for them.
pub(crate) fn no_such_post() -> Error {
    Error::not_found("post_not_found", "Post not found")
}

/// What one is told of an account that is not there, or not there for them.
pub(crate) fn no_such_user() -> Error {
    Error::not_found("user_not_found", "User not found")
}
