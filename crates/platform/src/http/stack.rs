//! The one layer around all routes.
//!
//! It is one service rather than a tower of ten, so that a request pays for one boxed future and
//! the order of things can be read in one place: [`Stacked::answer`].

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, CONNECTION, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, StatusCode, Version};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use super::address::{ClientAddress, Network};
use super::body::DeadlineBody;
use super::context::{self, Context, Waiting};
use super::cors::Cors;
use super::endpoint::Endpoint;
use super::idempotency::{API_KEY, Idempotency, IdempotencyStore, Once};
use super::limits::{Limits, Visit};
use super::operations::{self, Operation, Operations};
use super::reply::Reply;
use super::{Dialect, compress, request_id};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::error::{Error, Kind, Result};
use crate::redis::Redis;

const CACHE_STATUS: HeaderName = HeaderName::from_static("x-cache-status");
const FEED_QUALITY: HeaderName = HeaderName::from_static("x-feed-quality");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The longest that a request waits to learn what others have committed.
const CATCH_UP: Duration = Duration::from_secs(1);

/// What all requests share.
#[derive(Clone)]
pub struct Ground {
    timeout: Duration,
    body_limit: usize,
    /// Whether bodies are small enough to be held as a whole.
    holds_bodies: bool,
    compression: bool,
    cors: Cors,
    proxies: Vec<Network>,
    limits: Arc<Limits>,
    /// Whose commits a request is to see, whichever process made them.
    database: Option<Database>,
    redis: Option<Redis>,
    pub(super) idempotency: Option<Arc<Idempotency>>,
    pub(super) operations: Option<Arc<Operations>>,
    pub(super) max_connections: usize,
    pub(super) drain: Duration,
    pub(super) shutdown_grace: Duration,
    /// Has a receiver for every change that is being carried out.
    pub(super) changes: watch::Sender<()>,
    pub(super) closing: watch::Sender<bool>,
}

impl Ground {
    /// The ground as configured, without a memory for idempotency keys.
    pub fn new(config: &Config) -> Self {
        Self {
            timeout: config.http.timeout,
            body_limit: config.http.body_limit_kb * 1024,
            holds_bodies: true,
            compression: config.http.compression,
            cors: Cors::new(&config.http.cors_origins),
            proxies: config.http.trusted_proxies.clone(),
            limits: Arc::new(Limits::new(&config.limits)),
            database: None,
            redis: None,
            idempotency: None,
            operations: None,
            max_connections: config.http.max_connections,
            drain: config.http.drain,
            shutdown_grace: config.http.shutdown_grace,
            changes: watch::Sender::new(()),
            closing: watch::Sender::new(false),
        }
    }

    /// The same ground with a memory for idempotency keys.
    #[must_use]
    pub fn with_idempotency(self, store: Arc<dyn IdempotencyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { idempotency: Some(Arc::new(Idempotency::new(store, clock))), ..self }
    }

    /// The same ground with a place to keep requests while the database is down, which idempotency
    /// keys are needed for.
    #[must_use]
    pub fn with_operations(self, operations: Option<Arc<Operations>>) -> Self {
        Self { operations, ..self }
    }

    /// What became of the request with the `Idempotency-Key` `key` of the caller whose `headers` and
    /// `address` these are; 404 for anybody else's.
    pub async fn operation(
        &self,
        headers: &HeaderMap,
        address: ClientAddress,
        key: &str,
    ) -> Result<Operation> {
        match &self.idempotency {
            Some(idempotency) => {
                let operations = self.operations.as_deref();
                operations::look_up(operations, idempotency, headers, address, key).await
            }
            None => Err(Error::not_found("operation_unknown", "No operations are kept here")),
        }
    }

    /// The same ground for requests that are to see whatever any process has committed to `database`
    /// before they came, though they are answered from memory.
    #[must_use]
    pub fn on(self, database: Database) -> Self {
        Self { database: Some(database), ..self }
    }

    /// The same ground for one process of several that share a Redis. While that is left alone, each
    /// answer says so.
    #[must_use]
    pub fn with_redis(self, redis: Option<Redis>) -> Self {
        if let Some(redis) = &redis {
            self.limits.share(redis.clone());
        }
        Self { redis, ..self }
    }

