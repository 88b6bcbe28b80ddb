use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use futures::{StreamExt, stream};
use serde_json::json;
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, Json, probes};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::{Site, header, read_to_end, status_and_json};

/// A handler that says when it has begun, and ends when it may.
#[derive(Clone)]
struct Held {
    begun: Arc<Semaphore>,
    gate: Arc<Semaphore>,
    done: Arc<AtomicU32>,
}

impl Held {
    fn new() -> Self {
        let closed = || Arc::new(Semaphore::new(0));
        Self { begun: closed(), gate: closed(), done: Arc::default() }
    }

    fn routes(&self) -> Router {
        let held = self.clone();
        let handler = async move || {
            held.begun.add_permits(1);
            held.gate.acquire().await.unwrap().forget();
            held.done.fetch_add(1, Ordering::SeqCst);
            Json(json!("done"))
        };
        Router::new()
            .route("/held", get(handler.clone()).post(handler))
            .route("/body", post(async |body: String| body))
            .route("/quick", get(async || "quick"))
    }

    async fn has_begun(&self) {
        self.begun.acquire().await.unwrap().forget();
    }

    fn let_go(&self) {
        self.gate.add_permits(1);
    }

    async fn is_done(&self) {
        while self.done.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

const POST: &str = "POST /held HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\n\r\n";

/// Long enough for a server that cancels to have done so.
const A_MOMENT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_change_is_carried_out_though_its_client_hangs_up() {
    let held = Held::new();
    let site = Site::start(held.routes()).await;
    let client = site.raw(POST).await;
    held.has_begun().await;
    drop(client);
    tokio::time::sleep(A_MOMENT).await;
    held.let_go();
    held.is_done().await;
}

#[tokio::test]
async fn a_read_ends_with_its_client() {
    let held = Held::new();
    let site = Site::start(held.routes()).await;
    let client = site.raw("GET /held HTTP/1.1\r\nhost: t\r\n\r\n").await;
    held.has_begun().await;
    drop(client);
    tokio::time::sleep(A_MOMENT).await;
    held.let_go();
    // The next one takes the permit that the first did not.
    assert_eq!(status_and_json(site.get("/held")).await, (200, json!("done")));
    assert_eq!(held.done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_takes_too_long_is_answered_503_and_a_change_goes_on() {
    let held = Held::new();
    let site =
        Site::configured(held.routes(), |config| config.http.timeout = Duration::from_millis(50))
            .await;
    for request in [site.get("/held"), site.post("/held")] {
        let response = request.send().await.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, "1"));
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["code"], "timeout");
    }
    held.let_go();
    held.is_done().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_keeps_no_task() {
    let held = Held::new();
    let mut site =
        Site::configured(held.routes(), |config| config.http.timeout = Duration::from_millis(50))
            .await;
    let client = site.raw("POST /body HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\nabc").await;
    let answer = read_to_end(client).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    // Stopping waits for every change that is being carried out.
    site.begin_to_stop();
    site.stopped().await;
}

#[tokio::test]
async fn a_stream_may_last_longer_than_a_request() {
    let events = async || {
        let tick = async |number: u32| {
            tokio::time::sleep(Duration::from_millis(60)).await;
            Ok::<_, Infallible>(Event::default().data(number.to_string()))
        };
        Sse::new(stream::iter(0..5).then(tick))
    };
    let site = Site::configured(Router::new().route("/events", get(events)), |config| {
        config.http.timeout = Duration::from_millis(100);
    })
    .await;
    let text = site.get("/events").send().await.unwrap().text().await.unwrap();
    assert_eq!(text.matches("data:").count(), 5);
}

#[tokio::test]
async fn stopping_finishes_what_has_begun_and_takes_no_more() {
    let held = Held::new();
    let mut site = Site::start(held.routes()).await;
    // An idle connection does not hold it up.
    assert_eq!(site.get("/quick").send().await.unwrap().status(), 200);
    let request = site.get("/held");
    let answer = tokio::spawn(async move { status_and_json(request).await });
    held.has_begun().await;
    site.begin_to_stop();
    let address = site.address;
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    held.let_go();
    assert_eq!(answer.await.unwrap(), (200, json!("done")));
    site.stopped().await;
}

#[tokio::test]
async fn stopping_waits_for_a_change_whose_client_is_gone() {
    let held = Held::new();
    let mut site = Site::start(held.routes()).await;
    let client = site.raw(POST).await;
    held.has_begun().await;
    drop(client);
    site.begin_to_stop();
    tokio::time::sleep(A_MOMENT).await;
    assert!(!site.serving.is_finished());
    held.let_go();
    site.stopped().await;
    assert_eq!(held.done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn stopping_cuts_off_what_does_not_end_in_time() {
    let held = Held::new();
    let mut site = Site::configured(held.routes(), |config| {
        config.http.shutdown_grace = Duration::from_millis(50);
    })
    .await;
    let client = site.raw("GET /held HTTP/1.1\r\nhost: t\r\n\r\n").await;
    held.has_begun().await;
    site.begin_to_stop();
    site.stopped().await;
    assert_eq!(read_to_end(client).await, "");
}

#[tokio::test]
async fn a_stream_that_listens_for_the_end_does_not_hold_it_up() {
    let ground = Arc::new(Ground::new(&Config::defaults()));
    let closing = ground.clone();
    let events = async move || {
        let first = stream::once(async { Ok::<_, Infallible>(Event::default().data("first")) });
        Sse::new(first.chain(stream::pending()).take_until(closing.closing()))
    };
    let mut site = Site::sharing(Router::new().route("/events", get(events)), ground).await;
    let mut response = site.get("/events").send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: first\n\n");
    site.begin_to_stop();
    assert_eq!(response.chunk().await.unwrap(), None);
    site.stopped().await;
}

#[tokio::test]
async fn probes_tell_what_there_is_to_know() {
    let telemetry = tintype_platform::telemetry::init(&Config::defaults().log);
    let ground = Arc::new(Ground::new(&Config::defaults()));
    let ready = Arc::new(AtomicU32::new(0));
    let asked = ready.clone();
    let routes = probes(&ground, Some(telemetry), move || {
        std::future::ready(match asked.load(Ordering::SeqCst) {
            0 => Err(tintype_platform::Error::unavailable("loading", "Feeds are being loaded", 1)),
            _ => Ok(()),
        })
    });
    let site = Site::sharing(routes, ground).await;
    assert_eq!(status_and_json(site.get("/livez")).await, (200, json!({ "status": "alive" })));
    let (status, body) = status_and_json(site.get("/readyz")).await;
    assert_eq!((status, &body["error"]), (503, &json!("Feeds are being loaded")));
    ready.store(1, Ordering::SeqCst);
    assert_eq!(status_and_json(site.get("/readyz")).await, (200, json!({ "status": "ready" })));
    let figures = site.get("/metrics").send().await.unwrap().text().await.unwrap();
    let line = r#"tintype_http_requests_total{route="/readyz",method="GET",status="503"} 1"#;
    assert!(figures.contains(line), "{figures}");
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let held = Held::new();
    let mut site = Site::start(held.routes()).await;
    site.client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let response = site.get("/quick").send().await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), "quick");
}

#[tokio::test]
async fn connections_over_the_bound_wait_for_their_turn() {
    let held = Held::new();
    let site = Site::configured(held.routes(), |config| config.http.max_connections = 1).await;
    let first = site.raw(POST).await;
    held.has_begun().await;
    let request = site.get("/quick");
    let second = tokio::spawn(async move { request.send().await.unwrap().status() });
    tokio::time::sleep(A_MOMENT).await;
    assert!(!second.is_finished());
    held.let_go();
    drop(first);
    assert_eq!(second.await.unwrap(), 200);
}
