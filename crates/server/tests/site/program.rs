//! The program and its commands, as somebody who runs it sees them.

mod check;
mod demo;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use tintype_platform::sqlite::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rig::program::{Program, logged, run, run_with_input};
use crate::rig::{PASSWORD, PICTURE, Person, eventually};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_first_start_makes_what_is_needed_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    fs::create_dir(folder.path().join("deep")).unwrap();
    let program = Program::serve(&data).await;
    let ann = program.stranger.register("ann").await;
    program.stop().await;
    assert_eq!(mode(&data), 0o700);
    let mut secrets = 0;
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "secret") {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            assert!(fs::read(&path).unwrap().len() >= 32);
            secrets += 1;
        }
    }
    assert!(secrets >= 1);
    // What was made is used again: the token still counts.
    let program = Program::serve(&data).await;
    program.stranger.with_token(&ann.token).get("/api/users/me").await.good(200);
    program.stop().await;
    run(&data, &["check"]).good();
}

#[tokio::test]
async fn commands_work_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Program::serve(&data).await;
    let stranger = &program.stranger;
    let (ann, bob) = (stranger.register("ann").await, stranger.register("bob").await);
    bob.follows(&ann).await;
    let post = ann.posts("hello").await;
    let path = format!("/api/posts/{post}");
    // Read once, so that whatever can be cached is.
    bob.get(&path).await.good(200);
    eventually("the post arrives", async || (!bob.feed().await.is_empty()).then_some(())).await;

    run(&data, &["admin", "hide", &post]).good();
    let hidden = async || (bob.get(&path).await.status == 404).then_some(());
    eventually("the hidden post is gone", hidden).await;
    assert_eq!(bob.feed().await, [""; 0]);
    ann.get(&path).await.good(200);
    let show = ann.put(&path, json!({ "isHidden": false })).await;
    assert_eq!(show.status, 403, "what a moderator has hidden its author cannot show");
    run(&data, &["admin", "show", &post]).good();
    let shown = async || (bob.feed().await == [post.as_str()]).then_some(());
    eventually("the post is back", shown).await;
    bob.get(&path).await.good(200);

    bob.delete(&path).await.good(404);
    run(&data, &["admin", "role", "bob", "moderator"]).good();
    let moderates =
        async || (bob.post(&format!("{path}/hide"), None).await.status == 200).then_some(());
    eventually("the new role counts", moderates).await;
    run(&data, &["admin", "role", "BOB", "user"]).good();
    let is_user = async || (bob.delete(&format!("{path}/hide")).await.status != 200).then_some(());
    eventually("the new role counts", is_user).await;

    run_with_input(&data, &["admin", "password", "ann"], "a new password\n").good();
    let ended = async || (ann.get("/api/users/me").await.status == 401).then_some(());
    eventually("the tokens are ended", ended).await;
    stranger.log_in("ann", PASSWORD).await.good(401);
    stranger.log_in("ann", "a new password").await.good(200);

    let user = format!("/v1/users/{}", bob.id);
    stranger.get(&user).await.good(200);
    let key = run(&data, &["apikey", "create", "backend"]).good();
    let reader = run(&data, &["apikey", "create", "reader", "--read-only"]).good();
    let closed = async || (stranger.get(&user).await.status == 401).then_some(());
    eventually("a key is asked for", closed).await;
    let (writer, reader) = (stranger.with_key(key.trim()), stranger.with_key(reader.trim()));
    writer.get(&user).await.good(200);
    reader.get(&user).await.good(200);
    let new = json!({ "user_id": bob.id, "media_url": PICTURE, "media_type": "image" });
    reader.post("/v1/posts", new.clone()).await.good(403);
    writer.post("/v1/posts", new).await.good(201);
    let list = run(&data, &["apikey", "list"]).good();
    assert!(!list.contains(key.trim()) && list.contains("backend"), "{list}");
    let number = list.lines().find(|line| line.contains("backend")).unwrap();
    let number = number.split_whitespace().next().unwrap();
    run(&data, &["apikey", "revoke", number]).good();
    let revoked = async || (writer.get(&user).await.status == 401).then_some(());
    eventually("the key counts no more", revoked).await;
    reader.get(&user).await.good(200);

    run(&data, &["check"]).good();
    program.stop().await;
    run(&data, &["check"]).good();
}

