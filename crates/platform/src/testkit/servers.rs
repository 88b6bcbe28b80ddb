//! The real servers that `dev/servers` starts for tests.

use std::io::Write;

use tokio_postgres::NoTls;

use crate::config::{Config, Media};
use crate::redis::Redis;

/// What `dev/servers env` says of a server, by the name of a `TINTYPE_TEST_…` variable.
///
/// None where there is no such server: the test says so and ends. With `CI` set that is a failure,
/// so that nothing is left out in silence.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&&*value));
        assert!(!ci, "{name} is not set: start the servers with dev/servers");
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // Not by the macro, whose words are only seen when a test fails.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {name} is not set, see dev/servers");
    }
    value
}

/// Settings for a corner of its own of the S3-compatible store, if there is one.
pub fn s3() -> Option<Media> {
    let bucket = variable("TINTYPE_TEST_S3_URL")?;
    #[expect(clippy::disallowed_methods, reason = "unlike those of other tests and earlier runs")]
    let corner = getrandom::u64().expect("the system has randomness");
    Some(Media {
        url: format!("{bucket}/test-{corner:016x}"),
        endpoint: variable("TINTYPE_TEST_S3_ENDPOINT")?,
        access_key: variable("TINTYPE_TEST_S3_ACCESS_KEY")?,
        secret_key: variable("TINTYPE_TEST_S3_SECRET_KEY")?,
        ..Config::defaults().media
    })
}

/// The Redis server for tests, if there is one, with keys that no other test uses.
pub async fn redis() -> Option<Redis> {
    reach("TINTYPE_TEST_REDIS_URL").await
}

/// The same as a Cluster.
pub async fn redis_cluster() -> Option<Redis> {
    reach("TINTYPE_TEST_REDIS_CLUSTER_URL").await
}

async fn reach(name: &str) -> Option<Redis> {
    let url = variable(name)?;
    #[expect(clippy::disallowed_methods, reason = "unlike those of other tests")]
    let prefix = format!("test-{:016x}", getrandom::u64().expect("the system has randomness"));
    let redis = Redis::at(&url, &prefix).expect("the address of a Redis");
    redis.answers().await.expect("the Redis answers");
    Some(redis)
}

/// A database of its own on the PostgreSQL server for tests; it goes when this does.
pub struct ServerDatabase {
    server: String,
    name: String,
    url: String,
}

impl ServerDatabase {
    /// An empty one, if there is a server.
    pub async fn make() -> Option<Self> {
        let server = variable("TINTYPE_TEST_POSTGRES_URL")?;
        #[expect(clippy::disallowed_methods, reason = "unlike those of other tests")]
        let name = format!("test_{:016x}", getrandom::u64().expect("the system has randomness"));
        command(&server, &format!("CREATE DATABASE {name}")).await;
        let place = server.rfind('/').expect("an address names a database");
        let url = format!("{}/{name}", &server[..place]);
        Some(Self { server, name, url })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // Whichever runtime the test had, it may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime can be made");
            runtime.block_on(command(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        let _ = dropping.join();
    }
}

async fn command(server: &str, text: &str) {
    let (client, connection) =
        tokio_postgres::connect(server, NoTls).await.expect("the PostgreSQL server answers");
    let driven = tokio::spawn(connection);
    client.batch_execute(text).await.expect("the PostgreSQL server does as it is told");
    driven.abort();
}
