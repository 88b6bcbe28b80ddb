//! Keeping the index of the newest posts as the database is.

use futures::future::try_join_all;
use tintype_api::posts::{PostRef, Window};
use tintype_api::{Drift, PostId, UserId};
use tintype_platform::Result;

use super::PostsService;
use crate::newest::{Applied, Read, Unknown};

/// Authors who are read in at the same time.
const READ_AT_ONCE: usize = 64;

impl PostsService {
    /// Makes the index say of `posts`, all by `author`, what the database says. To be called after
    /// every commit that may have changed that, and before its caller is answered.
    pub(crate) async fn index(&self, author: UserId, posts: &[PostId]) -> Result<()> {
        if self.newest.is_on_demand() {
            // It follows the events of all commits, this one included, and in their order; who comes
            // after a commit waits for that.
            return Ok(());
        }
        loop {
            let generation = self.newest.generation(author);
            let visible = self.store.visible(author, posts.to_vec()).await?;
            match self.newest.apply(author, generation, posts, &visible) {
                Applied::Done => return Ok(()),
                Applied::Overtaken => {}
                Applied::TooFew => return self.index_anew(author).await,
            }
        }
    }

    /// The same after a commit that stands whatever happens here: the event of the change tries
    /// again what fails.
    pub(super) async fn index_committed(&self, author: UserId, post: PostId) {
        if let Err(error) = self.index(author, &[post]).await {
            tracing::warn!(%author, %post, cause = %error, "a post was not put into the index");
        }
    }

    /// The same for a new post, without reading back what was just written: `generation` is the
    /// author's as it was before the commit. If it still is, nothing that was read after the commit
    /// has been applied, such as that the post is gone again.
    pub(super) async fn index_created(&self, author: UserId, generation: u64, post: PostId) {
        if self.newest.is_on_demand() {
            return;
        }
        match self.newest.apply(author, generation, &[post], &[post]) {
            Applied::Done => {}
            Applied::Overtaken | Applied::TooFew => self.index_committed(author, post).await,
        }
    }

    /// The newest posts by any of `authors`, after reading in those who are not held.
    pub(super) async fn merge(
        &self,
        authors: &[UserId],
        window: Window,
        limit: u32,
    ) -> Result<Vec<PostRef>> {
        let mut read = Read::default();
        loop {
            let unknown = match self.newest.merge(authors, window, limit, &read) {
                Ok(posts) => return Ok(posts),
                Err(Unknown(unknown)) => unknown,
            };
            for authors in unknown.chunks(READ_AT_ONCE) {
                let held = self.newest.held() as u32;
                let reads = authors.iter().map(async |author| {
                    let stamp = self.newest.stamp(*author);
                    let posts = self.store.newest(*author, held).await?;
                    self.newest.fill(*author, stamp, posts.clone());
                    Ok::<_, tintype_platform::Error>((*author, posts))
                });
                read.extend(try_join_all(reads).await?);
            }
        }
    }

    /// Authors of whom the index does not hold what the database has. With `repair` it does then.
    pub(super) async fn check_index(&self, repair: bool) -> Result<Vec<Drift>> {
        if self.newest.is_on_demand() {
            return self.check_held(repair).await;
        }
        let mut truth = self.store.newest_of_all(self.newest.held() as u32).await?;
        let known: Vec<UserId> = truth.iter().map(|(author, _)| *author).collect();
        let gone =
            self.newest.authors().into_iter().filter(|author| known.binary_search(author).is_err());
        truth.extend(gone.map(|author| (author, Vec::new())).collect::<Vec<_>>());
        let mut drifts = Vec::new();
        for (author, posts) in truth {
            if self.is_same(&self.newest.held_of(author), &posts) {
                continue;
            }
            // A post may have been made since the truth was read.
            let posts = self.store.newest(author, self.newest.held() as u32).await?;
            let held = self.newest.held_of(author);
            if self.is_same(&held, &posts) {
                continue;
            }
            drifts.push(Drift {
                counter: "newest_posts",
                of: author.get(),
                stored: held.len() as i64,
                counted: posts.len() as i64,
            });
            if repair {
                self.index_anew(author).await?;
            }
        }
        Ok(drifts)
    }

    /// The same for an index on demand: what it does not hold cannot be wrong.
    async fn check_held(&self, repair: bool) -> Result<Vec<Drift>> {
        let mut drifts = Vec::new();
        for author in self.newest.authors() {
            let held = self.newest.held_of(author);
            let posts = self.store.newest(author, self.newest.held() as u32).await?;
            // What was forgotten meanwhile has changed, and is not held any more.
            if self.newest.held_of(author) != held || self.is_same(&held, &posts) {
                continue;
            }
            drifts.push(Drift {
                counter: "newest_posts",
                of: author.get(),
                stored: held.len() as i64,
                counted: posts.len() as i64,
            });
            if repair {
                self.newest.forget(author);
            }
        }
        Ok(drifts)
    }

    async fn index_anew(&self, author: UserId) -> Result<()> {
        loop {
            let generation = self.newest.generation(author);
            let posts = self.store.newest(author, self.newest.held() as u32).await?;
            if self.newest.replace(author, generation, posts) {
                return Ok(());
            }
        }
    }

    /// Whether those posts of an author that have to be held are the same.
    fn is_same(&self, held: &[PostId], truth: &[PostId]) -> bool {
        let kept = self.newest.kept();
        let held = &held[held.len().saturating_sub(kept)..];
        held == &truth[truth.len().saturating_sub(kept)..]
    }
}
