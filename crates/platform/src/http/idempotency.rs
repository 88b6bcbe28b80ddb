//! The same `POST` twice is carried out once.
//!
//! A client that puts an `Idempotency-Key` beside a `POST` may send it again when it does not know
//! what became of it: within [`KEPT`] it is given the first answer. The key is reserved before the
//! request is carried out, so that not even two at the same moment are both.

mod postgres;
mod secret;
mod sqlite;
mod unsettled;

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use parking_lot::Mutex;

pub(super) use self::secret::Secret;
use self::unsettled::{End, Unsettled};
use super::address::ClientAddress;
use super::extract::read_body;
use super::reply::Reply;
use crate::clock::{Clock, Timestamp};
use crate::db::Database;
use crate::error::{Error, Kind, Place, Result};
use crate::once;
pub use crate::once::Key;
pub use postgres::PostgresIdempotency;
pub use sqlite::SqliteIdempotency;

/// How long the first answer is given again, in milliseconds: 24 hours.
pub const KEPT: i64 = 24 * 60 * 60 * 1000;

/// The longest answer that is kept, in bytes.
const LARGEST: u64 = 256 * 1024;

pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A key that is about to be used.
#[derive(Debug, Clone, Copy)]
pub struct Reservation {
    /// Whose and which.
    pub key: Key,
    /// Stands for what is asked: method, path and body.
    pub fingerprint: [u8; 32],
    /// Now.
    pub at: Timestamp,
}

/// What is known of a key that was reserved before.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// What was asked then.
    pub fingerprint: [u8; 32],
    /// The first answer; none as long as there is none.
    pub answer: Option<Answer>,
    /// When it was reserved.
    pub at: Timestamp,
}

/// An answer, as far as it is kept.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The content type; empty for none.
    pub content_type: String,
    /// The whole body, encrypted: only the caller's key can open it. Empty for a request that was kept
    /// and could not be read when its turn came, of whose caller nothing was known then.
    pub body: Bytes,
}

/// Where keys and first answers are kept.
#[async_trait]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Reserves a key in one atomic act, or answers what is known of it. What is older than
    /// [`KEPT`] counts as not there.
    async fn reserve(&self, reservation: Reservation) -> Result<Option<Earlier>>;

    /// What is known of a key that was reserved at `oldest` or later.
    async fn find(&self, key: Key, oldest: Timestamp) -> Result<Option<Earlier>>;

    /// Keeps the answer of a reserved key.
    async fn finish(&self, key: Key, answer: Answer) -> Result<()>;

    /// Forgets a reserved key, so that it may be tried again.
    async fn release(&self, key: Key) -> Result<()>;

    /// Forgets what was reserved before `moment`.
    async fn sweep(&self, moment: Timestamp) -> Result<()>;

    /// Whether other processes use it at the same time.
    fn is_shared(&self) -> bool {
        false
    }
}

/// The keys of a site, where everything else of it is.
pub fn store(database: &Database) -> Arc<dyn IdempotencyStore> {
    match database {
        Database::Sqlite(database) => Arc::new(SqliteIdempotency::new(database.clone())),
        Database::Postgres(database) => Arc::new(PostgresIdempotency::new(database.clone())),
    }
}

/// How long another process may still be at what it has reserved a key for, in milliseconds: longer
/// than any request may take.
const ELSEWHERE: i64 = 10 * 60 * 1000;

/// Carries out what bears a key once.
pub(super) struct Idempotency {
    store: Arc<dyn IdempotencyStore>,
    clock: Arc<dyn Clock>,
    /// Keys that this process is carrying out at this moment.
    running: Mutex<HashSet<Key>>,
    unsettled: Unsettled,
}

/// One request with a key.
pub(super) struct Keyed {
    key: Key,
    secret: Secret,
    /// Whether it may be carried out though somebody else may be at it: see [`once`].
    takes_over: bool,
    idempotency: Arc<Idempotency>,
}

/// What became of a request with a key.
pub(super) struct Outcome {
    /// When it was begun.
    pub(super) at: Timestamp,
    /// The status and the body that were answered; none while it is being carried out. The body is
    /// none of a request that could not be [read](unread).
    pub(super) answer: Option<(StatusCode, Option<Bytes>)>,
}

impl Idempotency {
    pub(super) fn new(store: Arc<dyn IdempotencyStore>, clock: Arc<dyn Clock>) -> Self {
        let running = Mutex::new(HashSet::new());
        Self { store, clock, running, unsettled: Unsettled::default() }
    }

