//! The configuration as the program reads it; `default.toml` says what each key means and allows.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::http::Network;

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[database]`
    pub database: Database,
    /// `[operations]`
    pub operations: Operations,
    /// `[redis]`
    pub redis: Redis,
    /// `[auth]`
    pub auth: Auth,
    /// `[feed]`
    pub feed: Feed,
    /// `[graph]`
    pub graph: Graph,
    /// `[media]`
    pub media: Media,
    /// `[limits]`
    pub limits: Limits,
    /// `[http]`
    pub http: Http,
    /// `[bus]`
    pub bus: Bus,
    /// `[cache]`
    pub cache: Cache,
    /// `[log]`
    pub log: Log,
    /// `[metrics]`
    pub metrics: Metrics,
}

/// `[server]`: where it listens and keeps its things.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address to listen at.
    pub listen: SocketAddr,
    /// Folder of the database and the secrets.
    pub data_dir: PathBuf,
    /// This process among those that make ids.
    pub node: u8,
}

/// `[database]`: where the data is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: String,
    /// A copy of PostgreSQL that may lag behind; empty for none.
    pub replica_url: String,
    /// MiB of page cache for each connection of SQLite.
    pub cache_mb: u32,
    /// Connections for small reads, 0 for one to a core (SQLite) or 4 (PostgreSQL).
    pub readers: usize,
    /// Connections for long reads of SQLite.
    pub scanners: usize,
    /// Writes of SQLite that may wait.
    pub queue: usize,
    /// Connections for changes of PostgreSQL.
    pub pool: usize,
    /// Longest time of a statement of PostgreSQL.
    #[serde(deserialize_with = "seconds")]
    pub patience: Duration,
}

impl Database {
    /// The file of the embedded database, relative to the data folder; none for a server.
    pub fn path(&self, data_dir: &Path) -> Option<PathBuf> {
        super::rules::sqlite_path(&self.url).map(|path| data_dir.join(path))
    }
}

impl TryFrom<&Database> for crate::postgres::Options {
    type Error = crate::Error;

    fn try_from(database: &Database) -> Result<Self, crate::Error> {
        let server = |url: &str| {
            url.parse().map_err(|cause| {
                super::broken("The address of the PostgreSQL database cannot be read")
                    .with_cause(cause)
            })
        };
        let replica = Some(database.replica_url.as_str()).filter(|url| !url.is_empty());
        Ok(Self {
            server: server(&database.url)?,
            replica: replica.map(server).transpose()?,
            readers: if database.readers == 0 { 4 } else { database.readers },
            pool: database.pool,
            patience: database.patience,
        })
    }
}

impl From<&Database> for crate::sqlite::Options {
    fn from(database: &Database) -> Self {
        let readers = match database.readers {
            0 => Self::default().readers,
            readers => readers,
        };
        Self {
            cache_mb: database.cache_mb,
            readers,
            scanners: database.scanners,
            queue: database.queue,
        }
    }
}

/// `[operations]`: requests that wait for the database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// As many are kept at the most.
    pub most: usize,
    /// MiB that they may take.
    pub most_mb: usize,
}

/// `[redis]`: what processes share beside the database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Its address; empty for none.
    pub url: String,
    /// What all keys begin with.
    pub prefix: String,
    /// How long a timeline is kept that nobody reads.
    #[serde(deserialize_with = "seconds")]
    pub timeline_ttl: Duration,
}

/// `[auth]`: tokens and passwords.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Empty for the one in the data folder; see [`Config::jwt_secret`].
    pub jwt_secret: String,
    /// Days that a token is good for.
    pub token_days: u16,
    /// Cost of a password's hash.
    pub bcrypt_cost: u32,
    /// Threads that hash, 0 for one to every two cores.
    pub bcrypt_threads: usize,
    /// Hashes that may wait for a thread.
    pub bcrypt_queue: usize,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth")
            .field("token_days", &self.token_days)
            .field("bcrypt_cost", &self.bcrypt_cost)
            .field("bcrypt_threads", &self.bcrypt_threads)
            .field("bcrypt_queue", &self.bcrypt_queue)
            .finish_non_exhaustive()
    }
}

/// `[feed]`: how feeds are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// How they are stored, which changes the speed and never the answer.
    pub strategy: Strategy,
    /// Followers from which `hybrid` merges an author in at read time.
    pub celebrity_threshold: u64,
    /// Days that the trusted dialect's feed goes back.
    pub days_limit: u32,
    /// Posts on a page when the client does not say.
    pub default_limit: u16,
    /// The most posts of a feed.
    pub timeline_size: usize,
    /// Viewers whose feeds are read before the process says that it is ready.
    pub warm_at_start: usize,
    /// How long that may take.
    #[serde(deserialize_with = "seconds")]
    pub warm_patience: Duration,
}

/// When a feed is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// As suits the database: [`Pull`](Self::Pull) with an embedded one, else
    /// [`Hybrid`](Self::Hybrid).
    Auto,
    /// When it is read.
    Pull,
    /// When a post is made.
    Push,
    /// When a post is made, except by authors with many followers.
    Hybrid,
}

/// `[graph]`: who follows whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The most accounts that one may follow.
    pub max_followings: u32,
}

/// `[media]`: pictures and films.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// `file:FOLDER` or `s3://BUCKET/PREFIX`; [`Objects::open`](crate::objects::Objects::open)
    /// reads it.
    pub url: String,
    /// Address of an S3-compatible store; empty for Amazon's.
    pub endpoint: String,
    /// Its address for clients; empty if that is the same.
    pub public_endpoint: String,
    /// Region of the store.
    pub region: String,
    /// Empty for the environment's or a role's.
    pub access_key: String,
    /// Goes with `access_key`.
    pub secret_key: String,
    /// Where clients fetch objects; empty for the program itself.
    pub public_url: String,
    /// Largest file, in MiB.
    pub max_upload_mb: u64,
    /// Largest picture, in millions of pixels.
    pub max_megapixels: u64,
    /// Threads that work on pictures, 0 for one to a core.
    pub workers: usize,
    /// Pictures that may wait for such a thread.
    pub queue: usize,
    /// What one account may store, in MiB.
    pub budget_mb: u64,
    /// How long an address for an upload is good.
    pub presigned_minutes: u64,
    /// For one upload, from its first byte to the answer.
    #[serde(deserialize_with = "seconds")]
    pub upload_timeout: Duration,
    /// The program that takes stills from films; empty for none.
    pub ffmpeg: String,
}

impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media")
            .field("url", &self.url)
            .field("endpoint", &self.endpoint)
            .field("public_endpoint", &self.public_endpoint)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .field("public_url", &self.public_url)
            .field("max_upload_mb", &self.max_upload_mb)
            .field("max_megapixels", &self.max_megapixels)
            .field("workers", &self.workers)
            .field("queue", &self.queue)
            .field("budget_mb", &self.budget_mb)
            .field("presigned_minutes", &self.presigned_minutes)
            .field("upload_timeout", &self.upload_timeout)
            .field("ffmpeg", &self.ffmpeg)
            .finish_non_exhaustive()
    }
}

/// `[limits]`: how much one caller may ask.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether anything is limited.
    pub enabled: bool,
    /// A signed-in account.
    pub requests_per_minute_user: u32,
    /// An API key.
    pub requests_per_minute_key: u32,
    /// An address without either.
    pub requests_per_minute_address: u32,
    /// Tries to sign in from an address.
    pub login_per_minute: u32,
    /// New accounts from an address.
    pub register_per_hour: u32,
}

/// `[http]`: requests and connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Until the head of an answer.
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
    /// Largest body, in KiB.
    pub body_limit_kb: usize,
    /// Open connections.
    pub max_connections: usize,
    /// For whoever spreads requests over servers to see that this one stops.
    #[serde(deserialize_with = "seconds")]
    pub drain: Duration,
    /// For requests in flight when the server stops.
    #[serde(deserialize_with = "seconds")]
    pub shutdown_grace: Duration,
    /// Whether answers are compressed.
    pub compression: bool,
    /// Origins of pages that may call the API; `*` for all.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

/// `[bus]`: how events are handled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Tries before an event becomes a dead letter.
    pub retries: u32,
    /// Milliseconds before the second try.
    pub pause_ms: u64,
    /// Seconds that one try may take.
    pub patience: u64,
    /// Hours that seen events are kept.
    pub retention_hours: u64,
}

impl From<&Bus> for crate::bus::Settings {
    fn from(bus: &Bus) -> Self {
        Self {
            tries: bus.retries,
            pause: Duration::from_millis(bus.pause_ms),
            patience: Duration::from_secs(bus.patience),
            retention: Duration::from_secs(bus.retention_hours * 60 * 60),
        }
    }
}

/// `[cache]`: how many of each are kept in memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Profiles.
    pub accounts: usize,
    /// Whom a person follows, blocks and mutes.
    pub circles: usize,
    /// Posts.
    pub posts: usize,
}

/// `[log]`: what is logged and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// For whom lines are written.
    pub format: LogFormat,
    /// A level or directives.
    pub level: String,
}

/// For whom log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People.
    Human,
    /// Programs: one JSON object a line.
    Json,
}

/// `[metrics]`: what is measured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Whether `/metrics` answers.
    pub enabled: bool,
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}