#[test]
fn commands_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let nowhere = folder.path().join("nowhere");
    for command in [
        &["check"][..],
        &["apikey", "list"],
        &["deadletters", "list"],
        &["admin", "hide", "7"],
        &["backup", "/tmp/x"],
    ] {
        run(&nowhere, command).failed(&["nowhere", "--data-dir"]);
        assert!(!nowhere.exists(), "a command does not make what is not there");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { Program::serve(&data).await.stop().await });
    for (command, words) in [
        (&["admin", "role", "nobody", "admin"][..], &["User not found"][..]),
        (&["admin", "hide", "7"], &["Post not found"]),
        (&["apikey", "revoke", "7"], &["API key 7", "apikey list"]),
        (&["apikey", "create", ""], &["name"]),
        (&["backup", "/nonsense/folder/copy.db"], &["/nonsense/folder/copy.db"]),
        (&["serve", "--listen", "nonsense"], &["nonsense", "listen"]),
        (&["serve", "--set", "limits.enabled=perhaps"], &["limits.enabled", "perhaps", "true"]),
        (&["serve", "--set", "limits.nonsense=1"], &["limits.nonsense"]),
        (&["config", "--set", "auth.bcrypt_cost=99"], &["auth.bcrypt_cost", "99", "4", "16"]),
    ] {
        run(&data, command).failed(words);
    }
    let short = run_with_input(&data, &["admin", "password", "nobody"], "short\n");
    short.failed(&["8 characters"]);
}

#[test]
fn what_is_in_force_can_be_seen_and_shells_complete() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shown = run(&data, &["config", "--set", "feed.days_limit=3"]).good();
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("feed.days_limit = 3").contains("flag"), "{shown}");
    assert!(line("feed.strategy").contains("default"), "{shown}");
    assert!(line("server.data_dir").contains(data.to_str().unwrap()), "{shown}");
    assert!(!data.exists(), "showing makes nothing");
    let secret =
        run(&data, &["config", "--set", "auth.jwt_secret=abcdefghijklmnopqrstuvwxyz0123456789"]);
    assert!(!secret.good().contains("abcdefghijk"), "secrets are not shown");
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&data, &["completions", shell]).good().contains("tintype"), "{shell}");
    }
}

#[tokio::test]
async fn a_folder_is_served_by_one_and_an_address_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let program = Program::serve(&data).await;
    let second = ["serve", "--listen", "127.0.0.1:0"];
    run(&data, &second).failed(&["Another tintype serves", "--data-dir"]);
    let address = program.address.to_string();
    run(&other, &["serve", "--listen", &address]).failed(&[&address, "--listen"]);
    program.stranger.get("/health").await.good(200);
    program.kill();
    // A killed server leaves no lock behind.
    Program::serve(&data).await.stop().await;
}

#[tokio::test]
async fn a_folder_that_is_none_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let file = folder.path().join("file");
    fs::write(&file, "a file").unwrap();
    run(&file, &serve).failed(&["file"]);
    run(&file.join("below"), &serve).failed(&["below"]);
    assert_eq!(fs::read(&file).unwrap(), b"a file");

    let nonsense = folder.path().join("nonsense");
    fs::create_dir(&nonsense).unwrap();
    fs::write(
        nonsense.join("tintype.db"),
        "this is no database, and long enough to be sure".repeat(50),
    )
    .unwrap();
    run(&nonsense, &serve).failed(&["tintype.db", "cannot be opened"]);
    run(&nonsense, &["check"]).failed(&["tintype.db"]);

    let newer = folder.path().join("newer");
    Program::serve(&newer).await.stop().await;
    let database = Connection::open(newer.join("tintype.db")).unwrap();
    let add = "INSERT INTO migrations VALUES ('posts', 99, 'from the future', '')";
    database.execute(add, []).unwrap();
    drop(database);
    for command in [&serve[..], &["check"], &["apikey", "list"]] {
        run(&newer, command).failed(&["newer", "99"]);
    }
}

