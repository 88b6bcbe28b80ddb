//! Processes of a fleet are started anew one after another while people are at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use tintype_platform::testkit::ServerDatabase;

use crate::rig::program::Program;
use crate::rig::{PICTURE, Visitor, id_of, ids_of};

/// What spreads requests over the processes that say they are ready, as a load balancer does. It
/// tries nothing twice.
#[derive(Default)]
struct Balancer {
    /// Each process, and whether it was ready when it was last asked.
    nodes: Mutex<Vec<(Visitor, Arc<AtomicBool>)>>,
    turn: AtomicUsize,
    over: AtomicBool,
}

impl Balancer {
    async fn probe(&self) {
        while !self.over.load(Ordering::Relaxed) {
            let nodes = self.nodes.lock().clone();
            for (node, ready) in &nodes {
                let answer = node.request("GET".parse().unwrap(), "/readyz").send().await;
                ready.store(answer.is_ok_and(|answer| answer.status() == 200), Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn node(&self) -> Visitor {
        let nodes = self.nodes.lock();
        let ready: Vec<_> =
            nodes.iter().filter(|(_, ready)| ready.load(Ordering::Relaxed)).collect();
        ready[self.turn.fetch_add(1, Ordering::Relaxed) % ready.len()].0.clone()
    }

    /// Posts, likes what was posted and reads the feed until it is over; answers the posts.
    async fn visit(&self, token: &str) -> Vec<String> {
        let mut posts = Vec::new();
        while !self.over.load(Ordering::Relaxed) {
            let person = || self.node().with_token(token);
            let body = json!({ "caption": "in between", "mediaUrls": [PICTURE] });
            let post = id_of(&person().post("/api/posts", body).await.good(201));
            person().post(&format!("/api/posts/{post}/like"), None).await.good(200);
            let feed = ids_of(&person().get("/api/feed").await.good(200)["posts"]);
            assert_eq!(feed.first(), Some(&post), "what one has answered the other knows");
            posts.push(post);
        }
        posts
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_meets_with_a_failure_while_the_processes_are_started_anew() {
    let Some(server) = ServerDatabase::make().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let settings = [
        format!("database.url={}", server.url()),
        format!("media.url=file:{}", folders[0].path().join("media").display()),
        "auth.jwt_secret=a secret that all processes of the site know".to_owned(),
        "http.drain=1".to_owned(),
    ];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> =
        ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(settings).collect();
    let mut processes = Vec::new();
    for folder in &folders {
        processes.push(Program::start(folder.path(), &arguments).await);
    }
    let balancer = Arc::new(Balancer::default());
    *balancer.nodes.lock() = processes
        .iter()
        .map(|process| (process.stranger.clone(), Arc::new(AtomicBool::new(true))))
        .collect();
    let mut people = Vec::new();
    for number in 0..6 {
        let person = balancer.node().register(&format!("person{number}")).await;
        let (token, balancer) = (person.token.clone(), balancer.clone());
        people.push(tokio::spawn(async move { (balancer.visit(&token).await, token) }));
    }
    let probe = tokio::spawn({
        let balancer = balancer.clone();
        async move { balancer.probe().await }
    });

    for _ in 0..2 {
        for (at, folder) in folders.iter().enumerate() {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let old = processes.remove(at);
            old.stop().await;
            processes.insert(at, Program::start(folder.path(), &arguments).await);
            balancer.nodes.lock()[at] =
                (processes[at].stranger.clone(), Arc::new(AtomicBool::new(true)));
        }
    }
    balancer.over.store(true, Ordering::Relaxed);
    probe.await.unwrap();
    for person in people {
        let (mut posts, token) = person.await.unwrap();
        assert!(posts.len() > 10, "there was time for {} posts", posts.len());
        posts.reverse();
        let person = processes[1].stranger.with_token(&token);
        let mut kept = Vec::new();
        let mut path = "/api/posts/user/me?limit=100".to_owned();
        while kept.len() < posts.len() {
            let page = person.get(&path).await.good(200);
            kept.extend(ids_of(&page["posts"]));
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/api/posts/user/me?limit=100&cursor={cursor}");
        }
        assert_eq!(kept, posts);
    }
    for process in processes {
        process.stop().await;
    }
}
