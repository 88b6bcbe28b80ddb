//! Timelines that are there before their viewers come.

use std::sync::Arc;

use tintype_platform::clock::SystemClock;
use tintype_platform::config::Config;
use tintype_platform::db::Database;
use tintype_platform::redis::{Redis, Script};
use tintype_platform::testkit::{ServerDatabase, variable};
use tintype_server::wiring::MIGRATIONS;

use crate::rig::program::{Program, run};
use crate::rig::{Rig, configuration, eventually};

/// A site on PostgreSQL that shares timelines by a corner of Redis.
async fn site(folder: &tempfile::TempDir) -> Option<(ServerDatabase, Config, Redis)> {
    let server = ServerDatabase::make().await?;
    let mut config = configuration(folder);
    server.url().clone_into(&mut config.database.url);
    config.database.pool = 8;
    config.redis.url = variable("TINTYPE_TEST_REDIS_URL")?;
    config.redis.prefix = server.url().replace([':', '/'], "-");
    let redis = Redis::at(&config.redis.url, &config.redis.prefix).unwrap();
    Some((server, config, redis))
}

/// How many timelines there are in Redis.
async fn timelines(redis: &Redis) -> u32 {
    let count = Script::new(
        "local count = 0
         for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
             if redis.call('TYPE', key).ok == 'list' then count = count + 1 end
         end
         return count"
            .to_owned(),
    );
    redis.evaluate(&count, &[&redis.key("x")], &[redis.key("*").as_bytes()]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_builds_the_timelines_of_those_who_signed_in_last() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_server, config, redis)) = site(&folder).await else { return };
    let rig = Rig::on(&config, Arc::new(SystemClock)).await;
    let [ann, ben, cat] = rig.people(["ann", "ben", "cat"]).await;
    for follower in [&ann, &cat] {
        follower.follows(&ben).await;
    }
    let post = ben.posts("early").await;
    rig.drained().await;
    assert_eq!(timelines(&redis).await, 0, "nobody has looked");

    let [url, redis_url, prefix] = [
        format!("database.url={}", config.database.url),
        format!("redis.url={}", config.redis.url),
        format!("redis.prefix={}", config.redis.prefix),
    ];
    let set = ["--set", &url, "--set", &redis_url, "--set", &prefix];
    let warm = |viewers: &'static str| {
        let arguments = [&["warm", "--viewers", viewers][..], &set].concat();
        run(&config.server.data_dir, &arguments).good()
    };
    assert!(warm("2").contains("of 2 accounts"));
    assert_eq!(timelines(&redis).await, 2);
    warm("100");
    assert_eq!(timelines(&redis).await, 3);
    assert_eq!(ann.feed().await, [post]);
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_ready_when_it_remembers_what_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_server, mut config, redis)) = site(&folder).await else { return };
    let rig = Rig::on(&config, Arc::new(SystemClock)).await;
    let [ann, ben] = rig.people(["ann", "ben"]).await;
    ann.follows(&ben).await;
    ben.posts("early").await;
    rig.close().await;
    // To close a rig is to compare all feeds, so the timelines are there: now they are elsewhere.
    config.redis.prefix.push_str("-again");
    let redis = redis.renamed(&config.redis.prefix);
    config.feed.warm_at_start = 100;

    let database = Database::open(&config.database, folder.path(), &MIGRATIONS).await.unwrap();
    let Database::Postgres(server) = &database else { panic!("the site is on PostgreSQL") };
    let lock = server.begin(0u64).await.unwrap();
    lock.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    let rig = Rig::on(&config, Arc::new(SystemClock)).await;
    let answer = rig.stranger.get("/readyz").await;
    assert_eq!((answer.status, answer.code()), (503, "warming"));
    rig.stranger.get("/livez").await.good(200);
    drop(lock);
    let ready = async || (rig.stranger.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready", ready).await;
    assert_eq!(timelines(&redis).await, 2);
    rig.close().await;

    // It is not held up for ever.
    config.feed.warm_patience = std::time::Duration::ZERO;
    let rig = Rig::on(&config, Arc::new(SystemClock)).await;
    let ready = async || (rig.stranger.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready all the same", ready).await;
    rig.close().await;
    database.close().await;
}

#[tokio::test]
async fn a_site_that_shares_no_timelines_says_so() {
    let folder = tempfile::tempdir().unwrap();
    Program::serve(folder.path()).await.stop().await;
    run(folder.path(), &["warm"]).failed(&["stores no timelines", "feed.warm_at_start"]);
}
