//! How the posts of a feed are found.
//!
//! Every strategy answers the same question with the same answer: which are the newest posts of
//! this feed? `pull` is the definition itself. The others keep timelines and fall back on it.

mod stored;

use std::sync::Arc;

use tintype_api::posts::{PostRef, Window};
use tintype_api::{Circle, Posts, Services, UserId};
use tintype_platform::Result;

pub(crate) use stored::Timelines;

/// Followees whose posts are merged in some microseconds.
const FEW: usize = 1000;

/// One of the ways to find the posts of a feed.
#[derive(Clone)]
pub(crate) enum Strategy {
    /// Asks the author index for the posts of everyone whom the viewer follows.
    Pull(Arc<Services>),
    /// Reads what was pushed into the viewer's timeline, and merges in authors with many followers.
    Stored(Arc<Timelines>),
    /// The same, unless all that it takes is in memory, in the author index.
    Nearest(Arc<Timelines>),
}

/// Whose feed is read, and how the graph stood when the reading began.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) viewer: UserId,
    pub(crate) circle: &'a Circle,
    pub(crate) own_posts: bool,
}

impl Reader<'_> {
    /// Whether posts of `author` belong in this feed.
    pub(crate) fn wants(&self, author: UserId) -> bool {
        (self.own_posts && author == self.viewer) || self.circle.feeds(author)
    }
}

impl Strategy {
    /// Up to `limit` of the newest posts of a feed within `window`, newest first, each once; fewer
    /// than `limit` only where the feed ends. Some of them may have been deleted or hidden.
    pub(crate) async fn newest(
        &self,
        reader: Reader<'_>,
        window: Window,
        limit: usize,
    ) -> Result<Vec<PostRef>> {
        match self {
            Self::Pull(services) => pull(&**services.posts(), reader, window, limit).await,
            Self::Stored(timelines) => timelines.newest(reader, window, limit).await,
            Self::Nearest(timelines) => {
                let posts = &**timelines.services.posts();
                match pull_at_hand(posts, reader, window, limit).await? {
                    Some(found) => Ok(found),
                    None => timelines.newest(reader, window, limit).await,
                }
            }
        }
    }

    /// The same without what need not be asked because something else is nearer.
    pub(crate) fn farthest(&self) -> Self {
        match self {
            Self::Nearest(timelines) => Self::Stored(timelines.clone()),
            other => other.clone(),
        }
    }

    /// The stored timelines, unless feeds are pulled.
    pub(crate) fn timelines(&self) -> Option<&Arc<Timelines>> {
        match self {
            Self::Pull(_) => None,
            Self::Stored(timelines) | Self::Nearest(timelines) => Some(timelines),
        }
    }

    /// Builds the stored timeline of `viewer` anew; says whether there is such a thing.
    pub(crate) async fn rebuild(&self, viewer: UserId, circle: &Circle) -> Result<bool> {
        match self.timelines() {
            None => Ok(false),
            Some(timelines) => timelines.rebuild(viewer, circle).await.map(|()| true),
        }
    }
}

/// The newest posts of a feed as the definition says: straight from the author index.
pub(crate) async fn pull(
    posts: &dyn Posts,
    reader: Reader<'_>,
    window: Window,
    limit: usize,
) -> Result<Vec<PostRef>> {
    let authors = &reader.circle.authors;
    let others = async {
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        // The list of authors is shared, never copied to put the viewer in.
        posts.newest(authors.clone(), window, limit as u32).await
    };
    if !reader.own_posts {
        return others.await;
    }
    let own = posts.newest([reader.viewer].into(), window, limit as u32);
    let (others, own) = tokio::try_join!(others, own)?;
    Ok(merge(others, own, limit))
}

/// The same where everything is in memory. Of more than a [few](FEW) people it is not asked: to merge their
/// posts would take longer than to read what is stored.
async fn pull_at_hand(
    posts: &dyn Posts,
    reader: Reader<'_>,
    window: Window,
    limit: usize,
) -> Result<Option<Vec<PostRef>>> {
    if reader.circle.authors.len() > FEW {
        return Ok(None);
    }
    let others = posts.newest_at_hand(reader.circle.authors.clone(), window, limit as u32);
    if !reader.own_posts {
        return others.await;
    }
    let own = posts.newest_at_hand([reader.viewer].into(), window, limit as u32);
    let (others, own) = tokio::try_join!(others, own)?;
    Ok(others.zip(own).map(|(others, own)| merge(others, own, limit)))
}

/// Up to `limit` of the newest of both lists, each of which is sorted newest first.
fn merge(one: Vec<PostRef>, other: Vec<PostRef>, limit: usize) -> Vec<PostRef> {
    if other.is_empty() {
        return one;
    }
    if one.is_empty() {
        return other;
    }
    let mut merged = Vec::with_capacity(limit.min(one.len() + other.len()));
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while merged.len() < limit {
        let next = match (one.peek(), other.peek()) {
            (Some(left), Some(right)) if left.post == right.post => {
                other.next();
                one.next()
            }
            (Some(left), Some(right)) if left.post < right.post => other.next(),
            (Some(_), _) => one.next(),
            (None, _) => other.next(),
        };
        let Some(next) = next else { break };
        merged.push(next);
    }
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use tintype_api::PostId;
    use tintype_api::testkit::user;

    use super::*;

    fn posts(ids: &BTreeSet<u64>) -> Vec<PostRef> {
        let post = |id: &u64| PostRef { post: PostId::new(*id).unwrap(), author: user(1) };
        ids.iter().rev().map(post).collect()
    }

    proptest! {
        #[test]
        fn merging_is_the_union_newest_first(
            one in prop::collection::btree_set(1u64..60, 0..20),
            other in prop::collection::btree_set(1u64..60, 0..20),
            limit in 20usize..40,
        ) {
            let mut union = posts(&one.union(&other).copied().collect());
            union.truncate(limit);
            prop_assert_eq!(merge(posts(&one), posts(&other), limit), union);
        }
    }
}
