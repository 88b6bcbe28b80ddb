//! PostgreSQL and Redis are stopped, killed and started again while people are at it.

mod not_done;
mod not_kept;
mod waiting;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::Strategy;
use tintype_platform::testkit::variable;

use crate::rig::{PICTURE, Person, Rig, configuration, eventually, id_of, ids_of};

/// Those who post, each followed by the one who reads.
const AUTHORS: usize = 4;

/// Servers of this test alone, which it may do anything to.
pub(crate) struct Servers {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) postgres: Server,
    pub(crate) redis: Server,
}

/// One of them.
pub(crate) struct Server {
    pub(crate) address: String,
    pid: u32,
    /// By what it was started, and how it is started again.
    command: Vec<String>,
    again: Option<Child>,
}

impl Servers {
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("tintype-outage-").tempdir().unwrap();
        // The servers run as users of their own.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let run = folder.path().join("servers");
        let up = dev_servers(&run).args(["up", "postgres", "redis"]).output().unwrap();
        assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
        Self { postgres: Server::of(&run, "postgres"), redis: Server::of(&run, "redis"), folder }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in [&mut self.postgres, &mut self.redis] {
            if let Some(mut again) = server.again.take() {
                let _ = again.kill();
                let _ = again.wait();
            }
        }
        let _ = dev_servers(&self.folder.path().join("servers")).arg("down").output();
    }
}

fn dev_servers(run: &Path) -> Command {
    // Asked when the test runs: what it was compiled in may be gone by then.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let script = PathBuf::from(package).join("../../dev/servers");
    let mut command = Command::new(script);
    command.env("TINTYPE_TEST_SERVERS", run).stdin(Stdio::null());
    command
}

