//! Feeds out of stored timelines (`push`), with authors of many followers merged in (`hybrid`).
//!
//! # Why a stored timeline never lies
//!
//! A feed is read from three sources: the viewer's timeline, as far down as it says that it leaves
//! nothing out; the author index for the viewer's own posts and those of merged authors; and the
//! author index alone for everything below, or for everything where there is no timeline to trust.
//! The timeline is filtered by the circle of this moment, and whoever shows the posts drops those
//! that are gone. So a timeline may hold too much. What remains to be shown is that it never lacks
//! a post whose fan-out is over.
//!
//! Take a post P by A, and a viewer V who follows A and reads a timeline that is built on V's circle
//! of this moment. P was visible in the author index from a moment *i* on. Its fan-out first makes
//! sure of that ([`Timelines::is_indexed`]), then reads the followers at *g* (or that there are none),
//! and appends at *f*: *i* < *g* < *f*. The timeline was begun at *b*, then filled from the index at *r*, then finished:
//! *b* < *r*. Appending is atomic and reaches a timeline that is begun and not finished.
//!
//! * V followed A before *g* (V is among the followers that the fan-out found):
//!   - *b* < *f*: the append found the timeline, and `finish` keeps what was appended.
//!   - *f* < *b*: then *i* < *r*, and the index gave P.
//! * V followed A only after *g*: that raised the version of V's circle. The timeline was built on
//!   the circle of this moment, so on one that was read after the follow, and *i* < *g* < *r*: the
//!   index gave P.
//!
//! "The index gave P" holds down to the lowest post that it gave when it gave as many as it was
//! asked for; that is the floor, below which the timeline is not asked. Trimming raises the floor.
//!
//! Two rebuilds of one timeline: the one begun later counts, the other's `finish` does nothing, and
//! the argument above is about the later one alone. A rebuild that is abandoned leaves a timeline
//! that cannot be read, so the next reader begins another. A timeline that is forgotten or evicted
//! is simply not there. Nothing ever waits, because a reader without a timeline asks the index.
//!
//! An unfollow makes the circle smaller without raising its version; the number of followees is part
//! of what a timeline is built on, so that it is rebuilt and never read by a circle other than its
//! own (see [`Basis`]). Blocks end follows. A mute only filters: timelines are built from all
//! followees, the muted ones included, so that unmuting needs no rebuild.
//!
//! A post that was hidden while a timeline was built is missing there. When it is shown again an
//! event says so, and it is fanned out like a new one: the same argument with *i* the moment at
//! which it came back into the index.
//!
//! Merged authors: whenever a post is not appended everywhere (too many followers, or a fan-out
//! that failed for good), its author is remembered before the fan-out counts as done, for as long
//! as any timeline lives, and every reading that begins later takes all of the author's posts from
//! the index. So crossing the threshold loses nothing in either direction, and a post that is both
//! in the timeline and in the index is shown once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use tintype_api::posts::{PostRef, Window};
use tintype_api::{Circle, PostId, Services, UserId};
use tintype_platform::db::Database;
use tintype_platform::{Result, id};

use super::{Reader, merge, pull};
use crate::store::{Basis, Stretch, TimelineStore};

/// Followers that are read and appended to at once.
const FOLLOWERS: u32 = 1000;

/// Posts that are brought to followers at once.
const POSTS: usize = 16;

/// How often, and with what pause at first, a fan-out looks whether the author index has the post;
/// the pause doubles. About half a second in all.
const LOOKS: u32 = 9;
const FIRST_PAUSE: Duration = Duration::from_millis(1);

pub(crate) struct Timelines {
    pub(crate) services: Arc<Services>,
    pub(crate) store: Arc<dyn TimelineStore>,
    /// Followers from which an author is merged in; none for `push`.
    pub(crate) threshold: Option<u64>,
    /// Posts of a timeline.
    pub(crate) size: usize,
    pub(crate) database: Database,
}

