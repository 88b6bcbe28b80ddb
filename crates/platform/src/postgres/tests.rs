use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::*;
use crate::clock::Timestamp;
use crate::db::{Follower, MIGRATIONS, Migration};
use crate::outbox::{Outbox, PostgresOutbox, Record, Wanted};
use crate::testkit::{Network, Proxy, START, ServerDatabase};

const COUNTERS: Migrations = Migrations {
    slice: "counters",
    sqlite: &[],
    postgres: &[Migration {
        version: 1,
        name: "counters",
        sql: "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    }],
    tables: &[],
};

const EDITED: Migrations = Migrations {
    slice: "counters",
    sqlite: &[],
    postgres: &[Migration { version: 1, name: "counters", sql: "SELECT 1" }],
    tables: &[],
};

const ADD: &str = "INSERT INTO counters (name, value) VALUES ($1, 1)
     ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";

fn options(url: &str) -> Options {
    Options {
        server: url.parse().unwrap(),
        replica: None,
        readers: 2,
        pool: 8,
        patience: Duration::from_secs(1),
    }
}

async fn open(server: &ServerDatabase) -> Database {
    Database::open(&options(server.url()), &[MIGRATIONS, COUNTERS]).await.unwrap()
}

/// The same database over a network that fails when told to.
async fn open_over(server: &ServerDatabase) -> (Database, Proxy) {
    let mut options = options(server.url());
    let config = &options.server;
    let tokio_postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else { unreachable!() };
    let proxy = Proxy::to(&format!("{host}:{}", config.get_ports()[0])).await;
    let mut over = tokio_postgres::Config::new();
    over.host(proxy.address().ip().to_string()).port(proxy.address().port());
    over.user("postgres").dbname(config.get_dbname().unwrap());
    options.server = over;
    let database = Database::open(&options, &[MIGRATIONS, COUNTERS]).await.unwrap();
    (database, proxy)
}

fn record(id: u64, key: u64) -> Record {
    Record { sequence: 0, id, kind: "noted".into(), key, body: "{}".into(), at: START }
}

async fn add(database: &Database, name: &str) -> Result<i64> {
    let change = database.begin(1u64).await?;
    let value = change.query_one(ADD, &[&name]).await?.get(0);
    change.commit().await?;
    Ok(value)
}

async fn value(database: &Database, name: &str) -> i64 {
    let text = "SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM counters WHERE name = $1";
    database.query_one(text, &[&name]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_are_done_one_after_another_on_what_they_share() {
    let Some(server) = ServerDatabase::make().await else { return };
    let database = open(&server).await;
    let changes: Vec<_> = (0..100)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { add(&database, "a").await.unwrap() })
        })
        .collect();
    let mut seen = Vec::new();
    for change in changes {
        seen.push(change.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=100).collect::<Vec<_>>(), "every change saw the one before it");
    database.close().await;
    assert_eq!(database.begin(1u64).await.err().unwrap().code(), "shutting_down");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_committed_never_was() {
    let Some(server) = ServerDatabase::make().await else { return };
    let database = open(&server).await;
    for _ in 0..20 {
        let change = database.begin(1u64).await.unwrap();
        change.query(ADD, &[&"b"]).await.unwrap();
        change.publish(&record(1, 1));
    }
    let change = database.begin(1u64).await.unwrap();
    change.query(ADD, &[&"b"]).await.unwrap();
    change.publish(&record(2, 1));
    assert!(
        change.execute("INSERT INTO counters (name, value) VALUES ('b', 9)", &[]).await.is_err()
    );
    // After a statement that failed nothing of the change can last.
    assert!(change.commit().await.is_err());
    assert_eq!(value(&database, "b").await, 0);
    assert_eq!(add(&database, "b").await.unwrap(), 1, "and its locks are gone");
    let outbox = PostgresOutbox::new(database.clone());
    assert_eq!(outbox.highest_id().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_sent_in_their_order_and_with_the_commit() {
    let Some(server) = ServerDatabase::make().await else { return };
    let database = open(&server).await;
    let change = database.begin(1u64).await.unwrap();
    let names: Vec<String> = (0..100).map(|number| (number / 2).to_string()).collect();
    let params: Vec<[&(dyn ToSql + Sync); 1]> = names.iter().map(|name| [name as _]).collect();
    let acts: Vec<Act<'_>> = params.iter().map(|params| (ADD, &params[..])).collect();
    let rows = change.query_all(&acts).await.unwrap();
    let values: Vec<i64> = rows.iter().map(|rows| rows[0].get(0)).collect();
    assert_eq!(values, (0..100).map(|number| number % 2 + 1).collect::<Vec<_>>());
    change.publish(&record(1, 1));
    change.commit_after(&acts).await.unwrap();
    assert_eq!(value(&database, "0").await, 4);

    let wrong = "INSERT INTO counters (name, value) VALUES ('0', 9)";
    let (name, text): (Params<'_>, Params<'_>) = (&[&"new"], &[&"a text where a number is due"]);
    let change = database.begin(1u64).await.unwrap();
    change.publish(&record(2, 1));
    let failed = change.commit_after(&[(ADD, name), (wrong, &[]), (ADD, name)]).await;
    assert!(failed.unwrap_err().to_string().contains("23505"), "the first error is told");
    let unsendable = "INSERT INTO counters (name, value) VALUES ('number', $1)";
    let change = database.begin(1u64).await.unwrap();
    assert!(change.commit_after(&[(ADD, name), (unsendable, text)]).await.is_err());
    assert_eq!(value(&database, "new").await, 0, "and nothing is committed");
    assert_eq!(add(&database, "new").await.unwrap(), 1, "nor locked");
    let outbox = PostgresOutbox::new(database.clone());
    assert_eq!(outbox.highest_id().await.unwrap(), 1);
}

/// Notes what it sees.
#[derive(Default)]
struct Witness {
    seen: Mutex<Vec<u64>>,
    forgot: Mutex<u32>,
}

#[async_trait]
impl Follower for Witness {
    async fn see(&self, records: &[Arc<Record>]) -> Result<()> {
        self.seen.lock().extend(records.iter().map(|record| record.id));
        Ok(())
    }

    fn forget(&self) {
        *self.forgot.lock() += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_caught_up_has_seen_what_others_committed_before() {
    let Some(server) = ServerDatabase::make().await else { return };
    let (ours, theirs) = (open(&server).await, open(&server).await);
    let witness = Arc::new(Witness::default());
    let task = ours.follow(vec![witness.clone()]);
    ours.caught_up().await.unwrap();
    assert_eq!(*witness.forgot.lock(), 1, "what was remembered before may be anything");
    // One that stays open while later ones are committed is not passed over.
    let early = theirs.begin(1u64).await.unwrap();
    early.query(ADD, &[&"early"]).await.unwrap();
    early.publish(&record(1, 1));
    for id in 2..=50 {
        let change = theirs.begin(1u64).await.unwrap();
        change.publish(&record(id, 1));
        change.commit().await.unwrap();
        ours.caught_up().await.unwrap();
        assert_eq!(witness.seen.lock().last(), Some(&id));
    }
    early.commit().await.unwrap();
    ours.caught_up().await.unwrap();
    assert_eq!(witness.seen.lock().last(), Some(&1));
    assert_eq!(witness.seen.lock().len(), 50, "nothing is seen twice");
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_relays_give_every_event_one_place_and_keep_the_order_of_a_key() {
    let Some(server) = ServerDatabase::make().await else { return };
    let databases = [open(&server).await, open(&server).await, open(&server).await];
    let tasks: Vec<_> = databases.iter().map(|database| database.follow(Vec::new())).collect();
    let mut writers = Vec::new();
    for (key, database) in (1..=3u64).zip(&databases) {
        let database = database.clone();
        writers.push(tokio::spawn(async move {
            for number in 0..40 {
                let change = database.begin(key).await.unwrap();
                change.query(ADD, &[&"shared"]).await.unwrap();
                for part in 0..3 {
                    change.publish(&record(key * 1000 + number * 3 + part, key));
                }
                change.commit().await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let outbox = PostgresOutbox::new(databases[0].clone());
    outbox.relay().await.unwrap();
    let mut records = Vec::new();
    let mut position = 0;
    loop {
        let batch = outbox.after(position, Wanted { consumer: "", kinds: &[] }).await.unwrap();
        if batch.end == position {
            break;
        }
        position = batch.end;
        records.extend(batch.records);
    }
    let places: Vec<i64> = records.iter().map(|record| record.sequence).collect();
    assert_eq!(places, (1..=360).collect::<Vec<_>>());
    for key in 1..=3 {
        let ids: Vec<u64> =
            records.iter().filter(|record| record.key == key).map(|record| record.id).collect();
        assert_eq!(ids, (key * 1000..key * 1000 + 120).collect::<Vec<_>>());
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_one_process_s_until_that_is_gone() {
    let Some(server) = ServerDatabase::make().await else { return };
    let (one, other) = (open(&server).await, open(&server).await);
    assert!(one.leases().take(&one, "posts").await.unwrap());
    assert!(!other.leases().take(&other, "posts").await.unwrap());
    assert_eq!(one.leases().take_number(&one, "node", 3).await.unwrap(), 0);
    assert_eq!(other.leases().take_number(&other, "node", 3).await.unwrap(), 1);
    one.close().await;
    assert!(other.leases().take(&other, "posts").await.unwrap(), "it was released");
    // One that ends without a word loses its leases when they are over.
    let third = open(&server).await;
    assert!(!third.leases().take(&third, "posts").await.unwrap());
    let ended = "UPDATE leases SET until = clock_timestamp() - interval '1 second'";
    third.query(ended, &[]).await.unwrap();
    assert!(third.leases().take(&third, "posts").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_must_have_been_told_alike_as_long_as_there_are_several() {
    let Some(server) = ServerDatabase::make().await else { return };
    let (one, other) = (open(&server).await, open(&server).await);
    for database in [&one, &other] {
        database.leases().take_number(database, "node", 9).await.unwrap();
        database.agree("secret", "a", "").await.unwrap();
    }
    let refused = other.agree("secret", "b", "They differ").await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), ("not_agreed", "They differ"));
    one.close().await;
    other.agree("secret", "b", "").await.unwrap();
    other.agree("place", "a", "").await.unwrap();
    let third = open(&server).await;
    third.leases().take_number(&third, "node", 9).await.unwrap();
    assert_eq!(third.agree("secret", "a", "").await.unwrap_err().code(), "not_agreed");
    third.agree("secret", "b", "").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_look_until_events_were_dropped_forgets_everything() {
    let Some(server) = ServerDatabase::make().await else { return };
    let (ours, proxy) = open_over(&server).await;
    let theirs = open(&server).await;
    let outbox = PostgresOutbox::new(theirs.clone());
    let witness = Arc::new(Witness::default());
    let task = ours.follow(vec![witness.clone()]);
    ours.caught_up().await.unwrap();
    for (events, dropped) in [(1..=5, false), (6..=10, true)] {
        proxy.set(Network::Down);
        for id in events {
            let change = theirs.begin(1u64).await.unwrap();
            change.publish(&record(id, 1));
            change.commit().await.unwrap();
        }
        outbox.relay().await.unwrap();
        if dropped {
            let later = Timestamp::from_millis(START.as_millis() + 1);
            let end = outbox.end().await.unwrap();
            assert!(outbox.drop_old(end, later).await.unwrap());
        }
        proxy.set(Network::Up);
        while ours.caught_up().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(*witness.forgot.lock(), if dropped { 2 } else { 1 });
    }
    assert_eq!(*witness.seen.lock(), [1, 2, 3, 4, 5]);
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_database_at_once_and_a_newer_one_is_refused() {
    let Some(server) = ServerDatabase::make().await else { return };
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let options = options(server.url());
            tokio::spawn(async move { Database::open(&options, &[MIGRATIONS, COUNTERS]).await })
        })
        .collect();
    for database in opening {
        database.await.unwrap().unwrap();
    }
    let older = Database::open(&options(server.url()), &[MIGRATIONS]).await.err().unwrap();
    assert_eq!(older.code(), "newer_database");
    let edited = Database::open(&options(server.url()), &[MIGRATIONS, EDITED]).await;
    assert_eq!(edited.err().unwrap().code(), "changed_migration");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_says_why() {
    let Some(server) = ServerDatabase::make().await else { return };
    let admin = Connector::new(&options(server.url()).server, Duration::from_secs(5)).unwrap();
    let admin = admin.connect().await.unwrap();
    let role = format!("role_of_{}", options(server.url()).server.get_dbname().unwrap());
    let rights = "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TABLE outbox ()";
    admin.batch_execute(&format!("CREATE ROLE {role} LOGIN; {rights}")).await.unwrap();
    let mut guest = options(server.url());
    guest.server.user(&role);
    let refused = async |options| {
        Database::open(&options, &[MIGRATIONS, COUNTERS]).await.map(drop).unwrap_err()
    };
    let error = refused(guest).await;
    admin.batch_execute(&format!("DROP ROLE {role}")).await.unwrap();
    assert_eq!(error.code(), "database_not_owned", "{error}");
    let error = refused(options(server.url())).await;
    assert_eq!(error.code(), "database_not_empty", "{error}");
    assert!(error.to_string().contains("\"outbox\""), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "bounds how long anybody waits")]
async fn a_server_that_falls_silent_or_goes_away_costs_a_bounded_time_and_nothing_else() {
    let Some(server) = ServerDatabase::make().await else { return };
    let (database, proxy) = open_over(&server).await;
    let task = database.follow(Vec::new());
    assert_eq!(add(&database, "c").await.unwrap(), 1);
    for network in [Network::Silent, Network::Down] {
        proxy.set(network);
        let begun = tokio::time::Instant::now();
        let asked: Vec<_> = (0..40)
            .map(|number| {
                let database = database.clone();
                tokio::spawn(async move {
                    match number % 3 {
                        0 => add(&database, "c").await.map(drop),
                        1 => database.answers().await,
                        _ => database.caught_up().await,
                    }
                })
            })
            .collect();
        for answer in asked {
            let error = answer.await.unwrap().unwrap_err();
            assert!(error.is_transient(), "{error:?}");
            assert!(error.retry_after().is_some(), "{error:?}");
        }
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(8), "{network:?} took {waited:?}");
        proxy.set(Network::Up);
        let back = async {
            while database.answers().await.is_err()
                || database.caught_up().await.is_err()
                || add(&database, "d").await.is_err()
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), back).await.expect("it heals by itself");
    }
    assert!(value(&database, "c").await >= 1);
    task.abort();
}
