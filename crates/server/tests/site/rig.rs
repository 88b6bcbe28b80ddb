//! A whole site in a folder of its own, served at a free port, and people who use it.

mod answer;
pub(crate) mod program;
mod shape;

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tintype_platform::Clock;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::Config;
use tintype_platform::http::serve;
use tintype_platform::testkit::ServerDatabase;
use tintype_server::wiring::{Running, Site};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use answer::Answer;
pub(crate) use shape::assert_shape;

/// How long a test waits for what is to happen by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// The password of everybody in the tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A picture for posts that need one.
pub(crate) const PICTURE: &str = "https://pictures.example/one.jpg";

/// A site that is served, and must be [closed](Rig::close) at the end of its story.
pub(crate) struct Rig {
    /// Somebody without a token, on the site's own machine.
    pub(crate) stranger: Visitor,
    running: Option<Running>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    folder: Option<TempDir>,
    server: Option<ServerDatabase>,
}

impl Rig {
    /// A site with nobody in it, where nothing is limited.
    pub(crate) async fn new() -> Self {
        Self::configured(|_| ()).await
    }

    /// The same with a configuration as `change` leaves it.
    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        Self::timed(Arc::new(SystemClock), change).await
    }

    /// The same by a clock of the test's.
    pub(crate) async fn timed(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = configuration(&folder);
        let server = database(&mut config).await;
        change(&mut config);
        let mut rig = Self::on(&config, clock).await;
        rig.folder = Some(folder);
        rig.server = server;
        rig
    }

    /// A site in a folder that is there already.
    pub(crate) async fn on(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let site = Site::open(config, clock, 0).await.unwrap();
        let running = site.run(config, None).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = serve(listener, running.router.clone(), running.ground.clone(), stopped);
        Self {
            stranger: Visitor::at(address),
            serving: Some(tokio::spawn(serving)),
            running: Some(running),
            stop: Some(stop),
            folder: None,
            server: None,
        }
    }

    /// Registers somebody.
    pub(crate) async fn person(&self, username: &str) -> Person {
        self.stranger.register(username).await
    }

    /// Registers several at once.
    pub(crate) async fn people<const N: usize>(&self, usernames: [&str; N]) -> [Person; N] {
        let mut people = Vec::new();
        for username in usernames {
            people.push(self.person(username).await);
        }
        people.try_into().ok().unwrap()
    }

    /// The slices, for what no route offers.
    pub(crate) fn site(&self) -> &Site {
        &self.running.as_ref().unwrap().site
    }

    /// Waits until every consumer has seen what has happened until now, and what came of that.
    pub(crate) async fn drained(&self) {
        drained(self.running.as_ref().unwrap()).await;
    }

    /// Ends the story: every event was delivered, none was given up, every counter is right and
    /// every feed is what it should be.
    pub(crate) async fn close(mut self) {
        let running = self.running.take().unwrap();
        assert_whole(&running).await;
        self.stop.take().unwrap().send(()).unwrap();
        self.serving.take().unwrap().await.unwrap();
        running.stop().await;
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let forgotten = self.running.is_some() && !std::thread::panicking();
        assert!(!forgotten, "a story ends with `close`, which looks whether all is well");
    }
}

/// A configuration for tests, in `folder`: nothing is limited, and passwords are hashed cheaply.
pub(crate) fn configuration(folder: &TempDir) -> Config {
    let mut config = Config::defaults();
    config.server.data_dir = folder.path().join("data");
    config.limits.enabled = false;
    config.auth.bcrypt_cost = 4;
    config
}

/// Whether the stories are played on PostgreSQL: `TINTYPE_TEST_ON=postgres` says so.
pub(crate) fn on_postgres() -> bool {
    std::env::var("TINTYPE_TEST_ON").is_ok_and(|on| on == "postgres")
}

/// Gives the site a database of its own on the server, if that is where stories are played.
pub(crate) async fn database(config: &mut Config) -> Option<ServerDatabase> {
    if !on_postgres() {
        return None;
    }
    let server = ServerDatabase::make().await.expect("TINTYPE_TEST_POSTGRES_URL names a server");
    server.url().clone_into(&mut config.database.url);
    config.database.pool = 8;
    Some(server)
}

/// Waits until nothing is on its way: what consumers do may be an event for others.
pub(crate) async fn drained(running: &Running) {
    let all = async {
        loop {
            let outbox = running.site.database.outbox();
            let before = outbox.highest_id().await.unwrap();
            running.bus.drained().await.unwrap();
            if outbox.highest_id().await.unwrap() == before {
                return;
            }
        }
    };
    let delivered = tokio::time::timeout(PATIENCE, all).await;
    let left = if delivered.is_ok() { None } else { Some(running.bus.lags().await) };
    assert!(delivered.is_ok(), "events are not delivered: {left:?}");
}

/// Nothing is undelivered, nothing was given up, nothing is miscounted.
pub(crate) async fn assert_whole(running: &Running) {
    drained(running).await;
    let dead = running.site.database.outbox().dead_letters(10).await.unwrap();
    assert!(dead.is_empty(), "events were given up: {dead:#?}");
    running.site.posts.flush_views().await.unwrap();
    let drift = running.site.check(usize::MAX, false).await.unwrap();
    assert!(drift.is_empty(), "counters or feeds are wrong: {drift:#?}");
}

