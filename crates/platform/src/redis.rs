//! Redis: one server, one that Sentinels watch over, or a Cluster.
//!
//! Everything is done by scripts that are known to the server beforehand. A server that does not
//! know one has been started anew, or has taken another's place: then what it holds may lack the
//! last moments, and whoever asked is told (see [`Redis::run`]).
//!
//! Nothing waits for long: each call has a time limit, and a breaker leaves a Redis alone that has
//! failed several times in a row.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use parking_lot::RwLock;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, ServerErrorKind,
    ToRedisArgs,
};

use crate::error::{Error, Result};
use crate::rpc::breaker::Breaker;

/// The longest that one call may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest that a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// Calls to different nodes of a Cluster that are under way at once.
const AT_ONCE: usize = 64;

/// The master that Sentinels are asked for when their address does not name one.
const MASTER: &str = "mymaster";

/// A handle on Redis; clones share its connection.
#[derive(Clone)]
pub struct Redis {
    inner: Arc<Inner>,
    prefix: Arc<str>,
}

struct Inner {
    servers: Servers,
    link: RwLock<Option<Link>>,
    linking: tokio::sync::Mutex<()>,
    breaker: Breaker,
}

/// Where it is.
enum Servers {
    One(Client),
    Watched { sentinels: Vec<String>, master: String },
    Cluster(Box<ClusterClient>),
}

/// A connection that all calls share.
#[derive(Clone)]
enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// What an answer can be read as.
pub trait FromValue: FromRedisValue + Send {}

impl<T: FromRedisValue + Send> FromValue for T {}

/// Bytes of an answer.
#[derive(Debug, Clone)]
pub struct Value(Vec<u8>);

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl FromRedisValue for Value {
    fn from_redis_value(value: redis::Value) -> Result<Self, redis::ParsingError> {
        Vec::<u8>::from_redis_value(value).map(Self)
    }
}

/// One call of a script.
pub struct Call {
    /// In a Cluster they must be in one place: what is in braces in their names is the same.
    pub keys: Vec<String>,
    /// Numbers alone.
    pub args: Vec<u64>,
}

/// A script and what the server knows it by.
pub struct Script {
    text: String,
    hash: String,
}

impl Script {
    /// A script in Lua.
    pub fn new(text: String) -> Self {
        let hash = redis::Script::new(&text).get_hash().to_owned();
        Self { text, hash }
    }
}

impl Redis {
    /// What an address names, without connecting: `redis://…`, `rediss://…` (TLS), several of those
    /// with commas between them for a Cluster, or `redis+sentinel://HOST:PORT,HOST:PORT/MASTER`. All
    /// keys begin with `prefix`, by which sites that share a Redis are told apart.
    pub fn at(url: &str, prefix: &str) -> Result<Self> {
        let servers = Servers::read(url).map_err(|cause| {
            Error::refused("redis_address", "The address of Redis cannot be read").with_cause(cause)
        })?;
        let inner = Inner {
            servers,
            link: RwLock::default(),
            linking: tokio::sync::Mutex::default(),
            breaker: Breaker::new("redis"),
        };
        Ok(Self { inner: Arc::new(inner), prefix: prefix.into() })
    }

    /// Whether an address can be one of Redis.
    pub fn is_address(url: &str) -> bool {
        Servers::read(url).is_ok()
    }

    /// Runs a script that the server knows; `None` if it does not know it (any more).
    pub async fn run<T: FromValue>(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[&[u8]],
    ) -> Result<Option<T>> {
        self.ask(async |mut link| link.ask(&call(script, keys, args)).await).await
    }

    /// The same on every key, as many together as may be and up to `together`; `None` if one of the
    /// servers did not know the script. Keys of a Cluster are on different servers.
    pub async fn run_on_each(
        &self,
        script: &Script,
        keys: &[&str],
        together: usize,
        args: &[&[u8]],
    ) -> Result<Option<()>> {
        if keys.is_empty() {
            return Ok(Some(()));
        }
        self.ask(async |link| match link {
            Link::One(mut link) => {
                let mut calls = Pipeline::with_capacity(keys.len().div_ceil(together));
                for keys in keys.chunks(together) {
                    calls.add_command(call(script, keys, args)).ignore();
                }
                calls.query_async(&mut link).await
            }
            Link::Cluster(link) => {
                stream::iter(keys)
                    .map(Ok)
                    .try_for_each_concurrent(AT_ONCE, async |key| {
                        call(script, &[key], args).query_async::<()>(&mut link.clone()).await
                    })
                    .await
            }
        })
        .await
    }

