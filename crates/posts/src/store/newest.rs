//! The newest posts of each author, out of all posts.

use tintype_api::{PostId, UserId};

/// Takes posts author by author, each author's in rising order, and keeps the newest.
pub(super) struct NewestOfAll {
    limit: usize,
    all: Vec<(UserId, Vec<PostId>)>,
}

impl NewestOfAll {
    /// Keeps so many of each author.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: limit as usize, all: Vec::new() }
    }

    pub(super) fn add(&mut self, author: UserId, post: PostId) {
        match self.all.last_mut() {
            Some((last, posts)) if *last == author => posts.push(post),
            _ => {
                self.trim_last();
                self.all.push((author, vec![post]));
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<(UserId, Vec<PostId>)> {
        self.trim_last();
        self.all
    }

    fn trim_last(&mut self) {
        if let Some((_, posts)) = self.all.last_mut() {
            posts.drain(..posts.len().saturating_sub(self.limit));
            posts.shrink_to_fit();
        }
    }
}
