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
    let started = Box::pin(start(config, open(config).await?)).await?;
    started.serve(|address| println!("Tintype is at http://{address}")).await
}

/// A data folder, locked for this process, and the site in it.
pub(super) struct Opened {
    pub(super) site: Site,
    telemetry: telemetry::Telemetry,
    lock: DataLock,
}

/// Opens the data folder to serve it, making it if it is not there.
pub(super) async fn open(config: &Config) -> Result<Opened> {
    // Caches and consumers take their counters when they are made: the figures come first.
    let telemetry = telemetry::init(&config.log);
    let lock = DataLock::take(config.make_data_dir()?)?;
    let site = Site::open(config, Arc::new(SystemClock), config.server.node).await?;
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
    let running = opened.site.run(config, telemetry).await?;
    Ok(Started { running, address, listener, _lock: opened.lock })
}

impl Started {
    /// Serves until the process is told to stop; `greet` is given the address. Whoever reads the
    /// greeting may stop the process at once, so by then it listens to that as well.
    pub(super) async fn serve(self, greet: impl FnOnce(SocketAddr)) -> Result<ExitCode> {
        let told_to_stop = told_to_stop()?;
        greet(self.address);
        tracing::info!(address = %self.address, "serving");
        let (router, ground) = (self.running.router.clone(), self.running.ground.clone());
        http::serve(self.listener, router, ground, told_to_stop).await;
        self.running.stop().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// Comes with the first SIGTERM or Ctrl-C from now on.
#[cfg(unix)]
fn told_to_stop() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Comes with the first Ctrl-C.
#[cfg(not(unix))]
fn told_to_stop() -> Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to be told, the process is only ever ended by force.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