    /// Runs a script whether or not the server knows it.
    pub async fn evaluate<T: FromValue>(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[&[u8]],
    ) -> Result<T> {
        loop {
            if let Some(answer) = self.run(script, keys, args).await? {
                return Ok(answer);
            }
            self.load(&[script]).await?;
        }
    }

    /// Makes several calls of a script at once, whether or not the server knows it; answers are in their
    /// order. When it fails, some of them may have been made. Where one server of a Cluster alone did
    /// not know the script, the others carry out their calls twice.
    pub async fn evaluate_each<T: FromValue>(
        &self,
        script: &Script,
        calls: &[Call],
    ) -> Result<Vec<T>> {
        let calls: Vec<Cmd> = calls.iter().map(|one| call(script, &one.keys, &one.args)).collect();
        loop {
            if let Some(answers) = self.ask_each(&calls).await? {
                return Ok(answers);
            }
            self.load(&[script]).await?;
        }
    }

    async fn ask_each<T: FromValue>(&self, calls: &[Cmd]) -> Result<Option<Vec<T>>> {
        self.ask(async |link| match link {
            Link::One(mut link) => {
                let mut together = Pipeline::with_capacity(calls.len());
                for call in calls {
                    together.add_command(call.clone());
                }
                together.query_async(&mut link).await
            }
            Link::Cluster(link) => {
                let asked = calls.iter().map(|call| {
                    let mut link = link.clone();
                    async move { call.query_async(&mut link).await }
                });
                stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
            }
        })
        .await
    }

