//! Timelines in Redis.
//!
//! A timeline is a list: its first element is all that was settled, in one packed piece, and every
//! post since is an element of its own. Who has no timeline gets none, because an element is only
//! pushed to a list that is there. Readers settle what has gathered; a list that gathers much unread
//! is dropped, and rebuilt when its viewer returns.
//!
//! A Redis that was restarted, or replaced by its replica, may have lost the last moments. It has lost
//! its scripts as well, which are kept nowhere. So every key bears an era, every script bears it in
//! its text, and a server that does not know a script begins a new era: timelines of the one before
//! are never read again, and expire.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use tintype_api::{PostId, UserId};
use tintype_platform::redis::{FromValue, Redis, Script, Value};
use tintype_platform::{IdGenerator, Result};

use super::packed::{self, Packed, State};
use super::{Basis, Rebuild, Stretch, TimelineStore};
use crate::snapshots::KEPT;

/// Viewers whose timelines one call appends to.
const AT_ONCE: usize = 128;

/// Posts that gather before a reader settles them.
const UNSETTLED: usize = 64;

/// Posts that gather unread before the timeline is dropped.
const UNREAD: usize = 512;

/// Timelines and merged authors of one era.
pub struct RedisTimelines {
    redis: Redis,
    ids: Arc<IdGenerator>,
    /// Posts that a timeline holds at the most.
    size: usize,
    /// How long a timeline stays that nobody reads.
    kept: Duration,
    era: RwLock<Option<Arc<Era>>>,
}

/// The scripts of an era, which is a part of their texts and of all keys.
struct Era {
    number: u64,
    /// What the keys of the era begin with.
    prefix: String,
    append: Script,
    read: Script,
    begin: Script,
    finish: Script,
    settle: Script,
    forget: Script,
    merge: Script,
    merged: Script,
    shelve: Script,
    shelved: Script,
}

/// What is kept.
#[derive(Clone, Copy)]
enum Key {
    Timeline(UserId),
    Merged,
    /// Whose, and its number.
    Order(UserId, u64),
}

impl Era {
    fn new(name: &str, number: u64) -> Self {
        let script = |text: &str| Script::new(format!("-- {name} {number}\n{text}"));
        Self {
            number,
            prefix: format!("{name}:{number}"),
            append: script(
                "for _, key in ipairs(KEYS) do
                     if redis.call('RPUSHX', key, ARGV[1]) > tonumber(ARGV[2]) then
                         redis.call('DEL', key)
                     end
                 end",
            ),
            read: script(
                "redis.call('PEXPIRE', KEYS[1], ARGV[1])
                 return redis.call('LRANGE', KEYS[1], 0, -1)",
            ),
            begin: script(
                "redis.call('DEL', KEYS[1])
                 redis.call('RPUSH', KEYS[1], ARGV[1])
                 redis.call('PEXPIRE', KEYS[1], ARGV[2])",
            ),
            finish: script(
                "if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] then
                     redis.call('LSET', KEYS[1], 0, ARGV[2])
                     redis.call('PEXPIRE', KEYS[1], ARGV[3])
                 end",
            ),
            // Only what was read is replaced: the state is the same, and what came since stays.
            settle: script(
                "local first = redis.call('LINDEX', KEYS[1], 0)
                 if first and string.sub(first, 1, #ARGV[1]) == ARGV[1] then
                     redis.call('LTRIM', KEYS[1], tonumber(ARGV[2]), -1)
                     redis.call('LPUSH', KEYS[1], ARGV[3])
                     redis.call('PEXPIRE', KEYS[1], ARGV[4])
                 end",
            ),
            forget: script("redis.call('DEL', KEYS[1])"),
            merge: script("redis.call('SADD', KEYS[1], ARGV[1])"),
            merged: script("return redis.call('SMEMBERS', KEYS[1])"),
            shelve: script("redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"),
            shelved: script("return redis.call('GET', KEYS[1])"),
        }
    }

    fn key(&self, key: Key) -> String {
        match key {
            Key::Timeline(viewer) => format!("{}:{viewer}", self.prefix),
            Key::Merged => format!("{}:merged", self.prefix),
            Key::Order(viewer, number) => format!("{}:order:{viewer}:{number}", self.prefix),
        }
    }
}

impl RedisTimelines {
    /// Timelines of up to `size` posts, which go when nobody has read them for as long as `kept`.
    pub fn new(redis: Redis, ids: Arc<IdGenerator>, size: usize, kept: Duration) -> Self {
        Self { redis, ids, size, kept, era: RwLock::default() }
    }

    /// Runs a script of the present era, and once more if that turns out to be over. Answers in
    /// which era it was.
    async fn run<T: FromValue>(
        &self,
        script: fn(&Era) -> &Script,
        key: Key,
        args: &[&[u8]],
    ) -> Result<(u64, T)> {
        let mut over = None;
        loop {
            let era = self.era(over).await?;
            let key = era.key(key);
            if let Some(answer) = self.redis.run(script(&era), &[&key], args).await? {
                return Ok((era.number, answer));
            }
            over = Some(era.number);
        }
    }

