//! Requests that are kept while the database is down, for clients that ask for it.
//!
//! A `POST` with `Prefer: respond-async` beside its `Idempotency-Key` that finds the database down is
//! written to this node's own disk and answered 202, if its route allows it. Whatever waits is carried
//! out when the database is back: in the order in which its caller asked it, through the same routes,
//! by the same key, and so once. What became of it is then known to every node, by the answer that is kept of
//! the key; while it waits, to this one alone.

mod kept;
mod replay;
mod store;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, LOCATION};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use utoipa::ToSchema;

use self::store::{Entry, Queue, Waiting};
use super::address::ClientAddress;
use super::extract::{Json, read_body};
use super::idempotency::{self, Idempotency, KEY, Keyed, Secret};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::error::{Error, Result};
use crate::once::Key;
pub use replay::replay;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RESPOND_ASYNC: &str = "respond-async";

/// Says who may leave a request here.
#[async_trait]
pub trait Admission: Send + Sync + 'static {
    /// Refuses whoever is known to be none of ours, as far as that can be told while the database is
    /// down: it is asked again when the request is carried out.
    async fn admit(&self, parts: &mut Parts) -> Result<()>;
}

/// What waits on this node.
pub struct Operations {
    queue: Queue,
    /// By what requests are encrypted.
    secret: Secret,
    clock: Arc<dyn Clock>,
    admission: Arc<dyn Admission>,
    /// The patterns of the paths whose `POST` may wait.
    routes: HashSet<String>,
    added: Notify,
}

/// A request that was kept, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Operation {
    /// The `Idempotency-Key` that it bears.
    key: String,
    /// How far it is.
    state: State,
    /// When it was kept, as long as it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued_at: Option<Timestamp>,
    /// When it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// What it would have been answered at once, when it is done; left out if that was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answered>,
    /// The same, when it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Answered>,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It waits, or is being carried out.
    Queued,
    /// It was carried out.
    Done,
    /// It could not be carried out, and never will be.
    Refused,
}

/// An answer as the route gave it.
#[derive(Debug, Serialize, ToSchema)]
struct Answered {
    /// The status.
    status: u16,
    /// The body.
    body: Value,
}

impl Operations {
    /// What waits in the file at `path`, which is made if it is not there. `secret` is the site's;
    /// `routes` are the patterns of the paths whose `POST` may wait.
    ///
    /// Refuses a file that is damaged: what waits in it was promised to its senders, so it is for
    /// people to say what becomes of it.
    pub fn open(
        path: &Path,
        settings: &config::Operations,
        secret: &str,
        clock: Arc<dyn Clock>,
        admission: Arc<dyn Admission>,
        routes: HashSet<String>,
    ) -> Result<Self> {
        let queue = Queue::open(path, settings)?;
        let secret = Secret::new(secret.as_bytes(), b"operations");
        Ok(Self { queue, secret, clock, admission, routes, added: Notify::new() })
    }

    /// Waits for what is being written and lets go of the file.
    pub async fn close(&self) {
        self.queue.close().await;
    }

    /// Whether a request is to be kept rather than refused.
    pub(super) fn are_asked_for(&self, request: &Request) -> bool {
        *request.method() == Method::POST
            && prefers_to_wait(request.headers())
            && request
                .extensions()
                .get::<MatchedPath>()
                .is_some_and(|path| self.routes.contains(path.as_str()))
    }

    /// The answer of `carry_out`, or word that the request waits because the database is down; whether
    /// it is so already is what `is_up` says.
    pub(super) async fn answer<F: Future<Output = Response>>(
        &self,
        keyed: Keyed,
        request: Request,
        is_up: Result<()>,
        carry_out: impl FnOnce(Request) -> F,
    ) -> Result<Response> {
        let (parts, body) = request.into_parts();
        let body = read_body(Request::from_parts(parts.clone(), body)).await?;
        let entry = self.entry(keyed.secret(), &parts, &body)?;
        // What somebody asks for after something that waits comes after it. If the file cannot be
        // read, nothing can be kept in it either.
        if !self.queue.has_some_of(entry.caller).unwrap_or(false) {
            let response = match is_up {
                Ok(()) => {
                    let request = Request::from_parts(parts.clone(), body.into());
                    let answer = keyed.answer(request, carry_out).await;
                    answer.unwrap_or_else(IntoResponse::into_response)
                }
                Err(error) => error.into_response(),
            };
            if !says_that_the_database_is_down(&response) {
                return Ok(response);
            }
        }
        self.keep(entry, parts).await
    }

    fn entry(&self, secret: &Secret, parts: &Parts, body: &Bytes) -> Result<Entry> {
        Ok(Entry {
            key: secret.key(),
            caller: caller(parts),
            fingerprint: secret.fingerprint(&parts.method, &parts.uri, body),
            at: self.clock.now(),
            request: kept::seal(&self.secret, parts, body)?,
        })
    }

