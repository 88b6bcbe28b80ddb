//! `bare`: the yardstick of a page, a route that does nothing but return the same bytes.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt;
use clap::Args;
use tokio::net::TcpListener;

use crate::client::{Connection, Url, request};

/// Fetches a page once and serves its bytes, at the same path, until it is ended.
#[derive(Debug, Args)]
pub(crate) struct Bare {
    /// The page
    #[arg(long, value_name = "URL")]
    bytes_from: Url,
    /// A header to ask for the page with, such as `Authorization: Bearer …`
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

impl Bare {
    pub(crate) fn serve(self) -> Result<()> {
        let page = request("GET", &self.bytes_from, &self.header, "");
        let mut connection = Connection::open(&self.bytes_from)?;
        let answer = connection.send(&page)?;
        answer.check()?;
        let content_type = answer.header("content-type").context("the page has no content type")?;
        let content_type = HeaderValue::from_str(content_type)?;
        let body = Bytes::copy_from_slice(answer.body);
        let length = body.len();
        let route = get(async move || ([(CONTENT_TYPE, content_type)], body));
        let path = self.bytes_from.path.split('?').next().filter(|path| !path.is_empty());
        let router = Router::new().route(path.unwrap_or("/"), route);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind(self.listen)
                .await
                .with_context(|| format!("{} cannot be listened at", self.listen))?;
            println!("{length} bytes are at http://{}", listener.local_addr()?);
            let listener = listener.tap_io(|stream| {
                // As Tintype does. A stream that is gone already needs no option.
                let _ = stream.set_nodelay(true);
            });
            axum::serve(listener, router).await.context("the listener failed")
        })
    }
}
