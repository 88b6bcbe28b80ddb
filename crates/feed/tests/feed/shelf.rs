//! A posts service in memory, as simple as can be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use tintype_api::posts::{Engagement, MediaKind, Post, PostMedia, PostRef, PostView, Window};
use tintype_api::testkit::{People, Ties};
use tintype_api::{Accounts, Graph, PostId, Posts, Rendered, UserId};
use tintype_platform::{Result, Timestamp};

/// Posts that a test makes. What is posted is there at once; the index of each author's posts, from
/// which feeds are made, follows when it is told.
pub(crate) struct Shelf {
    people: Arc<People>,
    ties: Arc<Ties>,
    kept: Mutex<Kept>,
    /// Whether the index takes no reading; it is asked for all that is read as long as it does.
    pub(crate) at_hand: AtomicBool,
}

#[derive(Default)]
struct Kept {
    posts: BTreeMap<PostId, Post>,
    indexed: BTreeSet<PostId>,
    interactions: BTreeMap<(UserId, UserId), u32>,
}

impl Shelf {
    pub(crate) fn new(people: Arc<People>, ties: Arc<Ties>) -> Self {
        Self { people, ties, kept: Mutex::default(), at_hand: AtomicBool::new(false) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// Makes a post that the index does not have yet.
    pub(crate) fn put(&self, id: PostId, author: UserId) {
        let post = Post {
            id,
            author,
            caption: Some(format!("post {id}")),
            media: vec![PostMedia::elsewhere(
                format!("https://example.com/{id}"),
                MediaKind::Image,
            )],
            location: None,
            alt_text: None,
            hashtags: Vec::new(),
            mentions: Vec::new(),
            likes: 0,
            comments: 0,
            views: 0,
            comments_disabled: false,
            hidden: false,
            created_at: id.made_at(),
            updated_at: id.made_at(),
            rendered: Rendered::default(),
        };
        self.kept().posts.insert(id, post);
    }

    /// Tells the index how things stand with a post.
    pub(crate) fn index(&self, post: PostId) {
        let mut kept = self.kept();
        if kept.posts.get(&post).is_some_and(|post| !post.hidden) {
            kept.indexed.insert(post);
        } else {
            kept.indexed.remove(&post);
        }
    }

    /// Lets the index forget a post that is there.
    pub(crate) fn unindex(&self, post: PostId) {
        self.kept().indexed.remove(&post);
    }

    pub(crate) fn delete(&self, post: PostId) {
        self.kept().posts.remove(&post);
        self.index(post);
    }

    pub(crate) fn change(&self, post: PostId, change: impl FnOnce(&mut Post)) {
        if let Some(post) = self.kept().posts.get_mut(&post) {
            change(post);
        }
        self.index(post);
    }

    /// How often `viewer` has liked or commented on posts of `author`.
    pub(crate) fn interact(&self, viewer: UserId, author: UserId, times: u32) {
        self.kept().interactions.insert((viewer, author), times);
    }

    pub(crate) fn ids(&self) -> Vec<PostId> {
        self.kept().posts.keys().copied().collect()
    }

    /// Posts that are neither deleted nor hidden, newest first.
    pub(crate) fn shown(&self) -> Vec<PostRef> {
        let kept = self.kept();
        let shown = kept.posts.values().rev().filter(|post| !post.hidden);
        shown.map(|post| PostRef { post: post.id, author: post.author }).collect()
    }
}

#[async_trait]
impl Posts for Shelf {
    async fn newest(
        &self,
        authors: Arc<[UserId]>,
        window: Window,
        limit: u32,
    ) -> Result<Vec<PostRef>> {
        let kept = self.kept();
        let refs = kept.indexed.iter().rev().filter_map(|id| kept.posts.get(id)).map(post_ref);
        let within = refs.filter(|post| {
            window.below.is_none_or(|below| post.post < below)
                && window.since.is_none_or(|since| post.post.made_at() >= since)
                && authors.contains(&post.author)
        });
        Ok(within.take(limit as usize).collect())
    }

    async fn newest_at_hand(
        &self,
        authors: Arc<[UserId]>,
        window: Window,
        limit: u32,
    ) -> Result<Option<Vec<PostRef>>> {
        if !self.at_hand.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.newest(authors, window, limit).await.map(Some)
    }

    async fn views(
        &self,
        viewer: Option<UserId>,
        posts: Vec<PostId>,
    ) -> Result<Vec<Option<PostView>>> {
        let circle = match viewer {
            Some(viewer) => Some(self.ties.circle(viewer).await?),
            None => None,
        };
        let found: Vec<Option<Post>> =
            posts.iter().map(|id| self.kept().posts.get(id).cloned()).collect();
        let mut views = Vec::new();
        for post in found {
            let Some(post) = post else {
                views.push(None);
                continue;
            };
            let cards = self.people.cards(vec![post.author]).await?;
            let view = cards.into_iter().flatten().next().filter(|card| match (viewer, &circle) {
                (Some(viewer), Some(circle)) => {
                    circle.may_see(viewer, card) && (!post.hidden || viewer == post.author)
                }
                _ => !card.is_private && !post.hidden,
            });
            views.push(view.map(|author| PostView {
                post: Arc::new(post),
                author,
                liked: false,
                saved: false,
            }));
        }
        Ok(views)
    }

    async fn engagement(&self, posts: Vec<PostId>) -> Result<Vec<Option<Engagement>>> {
        let kept = self.kept();
        Ok(posts.iter().map(|id| kept.posts.get(id).map(engagement)).collect())
    }

    async fn interactions(&self, viewer: UserId, authors: Vec<UserId>) -> Result<Vec<u32>> {
        let kept = self.kept();
        let times = |author: &UserId| kept.interactions.get(&(viewer, *author)).copied();
        Ok(authors.iter().map(|author| times(author).unwrap_or(0)).collect())
    }

    async fn popular(&self, since: Timestamp, limit: u32) -> Result<Vec<Engagement>> {
        let kept = self.kept();
        let shown = kept.posts.values().filter(|post| !post.hidden && post.id.made_at() >= since);
        let mut popular: Vec<Engagement> = shown.map(engagement).collect();
        popular.sort_by_key(|post| std::cmp::Reverse((post.likes, post.post.post)));
        popular.truncate(limit as usize);
        Ok(popular)
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        let shown = self.shown();
        let count = |user: &UserId| shown.iter().filter(|post| post.author == *user).count() as u64;
        Ok(users.iter().map(count).collect())
    }
}

fn post_ref(post: &Post) -> PostRef {
    PostRef { post: post.id, author: post.author }
}

fn engagement(post: &Post) -> Engagement {
    let Post { likes, comments, views, .. } = *post;
    Engagement { post: post_ref(post), likes, comments, views }
}
