//! Requests that would rather wait than be refused, and what becomes of them.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tintype_platform::config::{self, Config};
use tintype_platform::db::Database;
use tintype_platform::testkit::variable;

use super::Servers;
use crate::rig::program::Program;
use crate::rig::{Answer, PICTURE, Person, Visitor, eventually, id_of, texts_of};

/// As many may wait.
const MOST: usize = 8;

/// A `POST` with a key, by somebody who would rather wait.
pub(super) async fn patiently(visitor: &Visitor, path: &str, key: &str, body: &Value) -> Answer {
    let request = visitor.request(Method::POST, path).json(body);
    let request = request.header("idempotency-key", key).header("prefer", "wait=1, respond-async");
    Answer::of(format!("POST {path}"), request).await
}

/// Asserts that the request waits, and answers where to ask for it.
pub(super) async fn kept(visitor: &Visitor, path: &str, key: &str, body: &Value) -> String {
    let answer = patiently(visitor, path, key, body).await;
    assert_eq!(answer.header("preference-applied"), Some("respond-async"), "{answer:?}");
    let location = answer.header("location").unwrap().to_owned();
    let queued = answer.good(202);
    assert_eq!((&queued["key"], &queued["state"]), (&json!(key), &json!("queued")), "{queued}");
    assert!(queued["queued_at"].is_string(), "{queued}");
    assert_eq!(visitor.get(&location).await.good(200), queued);
    location
}

/// What became of it, when it is known.
pub(super) async fn ended(visitor: &Visitor, location: &str) -> Value {
    eventually("what waited has ended", async || {
        let operation = visitor.get(location).await;
        let ended = operation.status == 200 && operation.body["state"] != "queued";
        ended.then_some(operation.body)
    })
    .await
}

/// One of the fleet, with a folder of its own.
pub(super) async fn start(servers: &Servers, folder: &Path, name: &str) -> Program {
    Program::start(&folder.join(name), &texts(&served(servers, folder))).await
}

/// What one of the fleet is started with.
pub(super) fn served(servers: &Servers, folder: &Path) -> Vec<String> {
    configured(servers, folder, &["serve", "--listen", "127.0.0.1:0"])
}

/// A command with the configuration of the fleet.
pub(super) fn configured(servers: &Servers, folder: &Path, command: &[&str]) -> Vec<String> {
    let settings = [
        format!("database.url={}", servers.postgres.address),
        format!("media.url=file:{}", folder.join("media").display()),
        format!("operations.most={MOST}"),
        "auth.jwt_secret=a secret that all of the fleet have in common".to_owned(),
        "database.patience=1".to_owned(),
    ];
    let settings = settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]);
    command.iter().map(|&word| word.to_owned()).chain(settings).collect()
}

