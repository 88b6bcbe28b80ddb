//! Other slices as a test sets them up: what they know is what the test says.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tintype_platform::rpc::async_trait;
use tintype_platform::testkit::Workbench;
use tintype_platform::{Error, Result, Timestamp};

use crate::accounts::{Accounts, Caller, Card, KeyStanding, Picture, Role};
use crate::graph::{Circle, Graph, GraphCounts, Relationship};
use crate::ids::{MediaId, PostId, TokenId, UserId};
use crate::media::{Media, MediaKind, MediaRef, Upload, Urls};
use crate::posts::{Engagement, PostRef, PostView, Posts, Window};
use crate::{Event, Rendered};

/// A user id for a test.
pub fn user(number: u64) -> UserId {
    UserId::new(number).expect("a test's id is above 0")
}

/// Accounts that a test names. The token of a user is its username.
#[derive(Default)]
pub struct People(Mutex<BTreeMap<UserId, Arc<Card>>>);

impl People {
    /// Adds an account, or changes it.
    pub fn put(&self, number: u64, username: &str, is_private: bool) -> UserId {
        let id = user(number);
        let card = Card {
            id,
            username: username.to_owned(),
            full_name: None,
            profile_picture_url: None,
            is_private,
            rendered: Rendered::default(),
        };
        self.0.lock().expect("no test panics here").insert(id, Arc::new(card));
        id
    }

    /// Removes an account.
    pub fn remove(&self, user: UserId) {
        self.0.lock().expect("no test panics here").remove(&user);
    }
}

#[async_trait]
impl Accounts for People {
    async fn cards(&self, users: Vec<UserId>) -> Result<Vec<Option<Arc<Card>>>> {
        let people = self.0.lock().expect("no test panics here");
        Ok(users.iter().map(|user| people.get(user).cloned()).collect())
    }

    async fn named(&self, usernames: Vec<String>) -> Result<Vec<Option<UserId>>> {
        let people = self.0.lock().expect("no test panics here");
        let find = |name: &String| {
            people.values().find(|card| card.username == name.to_lowercase()).map(|card| card.id)
        };
        Ok(usernames.iter().map(find).collect())
    }

    async fn caller(&self, token: Arc<str>) -> Result<Caller> {
        let people = self.0.lock().expect("no test panics here");
        people
            .values()
            .find(|card| *card.username == *token)
            .map(|card| Caller {
                user: card.id,
                username: card.username.as_str().into(),
                role: Role::User,
                token: TokenId::new(card.id.get()).expect("a user's number is one"),
            })
            .ok_or_else(|| Error::unauthenticated("invalid_token", "Sign in again"))
    }

    async fn set_picture(&self, user: UserId, picture: Picture) -> Result<()> {
        let mut people = self.0.lock().expect("no test panics here");
        if let Some(card) = people.get_mut(&user) {
            Arc::make_mut(card).profile_picture_url = picture.object;
        }
        Ok(())
    }

    async fn key_standing(&self, _: Option<String>) -> Result<KeyStanding> {
        Ok(KeyStanding::NoneConfigured)
    }
}

/// Uploads that a test names.
#[derive(Default)]
pub struct Uploads(Mutex<UploadsState>);

#[derive(Default)]
struct UploadsState {
    uploads: BTreeMap<MediaId, (UserId, Upload)>,
    uses: BTreeSet<(PostId, MediaId)>,
}

impl Uploads {
    /// Adds a picture of `owner` whose objects are named `images/NUMBER_large.jpg` and so on, or
    /// changes what is said about it.
    pub fn put(&self, number: u64, owner: UserId, alt_text: Option<&str>) -> MediaId {
        let id = MediaId::new(number).expect("a test's id is above 0");
        let name = |size: &str| format!("images/{number}_{size}.jpg");
        let upload = Upload {
            id,
            kind: MediaKind::Image,
            urls: Urls::Image {
                thumbnail: name("thumbnail"),
                small: name("small"),
                medium: name("medium"),
                large: name("large"),
                original: name("original"),
            },
            width: 1200,
            height: 800,
            duration_ms: None,
            blurhash: Some("L6PZfSi_.AyE_3t7t7R**0o#DgR4".to_owned()),
            alt_text: alt_text.map(ToOwned::to_owned),
        };
        self.0.lock().expect("no test panics here").uploads.insert(id, (owner, upload));
        id
    }

