//! A server of the slice's routes alone. The graph is drawn by the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tintype_accounts::{AccountsService, MIGRATIONS, Settings, start};
use tintype_api::auth::Gate;
use tintype_api::graph::{Circle, Graph, GraphCounts, Relationship};
use tintype_api::testkit::{NoPosts, Ties};
use tintype_api::{Base, Services, UserId};
use tintype_platform::Result;
use tintype_platform::bus::{self, Bus};
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, serve, stack};
use tintype_platform::rpc::async_trait;
use tintype_platform::testkit::Workbench;
use tokio::net::TcpListener;

pub(crate) struct Site {
    pub(crate) bench: Workbench,
    pub(crate) base: Base,
    pub(crate) service: Arc<AccountsService>,
    pub(crate) graph: Arc<Drawn>,
    pub(crate) bus: Bus,
    address: SocketAddr,
    client: Client,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The `Link` header.
    pub(crate) link: Option<String>,
    pub(crate) retry_after: Option<String>,
}

impl Answer {
    /// The sentence of an error of `/api`.
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn token(&self) -> String {
        self.body["token"].as_str().expect("a token").to_owned()
    }
}

pub(crate) const PASSWORD: &str = "correct horse";

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(settings(), true).await
    }

    /// A server with other settings, or that listens on more than a loopback address.
    pub(crate) async fn with(settings: Settings, loopback: bool) -> Self {
        let bench = Workbench::new(&[MIGRATIONS]);
        let base = Base {
            database: bench.database.clone(),
            clock: bench.clock.clone(),
            ids: bench.ids.clone(),
            services: Arc::new(Services::default()),
            objects: tintype_platform::objects::ObjectUrls::new(""),
            redis: None,
        };
        let graph = Arc::new(Drawn::default());
        base.services.set_graph(graph.clone());
        base.services.set_posts(Arc::new(NoPosts));
        let slice = start(&base, settings).unwrap();
        base.services.set_accounts(slice.service.clone());
        let bus = Bus::start(
            bench.database.outbox(),
            bench.clock.clone(),
            &bus::Settings::default(),
            slice.consumers,
        )
        .await
        .unwrap();

        let mut config = Config::defaults();
        config.limits.enabled = false;
        let ground = Arc::new(Ground::new(&config));
        let gate = Gate { accounts: slice.service.clone(), limits: ground.limits(), loopback };
        let (router, _) = slice.routes.split_for_parts();
        let router = stack(router.layer(axum::Extension(gate)), &ground);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, ground, std::future::pending()));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { bench, base, service: slice.service, graph, bus, address, client }
    }

    /// Sends a request; `token` may be empty, `body` null for none.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
    ) -> Answer {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        Self::answer(request).await
    }

    pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let header = |name| {
            let value: Option<&reqwest::header::HeaderValue> = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        let (link, retry_after) = (header("link"), header("retry-after"));
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"));
        Answer { status, body, link, retry_after }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, token, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, token, body).await
    }

    /// A request with an API key.
    pub(crate) async fn keyed(&self, method: Method, path: &str, key: &str, body: Value) -> Answer {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        if !key.is_empty() {
            request = request.header("x-api-key", key);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        Self::answer(request).await
    }

    /// Registers somebody with the usual password: their id and token.
    pub(crate) async fn newcomer(&self, username: &str) -> (UserId, String) {
        let email = format!("{username}@example.com");
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        let answer = self.post("/api/auth/register", "", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.body["user"]["id"].as_str().unwrap().parse().unwrap();
        (id, answer.token())
    }

    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.post("/api/auth/login", "", json!({"username": name, "password": password})).await
    }

    /// Whether a token counts.
    pub(crate) async fn counts(&self, token: &str) -> bool {
        self.get("/api/users/me", token).await.status == 200
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        jwt_secret: "a secret of the tests, long enough".to_owned(),
        token_days: 7,
        bcrypt_cost: 4,
        bcrypt_threads: 2,
        bcrypt_queue: 64,
        cached: 1000,
    }
}

/// A graph that the test draws, which counts how often it was asked to accept all requests.
#[derive(Default)]
pub(crate) struct Drawn {
    pub(crate) ties: Ties,
    accepted: AtomicU32,
}

impl Drawn {
    pub(crate) fn accepted(&self) -> u32 {
        self.accepted.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Graph for Drawn {
    async fn circle(&self, viewer: UserId) -> Result<Arc<Circle>> {
        self.ties.circle(viewer).await
    }

    async fn counts(&self, users: Vec<UserId>) -> Result<Vec<GraphCounts>> {
        self.ties.counts(users).await
    }

    async fn relationships(
        &self,
        viewer: UserId,
        others: Vec<UserId>,
    ) -> Result<Vec<Relationship>> {
        self.ties.relationships(viewer, others).await
    }

    async fn followers_after(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        self.ties.followers_after(user, after, limit).await
    }

    async fn accept_all(&self, user: UserId) -> Result<()> {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        self.ties.accept_all(user).await
    }
}
