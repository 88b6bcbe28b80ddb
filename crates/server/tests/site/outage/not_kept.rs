//! What cannot be kept for the database is not accepted, and what was kept is not lost by the disk.

use std::fs;

use serde_json::json;
use tintype_platform::testkit::variable;

use super::Servers;
use super::waiting::{captions, configured, ended, kept, patiently, post, served, start, texts};
use crate::disk_full::SmallDisk;
use crate::rig::program::{Program, run};
use crate::rig::{PICTURE, Person, Visitor, eventually, texts_of};

/// Asks until the disk is full, and answers the captions of what was accepted before.
async fn accepted_until_full(ann: &Person) -> Vec<String> {
    let (mut accepted, mut number) = (Vec::new(), 0);
    let refused = eventually("the disk is full", async || {
        number += 1;
        let caption = format!("{number}{}", "x".repeat(2000));
        let answer = patiently(ann, "/api/posts", &format!("full-{number}"), &post(&caption)).await;
        if answer.status == 202 {
            accepted.push(caption);
            return None;
        }
        Some(answer)
    })
    .await;
    assert_eq!((refused.status, refused.code()), (503, "operation_not_kept"), "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let location = format!("/api/operations/full-{number}");
    assert_ne!(ann.get(&location).await.status, 200, "what was refused does not wait");
    accepted
}

/// Whoever asks by an API key that was last known to be good may wait; with another key nobody may.
async fn backends_may_wait(writer: &Visitor, reader: &Visitor, stranger: &Visitor, user: u64) {
    let new = json!({ "user_id": user, "caption": "by a backend", "media_url": PICTURE,
                      "media_type": "image" });
    kept(writer, "/v1/posts", "backend", &new).await;
    let read_only = patiently(reader, "/v1/posts", "reader", &new).await;
    assert_eq!((read_only.status, read_only.code()), (403, "read_only_key"));
    let unknown = patiently(&stranger.with_key("nobody's"), "/v1/posts", "unknown", &new).await;
    assert_eq!(unknown.status, 503, "nobody can say whose key it is: {unknown:?}");
    assert_ne!(reader.get("/api/operations/backend").await.status, 200, "it is the writer's");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_not_accepted_and_what_was_kept_is_done_though_the_disk_is_full() {
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("one");
    let Some(disk) = SmallDisk::mount(data.clone()) else { return };
    let servers = Servers::start();
    let one = start(&servers, folder.path(), "one").await;
    let stranger = one.stranger.clone();
    let (ann, bob) = (stranger.register("ann").await, stranger.register("bob").await);
    let key = |arguments: &[&str]| {
        let key = run(&data, &texts(&configured(&servers, folder.path(), arguments))).good();
        stranger.with_key(key.trim())
    };
    let writer = key(&["apikey", "create", "writer"]);
    let reader = key(&["apikey", "create", "reader", "--read-only"]);
    for backend in [&writer, &reader] {
        backend.get(&format!("/v1/users/{}", bob.id)).await.good(200);
    }

    servers.postgres.signal("STOP");
    let ballast = disk.fill();
    let mut wanted = accepted_until_full(&ann).await;
    fs::remove_file(&ballast).unwrap();
    let first = kept(&ann, "/api/posts", "first", &post("first")).await;
    wanted.push("first".to_owned());
    backends_may_wait(&writer, &reader, &stranger, bob.number()).await;

    // What was done cannot be taken out, and is not done again for that.
    disk.fill();
    servers.postgres.signal("CONT");
    eventually("what waited is done", async || {
        let posts = stranger.get(&format!("/api/posts/user/{}", ann.id)).await;
        let is_done = posts.status == 200 && texts_of(&posts.body["posts"], "caption") != [""; 0];
        is_done.then_some(())
    })
    .await;
    fs::remove_file(&ballast).unwrap();
    assert_eq!(ended(&ann, &first).await["state"], "done");
    assert_eq!(ended(&writer, "/api/operations/backend").await["answer"]["status"], 201);
    assert_eq!(captions(&stranger, &ann).await, wanted);
    assert_eq!(captions(&stranger, &bob).await, ["by a backend"]);
    let done = format!("tintype_operations_total{{outcome=\"done\"}} {}", wanted.len() + 1);
    eventually("each was counted once", async || {
        let metrics = stranger.get("/metrics").await.good(200);
        metrics.as_str().unwrap().contains(&done).then_some(())
    })
    .await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_not_passed_over_in_silence_when_its_file_is_damaged() {
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one/operations.db");
    let servers = Servers::start();
    let serve = served(&servers, folder.path());
    let data = folder.path().join("one");
    let one = Program::start(&data, &texts(&serve)).await;
    let ann = one.stranger.register("ann").await;
    servers.postgres.signal("STOP");
    let location = kept(&ann, "/api/posts", "kept", &post("kept")).await;
    one.stop().await;
    servers.postgres.signal("CONT");

    let whole = fs::read(&file).unwrap();
    for damage in [0..64, 4096..8192] {
        let mut damaged = whole.clone();
        damaged[damage].fill(0xff);
        fs::write(&file, &damaged).unwrap();
        let mut refused = texts(&serve);
        refused.extend(["--set", "log.level=error"]);
        let refused = run(&data, &refused);
        refused.failed(&["requests that wait", file.to_str().unwrap(), "move it away"]);
        assert_eq!(fs::read(&file).unwrap(), damaged, "it is left as it is");
    }
    fs::rename(&file, folder.path().join("damaged")).unwrap();
    let one = Program::start(&data, &texts(&serve)).await;
    one.stranger.with_token(&ann.token).get(&location).await.good(404);
    one.stop().await;

    fs::write(&file, whole).unwrap();
    let one = Program::start(&data, &texts(&serve)).await;
    let ann_again = one.stranger.with_token(&ann.token);
    assert_eq!(ended(&ann_again, &location).await["state"], "done", "once it is put in order");
    assert_eq!(captions(&ann_again, &ann).await, ["kept"]);
    one.stop().await;
}