    /// What is kept under each of `names`, in their order.
    pub async fn get(&self, names: &[String]) -> Result<Vec<Option<Value>>> {
        let found = self
            .ask(async |link| match link {
                Link::One(mut link) => redis::cmd("MGET").arg(names).query_async(&mut link).await,
                Link::Cluster(link) => {
                    let gets = names.iter().map(|name| {
                        let (mut get, mut link) = (redis::cmd("GET"), link.clone());
                        get.arg(name);
                        async move { get.query_async(&mut link).await }
                    });
                    stream::iter(gets.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
                }
            })
            .await?;
        Ok(found.unwrap_or_default())
    }

    /// Keeps each of `entries`, a name and what is kept under it, for as long as `kept`.
    pub async fn set(&self, entries: &[(String, Vec<u8>)], kept: Duration) -> Result<()> {
        let set = |(name, bytes): &(String, Vec<u8>)| {
            let mut set = redis::cmd("SET");
            set.arg(name).arg(bytes).arg("PX").arg(kept.as_millis() as u64);
            set
        };
        self.ask(async |link| match link {
            Link::One(mut link) => {
                let mut sets = Pipeline::with_capacity(entries.len());
                for entry in entries {
                    sets.add_command(set(entry)).ignore();
                }
                sets.query_async::<()>(&mut link).await
            }
            Link::Cluster(link) => {
                let sets = entries.iter().map(|entry| {
                    let (set, mut link) = (set(entry), link.clone());
                    async move { set.query_async::<()>(&mut link).await }
                });
                stream::iter(sets.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
            }
        })
        .await
        .map(drop)
    }

    /// Makes scripts known to every server.
    pub async fn load(&self, scripts: &[&Script]) -> Result<()> {
        self.ask(async |mut link| {
            for script in scripts {
                let mut load = redis::cmd("SCRIPT");
                load.arg("LOAD").arg(&script.text);
                link.ask::<redis::Value>(&load).await?;
            }
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Whether it answers at all.
    pub async fn answers(&self) -> Result<()> {
        self.ask(async |mut link| link.ask::<redis::Value>(&redis::cmd("PING")).await)
            .await
            .map(drop)
    }

    /// Whether it is left alone for now because it has failed several times in a row.
    pub fn is_bypassed(&self) -> bool {
        self.inner.breaker.is_open()
    }

    /// The same Redis for another site.
    #[must_use]
    pub fn renamed(self, prefix: &str) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// What something of this site is called there.
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    /// `None` if a script was not known.
    #[expect(clippy::disallowed_methods, reason = "a breaker measures by the clock of the machine")]
    async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(Link) -> Result<T, RedisError>,
    ) -> Result<Option<T>> {
        let breaker = &self.inner.breaker;
        if !breaker.admits(tokio::time::Instant::now()) {
            return Err(unavailable("the breaker is open"));
        }
        let answered = async {
            let link = self.link().await?;
            match tokio::time::timeout(PATIENCE, work(link)).await {
                Ok(Ok(answer)) => Ok(Some(answer)),
                Ok(Err(error)) if error.kind() == ServerErrorKind::NoScript.into() => Ok(None),
                Ok(Err(error)) => Err(unavailable(error)),
                Err(_) => Err(unavailable("the call takes too long")),
            }
        };
        let answer = answered.await;
        if answer.is_ok() {
            breaker.succeeded();
        } else {
            breaker.failed(tokio::time::Instant::now());
            // A Cluster mends its own connections.
            self.inner.link.write().take_if(|link| matches!(link, Link::One(_)));
        }
        answer
    }

    async fn link(&self) -> Result<Link> {
        if let Some(link) = self.inner.link.read().clone() {
            return Ok(link);
        }
        let _linking = self.inner.linking.lock().await;
        if let Some(link) = self.inner.link.read().clone() {
            return Ok(link);
        }
        let link = tokio::time::timeout(CONNECT, self.inner.servers.connect())
            .await
            .map_err(|_| unavailable("connecting takes too long"))?
            .map_err(unavailable)?;
        *self.inner.link.write() = Some(link.clone());
        Ok(link)
    }
}

impl Servers {
    fn read(url: &str) -> Result<Self, RedisError> {
        if let Some(rest) = url.strip_prefix("redis+sentinel://") {
            let (hosts, master) = rest.split_once('/').unwrap_or((rest, MASTER));
            let sentinels: Vec<String> =
                hosts.split(',').map(|host| format!("redis://{host}")).collect();
            Sentinel::build(sentinels.clone())?;
            return Ok(Self::Watched { sentinels, master: master.to_owned() });
        }
        if url.contains(',') {
            let client = ClusterClient::builder(url.split(',').map(str::trim))
                .connection_timeout(CONNECT)
                .response_timeout(PATIENCE)
                .build()?;
            return Ok(Self::Cluster(Box::new(client)));
        }
        Ok(Self::One(Client::open(url)?))
    }

    async fn connect(&self) -> Result<Link, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(PATIENCE));
        match self {
            Self::One(client) => {
                client.get_multiplexed_async_connection_with_config(&config).await.map(Link::One)
            }
            Self::Watched { sentinels, master } => {
                let mut sentinel = Sentinel::build(sentinels.clone())?;
                let info = SentinelNodeConnectionInfo::default();
                let client = sentinel.async_master_for(master, Some(&info)).await?;
                client.get_multiplexed_async_connection_with_config(&config).await.map(Link::One)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Link::Cluster),
        }
    }
}

impl Link {
    async fn ask<T: FromRedisValue>(&mut self, call: &Cmd) -> Result<T, RedisError> {
        match self {
            Self::One(link) => query(call, link).await,
            Self::Cluster(link) => query(call, link).await,
        }
    }
}

async fn query<T: FromRedisValue>(
    call: &Cmd,
    link: &mut (impl ConnectionLike + Send),
) -> Result<T, RedisError> {
    call.query_async(link).await
}

fn call(script: &Script, keys: &[impl ToRedisArgs], args: &[impl ToRedisArgs]) -> Cmd {
    let mut call = redis::cmd("EVALSHA");
    call.arg(&script.hash).arg(keys.len()).arg(keys).arg(args);
    call
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("redis_unavailable", "Redis does not answer; try again in a moment", 1)
        .with_cause(cause)
}

#[cfg(test)]
mod tests;
