//! The near end of a call to another process.

#![expect(clippy::disallowed_methods, reason = "measures what is left until a deadline")]

use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::breaker::Breaker;
use super::serve::{DEADLINE, REQUEST_ID, TRACEPARENT};
use crate::error::{Error, Result};
use crate::http::context;

/// The longest that a call waits when its request has no deadline of its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause before a read is tried a second time.
const PAUSE: Duration = Duration::from_millis(20);

/// How a call may be treated when it fails on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    tries: u32,
}

impl Call {
    /// Changes nothing, so it is tried again.
    pub const fn read() -> Self {
        Self { tries: 2 }
    }

    /// Changes something, so it is tried once.
    pub const fn write() -> Self {
        Self { tries: 1 }
    }
}

/// Another process that serves what this one needs. Implements every service.
pub struct Peer {
    address: String,
    authorization: String,
    client: reqwest::Client,
    breaker: Breaker,
}

impl Peer {
    /// The peer at `address` (`http://host:port`), which knows the same `secret`.
    pub fn new(address: &str, secret: &str) -> Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(1))
            .no_proxy()
            // Peers speak plain HTTP: no certificates are needed, nor need the system have any.
            .tls_certs_only([])
            .build()
            .map_err(Error::internal)?;
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            authorization: format!("Bearer {secret}"),
            client,
            breaker: Breaker::new(address.to_owned()),
        })
    }

    /// Calls the method at `path` and answers what it answered, its errors included.
    pub async fn call<A, R>(&self, path: &str, call: Call, arguments: &A) -> Result<R>
    where
        A: Serialize + Sync,
        R: DeserializeOwned,
    {
        let body = serde_json::to_vec(arguments)?;
        let mut outcome = self.attempt(path, body.clone()).await;
        for _ in 1..call.tries {
            if outcome.is_ok() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            outcome = self.attempt(path, body.clone()).await;
        }
        // The outer result is the way there and back, the inner one the service's own answer.
        outcome?
    }

    async fn attempt<R: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<Result<R>> {
        let context = context::current();
        let left = match context.as_ref().and_then(|context| context.deadline) {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => PATIENCE,
        };
        if left.is_zero() {
            // It is not the peer's fault, so neither the breaker nor the figures count it.
            return Err(unavailable("the request has no time left"));
        }
        if !self.breaker.admits(Instant::now()) {
            return Err(self.failed("the breaker is open"));
        }
        let mut request = self
            .client
            .post(format!("{}{path}", self.address))
            .header(AUTHORIZATION, &self.authorization)
            .header(DEADLINE, left.as_millis().to_string())
            .timeout(left)
            .body(body);
        if let Some(context) = &context {
            request = request.header(REQUEST_ID, &*context.request_id);
            if let Some(traceparent) = &context.traceparent {
                request = request.header(TRACEPARENT, &**traceparent);
            }
        }
        let answer = async {
            let response = request.send().await?.error_for_status()?;
            response.json::<Result<R>>().await
        };
        match answer.await {
            Ok(answer) => {
                self.breaker.succeeded();
                Ok(answer)
            }
            Err(cause) => {
                self.breaker.failed(Instant::now());
                Err(self.failed(cause))
            }
        }
    }

    fn failed(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        metrics::counter!("tintype_peer_failures_total", "peer" => self.address.clone())
            .increment(1);
        unavailable(cause)
    }
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable(
        "peer_unavailable",
        "A part of the service does not answer; try again in a moment",
        1,
    )
    .with_cause(cause)
}
