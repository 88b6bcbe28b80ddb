//! The slice behind real connections.

use std::sync::Arc;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tintype_api::auth::Gate;
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, Limits, stack};

use super::stage::Stage;

pub(super) struct Site {
    pub(super) stage: Stage,
    client: reqwest::Client,
    base: String,
}

impl Site {
    pub(super) async fn new() -> Self {
        let mut stage = Stage::new().await;
        let ground = Arc::new(Ground::new(&Config::defaults()));
        let accounts = stage.people.clone();
        let gate = Gate { accounts, limits: Arc::new(Limits::none()), loopback: true };
        let (routes, _) = std::mem::take(&mut stage.slice.routes).split_for_parts();
        let router = stack(routes.layer(axum::Extension(gate)), &ground);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { stage, client: reqwest::Client::new(), base }
    }

    /// What is answered; `who` signs in by name, nobody when empty.
    pub(super) async fn ask(
        &self,
        who: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !who.is_empty() {
            request = request.bearer_auth(who);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> (u16, Value) {
        read(self.ask(who, Method::GET, path, None).await).await
    }

    pub(super) async fn post(&self, who: &str, path: &str, body: Value) -> (u16, Value) {
        let body = Some(body).filter(|body| !body.is_null());
        read(self.ask(who, Method::POST, path, body).await).await
    }

    pub(super) async fn put(&self, who: &str, path: &str, body: Value) -> (u16, Value) {
        read(self.ask(who, Method::PUT, path, Some(body)).await).await
    }

    pub(super) async fn delete(&self, who: &str, path: &str) -> (u16, Value) {
        read(self.ask(who, Method::DELETE, path, None).await).await
    }
}

/// Status and body, without what is different each time.
pub(super) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let mut body: Value =
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    (status, body)
}

/// A refusal in the public dialect.
pub(super) fn refused(status: u16, error: &str, code: &str) -> (u16, Value) {
    (status, json!({"error": error, "code": code}))
}

/// A refusal in the others.
pub(super) fn detail(status: u16, detail: &str, code: &str) -> (u16, Value) {
    (status, json!({"detail": detail, "code": code}))
}
