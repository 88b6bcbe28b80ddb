//! The ground of all routes, seen by clients of a real listening socket.

mod connections;
mod errors;
mod idempotency;
mod limits;
mod once;
mod operations;
mod replies;
mod uploads;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, serve, stack};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server of some routes, and a client of it.
struct Site {
    address: SocketAddr,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Site {
    /// Serves `router` with the defaults.
    async fn start(router: Router) -> Self {
        Self::with(router, Ground::new(&Config::defaults())).await
    }

    /// Serves `router` with the defaults as `change` leaves them.
    async fn configured(router: Router, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::defaults();
        change(&mut config);
        Self::with(router, Ground::new(&config)).await
    }

    async fn with(router: Router, ground: Ground) -> Self {
        Self::sharing(router, Arc::new(ground)).await
    }

    async fn sharing(router: Router, ground: Arc<Ground>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = stack(router, &ground);
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(listener, router, ground, stopped));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, client, stop: Some(stop), serving }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A connection on which `text` has been sent as it is.
    async fn raw(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    fn begin_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn stopped(self) {
        self.serving.await.unwrap();
    }
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

async fn status_and_json(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A header as text; empty if it is not there.
fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