    /// Which post uses what.
    pub fn used(&self) -> Vec<(PostId, MediaId)> {
        self.0.lock().expect("no test panics here").uses.iter().copied().collect()
    }
}

#[async_trait]
impl Media for Uploads {
    async fn attach(
        &self,
        author: UserId,
        post: PostId,
        media: Vec<MediaRef>,
    ) -> Result<Vec<Option<Upload>>> {
        let mut state = self.0.lock().expect("no test panics here");
        let mut attached = Vec::new();
        for reference in media {
            let mut own = state.uploads.values().filter(|(owner, _)| *owner == author);
            let found = match &reference {
                MediaRef::Id(id) => own.find(|(_, upload)| upload.id == *id),
                MediaRef::Object(name) => own.find(|(_, upload)| upload.urls.main() == name),
            };
            let found = found.map(|(_, upload)| upload.clone());
            if found.is_none() && matches!(reference, MediaRef::Id(_)) {
                return Err(Error::invalid("mediaIds", "There is no such upload of yours"));
            }
            attached.push(found);
        }
        let used = attached.iter().flatten().map(|upload| (post, upload.id));
        state.uses.extend(used);
        Ok(attached)
    }

    async fn detach(&self, _: UserId, post: PostId) -> Result<()> {
        self.0.lock().expect("no test panics here").uses.retain(|(user, _)| *user != post);
        Ok(())
    }

    async fn uploads(&self, owner: UserId, media: Vec<MediaId>) -> Result<Vec<Option<Upload>>> {
        let state = self.0.lock().expect("no test panics here");
        let find = |id: &MediaId| {
            state.uploads.get(id).filter(|(of, _)| *of == owner).map(|(_, upload)| upload.clone())
        };
        Ok(media.iter().map(find).collect())
    }

    async fn uses(&self, _: UserId, media: MediaId) -> Result<Vec<PostId>> {
        let state = self.0.lock().expect("no test panics here");
        Ok(state.uses.iter().filter(|(_, used)| *used == media).map(|(post, _)| *post).collect())
    }
}

/// A graph that a test draws.
#[derive(Default)]
pub struct Ties(Mutex<Drawn>);

#[derive(Default)]
struct Drawn {
    version: u64,
    follows: BTreeSet<(UserId, UserId)>,
    blocks: BTreeSet<(UserId, UserId)>,
    mutes: BTreeSet<(UserId, UserId)>,
}

impl Ties {
    /// Lets `follower` follow `followee`, or no longer.
    pub fn follow(&self, follower: UserId, followee: UserId, on: bool) {
        self.change(|drawn| &mut drawn.follows, follower, followee, on);
    }

    /// Lets `blocker` block `blocked`, or no longer; follows between them end.
    pub fn block(&self, blocker: UserId, blocked: UserId, on: bool) {
        self.change(|drawn| &mut drawn.follows, blocker, blocked, false);
        self.change(|drawn| &mut drawn.follows, blocked, blocker, false);
        self.change(|drawn| &mut drawn.blocks, blocker, blocked, on);
    }

    /// Lets `muter` mute `muted`, or no longer.
    pub fn mute(&self, muter: UserId, muted: UserId, on: bool) {
        self.change(|drawn| &mut drawn.mutes, muter, muted, on);
    }

    fn change(
        &self,
        ties: impl Fn(&mut Drawn) -> &mut BTreeSet<(UserId, UserId)>,
        from: UserId,
        to: UserId,
        on: bool,
    ) {
        let mut drawn = self.0.lock().expect("no test panics here");
        drawn.version += 1;
        let ties = ties(&mut drawn);
        if on {
            ties.insert((from, to))
        } else {
            ties.remove(&(from, to))
        };
    }
}

