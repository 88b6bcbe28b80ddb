//! What waits for the database is carried out when that is back: what one caller asks in order, what
//! several do beside each other.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::request::Parts;
use parking_lot::Mutex;
use tintype_platform::config::{self, Config};
use tintype_platform::http::idempotency::SqliteIdempotency;
use tintype_platform::http::operations::{Admission, Operations, replay};
use tintype_platform::http::{Ground, Json, stack};
use tintype_platform::testkit::Workbench;
use tintype_platform::{Error, Result};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::Site;

struct Anybody;

#[async_trait]
impl Admission for Anybody {
    async fn admit(&self, _: &mut Parts) -> Result<()> {
        Ok(())
    }
}

struct Shared {
    is_down: AtomicBool,
    begun: Mutex<Vec<String>>,
    done: Mutex<Vec<String>>,
    /// Whatever is called slow waits for a permit.
    gate: Semaphore,
}

struct Story {
    site: Site,
    shared: Arc<Shared>,
    replaying: JoinHandle<()>,
    _bench: Workbench,
    _folder: tempfile::TempDir,
}

async fn carry_out(State(shared): State<Arc<Shared>>, said: String) -> Response {
    if shared.is_down.load(Ordering::SeqCst) {
        return Error::unavailable("database_unavailable", "It is down", 1).into_response();
    }
    shared.begun.lock().push(said.clone());
    if said.contains("slow") {
        shared.gate.acquire().await.unwrap().forget();
    }
    shared.done.lock().push(said.clone());
    Json(said).into_response()
}

impl Story {
    /// A site whose database is down.
    async fn begin() -> Self {
        let (bench, folder) = (Workbench::new(&[]), tempfile::tempdir().unwrap());
        let shared = Arc::new(Shared {
            is_down: AtomicBool::new(true),
            begun: Mutex::default(),
            done: Mutex::default(),
            gate: Semaphore::new(0),
        });
        let operations = Operations::open(
            &folder.path().join("operations.db"),
            &config::Operations { most: 100, most_mb: 1 },
            "a secret",
            bench.clock.clone(),
            Arc::new(Anybody),
            HashSet::from(["/do".to_owned()]),
        );
        let store = Arc::new(SqliteIdempotency::new(bench.sqlite().clone()));
        let ground = Ground::new(&Config::defaults())
            .with_idempotency(store, bench.clock.clone())
            .with_operations(Some(Arc::new(operations.unwrap())));
        let ground = Arc::new(ground);
        let router = Router::new().route("/do", post(carry_out)).with_state(shared.clone());
        let replaying = tokio::spawn(replay(ground.clone(), stack(router.clone(), &ground)));
        let site = Site::sharing(router, ground).await;
        Self { site, shared, replaying, _bench: bench, _folder: folder }
    }

    /// Has something kept.
    async fn keep(&self, caller: &str, said: &str) {
        let key = said.replace(' ', "-");
        let request = self.site.post("/do").header("idempotency-key", key).bearer_auth(caller);
        let request = request.header("prefer", "respond-async").body(said.to_owned());
        assert_eq!(request.send().await.unwrap().status(), 202);
    }

    /// Waits until so many have been done.
    async fn done(&self, wanted: usize) {
        let done = async {
            while self.shared.done.lock().len() < wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(20), done).await;
        assert!(done.is_ok(), "not {wanted}: {:?}", self.shared.done.lock());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_caller_asks_is_in_order_and_nobody_waits_for_another() {
    let mut story = Story::begin().await;
    story.keep("ann", "slow by ann").await;
    for number in 0..5 {
        story.keep("ann", &format!("{number} by ann")).await;
    }
    for number in 0..20 {
        story.keep(&format!("caller {number}"), &format!("by {number}")).await;
    }
    story.keep("bob", "first by bob").await;
    story.keep("bob", "second by bob").await;
    story.shared.is_down.store(false, Ordering::SeqCst);

    story.done(22).await;
    let by = |list: &Mutex<Vec<String>>, whom: &str| {
        let list = list.lock();
        list.iter().filter(|said| said.ends_with(whom)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(by(&story.shared.done, "by ann"), [""; 0], "they wait for the slow one");
    assert_eq!(by(&story.shared.done, "by bob"), ["first by bob", "second by bob"]);
    story.shared.gate.add_permits(1);
    story.done(28).await;
    let in_order = ["slow by ann", "0 by ann", "1 by ann", "2 by ann", "3 by ann", "4 by ann"];
    assert_eq!(by(&story.shared.done, "by ann"), in_order);
    assert_eq!(story.shared.begun.lock().len(), 28, "each was done once");
    story.site.begin_to_stop();
    story.site.stopped().await;
    story.replaying.await.unwrap();
}