    /// The same ground for requests that must be answered whatever ails the database.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { database: None, ..self.clone() }
    }

    /// The same ground for routes whose bodies are large: they have `timeout` for a whole request,
    /// bound its body themselves, and use an idempotency key through [`Once`].
    #[must_use]
    pub fn for_uploads(&self, timeout: Duration) -> Self {
        Self { timeout, body_limit: usize::MAX, holds_bodies: false, ..self.clone() }
    }

    /// The same ground for files, of which a page loads dozens at once: they are not counted, and
    /// not compressed, as they are already.
    #[must_use]
    pub fn for_files(&self) -> Self {
        Self { limits: Arc::new(Limits::none()), compression: false, ..self.apart() }
    }

    /// Whether a trusted proxy says that its client came by TLS.
    pub fn came_by_tls<B>(&self, request: &http::Request<B>) -> bool {
        const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let is_trusted =
            peer.is_some_and(|peer| self.proxies.iter().any(|proxy| proxy.contains(peer.0.ip())));
        let proto = request.headers().get(FORWARDED_PROTO);
        is_trusted && proto.is_some_and(|proto| proto.as_bytes() == b"https")
    }

    /// Waits until this process knows what others have committed. Who cannot be told in time is
    /// told that.
    pub(super) async fn caught_up(&self) -> Result<()> {
        let Some(database) = &self.database else { return Ok(()) };
        match tokio::time::timeout(CATCH_UP, database.caught_up()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::unavailable(
                "database_unavailable",
                "The database does not answer; try again in a moment",
                1,
            )),
        }
    }

    /// What counts the requests of everybody, for the extractors that know who is calling.
    pub fn limits(&self) -> Arc<Limits> {
        self.limits.clone()
    }

    /// Comes when the server begins to stop: a stream of events ends then, or holds it up.
    pub fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.closing.subscribe();
        async move {
            // The sender is gone when there is nothing left to stop.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }

    /// Whether the server has begun to stop.
    pub fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }
}

/// Marks a request that was kept and is now carried out: it was counted when it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replayed;

/// Puts everything that all routes share around `router`. Several of them, each on a ground of its
/// own, can be merged.
pub fn stack(router: Router, ground: &Arc<Ground>) -> Router {
    // With its state given, a route is made once and not again for every request.
    router.layer(Around(ground.clone())).with_state(())
}

#[derive(Clone)]
struct Around(Arc<Ground>);

impl Layer<Route> for Around {
    type Service = Stacked;

    fn layer(&self, inner: Route) -> Stacked {
        Stacked { inner: Arc::new(inner), ground: self.0.clone(), endpoint: Arc::default() }
    }
}

/// A route with all that is around it. One is made for each method of each route.
#[derive(Clone)]
struct Stacked {
    /// Shared, because a clone of a route is an allocation.
    inner: Arc<Route>,
    ground: Arc<Ground>,
    endpoint: Arc<Endpoint>,
}

impl Service<Request> for Stacked {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(self.clone().answer(request).map(Ok))
    }
}

impl Stacked {
    async fn answer(self, request: Request) -> Response {
        #[expect(clippy::disallowed_methods, reason = "measures how long the answer takes")]
        let started = Instant::now();
        let Self { inner, ground, endpoint } = self;
        let matched = request.extensions().get::<MatchedPath>();
        endpoint.name(matched.map(MatchedPath::as_str));
        let headers = request.headers();
        let (method, version) = (request.method().clone(), request.version());
        let path = request.uri().path();
        let dialect = Dialect::of(path);
        let reply = Reply { dialect, request_id: request_id::of(headers) };
        let span = tracing::info_span!(
            "request",
            request_id = &*reply.request_id,
            method = method.as_str(),
            path
        );
        let origin = headers.get(ORIGIN).cloned();
        let encoding = if ground.compression { compress::wanted(headers) } else { None };
        let has_credentials = headers.contains_key(AUTHORIZATION) || headers.contains_key(API_KEY);
        let address = ClientAddress::find(request.extensions(), headers, &ground.proxies);
        let visit = Arc::new(Visit::new(address, ground.limits.clone()));
        let is_replay = request.extensions().get::<Replayed>().is_some();

        let mut response = if let Some(preflight) = ground.cors.preflight(&method, headers) {
            preflight
        } else {
            // Credentials may turn out to be an account's or a key's, which then counts instead
            // of the address; a backend on the same machine may need none.
            let counts_later = has_credentials || dialect == Dialect::Trusted || is_replay;
            let counted = if counts_later { Ok(()) } else { ground.limits.check_address(&visit) };
            let outcome = match counted {
                Ok(()) => {
                    let visit = visit.clone();
                    let deadline = started + ground.timeout;
                    let reply = reply.clone();
                    let work = Work { inner, reply, visit, is_replay, deadline };
                    work.carry_out(&ground, request, &span).await
                }
                Err(refused) => Err(refused),
            };
            outcome.unwrap_or_else(IntoResponse::into_response)
        };
        if !visit.is_counted()
            && !is_replay
            && let Err(refused) = ground.limits.check_address(&visit)
            // An answer that was given stands; only guessing at credentials is cut short.
            && response.status() == StatusCode::UNAUTHORIZED
        {
            response = refused.into_response();
        }
        let mut response = span.in_scope(|| reply.render(response));
        let headers = response.headers_mut();
        reply.write_headers(headers, has_credentials);
        visit.write(headers);
        if ground.is_closing() && version <= Version::HTTP_11 {
            // The next request would find nobody.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if ground.redis.as_ref().is_some_and(Redis::is_bypassed) {
            headers.insert(CACHE_STATUS, HeaderValue::from_static("bypass"));
        }
        ground.cors.write(origin.as_ref(), headers);
        if ground.compression && method != Method::HEAD {
            response = compress::compress(response, encoding).await;
        }
        let elapsed = started.elapsed();
        endpoint.record(&method, response.status(), elapsed);
        tracing::debug!(parent: &span, status = response.status().as_u16(), ?elapsed, "answered");
        response
    }
}