impl Timelines {
    pub(super) async fn newest(
        &self,
        reader: Reader<'_>,
        window: Window,
        limit: usize,
    ) -> Result<Vec<PostRef>> {
        let posts = &**self.services.posts();
        let first = self.stretch(reader, window.below, limit);
        let (merged_in, mut stretch) = tokio::join!(self.merged_in(reader), first);
        let Some(merged_in) = merged_in else {
            return pull(posts, reader, window, limit).await;
        };
        let oldest = window.since.map_or(0, id::floor_at);
        let mut window = window;
        let mut found = Vec::with_capacity(limit);
        loop {
            let wanted = limit - found.len();
            let Some(known) = stretch else {
                found.extend(pull(posts, reader, window, wanted).await?);
                return Ok(found);
            };
            let others = match merged_in.len() {
                0 => Vec::new(),
                _ => posts.newest(merged_in.clone(), window, wanted as u32).await?,
            };
            // The timeline leaves nothing out from this id on. Nor do the others: where their list
            // is cut off it is long enough to fill the page.
            let reach = match known.posts.last() {
                Some(last) if known.posts.len() == wanted => last.get(),
                _ => known.floor,
            };
            let reach = reach.max(oldest);
            let pushed = self.by_followees(reader, known.posts).await?;
            let merged = merge(pushed, others, 2 * wanted).into_iter();
            found.extend(merged.take_while(|post| post.post.get() >= reach).take(wanted));
            if reach <= oldest || found.len() >= limit {
                return Ok(found);
            }
            window.below = PostId::new(reach);
            stretch = self.stretch(reader, window.below, limit - found.len()).await;
        }
    }

    /// Builds the timeline of `viewer` anew from the author index.
    pub(super) async fn rebuild(&self, viewer: UserId, circle: &Circle) -> Result<()> {
        metrics::counter!("tintype_timeline_rebuilds_total").increment(1);
        let rebuild = self.store.begin(viewer).await?;
        // Whatever was appended before the beginning was committed before it: the index of this
        // process is to know of it, whichever process brought it round.
        self.database.caught_up().await?;
        let posts = self.services.posts();
        let posts =
            posts.newest(circle.followees.clone(), Window::default(), self.size as u32).await?;
        let floor = match posts.last() {
            Some(last) if posts.len() >= self.size => last.post.get(),
            _ => 0,
        };
        let posts = posts.into_iter().map(|post| post.post).collect();
        self.store.finish(viewer, rebuild, Basis::of(circle), posts, floor).await
    }

    /// Brings posts to the timelines of their authors' followers, or has the authors merged in.
    pub(crate) async fn fan_out(&self, posts: &[PostRef]) -> Result<()> {
        let mut indexed = Vec::with_capacity(posts.len());
        for post in posts {
            match self.is_indexed(*post).await? {
                Indexed::Yes => indexed.push(*post),
                Indexed::Gone => {}
                Indexed::NotYet => {
                    tracing::warn!(
                        post.id = post.post.get(),
                        author.id = post.author.get(),
                        "the author index lags behind; the author is merged in at read time from now on"
                    );
                    self.store.merge(post.author).await?;
                }
            }
        }
        let merged = self.store.merged().await?;
        indexed.retain(|post| merged.binary_search(&post.author).is_err());
        let authors: BTreeSet<UserId> = indexed.iter().map(|post| post.author).collect();
        if authors.is_empty() {
            return Ok(());
        }
        let counts = self.services.graph().counts(authors.iter().copied().collect()).await?;
        let followers: BTreeMap<UserId, u64> = authors
            .into_iter()
            .zip(counts)
            .map(|(author, counts)| (author, counts.followers))
            .collect();
        let reach = |post: PostRef| {
            self.reach(post, followers.get(&post.author).copied().unwrap_or_default())
        };
        stream::iter(indexed.into_iter().map(reach)).buffer_unordered(POSTS).try_collect().await
    }

