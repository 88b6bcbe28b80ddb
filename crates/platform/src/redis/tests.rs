use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::testkit::{Network, Proxy, variable};

/// A Redis of this test alone; killed when dropped.
struct Server {
    port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    /// With these lines of configuration.
    fn start(arguments: &[&str], configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = folder.path().join("redis.conf");
        let common = format!("port {port}\nbind 127.0.0.1\ndir {}\n", folder.path().display());
        std::fs::write(&file, common + configuration).unwrap();
        let mut command = Command::new("redis-server");
        let command = command.arg(&file).args(arguments).stdout(Stdio::null());
        let child = command.spawn().expect("redis-server is installed");
        Self { port, child, _folder: folder }
    }

    fn redis(&self) -> Redis {
        Redis::at(&format!("redis://127.0.0.1:{}", self.port), "test").unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn answers(redis: &Redis) {
    let answering = async {
        while redis.answers().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), answering).await.expect("it answers");
}

fn script(text: &str) -> Script {
    Script::new(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_started_anew_does_not_know_a_script() {
    if variable("TINTYPE_TEST_REDIS_URL").is_none() {
        return;
    }
    let server = Server::start(&[], "save ''\n");
    let redis = server.redis();
    answers(&redis).await;
    let one = script("return 1");
    assert_eq!(redis.run::<u64>(&one, &[], &[]).await.unwrap(), None);
    redis.load(&[&one]).await.unwrap();
    assert_eq!(redis.run::<u64>(&one, &[], &[]).await.unwrap(), Some(1));
    drop(server);
    let error = redis.run::<u64>(&one, &[], &[]).await.unwrap_err();
    assert_eq!(error.code(), "redis_unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_name_the_master_of_the_moment() {
    if variable("TINTYPE_TEST_REDIS_URL").is_none() {
        return;
    }
    let master = Server::start(&[], "save ''\n");
    let replica = Server::start(&[], &format!("save ''\nreplicaof 127.0.0.1 {}\n", master.port));
    answers(&master.redis()).await;
    answers(&replica.redis()).await;
    let watch = format!(
        "sentinel monitor tintype 127.0.0.1 {} 1\n\
         sentinel down-after-milliseconds tintype 500\n\
         sentinel failover-timeout tintype 2000\n",
        master.port
    );
    let sentinel = Server::start(&["--sentinel"], &watch);
    let redis = Redis::at(&format!("redis+sentinel://127.0.0.1:{}/tintype", sentinel.port), "test")
        .unwrap();
    answers(&redis).await;
    let known = script("return 1");
    redis.load(&[&known]).await.unwrap();
    assert_eq!(redis.run::<u64>(&known, &[], &[]).await.unwrap(), Some(1));
    // The sentinel finds replicas by asking the master every ten seconds.
    tokio::time::sleep(Duration::from_secs(11)).await;
    drop(master);
    answers(&redis).await;
    assert_eq!(redis.run::<u64>(&known, &[], &[]).await.unwrap(), None, "it is another server");
    let write = script("return redis.call('SET', 'written', '1')");
    redis.evaluate::<String>(&write, &[], &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "bounds how long anybody waits")]
async fn a_silent_redis_costs_a_bounded_time_and_comes_back() {
    let Some(url) = variable("TINTYPE_TEST_REDIS_URL") else { return };
    let proxy = Proxy::to(url.trim_start_matches("redis://")).await;
    let redis = Redis::at(&format!("redis://{}", proxy.address()), "test").unwrap();
    redis.answers().await.unwrap();
    for network in [Network::Silent, Network::Down] {
        proxy.set(network);
        let begun = tokio::time::Instant::now();
        for _ in 0..50 {
            assert!(redis.answers().await.unwrap_err().is_transient());
        }
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(20), "{network:?} took {waited:?}");
        proxy.set(Network::Up);
        answers(&redis).await;
    }
}