impl Server {
    fn of(run: &Path, name: &str) -> Self {
        let read = |file: &str| std::fs::read_to_string(run.join(name).join(file)).unwrap();
        let pid = read("processes").split_whitespace().next().unwrap().parse().unwrap();
        let address = read("address").trim().to_owned();
        let command = if name == "redis" {
            let (_, port) = address.rsplit_once(':').unwrap();
            let folder = run.join(name).to_str().unwrap().to_owned();
            ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", &folder]
                .map(str::to_owned)
                .to_vec()
        } else {
            let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
            let words = command.split('\0').filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        Self { address, pid, command, again: None }
    }

    /// Signals it and its children, who would go on with the connections that they have.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.pid;
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}")).arg(pid.to_string()).args(children.split_whitespace());
        // A child may have ended meanwhile.
        let _ = kill.stderr(Stdio::null()).status().unwrap();
    }

    /// Starts it again after it was killed, on what it left behind.
    async fn start_again(&mut self) {
        // Of a PostgreSQL that was killed the children end a little later.
        for _ in 0..50 {
            let mut command = if self.command[0].contains("postgres") && is_root() {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
                command.args(&self.command);
                command
            } else {
                let mut command = Command::new(&self.command[0]);
                command.args(&self.command[1..]);
                command
            };
            let command = command.current_dir("/").stdin(Stdio::null());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            if child.try_wait().unwrap().is_none() {
                self.pid = child.id();
                self.again = Some(child);
                return;
            }
        }
        panic!("{:?} does not start again", self.command);
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

/// What the people of the test met with.
#[derive(Default)]
struct Met {
    over: AtomicBool,
    /// Posts that were answered with 201, in no order.
    posted: Mutex<Vec<String>>,
    refused: AtomicUsize,
    stale: AtomicUsize,
    bypassed: AtomicUsize,
}

impl Met {
    /// Posts until it is over; whatever is no success must say that it is worth another try.
    async fn post(&self, author: &Person) {
        while !self.over.load(Ordering::Relaxed) {
            let body = json!({ "caption": "in bad times", "mediaUrls": [PICTURE] });
            let answer = author.post("/api/posts", body).await;
            if answer.status == 201 {
                self.posted.lock().push(id_of(&answer.body));
            } else {
                assert_eq!(answer.status, 503, "{:?}", answer.body);
                assert!(answer.header("retry-after").is_some(), "{:?}", answer.body);
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Reads the feed until it is over.
    async fn read(&self, reader: &Person) {
        while !self.over.load(Ordering::Relaxed) {
            let answer = reader.get("/api/feed?limit=20").await;
            if answer.header("x-cache-status") == Some("bypass") {
                self.bypassed.fetch_add(1, Ordering::Relaxed);
            }
            match answer.status {
                200 if answer.header("x-feed-quality") == Some("stale") => {
                    self.stale.fetch_add(1, Ordering::Relaxed);
                }
                200 | 503 => {}
                other => panic!("{other}: {:?}", answer.body),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_whatever_the_servers_went_through() {
    // Where these are not to be had, the script that starts them has nothing to start either.
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let mut servers = Servers::start();
    let folder = tempfile::tempdir().unwrap();
    let mut config = configuration(&folder);
    config.database.url = servers.postgres.address.clone();
    config.database.patience = Duration::from_secs(1);
    config.redis.url = servers.redis.address.clone();
    config.feed.strategy = Strategy::Push;
    let rig = Rig::on(&config, Arc::new(SystemClock)).await;
    let reader = rig.person("reader").await;
    let mut authors = Vec::new();
    for number in 0..AUTHORS {
        let author = rig.person(&format!("author{number}")).await;
        reader.follows(&author).await;
        authors.push(author);
    }
    let met = Arc::new(Met::default());
    let mut people = Vec::new();
    for author in authors.clone() {
        let met = met.clone();
        people.push(tokio::spawn(async move { met.post(&author).await }));
    }
    for reader in [reader.clone(), reader.clone()] {
        let met = met.clone();
        people.push(tokio::spawn(async move { met.read(&reader).await }));
    }

    let awhile = || tokio::time::sleep(Duration::from_secs(2));
    let healed = async || {
        eventually("the site heals by itself", async || {
            let body = json!({ "caption": "better times", "mediaUrls": [PICTURE] });
            let posted = authors[0].post("/api/posts", body).await;
            let feed = reader.get("/api/feed").await;
            let current = feed.status == 200
                && feed.header("x-feed-quality").is_none()
                && feed.header("x-cache-status").is_none();
            (posted.status == 201 && current).then(|| met.posted.lock().push(id_of(&posted.body)))
        })
        .await;
    };
    awhile().await;
    // A Redis that falls silent, dies and comes back empty is missed by nobody.
    let refused = met.refused.load(Ordering::Relaxed);
    servers.redis.signal("STOP");
    awhile().await;
    servers.redis.signal("CONT");
    healed().await;
    servers.redis.signal("KILL");
    awhile().await;
    servers.redis.start_again().await;
    healed().await;
    assert_eq!(
        met.refused.load(Ordering::Relaxed),
        refused,
        "nobody was refused for want of Redis"
    );
    assert!(met.bypassed.load(Ordering::Relaxed) > 0, "though answers said that it was missing");
    // A PostgreSQL that does so is.
    servers.postgres.signal("STOP");
    awhile().await;
    awhile().await;
    servers.postgres.signal("CONT");
    healed().await;
    servers.postgres.signal("KILL");
    awhile().await;
    servers.postgres.start_again().await;
    healed().await;

    met.over.store(true, Ordering::Relaxed);
    for person in people {
        person.await.unwrap();
    }
    assert!(met.refused.load(Ordering::Relaxed) > 0, "writes were refused in between");
    assert!(met.stale.load(Ordering::Relaxed) > 0, "and feeds were shown as they were remembered");
    let posted = met.posted.lock().clone();
    for post in &posted {
        reader.get(&format!("/api/posts/{post}")).await.good(200);
    }
    rig.drained().await;
    let mut newest = posted;
    newest.sort_by_key(|post| std::cmp::Reverse(post.parse::<u64>().unwrap()));
    let feed = ids_of(&reader.get("/api/feed?limit=100").await.good(200)["posts"]);
    let shown: Vec<&String> = feed.iter().filter(|post| newest.contains(post)).collect();
    let wanted: Vec<&String> = newest.iter().take(shown.len()).collect();
    assert_eq!(shown, wanted, "what was posted is in the feed, the newest first");
    rig.close().await;
}