pub(super) fn texts(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Waits until the database has put itself in order; nobody can start before.
pub(super) async fn recovered(servers: &Servers) {
    let url = servers.postgres.address.clone();
    let settings = config::Database { url, ..Config::defaults().database };
    eventually("the database is back", async || {
        let opened = Database::open(&settings, Path::new("/nowhere"), &[]).await;
        // One that refuses to be opened without its tables answers.
        let is_down = opened.is_err_and(|error| error.code() == "database_unavailable");
        (!is_down).then_some(())
    })
    .await;
}

/// The captions of somebody's posts, the oldest first.
pub(super) async fn captions(visitor: &Visitor, of: &Person) -> Vec<String> {
    let posts = visitor.get(&format!("/api/posts/user/{}", of.id)).await.good(200);
    let mut captions = texts_of(&posts["posts"], "caption");
    captions.reverse();
    captions
}

pub(super) fn post(caption: &str) -> Value {
    json!({ "caption": caption, "mediaUrls": [PICTURE] })
}

/// While the database is down and the queue full, whoever asks for more, does not ask for it, asks for
/// something else or is nobody is refused as ever.
async fn others_are_refused(ann: &Person, of_bob: &str) {
    let full = patiently(ann, "/api/posts", "one-more", &post("one more")).await;
    assert_eq!((full.status, full.code()), (503, "operations_full"));
    assert_eq!(ann.post("/api/posts", post("now or never")).await.status, 503);
    let save = patiently(ann, &format!("/api/posts/{of_bob}/save"), "save", &json!({})).await;
    assert_eq!(save.status, 503);
    let forged = ann.with_token("forged");
    assert_eq!(patiently(&forged, "/api/posts", "forged", &post("forged")).await.status, 401);
}

/// Waits until the figures say that the queue is full.
async fn is_measured(stranger: &Visitor) {
    let waiting = format!("tintype_operations_waiting {MOST}");
    eventually("the queue is measured", async || {
        let metrics = stranger.get("/metrics").await.good(200);
        let metrics = metrics.as_str().unwrap();
        assert!(metrics.contains("tintype_operations_oldest_seconds"));
        metrics.contains(&waiting).then_some(())
    })
    .await;
}

async fn all_is_done(visitor: &Visitor, operations: &[(&String, u16)]) {
    for (location, status) in operations {
        let done = visitor.get(location).await.good(200);
        assert_eq!((&done["state"], &done["answer"]["status"]), (&json!("done"), &json!(status)));
        assert!(done["finished_at"].is_string(), "{done}");
    }
}

/// What ann did to bob and his post was done, and not twice.
async fn done_once(visitor: &Visitor, of_bob: &str) {
    let said = visitor.get(&format!("/api/posts/{of_bob}/comments")).await.good(200);
    assert_eq!(texts_of(&said["comments"], "content"), ["said once"]);
    let post = visitor.get(&format!("/api/posts/{of_bob}")).await.good(200);
    assert_eq!((&post["likes_count"], &post["comments_count"]), (&json!(1), &json!(1)));
    let bob = visitor.get("/api/users/bob").await.good(200);
    assert_eq!(bob["followers_count"], 1);
}

/// The captions of ann's posts but for the third, which a backend posted for her: what two callers ask
/// comes in any order.
async fn by_ann_herself(visitor: &Visitor, ann: &Person) -> Vec<String> {
    let mut captions = captions(visitor, ann).await;
    let all = captions.len();
    captions.retain(|caption| caption != "third");
    assert_eq!(captions.len(), all - 1);
    captions
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_database_is_done_once_and_in_order_whoever_is_killed_meanwhile() {
    if variable("TINTYPE_TEST_POSTGRES_URL").is_none() {
        return;
    }
    let mut servers = Servers::start();
    let folder = tempfile::tempdir().unwrap();
    let one = start(&servers, folder.path(), "one").await;
    let stranger = one.stranger.clone();
    let ann = stranger.register("ann").await;
    let (bob, eve) = (stranger.register("bob").await, stranger.register("eve").await);
    let of_bob = bob.posts("by bob").await;
    // The trusted dialect is open here, which is remembered.
    stranger.get(&format!("/v1/users/{}", ann.id)).await.good(200);
    let at_once = patiently(&ann, "/api/posts", "at once", &post("at once")).await;
    assert_eq!(at_once.status, 400, "a key has no spaces: {at_once:?}");
    let at_once = patiently(&ann, "/api/posts", "at-once", &post("at once")).await;
    assert_eq!(at_once.header("preference-applied"), None, "nobody waits without need");
    let at_once = id_of(&at_once.good(201));

    servers.postgres.signal("STOP");
    let first = kept(&ann, "/api/posts", "first", &post("first")).await;
    let again = patiently(&ann, "/api/posts", "first", &post("first")).await;
    assert_eq!(again.good(202)["state"], "queued");
    let other = patiently(&ann, "/api/posts", "first", &post("other")).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    let like = kept(&ann, &format!("/api/posts/{of_bob}/like"), "l/i?k%e#", &json!({})).await;
    let says = json!({ "content": "said once" });
    let comments = format!("/api/posts/{of_bob}/comments");
    let comment = kept(&ann, &comments, "comment", &says).await;
    let follow = kept(&ann, &format!("/api/v1/graph/follow/{}", bob.id), "f", &json!({})).await;
    let mesh = json!({ "caption": "second", "media_urls": [PICTURE] });
    let second = kept(&ann, "/api/v1/posts", "second", &mesh).await;
    let media = json!({ "media_url": PICTURE, "media_type": "image" });
    let mut third = media.clone();
    (third["caption"], third["user_id"]) = (json!("third"), json!(ann.number()));
    let third = kept(&stranger, "/v1/posts", "third", &third).await;
    let nobody = kept(&ann, "/api/users/nobody/follow", "nobody", &json!({})).await;
    let of_eve = kept(&eve, "/api/posts", "eve", &post("by eve")).await;

    others_are_refused(&ann, &of_bob).await;
    assert_ne!(bob.get(&first).await.status, 200, "it is ann's");
    is_measured(&stranger).await;

    // Everybody is killed, and another process is there first.
    one.kill();
    servers.postgres.signal("KILL");
    servers.postgres.start_again().await;
    recovered(&servers).await;
    let two = start(&servers, folder.path(), "two").await;
    let (ann_at_two, eve_at_two) =
        (two.stranger.with_token(&ann.token), two.stranger.with_token(&eve.token));
    let unknown = ann_at_two.get(&first).await;
    assert_eq!((unknown.status, unknown.code()), (404, "operation_unknown"));
    eve_at_two.post("/api/auth/logout", None).await.good(200);
    let by_itself = patiently(&ann_at_two, &comments, "comment", &says).await.good(201);

    let one = start(&servers, folder.path(), "one").await;
    let at = |person: &Person| one.stranger.with_token(&person.token);
    let (ann_at_one, bob_at_one, eve_at_one) = (at(&ann), at(&bob), at(&eve));
    let refused = ended(&eve_at_one, &of_eve).await;
    assert_eq!(refused["state"], "refused", "{refused}");
    assert_eq!(refused["error"]["body"]["code"], "ended_token", "{refused}");
    assert_eq!(ended(&one.stranger, &third).await["state"], "done");
    let missing = ended(&ann_at_one, &nobody).await;
    assert_eq!((&missing["state"], &missing["error"]["status"]), (&json!("refused"), &json!(404)));
    let done = [(&first, 201), (&like, 200), (&comment, 201), (&follow, 200), (&second, 201)];
    for visitor in [&ann_at_one, &ann_at_two] {
        all_is_done(visitor, &done).await;
        assert_eq!(visitor.get(&comment).await.good(200)["answer"]["body"], by_itself);
        assert_eq!(by_ann_herself(visitor, &ann).await, ["at once", "first", "second"]);
        assert_eq!(captions(visitor, &eve).await, [""; 0]);
        done_once(visitor, &of_bob).await;
    }
    bob_at_one.get(&first).await.good(404);
    let done = ann_at_one.get(&first).await.good(200)["answer"]["body"].clone();
    let again = patiently(&ann_at_two, "/api/posts", "first", &post("first")).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.good(201), done, "who asks again is told the same");
    assert_ne!(id_of(&done), at_once);

    // Nobody is killed this time.
    servers.postgres.signal("STOP");
    let fourth = kept(&ann_at_one, "/api/posts", "fourth", &post("fourth")).await;
    let fifth = kept(&ann_at_one, "/api/posts", "fifth", &post("fifth")).await;
    servers.postgres.signal("CONT");
    for location in [fifth, fourth] {
        assert_eq!(ended(&ann_at_one, &location).await["answer"]["status"], 201);
    }
    let all = ["at once", "first", "second", "fourth", "fifth"];
    assert_eq!(by_ann_herself(&ann_at_one, &ann).await, all);
    one.stop().await;
    two.stop().await;
}
