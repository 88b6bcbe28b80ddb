//! Fan-out to timelines in Redis, next to a pipeline of `RPUSH` and `LTRIM` and nothing else.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use redis::aio::MultiplexedConnection;
use tintype_api::{PostId, UserId};
use tintype_feed::{Basis, RedisTimelines, TimelineStore};
use tintype_platform::IdGenerator;
use tintype_platform::clock::SystemClock;
use tintype_platform::redis::Redis;

use crate::load::now;
use crate::population::Population;

/// Followers that a fan-out brings a post to at once.
const TOGETHER: usize = 1000;

/// Posts of a timeline when it is built.
const BUILT: u64 = 900;

/// Posts that have come since, when its size is looked at.
const SINCE: u64 = 50;

/// What was found.
#[derive(Debug)]
pub(crate) struct Pushes {
    /// Pairs of deliveries a second: by the raw pipeline, by the program.
    pub(crate) rates: Vec<(f64, f64)>,
    /// Bytes of Redis' memory for a post in a timeline.
    pub(crate) entry: f64,
}

/// Measures `rounds` times in turns, with timelines of `viewers` under keys of their own, which are
/// removed.
pub(crate) async fn measure(
    url: &str,
    prefix: &str,
    viewers: u32,
    rounds: u64,
    duration: Duration,
) -> Result<Pushes> {
    let viewers: Vec<UserId> = (0..viewers).map(Population::user).collect();
    let ids = Arc::new(IdGenerator::new(Arc::new(SystemClock), 254, 0));
    let size = (BUILT + SINCE) as usize * 10;
    let kept = Duration::from_mins(30);
    let store = RedisTimelines::new(Redis::at(url, prefix)?, ids, size, kept);
    let client = redis::Client::open(url).context("the address of Redis")?;
    let mut raw = client.get_multiplexed_async_connection().await.context("Redis")?;
    let keys: Vec<String> = viewers.iter().map(|viewer| format!("{prefix}:raw:{viewer}")).collect();

    let mut next = 0u64;
    let entry = entry(&store, &mut raw, prefix, viewers[0], &mut next).await?;
    let mut rates = Vec::new();
    for _ in 0..rounds {
        let (begun, mut pushed) = (now(), 0u64);
        while begun.elapsed() < duration {
            next += 1;
            for keys in keys.chunks(TOGETHER) {
                push(&mut raw, keys, next).await?;
            }
            pushed += keys.len() as u64;
        }
        let bound = pushed as f64 / begun.elapsed().as_secs_f64();
        build(&store, &viewers, &mut next).await?;
        let (begun, mut appended) = (now(), 0u64);
        while begun.elapsed() < duration {
            next += 1;
            for viewers in viewers.chunks(TOGETHER) {
                store.append(post(next)?, viewers).await?;
            }
            appended += viewers.len() as u64;
        }
        rates.push((bound, appended as f64 / begun.elapsed().as_secs_f64()));
    }
    for viewer in viewers {
        store.forget(viewer).await?;
    }
    for keys in keys.chunks(TOGETHER) {
        redis::cmd("UNLINK").arg(keys).query_async::<()>(&mut raw).await?;
    }
    Ok(Pushes { rates, entry })
}

/// One post to many lists, as long as a timeline is.
async fn push(raw: &mut MultiplexedConnection, keys: &[String], post: u64) -> Result<()> {
    let mut pipe = redis::pipe();
    let [_, id @ ..] = post.to_be_bytes();
    for key in keys {
        pipe.cmd("RPUSH").arg(key).arg(&id[..]).ignore();
        pipe.cmd("LTRIM").arg(key).arg(-1000).arg(-1).ignore();
    }
    pipe.query_async::<()>(raw).await.context("the raw pipeline")
}

/// A timeline of the usual length for everybody.
async fn build(store: &RedisTimelines, viewers: &[UserId], next: &mut u64) -> Result<()> {
    let first = *next + 1;
    *next += BUILT;
    let posts = (first..=*next).rev().map(post).collect::<Result<Vec<_>>>()?;
    for viewer in viewers {
        let rebuild = store.begin(*viewer).await?;
        let basis = Basis { version: 1, followees: 1 };
        store.finish(*viewer, rebuild, basis, posts.clone(), first).await?;
    }
    Ok(())
}

/// What Redis says of the memory of one timeline, for each of its posts.
async fn entry(
    store: &RedisTimelines,
    raw: &mut MultiplexedConnection,
    prefix: &str,
    viewer: UserId,
    next: &mut u64,
) -> Result<f64> {
    build(store, &[viewer], next).await?;
    for _ in 0..SINCE {
        *next += 1;
        store.append(post(*next)?, &[viewer]).await?;
    }
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{prefix}:timelines:*:{viewer}"))
        .query_async(raw)
        .await
        .context("the key of a timeline")?;
    let key = keys.first().context("the timeline is not in Redis")?;
    let mut usage = redis::cmd("MEMORY");
    usage.arg("USAGE").arg(key).arg("SAMPLES").arg(0);
    let bytes: u64 = usage.query_async(raw).await.context("the size of a timeline")?;
    Ok(bytes as f64 / (BUILT + SINCE) as f64)
}

fn post(number: u64) -> Result<PostId> {
    PostId::new(number).context("posts are numbered from 1")
}
