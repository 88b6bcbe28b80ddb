//! The loop that listens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use metrics::{Gauge, gauge};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::Service;

use super::idempotency::Idempotency;
use super::stack::Ground;

/// How long a client may take to send the head of a request, and so how long an idle connection is
/// kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a silent HTTP/2 connection is asked whether anybody is there.
const PING: Duration = Duration::from_secs(30);

/// Requests at the same time on one HTTP/2 connection.
const STREAMS: u32 = 200;

/// How often old idempotency keys are forgotten.
const SWEEP: Duration = Duration::from_hours(1);

/// How often the store of idempotency keys is told what it could not be told before.
const SETTLE: Duration = Duration::from_secs(1);

/// The pause after a connection could not be accepted, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers connections until `shutdown` comes, then finishes what it has begun.
///
/// From then on it is not ready, streams of events end, and a connection is closed after its next
/// answer; requests that come all the same are answered for `http.drain`. After that no connection is
/// accepted, idle ones are closed, and requests in flight have `http.shutdown_grace` to end; so have
/// changes whose client is already gone. What is not done then is cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    ground: Arc<Ground>,
    shutdown: impl Future<Output = ()>,
) {
    let builder = builder();
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(ground.max_connections));
    let open = gauge!("tintype_http_connections");
    let mut tasks = JoinSet::new();
    if let Some(idempotency) = &ground.idempotency {
        tasks.spawn(sweep(idempotency.clone()));
        tasks.spawn(settle(idempotency.clone()));
    }
    let end = async {
        shutdown.await;
        ground.closing.send_replace(true);
        sleep(ground.drain).await;
    };
    tokio::pin!(end);
    loop {
        let accept = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            accepted = accept => accepted,
            () = &mut end => break,
            Some(_) = tasks.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = Connection {
                    router: router.clone(),
                    builder: builder.clone(),
                    watcher: graceful.watcher(),
                    open: Open::new(&open),
                };
                tasks.spawn(async move {
                    connection.answer(stream, peer).await;
                    drop(slot);
                });
            }
            Err(cause) => {
                tracing::warn!(%cause, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        ground.changes.closed().await;
    };
    if timeout(ground.shutdown_grace, finished).await.is_err() {
        let connections = ground.max_connections - slots.available_permits();
        let changes = ground.changes.receiver_count();
        tracing::warn!(connections, changes, "some requests did not end in time and are cut off");
    }
    tasks.shutdown().await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .max_concurrent_streams(STREAMS);
    builder
}

struct Connection {
    router: Router,
    builder: Builder<TokioExecutor>,
    watcher: Watcher,
    open: Open,
}

impl Connection {
    async fn answer(self, stream: TcpStream, peer: SocketAddr) {
        let Self { router, builder, watcher, open } = self;
        // An answer is written at once; waiting for more to send would only hold it back.
        let _ = stream.set_nodelay(true);
        let spoken = Arc::new(AtomicBool::new(false));
        let heard = spoken.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            heard.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let mut connection = std::pin::pin!(watcher.watch(connection));
        // The read timeout begins when the version of HTTP is known; a client that says nothing
        // at all would never come to it.
        let silent = async {
            sleep(HEAD_TIMEOUT).await;
            if spoken.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            // What goes wrong here is the client's going away or not speaking HTTP.
            _ = &mut connection => {}
            () = silent => {}
        }
        drop(open);
    }
}

/// Counts a connection for as long as it is there, even if its task is cut off.
struct Open(Gauge);

impl Open {
    fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

async fn sweep(idempotency: Arc<Idempotency>) {
    loop {
        if let Err(cause) = idempotency.sweep().await {
            tracing::warn!(%cause, "old idempotency keys were not forgotten");
        }
        sleep(SWEEP).await;
    }
}

async fn settle(idempotency: Arc<Idempotency>) {
    loop {
        sleep(SETTLE).await;
        if let Err(cause) = idempotency.settle().await {
            tracing::debug!(%cause, "the store of idempotency keys is still down");
        }
    }
}