/// What is carried out inside: by the connection's own task if it only reads, by a task of its own
/// if it changes something, so that neither a timeout nor a client that hangs up can leave a
/// commit without what is to follow it.
struct Work {
    inner: Arc<Route>,
    reply: Reply,
    visit: Arc<Visit>,
    is_replay: bool,
    deadline: Instant,
}

impl Work {
    async fn carry_out(
        self,
        ground: &Ground,
        mut request: Request,
        span: &Span,
    ) -> Result<Response> {
        let deadline = self.deadline;
        let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let context = Context {
            request_id: self.reply.request_id.clone(),
            deadline: Some(deadline),
            traceparent: traceparent.filter(|text| text.len() <= 128).map(Into::into),
        };
        request.extensions_mut().insert(self.visit.address);
        if !self.is_replay {
            request.extensions_mut().insert(self.visit.clone());
        }
        let caught_up = ground.caught_up().await;
        if request.method().is_safe() {
            let work = self.call_to_read(request, caught_up.is_ok());
            let work = context::scope(context, work).instrument(span.clone());
            return timeout_at(deadline, work).await.map_err(|_| {
                Error::unavailable("timeout", "This takes longer than it should; try again", 1)
            });
        }
        // Boxed, or every page that is read would pay for the room that a change takes.
        Box::pin(self.change(ground, request, context, caught_up, span)).await
    }

    /// In a task of its own.
    async fn change(
        self,
        ground: &Ground,
        mut request: Request,
        context: Context,
        caught_up: Result<()>,
        span: &Span,
    ) -> Result<Response> {
        let deadline = self.deadline;
        let keyed = match &ground.idempotency {
            Some(idempotency) => {
                idempotency.keyed(request.method(), request.headers(), self.visit.address)?
            }
            None => None,
        };
        let keyed = match keyed.map(|keyed| keyed.taking_over(self.is_replay)) {
            Some(keyed) if !ground.holds_bodies => {
                let once = Once::new(keyed, &request, self.reply.clone());
                request.extensions_mut().insert(once);
                None
            }
            keyed => keyed,
        };
        let operations = ground.operations.clone();
        let patient = keyed.as_ref().and(operations).filter(|kept| kept.are_asked_for(&request));
        if patient.is_none() {
            // Nothing may be changed on the word of what may no longer be so.
            caught_up.clone()?;
        }
        let (somebody, waiting) = Waiting::somebody();
        request.extensions_mut().insert(waiting);
        DefaultBodyLimit::max(ground.body_limit).apply(&mut request);
        let request = request.map(|body| DeadlineBody::wrap(body, deadline));
        let change = ground.changes.subscribe();
        let work = async move {
            // What few ask for is boxed, as above.
            let answer = match (keyed, patient) {
                (Some(keyed), Some(operations)) => {
                    let call = |request| self.call_to_keep(request);
                    Box::pin(operations.answer(keyed, request, caught_up, call)).await
                }
                (Some(keyed), None) => {
                    Box::pin(keyed.answer(request, |request| self.call_to_keep(request))).await
                }
                (None, _) => Ok(self.call(request).await),
            };
            drop(change);
            answer.unwrap_or_else(IntoResponse::into_response)
        };
        let task = tokio::spawn(context::scope(context, work).instrument(span.clone()));
        let outcome = timeout_at(deadline, task).await;
        // Also gone when the client hangs up, which drops this future.
        drop(somebody);
        match outcome {
            Ok(Ok(response)) => Ok(response),
            // Panics are caught inside: the runtime is being taken down.
            Ok(Err(_)) => Err(Error::unavailable(
                "shutting_down",
                "The server is shutting down; try again",
                1,
            )),
            Err(_) => Err(Error::unavailable(
                "timeout",
                "This takes longer than it should and may still be carried out; look whether it \
                 was before you try again",
                1,
            )),
        }
    }

    /// What is remembered is shown for what it is while the database cannot be asked.
    async fn call_to_read(self, request: Request, is_current: bool) -> Response {
        let mut response = self.call(request).await;
        if !is_current && response.status().is_success() {
            response.headers_mut().insert(FEED_QUALITY, HeaderValue::from_static("stale"));
        }
        response
    }

    /// What is kept is what the client reads, so an error that is an answer is written here already.
    async fn call_to_keep(self, request: Request) -> Response {
        let reply = self.reply.clone();
        let response = self.call(request).await;
        if response.status().is_server_error() { response } else { reply.render(response) }
    }

    async fn call(self, request: Request) -> Response {
        let mut route = Route::clone(&self.inner);
        let call = async move { route.call(request).await };
        match AssertUnwindSafe(call).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            // The panic has been logged where it happened, so this has no cause to log.
            Err(_) => Error::new(Kind::Internal, "internal", "Something went wrong on our side")
                .into_response(),
        }
    }
}