#[async_trait]
impl Graph for Ties {
    async fn circle(&self, viewer: UserId) -> Result<Arc<Circle>> {
        let drawn = self.0.lock().expect("no test panics here");
        let of = |ties: &BTreeSet<(UserId, UserId)>| -> Vec<UserId> {
            ties.iter().filter(|(from, _)| *from == viewer).map(|(_, to)| *to).collect()
        };
        let mut blocked = of(&drawn.blocks);
        blocked.extend(drawn.blocks.iter().filter(|(_, to)| *to == viewer).map(|(from, _)| *from));
        blocked.sort_unstable();
        blocked.dedup();
        let (followees, muted) = (of(&drawn.follows), of(&drawn.mutes));
        Ok(Arc::new(Circle::new(drawn.version, followees.into(), blocked.into(), muted.into())))
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<GraphCounts>> {
        let drawn = self.0.lock().expect("no test panics here");
        let counts = |user: &UserId| GraphCounts {
            followers: drawn.follows.iter().filter(|(_, to)| to == user).count() as u64,
            following: drawn.follows.iter().filter(|(from, _)| from == user).count() as u64,
            pending_requests: 0,
        };
        Ok(users.iter().map(counts).collect())
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        let drawn = self.0.lock().expect("no test panics here");
        let stands = |other: &UserId| Relationship {
            following: drawn.follows.contains(&(viewer, *other)),
            followed_by: drawn.follows.contains(&(*other, viewer)),
            pending: false,
            requested: false,
            blocking: drawn.blocks.contains(&(viewer, *other)),
            blocked_by: drawn.blocks.contains(&(*other, viewer)),
            muting: drawn.mutes.contains(&(viewer, *other)),
        };
        Ok(others.iter().map(stands).collect())
    }

    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        let drawn = self.0.lock().expect("no test panics here");
        let followers = drawn
            .follows
            .iter()
            .filter(|(from, to)| *to == user && after.is_none_or(|after| *from > after));
        Ok(followers.map(|(from, _)| *from).take(limit as usize).collect())
    }

    async fn accept_all(&self, _: UserId) -> Result<()> {
        Ok(())
    }
}

/// A network without posts: for slices that only ask how many somebody has.
pub struct NoPosts;

#[async_trait]
impl Posts for NoPosts {
    async fn newest(&self, _: Arc<[UserId]>, _: Window, _: u32) -> Result<Vec<PostRef>> {
        Ok(Vec::new())
    }

    async fn newest_at_hand(
        &self,
        _: Arc<[UserId]>,
        _: Window,
        _: u32,
    ) -> Result<Option<Vec<PostRef>>> {
        Ok(None)
    }

    async fn views(&self, _: Option<UserId>, posts: Vec<PostId>) -> Result<Vec<Option<PostView>>> {
        Ok(vec![None; posts.len()])
    }

    async fn engagement(&self, posts: Vec<PostId>) -> Result<Vec<Option<Engagement>>> {
        Ok(vec![None; posts.len()])
    }

    async fn interactions(&self, _: UserId, authors: Vec<UserId>) -> Result<Vec<u32>> {
        Ok(vec![0; authors.len()])
    }

    async fn popular(&self, _: Timestamp, _: u32) -> Result<Vec<Engagement>> {
        Ok(Vec::new())
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<u64>> {
        Ok(vec![0; users.len()])
    }
}

/// Follows what happens on a bench.
pub struct Happenings<'b> {
    bench: &'b Workbench,
    seen: Cell<i64>,
}

impl<'b> Happenings<'b> {
    /// From the beginning.
    pub fn on(bench: &'b Workbench) -> Self {
        Self { bench, seen: Cell::new(0) }
    }

    /// What has happened since this was asked last.
    pub async fn lately(&self) -> Vec<Event> {
        let records = self.bench.happened_after(self.seen.get()).await;
        self.seen.set(records.last().map_or(self.seen.get(), |record| record.sequence));
        records.iter().map(|record| Event::read(record).expect("an event of ours")).collect()
    }
}