    /// The request's key, if it bears one and is of a kind that honours it.
    pub(super) fn keyed(
        self: &Arc<Self>,
        method: &Method,
        headers: &HeaderMap,
        address: ClientAddress,
    ) -> Result<Option<Keyed>> {
        let Some(key) = headers.get(KEY).filter(|_| *method == Method::POST) else {
            return Ok(None);
        };
        let key = key.as_bytes();
        if !(1..=255).contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
            return Err(Error::invalid_at(
                Place::Header,
                "Idempotency-Key",
                "Idempotency-Key must be 1 to 255 visible ASCII characters",
                "value_error",
            ));
        }
        let secret = Secret::of(headers, address, key);
        let idempotency = self.clone();
        Ok(Some(Keyed { key: secret.key(), secret, takes_over: false, idempotency }))
    }

    /// What became of the request of which `secret` is; none if there was none within [`KEPT`].
    pub(super) async fn outcome(&self, secret: &Secret) -> Result<Option<Outcome>> {
        let oldest = self.clock.now().plus_millis(-KEPT);
        let Some(earlier) = self.store.find(secret.key(), oldest).await? else { return Ok(None) };
        let answer = match earlier.answer {
            Some(answer) => Some((status(&answer)?, body(&answer, secret)?)),
            None => None,
        };
        Ok(Some(Outcome { at: earlier.at, answer }))
    }

    /// Keeps of the request with `key` that it could not be read when its turn came.
    pub(super) async fn refuse_unread(&self, key: Key, fingerprint: [u8; 32]) -> Result<()> {
        let status = unread().kind().status().as_u16();
        self.end(
            key,
            fingerprint,
            Answer { status, content_type: String::new(), body: Bytes::new() },
        )
        .await
    }

    /// Keeps the answer to a request that nobody tries any more, unless it has got one meanwhile.
    async fn end(&self, key: Key, fingerprint: [u8; 32], answer: Answer) -> Result<()> {
        let reservation = Reservation { key, fingerprint, at: self.clock.now() };
        match self.store.reserve(reservation).await? {
            Some(Earlier { answer: Some(_), .. }) => Ok(()),
            _ => self.store.finish(key, answer).await,
        }
    }

    /// Forgets keys that are older than they need be.
    pub(super) async fn sweep(&self) -> Result<()> {
        self.store.sweep(self.clock.now().plus_millis(-KEPT)).await
    }

    /// Tells the store what it could not be told before.
    pub(super) async fn settle(&self) -> Result<()> {
        for key in self.unsettled.keys() {
            // Whoever asks with the key right now takes it from here.
            let Some(_running) = Running::begin(self, key) else { continue };
            let Some(end) = self.unsettled.take(&key) else { continue };
            self.tell(key, end).await?;
        }
        Ok(())
    }

    /// Keeps an answer or lets go of the key; later, if the store cannot be told now.
    async fn tell(&self, key: Key, end: End) -> Result<()> {
        let told = match end.clone() {
            End::Answered(answer) => self.store.finish(key, answer).await,
            End::Released => self.store.release(key).await,
        };
        if told.is_err() {
            self.unsettled.add(key, end);
        }
        told
    }
}

impl Keyed {
    /// The answer of `carry_out`, or the first answer if this was carried out before.
    pub(super) async fn answer<F: Future<Output = Response>>(
        self,
        request: Request,
        carry_out: impl FnOnce(Request) -> F,
    ) -> Result<Response> {
        let (parts, body) = request.into_parts();
        let body = read_body(Request::from_parts(parts.clone(), body)).await?;
        let fingerprint = self.secret.fingerprint(&parts.method, &parts.uri, &body);
        let request = Request::from_parts(parts, Body::from(body));
        self.once(fingerprint, || carry_out(request)).await
    }

    /// The same request, to be carried out though another process may have begun to: it was killed
    /// in the middle, or the two find out by what they change that one of them was enough.
    pub(super) fn taking_over(self, takes_over: bool) -> Self {
        Self { takes_over, ..self }
    }

    /// What the caller alone knows.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Keeps an answer that is no final one, because nobody tries any more.
    pub(super) async fn give_up(
        &self,
        fingerprint: [u8; 32],
        status: StatusCode,
        body: &[u8],
    ) -> Result<()> {
        let answer = self.answer_of(status, "application/json", body)?;
        self.idempotency.end(self.key, fingerprint, answer).await
    }

