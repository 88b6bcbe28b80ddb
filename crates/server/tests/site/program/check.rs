//! `tintype check`.

use serde_json::json;
use tintype_platform::sqlite::Connection;

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
