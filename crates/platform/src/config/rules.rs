//! What each value may be.

use std::net::SocketAddr;

use toml::Value;

use super::broken;
use super::layers::Setting;
use crate::error::Result;
use crate::http::Network;
use crate::objects::Address;
use crate::redis::Redis;

enum Rule {
    /// A whole number from, to.
    Range(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text, or each text of a list, that passes a test; said in words.
    Text(fn(&str) -> bool, &'static str),
}

const RULES: &[(&str, Rule)] = &[
    ("server.listen", Rule::Text(is_address, "an address with a port, such as 127.0.0.1:8080")),
    ("server.data_dir", Rule::Text(is_filled, "the path of a folder")),
    ("server.node", Rule::Range(0, 254)),
    (
        "database.replica_url",
        Rule::Text(is_postgres_or_none, "postgres://USER@HOST/DATABASE, or nothing"),
    ),
    ("database.pool", Rule::Range(1, 1000)),
    ("database.patience", Rule::Range(1, 300)),
    ("database.cache_mb", Rule::Range(1, 4096)),
    ("database.readers", Rule::Range(0, 256)),
    ("database.scanners", Rule::Range(1, 256)),
    ("database.queue", Rule::Range(1, 1_000_000)),
    ("operations.most", Rule::Range(0, 1_000_000)),
    ("operations.most_mb", Rule::Range(1, 100_000)),
    ("auth.token_days", Rule::Range(1, 365)),
    ("auth.bcrypt_cost", Rule::Range(4, 16)),
    ("auth.bcrypt_threads", Rule::Range(0, 64)),
    ("auth.bcrypt_queue", Rule::Range(1, 10_000)),
    (
        "redis.url",
        Rule::Text(
            is_redis_or_none,
            "redis://HOST:PORT, several of them with commas between for a Cluster, \
             redis+sentinel://HOST:PORT,HOST:PORT/MASTER, or nothing",
        ),
    ),
    ("redis.prefix", Rule::Text(is_filled, "a word that keys begin with, such as tintype")),
    ("redis.timeline_ttl", Rule::Range(1, 31_536_000)),
    ("feed.strategy", Rule::Word(&["auto", "pull", "push", "hybrid"])),
    ("feed.celebrity_threshold", Rule::Range(1, 1_000_000_000)),
    ("feed.days_limit", Rule::Range(1, 3650)),
    ("feed.default_limit", Rule::Range(1, 100)),
    ("feed.timeline_size", Rule::Range(1, 10_000)),
    ("feed.warm_at_start", Rule::Range(0, 1_000_000)),
    ("feed.warm_patience", Rule::Range(1, 600)),
    ("graph.max_followings", Rule::Range(1, 1_000_000)),
    ("media.url", Rule::Text(is_store, "file:FOLDER or s3://BUCKET/PREFIX, such as file:media")),
    ("media.endpoint", Rule::Text(is_base_or_none, BASE)),
    ("media.public_endpoint", Rule::Text(is_base_or_none, BASE)),
    ("media.region", Rule::Text(is_filled, "the name of a region, such as us-east-1")),
    ("media.public_url", Rule::Text(is_base_or_none, BASE)),
    ("media.max_upload_mb", Rule::Range(1, 1024)),
    ("media.max_megapixels", Rule::Range(1, 500)),
    ("media.workers", Rule::Range(0, 64)),
    ("media.queue", Rule::Range(1, 10_000)),
    ("media.budget_mb", Rule::Range(1, 1_000_000_000)),
    ("media.presigned_minutes", Rule::Range(1, 10_080)),
    ("media.upload_timeout", Rule::Range(1, 3600)),
    ("limits.requests_per_minute_user", Rule::Range(1, 1_000_000)),
    ("limits.requests_per_minute_key", Rule::Range(1, 100_000_000)),
    ("limits.requests_per_minute_address", Rule::Range(1, 1_000_000)),
    ("limits.login_per_minute", Rule::Range(1, 100_000)),
    ("limits.register_per_hour", Rule::Range(1, 100_000)),
    ("http.timeout", Rule::Range(1, 600)),
    ("http.body_limit_kb", Rule::Range(1, 1_048_576)),
    ("http.max_connections", Rule::Range(1, 1_000_000)),
    ("http.drain", Rule::Range(0, 600)),
    ("http.shutdown_grace", Rule::Range(0, 600)),
    ("http.cors_origins", Rule::Text(is_origin, "origins such as https://app.example.com, or *")),
    (
        "http.trusted_proxies",
        Rule::Text(is_network, "addresses or networks such as 127.0.0.1 or 10.0.0.0/8"),
    ),
    ("bus.retries", Rule::Range(1, 100)),
    ("bus.pause_ms", Rule::Range(1, 60_000)),
    ("bus.patience", Rule::Range(1, 3600)),
    ("bus.retention_hours", Rule::Range(1, 8760)),
    ("cache.accounts", Rule::Range(100, 100_000_000)),
    ("cache.circles", Rule::Range(100, 100_000_000)),
    ("cache.posts", Rule::Range(100, 100_000_000)),
    ("log.format", Rule::Word(&["human", "json"])),
    (
        "log.level",
        Rule::Text(
            is_filter,
            "error, warn, info, debug, trace, or directives such as info,tintype_feed=debug",
        ),
    ),
];

/// What [`is_base_or_none`] allows.
const BASE: &str = "an address such as https://pictures.example.com, or nothing";

/// Whether the value of a setting is allowed; the error says what is.
pub(super) fn check(setting: &Setting) -> Result<()> {
    if setting.key == "database.url" {
        return check_database(setting);
    }
    let Some((_, rule)) = RULES.iter().find(|(key, _)| *key == setting.key) else { return Ok(()) };
    let (good, allowed) = match (rule, &setting.value) {
        (Rule::Range(from, to), Value::Integer(number)) => {
            ((from..=to).contains(&number), format!("a whole number from {from} to {to}"))
        }
        (Rule::Word(words), Value::String(text)) => {
            (words.contains(&text.as_str()), words.join(", "))
        }
        (Rule::Text(test, words), Value::String(text)) => (test(text), (*words).to_owned()),
        (Rule::Text(test, words), Value::Array(list)) => {
            let good = list.iter().all(|value| value.as_str().is_some_and(test));
            (good, (*words).to_owned())
        }
        // The layers have already seen to it that a value has the type of the default.
        _ => (true, String::new()),
    };
    if good { Ok(()) } else { Err(not_allowed(setting, &allowed)) }
}

/// The one sentence about a value that is not allowed.
pub(super) fn not_allowed(setting: &Setting, allowed: &str) -> crate::Error {
    let Setting { key, source, .. } = setting;
    broken(format!("{key} is {} ({source}); allowed is: {allowed}", setting.shown()))
}

fn check_database(setting: &Setting) -> Result<()> {
    let url = setting.value.as_str().unwrap_or_default();
    if sqlite_path(url).is_some() || (!url.is_empty() && is_postgres_or_none(url)) {
        return Ok(());
    }
    Err(not_allowed(
        setting,
        "sqlite:FILE, such as sqlite:tintype.db, or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    ))
}

fn is_postgres_or_none(url: &str) -> bool {
    let scheme = url.starts_with("postgres://") || url.starts_with("postgresql://");
    url.is_empty() || (scheme && url.parse::<tokio_postgres::Config>().is_ok())
}

/// The file of a `sqlite:FILE`, which some tools write `sqlite://FILE`.
pub(super) fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    // Neither parameters nor a database that is gone when the program ends.
    (is_filled(path) && !path.contains('?') && !path.starts_with(':')).then_some(path)
}

fn is_redis_or_none(url: &str) -> bool {
    url.is_empty() || Redis::is_address(url)
}

fn is_filled(text: &str) -> bool {
    !text.trim().is_empty()
}

fn is_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
}

fn is_network(text: &str) -> bool {
    text.parse::<Network>().is_ok()
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text == "*"
        || host.is_some_and(|host| {
            is_filled(host)
                && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte))
        })
}

/// A place of the web below which others lie.
fn is_base_or_none(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text.is_empty()
        || host.is_some_and(|host| {
            is_filled(host)
                && !host.starts_with('/')
                && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\".contains(&byte))
        })
}

fn is_store(text: &str) -> bool {
    Address::parse(text).is_some()
}

fn is_filter(text: &str) -> bool {
    is_filled(text) && tracing_subscriber::EnvFilter::builder().parse(text).is_ok()
}
