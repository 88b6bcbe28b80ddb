//! `tintype check`.

use serde_json::json;
use tintype_platform::config::{self, Config};
use tintype_platform::db::Database;
use tintype_platform::sqlite::Connection;
use tintype_platform::testkit::ServerDatabase;
use tintype_server::wiring::MIGRATIONS;

use crate::rig::eventually;
use crate::rig::program::{Program, run};

/// Each counter, made wrong by hand, and by what the check calls it.
const WRONGS: [(&str, &str); 11] = [
    ("UPDATE graph_counts SET followers = followers + 7", "followers"),
    ("UPDATE graph_counts SET following = following + 7", "following"),
    ("UPDATE author_counts SET posts = posts + 7", "posts"),
    ("UPDATE posts SET likes = likes + 7", "likes"),
    ("UPDATE posts SET comments = comments + 7", "comments"),
    ("UPDATE comments SET likes = likes + 7", "comment"),
    ("UPDATE accounts SET followers = followers + 7", "popularity"),
    ("UPDATE media_usage SET bytes = bytes + 7", "media_bytes"),
    ("UPDATE media_usage SET files = files + 7", "media_files"),
    ("DELETE FROM account_search", "search_index"),
    ("UPDATE activity_states SET items = items + 7", "activity_items"),
];

#[tokio::test]
async fn what_is_miscounted_is_found_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Program::serve(&data).await;
    let (ann, bob) =
        (program.stranger.register("ann").await, program.stranger.register("bob").await);
    bob.follows(&ann).await;
    let post = ann.posts("hello").await;
    crate::media::upload(&ann, &crate::media::photograph()).await.good(201);
    bob.likes(&post).await;
    let comment = bob.comments(&post, "hello").await;
    ann.post(&format!("/api/comments/{comment}/like"), None).await.good(200);
    eventually("the check is clean", async || {
        (run(&data, &["check"]).code == Some(0)).then_some(())
    })
    .await;
    program.stop().await;

    for (wrong, counter) in WRONGS {
        let database = Connection::open(data.join("tintype.db")).unwrap();
        assert!(database.execute(wrong, []).unwrap() > 0, "{wrong}");
        drop(database);
        let found = run(&data, &["check"]);
        assert_eq!(found.code, Some(1), "{wrong}: {found:?}");
        assert!(
            found.out.contains(counter) && found.out.contains("--repair"),
            "{wrong}: {found:?}"
        );
        run(&data, &["check", "--repair"]).good();
        let clean = run(&data, &["check"]).good();
        assert_eq!(clean.trim(), "Everything is right.", "{wrong}");
    }
    let program = Program::serve(&data).await;
    let ann = program.stranger.with_token(&ann.token);
    let profile = ann.get("/api/users/me").await.good(200);
    let counts = ["followers_count", "following_count", "posts_count"].map(|count| &profile[count]);
    assert_eq!(counts, [&json!(1), &json!(0), &json!(1)]);
    let shown = ann.get(&format!("/api/posts/{post}")).await.good(200);
    assert_eq!((&shown["likes_count"], &shown["comments_count"]), (&json!(1), &json!(1)));
    assert_eq!(ann.get("/api/users?q=bob").await.good(200)[0]["username"], "bob");
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_kept_as_somebody_elses_are_found_and_given_back() {
    let Some(server) = ServerDatabase::make().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let url = format!("database.url={}", server.url());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--set", &url];
    let program = Program::start(&data, &serve).await;
    let ann = program.stranger.register("ann").await;
    program.stranger.register("bob").await;
    program.stop().await;

    let settings = config::Database { url: server.url().to_owned(), ..Config::defaults().database };
    let database = Database::open(&settings, &data, &MIGRATIONS).await.unwrap();
    let Database::Postgres(database) = database else { unreachable!() };
    let execute = async |statement: &'static str| {
        let change = database.begin(0u64).await.unwrap();
        change.execute(statement, &[]).await.unwrap();
        change.commit().await.unwrap();
    };
    let check = |repair: bool| {
        let arguments = ["check", "--set", &url, "--repair"];
        run(&data, if repair { &arguments } else { &arguments[..3] })
    };
    check(false).good();
    for (wrong, counter) in [
        ("DELETE FROM account_usernames WHERE username = 'ann'", "owner_of_username"),
        ("UPDATE account_emails SET account = 7 WHERE email LIKE 'ann@%'", "owner_of_email"),
    ] {
        execute(wrong).await;
        let found = check(false);
        let wanted = format!("{counter} of {}: shows", ann.id);
        assert!(found.code == Some(1) && found.out.contains(&wanted), "{wrong}: {found:?}");
        check(true).good();
        assert_eq!(check(false).good().trim(), "Everything is right.", "{wrong}");
    }
    execute("UPDATE accounts SET username = 'ann' WHERE username = 'bob'").await;
    check(true).failed(&["both called ann", &ann.id]);
    database.close().await;
}
