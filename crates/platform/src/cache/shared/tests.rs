use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::cache::Cache;
use crate::db::{Follower, MIGRATIONS, Migration, Migrations};
use crate::error::Result;
use crate::outbox::Record;
use crate::postgres;
use crate::testkit::{Network, Proxy, START, ServerDatabase, redis, variable};

const VALUES: Migrations = Migrations {
    slice: "values",
    tables: &[],
    sqlite: &[],
    postgres: &[Migration {
        version: 1,
        name: "values",
        sql: "CREATE TABLE kept (key BIGINT PRIMARY KEY, value BIGINT NOT NULL)",
    }],
};

/// One process of several, which remembers values.
struct Process {
    database: postgres::Database,
    cache: Cache<u64, i64>,
    reads: Arc<AtomicU64>,
}

#[async_trait]
impl Follower for Process {
    async fn see(&self, records: &[Arc<Record>]) -> Result<()> {
        for record in records {
            self.cache.invalidate(&record.key);
        }
        Ok(())
    }

    fn forget(&self) {
        self.cache.invalidate_all();
    }
}

impl Process {
    async fn start(server: &ServerDatabase, redis: &Redis) -> Arc<Self> {
        let options = postgres::Options {
            server: server.url().parse().unwrap(),
            replica: None,
            readers: 1,
            pool: 4,
            patience: Duration::from_secs(5),
        };
        let all = [MIGRATIONS, VALUES];
        let database = postgres::Database::open(&options, &all).await.unwrap();
        let sharing =
            Sharing::through(Some(redis.clone()), &Database::Postgres(database.clone())).unwrap();
        let cache = Cache::new("values", 1).shared(Some(sharing), Duration::from_mins(1));
        let process = Arc::new(Self { database, cache, reads: Arc::default() });
        process.database.follow(vec![process.clone()]);
        process.database.caught_up().await.unwrap();
        process
    }

    /// What it answers, and whether it had to ask the database.
    async fn read(&self, key: u64) -> (i64, bool) {
        self.database.caught_up().await.unwrap();
        let before = self.reads.load(Ordering::Relaxed);
        let (database, reads) = (self.database.clone(), self.reads.clone());
        let load = |keys| async move {
            reads.fetch_add(1, Ordering::Relaxed);
            load(database, keys).await
        };
        let values = self.cache.fetch(&[key], load).await.unwrap();
        (values[0].unwrap(), self.reads.load(Ordering::Relaxed) > before)
    }

    async fn write(&self, key: u64, value: i64) {
        let change = self.database.begin(key).await.unwrap();
        change
            .execute(
                "INSERT INTO kept (key, value) VALUES ($1, $2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                &[&(key as i64), &value],
            )
            .await
            .unwrap();
        let (kind, body) = ("written".into(), "{}".into());
        change.publish(&Record { sequence: 0, id: value as u64, kind, key, body, at: START });
        change.commit().await.unwrap();
        self.cache.invalidate(&key);
    }

    /// Waits until what was committed lies below what this process has certainly seen: until the
    /// transactions are over that others have open on this server.
    async fn settle(&self) {
        let text = "SELECT pg_snapshot_xmax(pg_current_snapshot())::TEXT";
        let row = self.database.query_one(text, &[]).await.unwrap();
        let end: u64 = row.get::<_, &str>(0).parse().unwrap();
        let settling = async {
            while self.database.horizon().below() < end {
                self.database.caught_up().await.unwrap();
            }
            // What a look has found counts from the next one on.
            self.database.caught_up().await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(30), settling).await.expect("they are over");
    }
}

async fn load(database: postgres::Database, keys: Vec<u64>) -> Result<Vec<(u64, i64)>> {
    let keys: Vec<i64> = keys.iter().map(|key| *key as i64).collect();
    let rows = database.query("SELECT key, value FROM kept WHERE key = ANY($1)", &[&keys]).await?;
    Ok(rows.iter().map(|row| (row.get::<_, i64>(0) as u64, row.get(1))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_has_read_the_others_need_not_read() {
    let (Some(server), Some(redis)) = (ServerDatabase::make().await, redis().await) else { return };
    let one = Process::start(&server, &redis).await;
    let other = Process::start(&server, &redis).await;
    one.write(1, 10).await;
    for process in [&one, &other] {
        process.settle().await;
    }
    assert_eq!(one.read(1).await, (10, true));
    assert_eq!(other.read(1).await, (10, false));
    other.write(1, 11).await;
    assert_eq!(other.read(1).await.0, 11);
    assert_eq!(one.read(1).await.0, 11);
    let third = Process::start(&server, &redis).await;
    assert_eq!(third.read(1).await.0, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_was_read_before_a_change_counts_nowhere_after_it() {
    let (Some(server), Some(redis)) = (ServerDatabase::make().await, redis().await) else { return };
    let one = Process::start(&server, &redis).await;
    let other = Process::start(&server, &redis).await;
    one.write(1, 1).await;
    one.settle().await;
    // It reads, is held up, and shares what it has read after it was changed.
    let load = async |keys: Vec<u64>| {
        let read = load(one.database.clone(), keys).await;
        other.write(1, 2).await;
        other.settle().await;
        read
    };
    assert_eq!(one.cache.fetch(&[1], load).await.unwrap(), [Some(1)]);
    for process in [&one, &other] {
        process.settle().await;
        assert_eq!(process.read(1).await.0, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_never_read_what_was_changed_before() {
    let (Some(server), Some(redis)) = (ServerDatabase::make().await, redis().await) else { return };
    let processes = [
        Process::start(&server, &redis).await,
        Process::start(&server, &redis).await,
        Process::start(&server, &redis).await,
    ];
    let written: Arc<[AtomicU64; 4]> = Arc::default();
    let mut tasks = Vec::new();
    for (number, process) in (1..).zip(&processes) {
        for part in 0..2u64 {
            let (process, written) = (process.clone(), written.clone());
            tasks.push(tokio::spawn(async move {
                for round in 0..60u64 {
                    let key = (round + part + number) % 4;
                    let known = &written[key as usize];
                    // One process writes each key, so that its values only rise.
                    if part == 0 && key + 1 == number {
                        process.write(key, round as i64 + 1).await;
                        known.fetch_max(round + 1, Ordering::SeqCst);
                    }
                    let least = known.load(Ordering::SeqCst) as i64;
                    if least > 0 {
                        let read = process.read(key).await.0;
                        assert!(read >= least, "read {read} of {key} after {least}");
                    }
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    let reads = |process: &Arc<Process>| process.reads.load(Ordering::Relaxed);
    let all: u64 = processes.iter().map(reads).sum();
    assert!(all < 6 * 60, "some were spared: {all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_database_answers() {
    let (Some(server), Some(url)) =
        (ServerDatabase::make().await, variable("TINTYPE_TEST_REDIS_URL"))
    else {
        return;
    };
    let address = url.trim_start_matches("redis://").trim_end_matches('/');
    let proxy = Proxy::to(address).await;
    let redis = Redis::at(&format!("redis://{}", proxy.address()), server.url()).unwrap();
    let process = Process::start(&server, &redis).await;
    process.write(1, 5).await;
    for network in [Network::Down, Network::Silent, Network::Up] {
        proxy.set(network);
        process.cache.invalidate(&1);
        assert_eq!(process.read(1).await.0, 5);
    }
}
