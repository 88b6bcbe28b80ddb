//! What waited for the database and cannot be done is refused, and its sender can read why.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use tintype_platform::config::{self, Config};
use tintype_platform::db::Database;
use tintype_platform::testkit::variable;
use tintype_server::wiring::MIGRATIONS;

use super::Servers;
use super::waiting::{captions, configured, ended, kept, patiently, post, start, texts};
use crate::rig::program::{Program, logged, run};
use crate::rig::{PICTURE, Visitor, eventually, texts_of};

/// Changes the database behind the program's back.
async fn execute(servers: &Servers, statement: &'static str) {
    let url = servers.postgres.address.clone();
    let settings = config::Database { url, ..Config::defaults().database };
    let opened = Database::open(&settings, Path::new("/nowhere"), &MIGRATIONS).await;
    let Database::Postgres(database) = opened.unwrap() else { unreachable!() };
    let change = database.begin(0u64).await.unwrap();
    change.execute(statement, &[]).await.unwrap();
    change.commit().await.unwrap();
    database.close().await;
}

async fn counted(stranger: &Visitor, outcome: &str, wanted: u32) {
    let wanted = format!("tintype_operations_total{{outcome=\"{outcome}\"}} {wanted}\n");
    eventually("it was counted", async || {
        let metrics = stranger.get("/metrics").await.good(200);
        metrics.as_str().unwrap().contains(&wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_always_fails_is_given_up_and_holds_up_nothing_behind_it() {
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let servers = Servers::start();
    let folder = tempfile::tempdir().unwrap();
    let one = start(&servers, folder.path(), "one").await;
    let stranger = one.stranger.clone();
    let (ann, bob) = (stranger.register("ann").await, stranger.register("bob").await);
    let of_bob = bob.posts("by bob").await;
    let command = |arguments: &[&str]| {
        let arguments = configured(&servers, folder.path(), arguments);
        run(&folder.path().join("one"), &texts(&arguments)).good()
    };
    let key = command(&["apikey", "create", "backend"]);
    let backend = stranger.with_key(key.trim());
    backend.get(&format!("/v1/users/{}", bob.id)).await.good(200);

    servers.postgres.signal("STOP");
    let comments = format!("/api/posts/{of_bob}/comments");
    let says = json!({ "content": "never heard" });
    let failing = kept(&ann, &comments, "failing", &says).await;
    let new = json!({ "user_id": bob.number(), "media_url": PICTURE, "media_type": "image" });
    let revoked = kept(&backend, "/v1/posts", "revoked", &new).await;
    let behind = kept(&ann, "/api/posts", "behind", &post("behind")).await;
    one.kill();
    servers.postgres.signal("CONT");
    execute(&servers, "ALTER TABLE comments RENAME TO elsewhere").await;
    let keys = command(&["apikey", "list"]);
    command(&["apikey", "revoke", keys.split_whitespace().next().unwrap()]);

    let one = start(&servers, folder.path(), "one").await;
    let ann_again = one.stranger.with_token(&ann.token);
    let given_up = ended(&ann_again, &failing).await;
    assert_eq!(
        (&given_up["state"], &given_up["error"]["status"]),
        (&json!("refused"), &json!(500))
    );
    assert_eq!(given_up["error"]["body"]["code"], "internal", "{given_up}");
    assert_eq!(ended(&ann_again, &behind).await["state"], "done");
    let revoked = ended(&one.stranger.with_key(key.trim()), &revoked).await;
    assert_eq!(revoked["error"]["body"]["code"], "api_key_required", "{revoked}");
    counted(&one.stranger, "refused", 2).await;
    counted(&one.stranger, "done", 1).await;
    assert_eq!(captions(&ann_again, &ann).await, ["behind"]);
    assert_eq!(captions(&ann_again, &bob).await, ["by bob"]);

    execute(&servers, "ALTER TABLE elsewhere RENAME TO comments").await;
    let again = ann_again.request(Method::POST, &comments).header("idempotency-key", "failing");
    let again = again.json(&says).send().await.unwrap();
    assert_eq!(again.status(), 500, "nobody tries any more");
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    patiently(&ann_again, &comments, "a-new-key", &says).await.good(201);
    let said = ann_again.get(&comments).await.good(200);
    assert_eq!(texts_of(&said["comments"], "content"), ["never heard"]);
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_any_more_is_refused_and_does_not_vanish() {
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let servers = Servers::start();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("one");
    let one = start(&servers, folder.path(), "one").await;
    let ann = one.stranger.register("ann").await;
    servers.postgres.signal("STOP");
    let location = kept(&ann, "/api/posts", "kept", &post("kept")).await;
    one.stop().await;
    servers.postgres.signal("CONT");

    let mut serve = configured(&servers, folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    serve.extend(
        ["--set", "auth.jwt_secret=another secret, for the first has leaked"].map(Into::into),
    );
    // It could not say that it ended, which would otherwise be believed some seconds later.
    execute(&servers, "DELETE FROM leases").await;
    let one = Program::start(&data, &texts(&serve)).await;
    let ann_again = one.stranger.with_token(&ann.token);
    let refused = ended(&ann_again, &location).await;
    assert_eq!((&refused["state"], &refused["error"]["status"]), (&json!("refused"), &json!(409)));
    let error = &refused["error"]["body"];
    assert_eq!(error["code"], "operation_unreadable");
    assert!(error["error"].as_str().unwrap().contains("with a new key"), "{error}");
    let again = patiently(&ann_again, "/api/posts", "kept", &post("kept")).await;
    assert_eq!((again.status, again.code()), (409, "operation_unreadable"));
    one.stranger.get(&location).await.good(404);
    counted(&one.stranger, "unreadable", 1).await;
    assert!(logged(&data).contains("is auth.jwt_secret another one?"));
    assert_eq!(captions(&one.stranger, &ann).await, [""; 0]);
    one.stop().await;
}