    /// The present era; `over` is one that is known to be over.
    async fn era(&self, over: Option<u64>) -> Result<Arc<Era>> {
        let known = self.era.read().clone().filter(|era| Some(era.number) != over);
        if let Some(era) = known {
            return Ok(era);
        }
        let present = Script::new(
            "local era = redis.call('GET', KEYS[1])
             if not era or era == ARGV[1] then
                 era = ARGV[2]
                 redis.call('SET', KEYS[1], era)
             end
             return era"
                .to_owned(),
        );
        let (over, next) = (over.unwrap_or(0).to_string(), self.ids.next().to_string());
        let name = self.redis.key("timelines");
        let number: String =
            self.redis.evaluate(&present, &[&name], &[over.as_bytes(), next.as_bytes()]).await?;
        let number = number.parse().map_err(tintype_platform::Error::internal)?;
        let era = Arc::new(Era::new(&name, number));
        let scripts = [
            &era.append,
            &era.read,
            &era.begin,
            &era.finish,
            &era.settle,
            &era.forget,
            &era.merge,
            &era.merged,
            &era.shelve,
            &era.shelved,
        ];
        self.redis.load(&scripts).await?;
        *self.era.write() = Some(era.clone());
        Ok(era)
    }

    fn kept(&self) -> Vec<u8> {
        self.kept.as_millis().to_string().into_bytes()
    }
}

#[async_trait]
impl TimelineStore for RedisTimelines {
    fn place(&self) -> &'static str {
        "redis"
    }

    async fn append(&self, post: PostId, viewers: &[UserId]) -> Result<()> {
        let (post, most) = (packed::pack(post.get()), UNREAD.to_string());
        let args: [&[u8]; 2] = [&post, most.as_bytes()];
        let mut over = None;
        loop {
            let era = self.era(over).await?;
            let keys: Vec<String> =
                viewers.iter().map(|viewer| era.key(Key::Timeline(*viewer))).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let done = self.redis.run_on_each(&era.append, &keys, AT_ONCE, &args).await?;
            if done.is_some() {
                return Ok(());
            }
            over = Some(era.number);
        }
    }

    async fn read(
        &self,
        viewer: UserId,
        basis: Basis,
        below: Option<PostId>,
        limit: usize,
    ) -> Result<Option<Stretch>> {
        let (key, kept) = (Key::Timeline(viewer), self.kept());
        let (read_in, pieces): (_, Vec<Value>) = self.run(|era| &era.read, key, &[&kept]).await?;
        let Some(packed) = Packed::read(&pieces)? else { return Ok(None) };
        let state = packed.state;
        let Some(settled) = packed.settle(basis, self.size) else { return Ok(None) };
        if pieces.len() > UNSETTLED {
            let (state, count) = (state.bytes(), pieces.len().to_string());
            let bytes = settled.bytes(self.ids.next());
            let era = self.era(None).await?;
            if era.number == read_in {
                let args: [&[u8]; 4] = [&state, count.as_bytes(), &bytes, &kept];
                // A server that does not know the script any more has no use for it either.
                self.redis.run::<()>(&era.settle, &[&era.key(key)], &args).await?;
            }
        }
        Ok(Some(settled.stretch(below, limit)))
    }

    async fn begin(&self, viewer: UserId) -> Result<Rebuild> {
        let rebuild = Rebuild(self.ids.next());
        let (state, kept) = (State::Building(rebuild).bytes(), self.kept());
        self.run::<()>(|era| &era.begin, Key::Timeline(viewer), &[&state, &kept]).await?;
        Ok(rebuild)
    }

    async fn finish(
        &self,
        viewer: UserId,
        rebuild: Rebuild,
        basis: Basis,
        posts: Vec<PostId>,
        floor: u64,
    ) -> Result<()> {
        let state = State::Building(rebuild).bytes();
        let built = packed::built(basis, floor, self.ids.next(), &posts);
        let args: [&[u8]; 3] = [&state, &built, &self.kept()];
        self.run::<()>(|era| &era.finish, Key::Timeline(viewer), &args).await?;
        Ok(())
    }

    async fn forget(&self, viewer: UserId) -> Result<()> {
        self.run::<()>(|era| &era.forget, Key::Timeline(viewer), &[]).await?;
        Ok(())
    }

    async fn merge(&self, author: UserId) -> Result<()> {
        let author = author.to_string();
        self.run::<()>(|era| &era.merge, Key::Merged, &[author.as_bytes()]).await?;
        Ok(())
    }

    async fn merged(&self) -> Result<Arc<[UserId]>> {
        let (_, authors): (_, Vec<String>) = self.run(|era| &era.merged, Key::Merged, &[]).await?;
        let mut authors: Vec<UserId> =
            authors.iter().filter_map(|author| author.parse().ok()).collect();
        authors.sort_unstable();
        Ok(authors.into())
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn shelve(&self, viewer: UserId, number: u64, order: Vec<u8>) -> Result<()> {
        let kept = KEPT.to_string();
        let key = Key::Order(viewer, number);
        self.run::<()>(|era| &era.shelve, key, &[&order, kept.as_bytes()]).await?;
        Ok(())
    }

    async fn shelved(&self, viewer: UserId, number: u64) -> Result<Option<Vec<u8>>> {
        let (_, order) = self.run(|era| &era.shelved, Key::Order(viewer, number), &[]).await?;
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use tintype_platform::testkit::{Workbench, redis, redis_cluster};

    use super::super::conformance;
    use super::*;

    const IDLE: Duration = Duration::from_mins(5);

    #[tokio::test]
    async fn conforms() {
        let Some(redis) = redis().await else { return };
        each_of(redis).await;
    }

    #[tokio::test]
    async fn conforms_on_a_cluster() {
        let Some(redis) = redis_cluster().await else { return };
        each_of(redis).await;
    }

    async fn each_of(redis: Redis) {
        let ids = Workbench::new(&[]).ids;
        conformance::run(async |size| {
            let redis = redis.clone().renamed(&redis.key(&ids.next().to_string()));
            Arc::new(RedisTimelines::new(redis, ids.clone(), size, IDLE))
        })
        .await;
    }
}