#[tokio::test]
async fn a_backup_made_while_serving_is_a_whole_network() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let program = Program::serve(&data).await;
    let ann = program.stranger.register("ann").await;
    let before = ann.posts("before").await;
    // Somebody goes on writing all the while.
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writing = tokio::spawn({
        let stranger = program.stranger.clone();
        async move {
            let busy = stranger.register("busy").await;
            let mut posts = 0;
            while stopped.try_recv().is_err() {
                let post = busy.posts("one more").await;
                busy.likes(&post).await;
                posts += 1;
            }
            posts
        }
    });
    fs::create_dir(&copy).unwrap();
    let file = copy.join("tintype.db");
    for _ in 0..3 {
        let (data, file) = (data.clone(), file.clone());
        let backup = move || run(&data, &["backup", file.to_str().unwrap()]);
        tokio::task::spawn_blocking(backup).await.unwrap().good();
    }
    stop.send(()).unwrap();
    assert!(writing.await.unwrap() > 0);
    let only: Vec<_> =
        fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(only, ["tintype.db"]);
    ann.posts("after").await;
    program.stop().await;

    run(&copy, &["check"]).good();
    let program = Program::serve(&copy).await;
    let ann = program.stranger.log_in("ann", PASSWORD).await.good(200);
    let ann = Person::new(&program.stranger, &ann);
    assert_eq!(ann.feed().await, [before]);
    program.stop().await;
}

#[tokio::test]
async fn a_request_that_has_begun_is_finished_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Program::serve(&data).await;
    let ann = program.stranger.register("ann").await;
    let body = json!({ "mediaUrls": [PICTURE] }).to_string();
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    let head = format!(
        "POST /api/posts HTTP/1.1\r\nhost: tintype\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        ann.token,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // Said when the route has begun to wait for the body.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let stays = ann.request("GET".parse().unwrap(), "/api/feed/stream").send().await.unwrap();
    program.tell_to_stop();
    let closed = async || TcpStream::connect(program.address).await.is_err().then_some(());
    eventually("nobody else is let in", closed).await;
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    // A stream that is open ends, and holds nothing up.
    stays.text().await.unwrap();
    let (status, _) = program.stopped().await;
    assert!(status.success(), "{status}: {}", logged(&data));

    let program = Program::serve(&data).await;
    let feed = program.stranger.with_token(&ann.token).get("/api/feed").await.good(200);
    assert_eq!(feed["posts"].as_array().unwrap().len(), 1);
    program.stop().await;
}

#[tokio::test]
async fn an_event_that_nobody_can_handle_is_put_aside_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Program::start(
        &data,
        &["serve", "--listen", "127.0.0.1:0", "--set", "bus.retries=2", "--set", "bus.pause_ms=1"],
    )
    .await;
    let (ann, bob) =
        (program.stranger.register("ann").await, program.stranger.register("bob").await);
    let add = "INSERT INTO outbox (id, kind, key, body, at) VALUES (1, 'graph.unfollow', 1, 'nonsense', 0)";
    let database = Connection::open(data.join("tintype.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    database.execute(add, []).unwrap();
    drop(database);
    let list = || run(&data, &["deadletters", "list"]).good();
    let dead = eventually("it is put aside", async || {
        Some(list()).filter(|list| list.contains("graph.unfollow"))
    })
    .await;
    assert!(dead.contains("nonsense") && dead.contains("2 tries"), "{dead}");

    // Whoever could not handle it goes on with what came after it.
    bob.follows(&ann).await;
    let told = async || {
        let page = ann.get("/api/feed/activity").await.good(200);
        page["activities"].as_array().unwrap().first().cloned()
    };
    eventually("the follow is told", told).await;

    let count = dead.lines().filter(|line| line.contains("graph.unfollow")).count();
    assert!(run(&data, &["deadletters", "replay"]).good().contains(&count.to_string()));
    eventually("it fails again", async || list().contains("graph.unfollow").then_some(())).await;
    eventually("all of it", async || {
        (list().lines().filter(|line| line.contains("graph.unfollow")).count() == count)
            .then_some(())
    })
    .await;
    let metrics = program.stranger.get("/metrics").await.good(200);
    let metrics = metrics.as_str().unwrap();
    for name in [
        "tintype_http_request_duration_seconds_bucket",
        "tintype_http_requests_total",
        "tintype_cache_hits_total",
        "tintype_consumer_lag",
        "tintype_outbox_depth",
        "tintype_dead_letters",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "{name} is not in\n{metrics}");
    }
    run(&data, &["deadletters", "discard"]).good();
    assert!(list().starts_with("0 dead letters"), "{}", list());
    run(&data, &["check"]).good();
    program.stop().await;
}
