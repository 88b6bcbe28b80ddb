//! Several processes over one PostgreSQL: whichever of them is asked, the answer is the same.

use std::sync::Arc;

use serde_json::json;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Strategy};
use tintype_platform::testkit::{ServerDatabase, variable};
use tintype_server::wiring::Site;

use crate::rig::program::Program;
use crate::rig::{PICTURE, Person, Rig, Visitor, configuration, eventually, id_of, ids_of};

/// Two processes of one site.
struct Fleet {
    nodes: [Rig; 2],
    _folders: [tempfile::TempDir; 2],
    _server: ServerDatabase,
}

impl Fleet {
    /// None where there is no PostgreSQL.
    async fn new(strategy: Strategy) -> Option<Self> {
        Self::with(strategy, |_| ()).await
    }

    async fn with(strategy: Strategy, adjust: fn(&mut Config)) -> Option<Self> {
        let server = ServerDatabase::make().await?;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let config = |folder| Config {
            auth: tintype_platform::config::Auth {
                jwt_secret: "a secret that all processes of the site know".to_owned(),
                ..configuration(folder).auth
            },
            ..configuration(folder)
        };
        let mut configs = [config(&folders[0]), config(&folders[1])];
        let pictures = format!("file:{}", folders[0].path().join("media").display());
        for config in &mut configs {
            pictures.clone_into(&mut config.media.url);
            server.url().clone_into(&mut config.database.url);
            config.database.pool = 8;
            config.feed.strategy = strategy;
            if strategy == Strategy::Hybrid {
                config.redis.url = variable("TINTYPE_TEST_REDIS_URL")?;
                config.redis.prefix = server.url().replace([':', '/'], "-");
            }
            adjust(config);
        }
        let [one, other] = configs;
        let nodes = [
            Box::pin(Rig::on(&one, Arc::new(SystemClock))).await,
            Box::pin(Rig::on(&other, Arc::new(SystemClock))).await,
        ];
        Some(Self { nodes, _folders: folders, _server: server })
    }

    /// The same person at the other process.
    fn elsewhere(&self, person: &Person) -> Visitor {
        self.nodes[1].stranger.with_token(&person.token)
    }

