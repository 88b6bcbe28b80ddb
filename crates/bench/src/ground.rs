//! Where the site that is measured stands: in a folder, or on PostgreSQL and Redis.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use tintype_api::Feed;
use tintype_api::feed::{FeedRequest, Order};
use tintype_platform::Clock;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Sources};
use tintype_platform::page::Limit;
use tintype_server::wiring::Site;
use tokio::runtime::Runtime;

use crate::population::Population;
use crate::processes::{self, Processes};
use crate::server::Server;
use crate::store::Lent;

/// The node number of this program's ids: that of commands beside a server.
const NODE: u8 = 255;

/// Feeds that are read at once to have their timelines stored.
const WARMED_AT_ONCE: usize = 64;

/// Where the site is to stand.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// A PostgreSQL server, as postgres://USER:PASSWORD@HOST:PORT/DATABASE, on which a database is made
    /// for this and removed again [default: an embedded database]
    #[arg(long, value_name = "URL")]
    pub(crate) on: Option<String>,
    /// The Redis of the fleet, as redis://HOST:PORT; its keys for this are removed again
    #[arg(long, value_name = "URL", requires = "on")]
    pub(crate) redis: Option<String>,
    /// Processes of the fleet
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub(crate) processes: u64,
}

/// A place that is taken, and given back at the end.
pub(crate) struct Ground {
    pub(crate) runtime: Runtime,
    pub(crate) folder: PathBuf,
    pub(crate) redis: Option<OnRedis>,
    tintype: PathBuf,
    processes: u64,
    lent: Option<Lent>,
    keys: BTreeMap<String, String>,
}

/// Where in a Redis.
#[derive(Debug, Clone)]
pub(crate) struct OnRedis {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

impl Ground {
    /// Takes the place, with files under `folder`; `tintype` is the program.
    pub(crate) fn take(place: &Place, tintype: PathBuf, folder: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        // No two runs on one server may meet.
        let name = format!("tintype_bench_{:x}", SystemClock.now().as_millis());
        let mut keys = BTreeMap::new();
        let mut set = |key: &str, value: &str| keys.insert(key.to_owned(), value.to_owned());
        set("limits.enabled", "false");
        // Hashing passwords is not what is measured; nothing else depends on its cost.
        set("auth.bcrypt_cost", "4");
        // Processes of a fleet take each other's tokens.
        set("auth.jwt_secret", &format!("not a secret, but the same for all of {name}"));
        set("log.level", "warn");
        // They have folders of their own, and one for what all of them show.
        let media = std::path::absolute(folder)?.join("media");
        set("media.url", &format!("file:{}", media.display()));
        let mut lent = None;
        if let Some(url) = &place.on {
            let database = runtime.block_on(Lent::make(url, &name))?;
            set("database.url", &database.url);
            lent = Some(database);
        }
        let redis = place.redis.as_ref().map(|url| OnRedis { url: url.clone(), prefix: name });
        if let Some(OnRedis { url, prefix }) = &redis {
            set("redis.url", url);
            set("redis.prefix", prefix);
            // Longer than a run, so that what is stored for it stays.
            set("redis.timeline_ttl", "7200");
        }
        let processes = if lent.is_some() { place.processes } else { 1 };
        Ok(Self { runtime, folder: folder.to_owned(), redis, tintype, processes, lent, keys })
    }

    /// Whether several processes share the site.
    pub(crate) const fn is_fleet(&self) -> bool {
        self.lent.is_some()
    }

    /// The address of the database, if it is on a server.
    pub(crate) fn database(&self) -> Option<&str> {
        self.lent.as_ref().map(|lent| &*lent.url)
    }

    /// What stands there, in words.
    pub(crate) fn describe(&self) -> Result<String> {
        let Some(lent) = &self.lent else { return Ok("embedded SQLite, one process".to_owned()) };
        let (about, _) = self.runtime.block_on(lent.about())?;
        let redis = if self.redis.is_some() { " and Redis" } else { "" };
        Ok(format!("{about}{redis}, {} processes", self.processes))
    }

    /// The site within this process, to use the slices' own code.
    pub(crate) fn open(&self) -> Result<Site> {
        Ok(self.runtime.block_on(Site::open(&self.config()?, Arc::new(SystemClock), NODE))?)
    }

    /// Ends what [`Ground::open`] began.
    pub(crate) fn close(&self, site: Site) {
        self.runtime.block_on(site.database.close());
        drop(site);
    }

