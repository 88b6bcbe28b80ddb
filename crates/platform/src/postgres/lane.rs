//! One connection that many reads share, each sent without waiting for the answers before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio_postgres::{Client, Row, Statement};

use super::connect::Connector;
use super::{Params, is_lost, unavailable};
use crate::error::{Error, Result};

pub(super) struct Lane {
    connector: Arc<Connector>,
    session: Mutex<Option<Arc<Session>>>,
    opening: tokio::sync::Mutex<()>,
    /// Connections that could not be made.
    failures: AtomicU64,
}

/// A connection and what has been prepared on it.
struct Session {
    client: Client,
    /// Keyed by address: a text is a literal of the program and does not move.
    statements: Mutex<FxHashMap<(usize, usize), Statement>>,
}

/// Why a read has no answer.
enum Failure {
    /// The connection was of no use any more; another may be.
    Lost(Error),
    Final(Error),
}

impl Lane {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            session: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            failures: AtomicU64::new(0),
        }
    }

    pub(super) async fn query(&self, text: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        self.connector.admits()?;
        match self.attempt(text, params).await {
            Ok(rows) => Ok(rows),
            Err(Failure::Final(error)) => Err(error),
            // The server may have been started anew: a read may be sent again.
            Err(Failure::Lost(_)) => match self.attempt(text, params).await {
                Ok(rows) => Ok(rows),
                Err(Failure::Lost(error) | Failure::Final(error)) => Err(error),
            },
        }
    }

    pub(super) fn close(&self) {
        self.session.lock().take();
    }

    async fn attempt(&self, text: &'static str, params: Params<'_>) -> Result<Vec<Row>, Failure> {
        let session = self.session().await.map_err(Failure::Final)?;
        let answer = tokio::time::timeout(self.connector.patience, session.query(text, params));
        match answer.await {
            Ok(Ok(rows)) => {
                self.connector.succeeded();
                Ok(rows)
            }
            Ok(Err(cause)) if is_lost(&cause) => {
                self.discard(&session);
                Err(Failure::Lost(unavailable(cause)))
            }
            Ok(Err(cause)) => {
                self.connector.succeeded();
                Err(Failure::Final(cause.into()))
            }
            Err(_) => {
                // What comes after it on this connection would wait for it.
                self.discard(&session);
                self.connector.failed();
                Err(Failure::Final(unavailable("the statement takes too long")))
            }
        }
    }

    async fn session(&self) -> Result<Arc<Session>> {
        if let Some(session) = self.current() {
            return Ok(session);
        }
        let failures = self.failures.load(Ordering::Acquire);
        let _opening = self.opening.lock().await;
        if let Some(session) = self.current() {
            return Ok(session);
        }
        // Those who waited meanwhile need not wait for one failing connection after another.
        if self.failures.load(Ordering::Acquire) != failures {
            return Err(unavailable("no connection can be made"));
        }
        let client = self.connector.connect_to_read().await.inspect_err(|_| {
            self.failures.fetch_add(1, Ordering::AcqRel);
        })?;
        let session = Arc::new(Session { client, statements: Mutex::default() });
        *self.session.lock() = Some(session.clone());
        Ok(session)
    }

    fn current(&self) -> Option<Arc<Session>> {
        self.session.lock().clone().filter(|session| !session.client.is_closed())
    }

    fn discard(&self, session: &Arc<Session>) {
        let mut current = self.session.lock();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            *current = None;
        }
    }
}

impl Session {
    async fn query(
        &self,
        text: &'static str,
        params: Params<'_>,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let key = (text.as_ptr() as usize, text.len());
        let prepared = self.statements.lock().get(&key).cloned();
        let statement = if let Some(statement) = prepared {
            statement
        } else {
            let statement = self.client.prepare(text).await?;
            self.statements.lock().insert(key, statement.clone());
            statement
        };
        self.client.query(&statement, params).await
    }
}