/// Asks again and again until there is an answer; a test that waits for longer than anybody would
/// has failed.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for this: {what}"))
}

/// Somebody who asks, with or without credentials.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    root: String,
    /// Name and value of the header that proves who it is.
    credentials: Option<(&'static str, String)>,
}

impl Visitor {
    /// Somebody without credentials.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, root: format!("http://{address}"), credentials: None }
    }

    /// The same with a token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { credentials: Some(("authorization", format!("Bearer {token}"))), ..self.clone() }
    }

    /// The same with an API key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { credentials: Some(("x-api-key", key.to_owned())), ..self.clone() }
    }

    /// A request as it is, for what the others do not offer.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.root));
        match &self.credentials {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    /// Asks for what `method` and `path` say, with a body if there is one.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method.parse().unwrap(), path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        Answer::of(format!("{method} {path}"), request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.ask("POST", path, body.into()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None).await
    }

    /// Registers `username`.
    pub(crate) async fn register(&self, username: &str) -> Person {
        let body = json!({
            "username": username,
            "email": format!("{username}@tintype.example"),
            "password": PASSWORD,
            "fullName": format!("{username} of Tintype"),
        });
        let made = self.post("/api/auth/register", body).await.good(201);
        Person::new(self, &made)
    }

    /// Signs in by `login`, which may be a name or an address.
    pub(crate) async fn log_in(&self, login: &str, password: &str) -> Answer {
        self.post("/api/auth/login", json!({ "username": login, "password": password })).await
    }

    /// Every item of a bare list, `limit` at a time, by the `Link` header.
    pub(crate) async fn linked(&self, path: &str, limit: usize) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut next = Some(format!("{path}{separator}limit={limit}"));
        let mut items = Vec::new();
        while let Some(path) = next {
            let answer = self.get(&path).await;
            next = answer.next_link();
            let Value::Array(page) = answer.good(200) else { panic!("{path} is no list") };
            assert!(page.len() <= limit && (next.is_none() || page.len() == limit), "{page:?}");
            items.extend(page);
        }
        items
    }
}

/// Somebody with an account, signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) token: String,
    visitor: Visitor,
}

impl Deref for Person {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl Person {
    /// Whom the answer to a registration or a login is about.
    pub(crate) fn new(visitor: &Visitor, signed_in: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let token = text(&signed_in["token"]);
        Self {
            id: text(&signed_in["user"]["id"]),
            username: text(&signed_in["user"]["username"]),
            visitor: visitor.with_token(&token),
            token,
        }
    }

    /// The id as the dialects with numbers write it.
    pub(crate) fn number(&self) -> u64 {
        self.id.parse().unwrap()
    }

    /// Makes a post and answers its id.
    pub(crate) async fn posts(&self, caption: &str) -> String {
        let body = json!({ "caption": caption, "mediaUrls": [PICTURE] });
        id_of(&self.post("/api/posts", body).await.good(201))
    }

    /// Says something about a post and answers the comment's id.
    pub(crate) async fn comments(&self, post: &str, content: &str) -> String {
        let body = json!({ "content": content });
        id_of(&self.post(&format!("/api/posts/{post}/comments"), body).await.good(201))
    }

    pub(crate) async fn likes(&self, post: &str) {
        self.post(&format!("/api/posts/{post}/like"), None).await.good(200);
    }

    pub(crate) async fn follows(&self, other: &Self) -> Value {
        self.post(&format!("/api/users/{}/follow", other.username), None).await.good(200)
    }

    pub(crate) async fn unfollows(&self, other: &Self) {
        self.delete(&format!("/api/users/{}/follow", other.username)).await.good(200);
    }

    pub(crate) async fn blocks(&self, other: &Self) {
        self.post(&format!("/api/users/{}/block", other.username), None).await.good(200);
    }

    pub(crate) async fn is_private(&self, private: bool) {
        self.put("/api/users/me", json!({ "isPrivate": private })).await.good(200);
    }

    /// The ids of the newest posts of the feed.
    pub(crate) async fn feed(&self) -> Vec<String> {
        ids_of(&self.get("/api/feed?limit=100").await.good(200)["posts"])
    }

    /// The three counts of a profile as this person sees it: followers, following, posts.
    pub(crate) async fn counts_of(&self, username: &str) -> [u64; 3] {
        let profile = self.get(&format!("/api/users/{username}")).await.good(200);
        ["followers_count", "following_count", "posts_count"]
            .map(|count| profile[count].as_u64().unwrap())
    }
}

/// The `id` of a record of the public dialect.
pub(crate) fn id_of(record: &Value) -> String {
    record["id"].as_str().unwrap_or_else(|| panic!("no id as text: {record}")).to_owned()
}

/// The `id`s of a list of records, as text.
pub(crate) fn ids_of(records: &Value) -> Vec<String> {
    texts_of(records, "id")
}

/// One field of each record of a list, as text.
pub(crate) fn texts_of(records: &Value, field: &str) -> Vec<String> {
    let text = |record: &Value| match &record[field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    records.as_array().unwrap_or_else(|| panic!("no list: {records}")).iter().map(text).collect()
}
