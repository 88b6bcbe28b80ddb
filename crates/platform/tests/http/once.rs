//! A request with a key whose commit is cut off in the middle.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use serde_json::Value;
use tintype_platform::Result;
use tintype_platform::config::{self, Config};
use tintype_platform::db::{Database, MIGRATIONS, Migration, Migrations};
use tintype_platform::http::{Ground, Json, idempotency};
use tintype_platform::outbox::Record;
use tintype_platform::postgres;
use tintype_platform::testkit::{Network, Proxy, START, ServerDatabase};

use super::Site;

const COUNTER: Migrations = Migrations {
    slice: "counter",
    sqlite: &[],
    postgres: &[Migration {
        version: 1,
        name: "counter",
        sql: "CREATE TABLE counter (one BIGINT PRIMARY KEY, value BIGINT NOT NULL);
              INSERT INTO counter (one, value) VALUES (1, 0)",
    }],
    tables: &[],
};

struct Story {
    site: Site,
    proxy: Proxy,
    /// The same database without the proxy in between.
    direct: postgres::Database,
    _server: ServerDatabase,
}

async fn database(url: &str) -> Database {
    let settings = config::Database {
        url: url.to_owned(),
        patience: Duration::from_secs(1),
        // On the one connection there is, everything has been prepared before the table is locked.
        pool: 1,
        ..Config::defaults().database
    };
    Database::open(&settings, "/nowhere".as_ref(), &[MIGRATIONS, COUNTER]).await.unwrap()
}

async fn add(database: &postgres::Database) -> Result<Json<i64>> {
    let change = database.begin(7u64).await?;
    let add = "UPDATE counter SET value = value + 1 WHERE one = 1 RETURNING value";
    let value = change.query_one(add, &[]).await?.get(0);
    let (kind, body) = ("counted".into(), "{}".into());
    change.publish(&Record { sequence: 0, id: 1, kind, key: 7, body, at: START });
    change.commit().await?;
    Ok(Json(value))
}

impl Story {
    async fn begin() -> Option<Self> {
        let server = ServerDatabase::make().await?;
        let host = server.url().split(['@', '/']).nth(3).unwrap();
        let proxy = Proxy::to(host).await;
        let over = database(&server.url().replace(host, &proxy.address().to_string())).await;
        let store = idempotency::store(&over);
        let clock = std::sync::Arc::new(tintype_platform::clock::SystemClock);
        let ground = Ground::new(&Config::defaults()).with_idempotency(store, clock);
        let Database::Postgres(over) = over else { unreachable!() };
        let router = Router::new().route("/add", post(async move || add(&over).await));
        let site = Site::with(router, ground).await;
        let Database::Postgres(direct) = database(server.url()).await else { unreachable!() };
        Some(Self { site, proxy, direct, _server: server })
    }

    async fn post(&self, key: &str) -> (u16, Value) {
        let request = self.site.post("/add").header("idempotency-key", key).bearer_auth("me");
        super::status_and_json(request).await
    }

    /// What is answered when the network is back.
    async fn post_again(&self, key: &str) -> (u16, Value) {
        self.proxy.set(Network::Down);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.proxy.set(Network::Up);
        let again = async {
            loop {
                let answer = self.post(key).await;
                if answer.0 != 503 {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), again).await.expect("it heals by itself")
    }

    async fn value(&self) -> i64 {
        self.direct.query_one("SELECT value FROM counter WHERE one = 1", &[]).await.unwrap().get(0)
    }

    /// Has a request come as far as its commit, which waits, and the network fall silent then.
    async fn cut_off(&self, key: &str, meanwhile: impl AsyncFnOnce(postgres::Change)) {
        let lock = self.direct.begin(0u64).await.unwrap();
        lock.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
        let cut = async {
            let waits = "SELECT count(*) FROM pg_locks
                         WHERE NOT granted AND relation = 'outbox'::regclass";
            while self.direct.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // What waits is followed by the commit, which may be a moment behind it on the way.
            tokio::time::sleep(Duration::from_millis(200)).await;
            self.proxy.set(Network::Silent);
            meanwhile(lock).await;
        };
        let ((status, answer), ()) = tokio::join!(self.post(key), cut);
        assert_eq!((status, &answer["code"]), (503, &Value::from("outcome_unknown")), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_though_nobody_was_told_is_not_done_again() {
    let Some(story) = Story::begin().await else { return };
    assert_eq!(story.post("before").await, (200, Value::from(1)));
    story.cut_off("k", async |lock| lock.commit().await.unwrap()).await;
    assert_eq!(story.value().await, 2, "it was committed");
    let (status, answer) = story.post_again("k").await;
    assert_eq!((status, &answer["code"]), (409, &Value::from("already_carried_out")));
    assert_eq!(story.post("k").await, (status, answer), "which is the answer from now on");
    assert_eq!(story.value().await, 2);
    assert_eq!(story.post("after").await, (200, Value::from(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_committed_after_all_is_done_by_the_next_try() {
    let Some(story) = Story::begin().await else { return };
    story
        .cut_off("k", async |lock| {
            // For longer than the server waits for the lock.
            tokio::time::sleep(Duration::from_millis(1100)).await;
            drop(lock);
        })
        .await;
    assert_eq!(story.value().await, 0, "it was taken back");
    assert_eq!(story.post_again("k").await, (200, Value::from(1)));
    assert_eq!(story.post("k").await, (200, Value::from(1)));
    assert_eq!(story.value().await, 1);
}
