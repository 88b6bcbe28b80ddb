//! New connections, and the breaker before them.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{tls, unavailable};
use crate::error::{Error, Result};
use crate::rpc::breaker::Breaker;

/// The longest that a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a change may wait for a connection of the pool.
const WAIT: Duration = Duration::from_secs(1);

/// How the server is to read. Every statement has one good plan, whatever its parameters are: to make
/// another for each time takes longer than most reads. A plan that is kept must not have been made for
/// a table that was still empty, and so looks for rows by an index.
const READING: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off";

/// Makes connections to one server.
pub(super) struct Connector {
    config: Config,
    /// The same for reads.
    reading: Config,
    tls: MakeRustlsConnect,
    breaker: Breaker,
    pub(super) patience: Duration,
}

impl Connector {
    pub(super) fn new(server: &Config, patience: Duration) -> Result<Self> {
        let mut config = server.clone();
        config.application_name("tintype").connect_timeout(CONNECT);
        if config.get_options().is_none() {
            // The server gives up a little before we do, so that the connection stays of use.
            config.options(format!(
                "-c statement_timeout={} -c idle_in_transaction_session_timeout=15000",
                patience.as_millis() * 9 / 10
            ));
        }
        let mut reading = config.clone();
        reading.options(format!("{} {READING}", config.get_options().unwrap_or_default()));
        Ok(Self {
            config,
            reading,
            tls: tls::connector(server)?,
            breaker: Breaker::new("postgres"),
            patience,
        })
    }

    /// A connection for reads alone; see [`connect`](Self::connect).
    pub(super) async fn connect_to_read(&self) -> Result<Client> {
        self.connect_by(&self.reading).await
    }

    /// A connection that is driven by a task of its own until the client is dropped.
    pub(super) async fn connect(&self) -> Result<Client> {
        self.connect_by(&self.config).await
    }

    async fn connect_by(&self, config: &Config) -> Result<Client> {
        let connecting = tokio::time::timeout(CONNECT, config.connect(self.tls.clone()));
        let connected = match connecting.await {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(cause)) => Err(unavailable(cause)),
            Err(_) => Err(unavailable("connecting takes too long")),
        };
        let (client, connection) = connected.inspect_err(|_| self.failed())?;
        tokio::spawn(async move {
            // Whoever uses the client learns of its end by the failing statement.
            let _ = connection.await;
        });
        Ok(client)
    }

    pub(super) fn pool(&self, size: usize) -> Result<Pool> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), self.tls.clone(), recycling);
        Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .build()
            .map_err(Error::internal)
    }

    /// Refuses while the database is left alone.
    #[expect(clippy::disallowed_methods, reason = "a breaker measures by the clock of the machine")]
    pub(super) fn admits(&self) -> Result<()> {
        if self.breaker.admits(tokio::time::Instant::now()) {
            Ok(())
        } else {
            Err(unavailable("the breaker is open"))
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a breaker measures by the clock of the machine")]
    pub(super) fn failed(&self) {
        self.breaker.failed(tokio::time::Instant::now());
    }

    pub(super) fn succeeded(&self) {
        self.breaker.succeeded();
    }
}