    /// Every process ends well.
    async fn close(self) {
        for node in self.nodes {
            node.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_has_answered_every_process_knows() {
    for strategy in [Strategy::Pull, Strategy::Push, Strategy::Hybrid] {
        let Some(fleet) = Fleet::new(strategy).await else { return };
        let here = &fleet.nodes[0];
        let [ann, ben] = here.people(["ann", "ben"]).await;
        let ann_elsewhere = fleet.elsewhere(&ann);
        let feed = async || {
            let feed = ann_elsewhere.get("/api/feed?limit=100").await.good(200);
            ids_of(&feed["posts"])
        };
        for _ in 0..10 {
            // Every answer below was remembered by the other process a moment before.
            let kept = ben.posts("stays").await;
            ann.follows(&ben).await;
            let deleted = ben.posts("goes").await;
            eventually("the posts come to the feed", async || {
                feed().await.contains(&deleted).then_some(())
            })
            .await;
            let path = format!("/api/posts/{deleted}");
            ben.delete(&path).await.good(200);
            assert!(!feed().await.contains(&deleted), "{strategy:?}");
            ann_elsewhere.get(&path).await.missing();
            assert!(feed().await.contains(&kept));
            ann.unfollows(&ben).await;
            assert!(!feed().await.contains(&kept), "{strategy:?}");
            ann.follows(&ben).await;
            assert!(feed().await.contains(&kept), "a new follow shows what was there");

            let path = format!("/api/posts/{kept}");
            ann.likes(&kept).await;
            let shown = ann_elsewhere.get(&path).await.good(200);
            assert_eq!((&shown["liked_by_user"], &shown["likes_count"]), (&json!(true), &json!(1)));
            ann.post(&format!("{path}/save"), None).await.good(200);
            assert_eq!(ann_elsewhere.get(&path).await.good(200)["saved_by_user"], json!(true));
            ann.delete(&format!("{path}/save")).await.good(200);
            assert_eq!(ann_elsewhere.get(&path).await.good(200)["saved_by_user"], json!(false));

            ben.post("/api/users/ann/mute", None).await.good(200);
            ben.delete("/api/users/ann/mute").await.good(200);
            ann.post("/api/users/ben/mute", None).await.good(200);
            assert!(!feed().await.contains(&kept), "muted");
            ann.delete("/api/users/ben/mute").await.good(200);
            assert!(feed().await.contains(&kept), "no longer muted");

            ben.is_private(true).await;
            ann.unfollows(&ben).await;
            ann_elsewhere.get(&path).await.missing();
            ben.is_private(false).await;
            ann_elsewhere.get(&path).await.good(200);
            ben.blocks(&ann).await;
            ann_elsewhere.get("/api/users/ben").await.missing();
            ben.delete("/api/users/ann/block").await.good(200);
            ann_elsewhere.get("/api/users/ben").await.good(200);
        }
        fleet.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_one_process_ended_is_good_at_none() {
    let Some(fleet) = Fleet::new(Strategy::Pull).await else { return };
    let here = &fleet.nodes[0];
    for number in 0..5 {
        let person = here.person(&format!("person{number}")).await;
        let elsewhere = fleet.elsewhere(&person);
        elsewhere.get("/api/users/me").await.good(200);
        person.post("/api/auth/logout", None).await;
        assert_eq!(elsewhere.get("/api/users/me").await.status, 401);
    }
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_takes_over_what_one_leaves() {
    let Some(fleet) = Fleet::new(Strategy::Push).await else { return };
    let Fleet { nodes: [first, second], _folders, _server } = fleet;
    let [ann, ben] = first.people(["ann", "ben"]).await;
    ben.follows(&ann).await;
    first.close().await;
    // Consumers that ran in the first tell ben of the like from now on.
    let [ann, ben] = [&ann, &ben].map(|person| second.stranger.with_token(&person.token));
    let body = json!({ "caption": "after", "mediaUrls": [PICTURE] });
    let post = id_of(&ann.post("/api/posts", body).await.good(201));
    ben.post(&format!("/api/posts/{post}/like"), None).await.good(200);
    eventually("the like is told", async || {
        let activity = ann.get("/api/feed/activity").await.good(200);
        let told = activity["activities"].as_array().unwrap();
        told.iter().any(|item| item["type"] == "like").then_some(())
    })
    .await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_loses_nothing_that_it_acknowledged() {
    let Some(server) = ServerDatabase::make().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let database = format!("database.url={}", server.url());
    let pictures = format!("media.url=file:{}", folders[0].path().join("media").display());
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--set",
        &database,
        "--set",
        &pictures,
        "--set",
        "auth.jwt_secret=a secret that all processes of the site know",
    ];
    let doomed = Program::start(folders[0].path(), &arguments).await;
    let [ann, ben] = ["ann", "ben"];
    let (ann, ben) = (doomed.stranger.register(ann).await, doomed.stranger.register(ben).await);
    ben.follows(&ann).await;
    let other = Program::start(folders[1].path(), &arguments).await;
    let mut posts = Vec::new();
    for number in 0..30 {
        posts.push(ann.posts(&format!("number {number}")).await);
    }
    doomed.kill();
    let [ann, ben] = [&ann, &ben].map(|person| other.stranger.with_token(&person.token));
    for post in &posts {
        ben.get(&format!("/api/posts/{post}")).await.good(200);
    }
    // What the other consumers had in hand is done here, once their leases are over.
    eventually("the posts come to the feed", async || {
        let feed = ids_of(&ben.get("/api/feed?limit=100").await.good(200)["posts"]);
        posts.iter().all(|post| feed.contains(post)).then_some(())
    })
    .await;
    ben.post(&format!("/api/posts/{}/like", posts[0]), None).await.good(200);
    eventually("the like is told", async || {
        let activity = ann.get("/api/feed/activity").await.good(200);
        let told = activity["activities"].as_array().unwrap();
        told.iter().any(|item| item["type"] == "like").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_told_otherwise_than_the_others_does_not_start() {
    let Some(server) = ServerDatabase::make().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, mut second] = [&folders[0], &folders[1]].map(|folder| {
        let mut config = configuration(folder);
        server.url().clone_into(&mut config.database.url);
        config
    });
    let running = Rig::on(&first, Arc::new(SystemClock)).await;
    let start = async |config: &Config| {
        let site = Site::open(config, Arc::new(SystemClock), 0).await.unwrap();
        let error = site.run(config, None).await.err().unwrap();
        assert_eq!(error.code(), "not_agreed");
        error.message().to_owned()
    };
    assert!(start(&second).await.contains("auth.jwt_secret"));
    second.auth.jwt_secret = first.jwt_secret().unwrap();
    assert!(start(&second).await.contains("media.url"));
    running.close().await;
    Rig::on(&second, Arc::new(SystemClock)).await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_password_are_counted_by_all_processes_together() {
    let Some(fleet) = Fleet::with(Strategy::Hybrid, |config| {
        config.limits.enabled = true;
        config.limits.login_per_minute = 4;
    })
    .await
    else {
        return;
    };
    let guess = json!({ "username": "nobody", "password": "a guess of many" });
    for attempt in 0..6 {
        let node = &fleet.nodes[attempt % 2];
        let answer = node.stranger.post("/api/auth/login", guess.clone()).await;
        assert_eq!(answer.status, if attempt < 4 { 401 } else { 429 }, "guess {attempt}");
    }
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_was_asked_is_asked_too_much_of_the_others() {
    let Some(fleet) = Fleet::with(Strategy::Hybrid, |config| {
        config.limits.enabled = true;
        config.limits.requests_per_minute_user = 600;
    })
    .await
    else {
        return;
    };
    let ann = fleet.nodes[0].person("ann").await;
    while ann.get("/api/users/me").await.status != 429 {}
    let ann_elsewhere = fleet.elsewhere(&ann);
    let mut answered = 0;
    eventually("it is too much elsewhere as well", async || {
        answered += 1;
        (ann_elsewhere.get("/api/users/me").await.status == 429).then_some(())
    })
    .await;
    // Of the 600 that the other process would allow by itself.
    assert!(answered < 300, "{answered} were answered before");
    fleet.close().await;
}