    /// Puts everybody into the database and leaves it as a database is that has been there for long.
    pub(crate) fn fill(&self, population: &Population) -> Result<crate::population::Filled> {
        let filled = self.runtime.block_on(population.fill(&self.config()?));
        if let Some(lent) = &self.lent {
            self.runtime.block_on(lent.analyze())?;
        }
        filled
    }

    /// Reads the first page of everybody who follows the star, so that their timelines are stored.
    pub(crate) fn warm(&self, population: &Population) -> Result<()> {
        let site = self.open()?;
        let read = |person| {
            let request = FeedRequest {
                viewer: Population::user(person),
                order: Order::Latest,
                cursor: None,
                skip: 0,
                limit: Limit::clamped(1),
                own_posts: true,
                days: None,
            };
            let feed = &site.feed;
            async move { feed.page(request).await.map(drop) }
        };
        let followers = stream::iter(0..population.graph.audience());
        let warmed = followers.map(read).buffer_unordered(WARMED_AT_ONCE).try_collect::<()>();
        let warmed = self.runtime.block_on(warmed);
        self.close(site);
        warmed.context("timelines cannot be stored")
    }

    /// Starts the processes and waits until they are ready.
    pub(crate) fn start(&self) -> Result<Vec<Server>> {
        let start = |number| {
            let mut command = Command::new(&self.tintype);
            command.arg("serve").arg("--data-dir").arg(self.data(number)?);
            command.args(["--listen", "127.0.0.1:0"]);
            for (key, value) in &self.keys {
                command.arg("--set").arg(format!("{key}={value}"));
            }
            let log = self.folder.join(format!("tintype-{number}.log"));
            let server = Server::start(&mut command, &log)?;
            server.ready()?;
            Ok(server)
        };
        (0..self.processes).map(start).collect()
    }

    /// Watches everything that takes part: the servers, the databases and this program.
    pub(crate) fn watch(&self, servers: &[Server]) -> Result<Processes> {
        let mut watched = Processes::default();
        for (number, server) in servers.iter().enumerate() {
            let name = match servers.len() {
                1 => "tintype".to_owned(),
                _ => format!("tintype {}", number + 1),
            };
            watched.watch(name, server.pid());
        }
        if let Some(lent) = &self.lent {
            let (_, backend) = self.runtime.block_on(lent.about())?;
            // On another machine there is nothing to be seen of it.
            if let Some(postmaster) = processes::parent(backend, "postgres") {
                watched.watch("PostgreSQL", postmaster);
            }
        }
        if let Some(redis) = &self.redis
            && let Some(pid) = self.runtime.block_on(process_of(&redis.url))?
        {
            watched.watch("Redis", pid);
        }
        watched.watch("load", std::process::id());
        Ok(watched)
    }

    /// Gives the place back.
    pub(crate) fn leave(self) -> Result<()> {
        self.runtime.block_on(async {
            if let Some(OnRedis { url, prefix }) = &self.redis {
                clear(url, prefix).await?;
            }
            match self.lent {
                Some(lent) => lent.remove().await,
                None => Ok(()),
            }
        })
    }

    fn config(&self) -> Result<Config> {
        let mut flags = self.keys.clone();
        flags.insert("server.data_dir".to_owned(), self.data(0)?);
        Ok(Config::load(&Sources { flags, ..Sources::default() })?.0)
    }

    fn data(&self, number: u64) -> Result<String> {
        let data = self.folder.join(format!("data-{number}")).into_os_string().into_string();
        data.ok().context("the path of --dir must be valid UTF-8")
    }
}

/// The process of a Redis on this machine.
async fn process_of(url: &str) -> Result<Option<u32>> {
    let mut redis = connect(url).await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut redis).await?;
    let pid = info.lines().find_map(|line| line.strip_prefix("process_id:")?.trim().parse().ok());
    Ok(pid.filter(|pid| processes::is_called(*pid, "redis")))
}

/// Removes all keys that begin with `prefix`.
async fn clear(url: &str, prefix: &str) -> Result<()> {
    let mut redis = connect(url).await?;
    let mut cursor = 0u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(5000);
        let (next, keys): (u64, Vec<String>) = scan.query_async(&mut redis).await?;
        if !keys.is_empty() {
            redis::cmd("UNLINK").arg(keys).query_async::<()>(&mut redis).await?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

async fn connect(url: &str) -> Result<redis::aio::MultiplexedConnection> {
    let client = redis::Client::open(url).context("the address of Redis")?;
    client.get_multiplexed_async_connection().await.context("Redis cannot be reached")
}
