//! Many posts, likes and comments at once, for a network that is made up.

use rustc_hash::FxHashMap;
use tintype_api::posts::{Post, PostMedia, PostRef};
use tintype_api::{CommentId, PostId, Stamp, UserId};
use tintype_platform::{Result, Timestamp, id};

use super::PostsService;
use crate::caption;
use crate::store::{Comment, Like};

/// Rows of one write.
const BATCH: usize = 500;

/// A post that is made up. Its id says when it was made.
#[derive(Debug, Clone)]
pub struct SeedPost {
    /// The post.
    pub id: PostId,
    /// Who made it.
    pub author: UserId,
    /// Up to 2,200 characters.
    pub caption: Option<String>,
    /// One to ten; of an upload, as media answers it.
    pub media: Vec<PostMedia>,
    /// Where it was taken.
    pub location: Option<String>,
}

/// That somebody liked a post: the post, who, and when.
pub type SeedLike = (PostId, UserId, Timestamp);

/// A comment that is made up.
#[derive(Debug, Clone)]
pub struct SeedComment {
    /// The comment. Its id says when it was made.
    pub id: CommentId,
    /// What it is about.
    pub post: PostId,
    /// Who says it.
    pub author: UserId,
    /// Up to 2,200 characters.
    pub content: String,
}

impl From<SeedPost> for Post {
    fn from(seed: SeedPost) -> Self {
        let at = seed.id.made_at();
        Self {
            id: seed.id,
            author: seed.author,
            media: seed.media,
            location: seed.location,
            alt_text: None,
            hashtags: seed.caption.as_deref().map(caption::hashtags).unwrap_or_default(),
            mentions: seed.caption.as_deref().map(caption::mentions).unwrap_or_default(),
            caption: seed.caption,
            likes: 0,
            comments: 0,
            views: 0,
            comments_disabled: false,
            hidden: false,
            created_at: at,
            updated_at: at,
            rendered: tintype_api::Rendered::default(),
        }
    }
}

impl PostsService {
    /// Adds posts, with counts and events, in few transactions.
    pub async fn seed(&self, posts: Vec<SeedPost>) -> Result<()> {
        let mut by_author = FxHashMap::<UserId, Vec<PostId>>::default();
        let mut stored = Vec::new();
        for post in posts {
            by_author.entry(post.author).or_default().push(post.id);
            let post = Post::from(post);
            let named = self.services.accounts().named(post.mentions.clone()).await?;
            let mentioned = named.into_iter().flatten().filter(|user| *user != post.author);
            let (mentioned, stamp) = (mentioned.collect(), self.stamp_at(post.created_at));
            stored.push((post, mentioned, stamp));
        }
        // A store may need a transaction for each author: the fewer of them in a batch the better.
        stored.sort_by_key(|(post, ..)| post.author);
        for batch in stored.chunks(BATCH) {
            self.store.create_all(batch.to_vec()).await?;
        }
        for (author, posts) in by_author {
            for posts in posts.chunks(BATCH) {
                self.index(author, posts).await?;
            }
        }
        Ok(())
    }

    /// Adds likes, with counts and events, in few transactions. Likes of posts that are not there,
    /// and those that are there already, are passed over.
    pub async fn seed_likes(&self, mut likes: Vec<SeedLike>) -> Result<()> {
        likes.sort_unstable_by_key(|(post, user, at)| (*post, *at, *user));
        let posts = self.authors_of(likes.iter().map(|(post, ..)| *post)).await?;
        let mut last = (None, 0);
        let mut stored = Vec::new();
        for (post, user, at) in likes {
            let Some(author) = posts.get(&post) else { continue };
            // Two likes of one post may not share a place in its list.
            let after = if last.0 == Some(post) { last.1 + 1 } else { 0 };
            let like_id = id::floor_at(at).max(after);
            last = (Some(post), like_id);
            let post = PostRef { post, author: *author };
            stored.push((Like { post, user, id: like_id }, self.stamp_at(at)));
        }
        stored.sort_by_key(|(like, _)| like.post.author);
        for batch in stored.chunks(BATCH) {
            self.store.like_all(batch.to_vec()).await?;
        }
        self.forget_caches();
        Ok(())
    }

    /// Adds comments, with counts and events, in few transactions. Those on posts that are not
    /// there are passed over.
    pub async fn seed_comments(&self, comments: Vec<SeedComment>) -> Result<()> {
        let posts = self.authors_of(comments.iter().map(|comment| comment.post)).await?;
        let mut stored: Vec<(Comment, Stamp)> = comments
            .into_iter()
            .filter_map(|seed| {
                let post = PostRef { post: seed.post, author: *posts.get(&seed.post)? };
                let (author, content) = (seed.author, seed.content);
                let comment = Comment { id: seed.id, post, author, content, likes: 0 };
                Some((comment, self.stamp_at(seed.id.made_at())))
            })
            .collect();
        stored.sort_by_key(|(comment, _)| comment.post.author);
        for batch in stored.chunks(BATCH) {
            self.store.comment_all(batch.to_vec()).await?;
        }
        self.forget_caches();
        Ok(())
    }

    /// A stamp of its own for an event that happened at `at`.
    fn stamp_at(&self, at: Timestamp) -> Stamp {
        Stamp { at, ..self.stamp() }
    }

    async fn authors_of(
        &self,
        posts: impl Iterator<Item = PostId>,
    ) -> Result<FxHashMap<PostId, UserId>> {
        let mut posts: Vec<PostId> = posts.collect();
        posts.sort_unstable();
        posts.dedup();
        let mut authors = FxHashMap::default();
        for posts in posts.chunks(BATCH) {
            let found = self.store.posts(posts.to_vec()).await?;
            authors.extend(found.into_iter().map(|post| (post.id, post.author)));
        }
        Ok(authors)
    }
}
