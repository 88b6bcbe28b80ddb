//! A network that fails when told to.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of the connections through a [`Proxy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// They work.
    Up,
    /// They are accepted and stay open, and nothing comes through.
    Silent,
    /// Those there are have been cut, and new ones are cut at once.
    Down,
}

/// A TCP proxy before a real server. Ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
}

impl Proxy {
    /// A proxy on a port of its own before the server at `target` (`host:port`), which works.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (network, state) = watch::channel(Network::Up);
        tokio::spawn(accept(listener, target.to_owned(), state));
        Self { address, network }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how connections fare, those that are open included.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn accept(listener: TcpListener, target: String, state: watch::Receiver<Network>) {
    let mut ended = state.clone();
    loop {
        let client = tokio::select! {
            accepted = listener.accept() => accepted,
            // The other end of the channel is gone with the proxy.
            _ = ended.wait_for(|_| false) => return,
        };
        let Ok((client, _)) = client else { continue };
        let (target, mut state) = (target.clone(), state.clone());
        tokio::spawn(async move {
            let carried = carry(client, &target, state.clone());
            tokio::select! {
                _ = carried => {}
                _ = state.wait_for(|state| *state == Network::Down) => {}
            }
        });
    }
}

async fn carry(client: TcpStream, target: &str, mut state: watch::Receiver<Network>) -> Option<()> {
    state.wait_for(|state| *state == Network::Up).await.ok()?;
    let server = TcpStream::connect(target).await.ok()?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        pump(from_client, to_server, state.clone()),
        pump(from_server, to_client, state.clone())
    );
    Some(())
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<Network>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(size @ 1..) = from.read(&mut buffer).await {
        if state.wait_for(|state| *state == Network::Up).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..size]).await.is_err() {
            return;
        }
    }
}