    async fn once<F: Future<Output = Response>>(
        &self,
        fingerprint: [u8; 32],
        carry_out: impl FnOnce() -> F,
    ) -> Result<Response> {
        let Idempotency { store, clock, .. } = &*self.idempotency;
        let reservation = Reservation { key: self.key, fingerprint, at: clock.now() };
        let Some(_running) = Running::begin(&self.idempotency, self.key) else {
            return Err(in_progress());
        };
        if let Some(earlier) = store.reserve(reservation).await?
            && let Some(response) = self.replay(earlier, fingerprint)?
        {
            return Ok(response);
        }
        let response = once::under(self.key, carry_out()).await;
        Ok(self.keep(response).await)
    }

    /// Keeps the answer if it is a final one and not too large, else lets go of the key.
    async fn keep(&self, response: Response) -> Response {
        let status = response.status();
        let final_answer = !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let small = response.body().size_hint().exact().is_some_and(|size| size <= LARGEST);
        if !final_answer || !small {
            self.tell(Ok(End::Released)).await;
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(body) = axum::body::to_bytes(body, LARGEST as usize).await else {
            return Response::from_parts(parts, Body::empty());
        };
        let content_type = parts.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.tell(self.answer_of(status, content_type, &body).map(End::Answered)).await;
        Response::from_parts(parts, Body::from(body))
    }

    fn answer_of(&self, status: StatusCode, content_type: &str, body: &[u8]) -> Result<Answer> {
        let (status, content_type) = (status.as_u16(), content_type.to_owned());
        Ok(Answer { status, content_type, body: self.secret.seal(body)? })
    }

    async fn tell(&self, end: Result<End>) {
        let told = match end {
            Ok(end) => self.idempotency.tell(self.key, end).await,
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            // The caller gets its answer all the same.
            tracing::warn!(cause = %error, "the outcome of an idempotency key is not stored yet");
        }
    }

    /// The first answer; none if the request may be carried out after all.
    fn replay(&self, earlier: Earlier, fingerprint: [u8; 32]) -> Result<Option<Response>> {
        if earlier.fingerprint != fingerprint {
            return Err(reused());
        }
        let Idempotency { store, clock, unsettled, .. } = &*self.idempotency;
        let answer = match (earlier.answer, unsettled.take(&self.key)) {
            (Some(answer), _) => answer,
            (None, Some(End::Answered(answer))) => {
                unsettled.add(self.key, End::Answered(answer.clone()));
                answer
            }
            // It is reserved only because the store could not be told to let go of it.
            (None, Some(End::Released)) => return Ok(None),
            (None, None) if self.takes_over => return Ok(None),
            (None, None) if store.is_shared() && clock.now().since(earlier.at) < ELSEWHERE => {
                return Err(in_progress());
            }
            // It is none of those that this process is carrying out, so whoever reserved it is gone.
            (None, None) => {
                return Err(Error::conflict(
                    "outcome_unknown",
                    "The first request with this Idempotency-Key was interrupted; read the resource to \
                     see whether it was carried out, then use a new key",
                ));
            }
        };
        let body = body(&answer, &self.secret)?.ok_or_else(unread)?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status(&answer)?;
        let headers = response.headers_mut();
        if !answer.content_type.is_empty() {
            let content_type = answer.content_type.try_into().map_err(Error::internal)?;
            headers.insert(CONTENT_TYPE, content_type);
        }
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        metrics::counter!("tintype_http_replayed_total").increment(1);
        Ok(Some(response))
    }
}

/// The idempotency key, if there is one, of a request whose body is too large to be held: the route
/// reads it, says what was in it, and is carried out once for that.
#[derive(Clone)]
pub struct Once(Option<Arc<Deferred>>);

struct Deferred {
    keyed: Keyed,
    method: Method,
    uri: Uri,
    reply: Reply,
}

impl Once {
    pub(super) fn new(keyed: Keyed, request: &Request, reply: Reply) -> Self {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Self(Some(Arc::new(Deferred { keyed, method, uri, reply })))
    }

    /// Whether the request bears a key: only then is what it said looked at.
    pub fn is_asked(&self) -> bool {
        self.0.is_some()
    }