    async fn keep(&self, entry: Entry, mut parts: Parts) -> Result<Response> {
        self.admission.admit(&mut parts).await?;
        let fingerprint = entry.fingerprint;
        let waiting = self.queue.add(entry).await.map_err(not_kept)?;
        if waiting.fingerprint != fingerprint {
            return Err(idempotency::reused());
        }
        self.added.notify_one();
        count("kept");
        // It was looked at when the key was made of it.
        let key = parts.headers.get(KEY).map_or("", |key| key.to_str().unwrap_or_default());
        let location = format!("/api/operations/{}", escaped(key));
        let mut response = Json(Operation::queued(key, &waiting)).into_response();
        *response.status_mut() = StatusCode::ACCEPTED;
        let headers = response.headers_mut();
        headers.insert(LOCATION, location.try_into().map_err(Error::internal)?);
        headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static(RESPOND_ASYNC));
        Ok(response)
    }

    fn find(&self, secret: &Secret) -> Result<Option<Waiting>> {
        self.queue.find(secret.key())
    }
}

/// What became of the request with `key` of the caller whose `headers` and `address` these are: only
/// who has the same credentials is told. `operations` are those of this node, if it keeps any.
pub(super) async fn look_up(
    operations: Option<&Operations>,
    idempotency: &Idempotency,
    headers: &HeaderMap,
    address: ClientAddress,
    key: &str,
) -> Result<Operation> {
    let secret = Secret::of(headers, address, key.as_bytes());
    let waiting = operations.map_or(Ok(None), |operations| operations.find(&secret))?;
    if let Some(waiting) = waiting {
        return Ok(Operation::queued(key, &waiting));
    }
    let outcome = idempotency.outcome(&secret).await?.ok_or_else(|| {
        Error::not_found(
            "operation_unknown",
            "No such operation of yours is known here; while one waits, only the node that keeps it \
             knows of it",
        )
    })?;
    let Some((status, body)) = outcome.answer else {
        return Ok(Operation::begun(key, outcome.at));
    };
    let body = if let Some(body) = body {
        serde_json::from_slice(&body).unwrap_or_default()
    } else {
        let unread = idempotency::unread();
        json!({ "error": unread.message(), "code": unread.code() })
    };
    Ok(Operation::finished(key, outcome.at, status, body))
}

impl Operation {
    fn queued(key: &str, waiting: &Waiting) -> Self {
        Self::begun(key, waiting.at)
    }

    fn begun(key: &str, at: Timestamp) -> Self {
        Self {
            key: key.to_owned(),
            state: State::Queued,
            queued_at: Some(at),
            finished_at: None,
            answer: None,
            error: None,
        }
    }

    fn finished(key: &str, at: Timestamp, status: StatusCode, body: Value) -> Self {
        let answer_is_lost = is_coded(&body, "already_carried_out");
        let is_done = status.is_success() || answer_is_lost;
        let answered = Some(Answered { status: status.as_u16(), body });
        let (answer, error) =
            if is_done { (answered.filter(|_| !answer_is_lost), None) } else { (None, answered) };
        Self {
            state: if is_done { State::Done } else { State::Refused },
            queued_at: None,
            finished_at: Some(at),
            answer,
            error,
            ..Self::begun(key, at)
        }
    }
}

/// Whether `Prefer` asks for it (RFC 7240).
fn prefers_to_wait(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    preferences.any(|preference| {
        let name = preference.split([';', '=']).next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case(RESPOND_ASYNC)
    })
}

/// Whether a request had to be refused for want of the database, and not because there is too much to
/// do. What became of a commit need not be known: it is not made a second time.
fn says_that_the_database_is_down(response: &Response) -> bool {
    let error = response.extensions().get::<Error>();
    error.is_some_and(|error| matches!(error.code(), "database_unavailable" | "outcome_unknown"))
}

/// Stands for whoever asks, by what proves it.
fn caller(parts: &Parts) -> Key {
    let address = parts.extensions.get::<ClientAddress>().copied();
    let nobody = ClientAddress(std::net::Ipv6Addr::UNSPECIFIED.into());
    Secret::of(&parts.headers, address.unwrap_or(nobody), b"").key()
}

fn is_coded(body: &Value, code: &str) -> bool {
    body.get("code").and_then(Value::as_str) == Some(code)
}

fn not_kept(error: Error) -> Error {
    if error.code() == "operations_full" {
        count("refused_full");
        return error;
    }
    Error::unavailable(
        "operation_not_kept",
        "The database does not answer, and the request could not be kept until it does; try again in \
         a moment",
        5,
    )
    .with_cause(error)
}

fn count(outcome: &'static str) {
    metrics::counter!("tintype_operations_total", "outcome" => outcome).increment(1);
}

/// A key as one step of a path.
fn escaped(key: &str) -> String {
    use std::fmt::Write;
    key.bytes().fold(String::with_capacity(key.len()), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests;