    /// Brings a post, which is in the author index, to so many followers.
    async fn reach(&self, post: PostRef, followers: u64) -> Result<()> {
        if followers == 0 {
            return Ok(());
        }
        if self.threshold.is_some_and(|threshold| followers >= threshold) {
            return self.store.merge(post.author).await;
        }
        let graph = self.services.graph();
        let mut after = None;
        loop {
            let followers = graph.followers_after(post.author, after, FOLLOWERS).await?;
            self.store.append(post.post, &followers).await?;
            metrics::counter!("tintype_fan_out_total").increment(followers.len() as u64);
            if followers.len() < FOLLOWERS as usize {
                return Ok(());
            }
            after = followers.last().copied();
        }
    }

    /// Those of `posts` whose authors belong in the feed, in their order: a timeline holds ids alone.
    async fn by_followees(&self, reader: Reader<'_>, posts: Vec<PostId>) -> Result<Vec<PostRef>> {
        let known = self.services.posts().engagement(posts).await?;
        let refs = known.into_iter().flatten().map(|engagement| engagement.post);
        Ok(refs.filter(|post| reader.circle.feeds(post.author)).collect())
    }

    /// The part of a trustworthy timeline that lies below `below`, if there is any. Without a
    /// trustworthy timeline there will be one for the next reader.
    async fn stretch(
        &self,
        reader: Reader<'_>,
        below: Option<PostId>,
        limit: usize,
    ) -> Option<Stretch> {
        let basis = Basis::of(reader.circle);
        let read = self.store.read(reader.viewer, basis, below, limit).await;
        if let Some(stretch) = usable(read)? {
            return below.is_none_or(|below| below.get() > stretch.floor).then_some(stretch);
        }
        usable(self.rebuild(reader.viewer, reader.circle).await);
        None
    }

    /// The authors whom the timeline may lack: merged ones whom the viewer follows, and the viewer.
    async fn merged_in(&self, reader: Reader<'_>) -> Option<Arc<[UserId]>> {
        let merged = usable(self.store.merged().await)?;
        let authors = &reader.circle.authors;
        let own = reader.own_posts.then_some(reader.viewer);
        let both = |few: &[UserId], many: &[UserId]| {
            few.iter().copied().filter(|user| many.binary_search(user).is_ok()).chain(own).collect()
        };
        Some(if merged.len() < authors.len() {
            both(&merged, authors)
        } else {
            both(authors, &merged)
        })
    }

    /// Waits a little for the author index to know of `post`: in a single process an event may be
    /// handled before whoever made the post has told the index.
    async fn is_indexed(&self, post: PostRef) -> Result<Indexed> {
        let posts = self.services.posts();
        let author: Arc<[UserId]> = [post.author].into();
        let until_post = Window { below: PostId::new(post.post.get() + 1), since: None };
        let mut pause = FIRST_PAUSE;
        for _ in 0..LOOKS {
            let newest = posts.newest(author.clone(), until_post, 1).await?;
            if newest.first() == Some(&post) {
                return Ok(Indexed::Yes);
            }
            let views = posts.views(Some(post.author), vec![post.post]).await?;
            if views.first().and_then(Option::as_ref).is_none_or(|view| view.post.hidden) {
                return Ok(Indexed::Gone);
            }
            // The index need not hold what so many newer posts keep out of every feed. A rebuild
            // leaves it out too and says so by its floor.
            let newest = posts.newest(author.clone(), Window::default(), self.size as u32).await?;
            if newest.len() >= self.size && newest.last().is_some_and(|last| last.post > post.post)
            {
                return Ok(Indexed::Yes);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Ok(Indexed::NotYet)
    }
}

/// What the author index knows of a post.
enum Indexed {
    /// Everything: it gives the post to whoever asks for as many as it takes to come to it.
    Yes,
    /// It was deleted or hidden. Should it be shown again, an event says so.
    Gone,
    NotYet,
}

/// What the store answered; when it fails, the feed is read without it.
fn usable<T>(outcome: Result<T>) -> Option<T> {
    outcome
        .inspect_err(|error| {
            metrics::counter!("tintype_timeline_failures_total").increment(1);
            tracing::warn!(cause = %error, "a timeline cannot be used; the author index answers");
        })
        .ok()
}