    /// The answer of `carry_out`, or the first answer if the same was `said` before with the key.
    pub async fn answer<F: Future<Output = Result<Response>>>(
        self,
        said: &[u8],
        carry_out: impl FnOnce() -> F,
    ) -> Result<Response> {
        let Some(deferred) = self.0 else { return carry_out().await };
        let Deferred { keyed, method, uri, reply } = &*deferred;
        let fingerprint = keyed.secret.fingerprint(method, uri, said);
        // What is kept is what the client reads, so an error is written here already.
        let render =
            async || reply.render(carry_out().await.unwrap_or_else(IntoResponse::into_response));
        keyed.once(fingerprint, render).await
    }
}

impl<S: Sync> FromRequestParts<S> for Once {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self(None)))
    }
}

/// A key that this process is at; it is no longer when this goes, whichever way that is.
struct Running<'i>(&'i Idempotency, Key);

impl<'i> Running<'i> {
    /// None if somebody is at it already.
    fn begin(idempotency: &'i Idempotency, key: Key) -> Option<Self> {
        let is_first = idempotency.running.lock().insert(key);
        // Not made before it is known: what is made takes the key out when it goes.
        is_first.then(|| Self(idempotency, key))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.lock().remove(&self.1);
    }
}

fn status(answer: &Answer) -> Result<StatusCode> {
    StatusCode::from_u16(answer.status).map_err(Error::internal)
}

/// What was answered, for the caller who has `secret`; none if that was never sealed.
fn body(answer: &Answer, secret: &Secret) -> Result<Option<Bytes>> {
    // What is sealed is never empty.
    (!answer.body.is_empty()).then(|| secret.open(&answer.body)).transpose()
}

/// What is told of a request that was kept and could not be read when its turn came.
pub(super) fn unread() -> Error {
    Error::conflict(
        "operation_unreadable",
        "This request waited for the database and could not be read when that was back, as when the \
         secret of the site has changed; look whether it was carried out before, then send it again \
         with a new key",
    )
}

/// What is told to whoever asks for something else with a key that was used.
pub(super) fn reused() -> Error {
    Error::new(
        Kind::Mismatch,
        "idempotency_key_reused",
        "This Idempotency-Key was used for another request; use a new one",
    )
}

fn in_progress() -> Error {
    Error::conflict(
        "request_in_progress",
        "The first request with this Idempotency-Key is still being carried out; ask again",
    )
    .with_retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Workbench;

    #[tokio::test]
    async fn what_nobody_tries_any_more_is_refused_unless_it_was_answered() {
        let bench = Workbench::new(&[]);
        let store = store(&bench.database);
        let idempotency = Arc::new(Idempotency::new(store.clone(), bench.clock.clone()));
        let keyed = |key: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(KEY, HeaderValue::from_static(key));
            let address = ClientAddress(std::net::Ipv4Addr::LOCALHOST.into());
            idempotency.keyed(&Method::POST, &headers, address).unwrap().unwrap()
        };
        let outcome = async |keyed: &Keyed| {
            let outcome = idempotency.outcome(keyed.secret()).await.unwrap().unwrap();
            outcome.answer.map(|(status, body)| (status.as_u16(), body))
        };
        let given_up = keyed("given-up");
        given_up.give_up([1; 32], StatusCode::INTERNAL_SERVER_ERROR, b"broken").await.unwrap();
        assert_eq!(outcome(&given_up).await, Some((500, Some(Bytes::from_static(b"broken")))));
        let unread = keyed("unread");
        idempotency.refuse_unread(unread.key, [2; 32]).await.unwrap();
        assert_eq!(outcome(&unread).await, Some((409, None)));

        // Somebody has begun with it, and it is answered in the end.
        let done = keyed("done");
        let reservation = |keyed: &Keyed| {
            let at = bench.clock.now();
            Reservation { key: keyed.key, fingerprint: [3; 32], at }
        };
        assert!(store.reserve(reservation(&done)).await.unwrap().is_none());
        assert_eq!(outcome(&done).await, None);
        let answer = done.answer_of(StatusCode::CREATED, "", b"made").unwrap();
        store.finish(done.key, answer).await.unwrap();
        done.give_up([3; 32], StatusCode::INTERNAL_SERVER_ERROR, b"broken").await.unwrap();
        idempotency.refuse_unread(done.key, [3; 32]).await.unwrap();
        assert_eq!(outcome(&done).await, Some((201, Some(Bytes::from_static(b"made")))));
    }
}
