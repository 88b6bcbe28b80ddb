//! A request as it lies on the disk.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use bytes::{BufMut, Bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::http::ClientAddress;
use crate::http::idempotency::{API_KEY, KEY, Secret};
use crate::http::request_id::X_REQUEST_ID;

/// What of the head matters to whoever carries out the request.
const HEADERS: [HeaderName; 5] = [AUTHORIZATION, API_KEY, CONTENT_TYPE, KEY, X_REQUEST_ID];

#[derive(Serialize, Deserialize)]
struct Head {
    uri: String,
    headers: Vec<(String, String)>,
    address: SocketAddr,
}

/// Writes a `POST`, so that nobody can read it who does not have `secret`: its head bears what proves
/// who the caller is.
pub(super) fn seal(secret: &Secret, parts: &Parts, body: &[u8]) -> Result<Bytes> {
    let address = parts.extensions.get::<ClientAddress>();
    let address = address.ok_or_else(|| Error::internal("a request came from nowhere"))?.0;
    let headers = HEADERS.into_iter().filter_map(|name| {
        let value = parts.headers.get(&name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let head = Head {
        uri: parts.uri.to_string(),
        headers: headers.collect(),
        address: SocketAddr::new(address, 0),
    };
    let head = serde_json::to_vec(&head)?;
    let mut text = Vec::with_capacity(4 + head.len() + body.len());
    text.put_u32(u32::try_from(head.len()).map_err(Error::internal)?);
    text.extend_from_slice(&head);
    text.extend_from_slice(body);
    secret.seal(&text)
}

/// The request as it came, from where it came. An error says that `secret` is another than the one it
/// was sealed with, or that it is damaged.
pub(super) fn open(secret: &Secret, sealed: &[u8]) -> Result<Request> {
    let text = secret.open(sealed)?;
    let broken = || Error::internal("a kept request is not whole");
    let (length, rest) = text.split_first_chunk::<4>().ok_or_else(broken)?;
    let (head, body) =
        rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(broken)?;
    let head: Head = serde_json::from_slice(head)?;
    let mut request = Request::new(Body::from(text.slice_ref(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = head.uri.parse().map_err(Error::internal)?;
    *request.headers_mut() = headers(&head.headers)?;
    request.extensions_mut().insert(ConnectInfo(head.address));
    Ok(request)
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().map_err(Error::internal)?;
        headers.insert(name, value.parse().map_err(Error::internal)?);
    }
    Ok(headers)
}
