//! `tintype serve`: until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use tintype_platform::clock::SystemClock;
use tintype_platform::config::Config;
use tintype_platform::{http, telemetry};
use tokio::net::TcpListener;

use crate::data_lock::DataLock;
use crate::wiring::{Running, Site};

pub(super) async fn serve(config: &Config) -> Result<ExitCode> {
    let started = start(config, open(config)?).await?;
    println!("Tintype is at http://{}", started.address);
    started.serve().await
}

/// A data folder, locked for this process, and the site in it.
pub(super) struct Opened {
    pub(super) site: Site,
    telemetry: telemetry::Telemetry,
    lock: DataLock,
}

/// Opens the data folder to serve it, making it if it is not there.
pub(super) fn open(config: &Config) -> Result<Opened> {
    // Caches and consumers take their counters when they are made: the figures come first.
    let telemetry = telemetry::init(&config.log);
    let lock = DataLock::take(config.make_data_dir()?)?;
    let site = Site::open(config, Arc::new(SystemClock), config.server.node)?;
    Ok(Opened { site, telemetry, lock })
}

/// A site whose consumers run, and the address where it will be served.
pub(super) struct Started {
    pub(super) running: Running,
    pub(super) address: SocketAddr,
    listener: TcpListener,
    _lock: DataLock,
}

/// Takes the address and starts the consumers. Clients may connect from now on; they are answered
/// by [`Started::serve`].
pub(super) async fn start(config: &Config, opened: Opened) -> Result<Started> {
    let listener = TcpListener::bind(config.server.listen).await.with_context(|| {
        format!(
            "{} cannot be listened at; is another program there? Choose another with --listen",
            config.server.listen
        )
    })?;
    let address = listener.local_addr()?;
    let telemetry = config.metrics.enabled.then_some(opened.telemetry);
    let running = opened.site.run(config, telemetry)?;
    Ok(Started { running, address, listener, _lock: opened.lock })
}

impl Started {
    /// Serves until the process is told to stop.
    pub(super) async fn serve(self) -> Result<ExitCode> {
        tracing::info!(address = %self.address, "serving");
        let (router, ground) = (self.running.router.clone(), self.running.ground.clone());
        http::serve(self.listener, router, ground, told_to_stop()).await;
        self.running.stop().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// Comes with the first SIGTERM or Ctrl-C.
async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without a way to be told, the process is only ever ended by force.
    if interrupted.await.is_err() {
        std::future::pending::<()>().await;
    }
}
