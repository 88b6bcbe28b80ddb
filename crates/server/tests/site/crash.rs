//! The program is killed in the middle of its work: what was acknowledged is there, what was not is
//! there whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::program::{Program, logged, run};
use crate::rig::{PASSWORD, PICTURE, Visitor, eventually, id_of, texts_of};

/// Times that the program is killed.
const ROUNDS: usize = 4;

/// People who write at the same time.
const WRITERS: usize = 6;

/// What one writer knows to be on the disk, and what it was about when the program died.
#[derive(Default)]
struct Notes {
    token: String,
    id: String,
    posts: BTreeSet<String>,
    /// Post and whether this writer likes it.
    likes: BTreeMap<String, bool>,
    /// Comments by this writer, by post.
    comments: BTreeMap<String, BTreeSet<String>>,
    /// Whether this writer follows the star.
    follows: Option<bool>,
    /// What was asked and never answered.
    pending: Option<Pending>,
}

#[derive(Debug, Clone, PartialEq)]
enum Pending {
    Post,
    Like(String),
    Comment(String),
    Follow,
}

/// The answer to a request, if there was any before the program died.
async fn try_ask(
    visitor: &Visitor,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Option<Value> {
    let mut request = visitor.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    // An answer counts when all of it has come; a refusal is none that this test expects.
    let answer: Value = serde_json::from_slice(&response.bytes().await.ok()?).ok()?;
    assert!([200, 201].contains(&status), "{path}: {status} {answer}");
    Some(answer)
}

/// Writes until the program dies, and answers what is known then. `written` counts what was
/// acknowledged to all.
async fn write(
    stranger: Visitor,
    name: String,
    shared: String,
    written: Arc<AtomicUsize>,
) -> Option<Notes> {
    let body =
        json!({ "username": name, "email": format!("{name}@x.example"), "password": PASSWORD });
    let made = try_ask(&stranger, Method::POST, "/api/auth/register", Some(body)).await?;
    let token = made["token"].as_str()?.to_owned();
    let visitor = stranger.with_token(&token);
    let mut notes = Notes { token, id: id_of(&made["user"]), ..Notes::default() };
    for step in 0.. {
        written.fetch_add(1, Ordering::Relaxed);
        let latest = notes.posts.last().cloned().unwrap_or_else(|| shared.clone());
        let on = step % 8 < 4;
        let method = if on { Method::POST } else { Method::DELETE };
        let (pending, method, path, body) = match step % 4 {
            0 => {
                let caption = format!("{name} {step} #crash");
                let body = json!({ "caption": caption, "mediaUrls": [PICTURE] });
                (Pending::Post, Method::POST, "/api/posts".to_owned(), Some(body))
            }
            1 => (Pending::Like(shared.clone()), method, format!("/api/posts/{shared}/like"), None),
            2 => {
                let body = Some(json!({ "content": format!("{name} {step}") }));
                (
                    Pending::Comment(latest.clone()),
                    Method::POST,
                    format!("/api/posts/{latest}/comments"),
                    body,
                )
            }
            _ => (Pending::Follow, method, "/api/users/star/follow".to_owned(), None),
        };
        notes.pending = Some(pending.clone());
        let Some(answer) = try_ask(&visitor, method, &path, body).await else { return Some(notes) };
        notes.pending = None;
        match pending {
            Pending::Post => drop(notes.posts.insert(id_of(&answer))),
            Pending::Like(post) => drop(notes.likes.insert(post, on)),
            Pending::Comment(post) => {
                notes.comments.entry(post).or_default().insert(id_of(&answer));
            }
            Pending::Follow => notes.follows = Some(on),
        }
    }
    unreachable!("a writer ends when the program does")
}

/// Asserts that everything in `notes` is there, and at most what was pending besides.
async fn assert_kept(stranger: &Visitor, notes: &Notes) {
    let writer = stranger.with_token(&notes.token);
    let pending = notes.pending.as_ref();
    let listed = walk(&writer, "/api/posts/user/me", "posts").await;
    let found: BTreeSet<String> = listed.iter().map(id_of).collect();
    let extra: Vec<_> = found.difference(&notes.posts).collect();
    let allowed = usize::from(pending == Some(&Pending::Post));
    assert!(notes.posts.is_subset(&found) && extra.len() <= allowed, "{extra:?} {pending:?}");
    for post in &listed {
        // Whole: with its picture, its hashtag, and everywhere where it belongs.
        assert_eq!(
            (&post["media_urls"], &post["hashtags"]),
            (&json!([PICTURE]), &json!(["crash"]))
        );
    }
    let profile = writer.get("/api/users/me").await.good(200);
    assert_eq!(profile["posts_count"], found.len());

    for (post, liked) in &notes.likes {
        let shown = writer.get(&format!("/api/posts/{post}")).await.good(200);
        let uncertain = pending == Some(&Pending::Like(post.clone()));
        assert!(uncertain || shown["liked_by_user"] == *liked, "{post} {liked}");
    }
    for (post, comments) in &notes.comments {
        let listed = walk(&writer, &format!("/api/posts/{post}/comments"), "comments").await;
        let own = listed.iter().filter(|comment| comment["user_id"] == notes.id.as_str());
        let found: BTreeSet<String> = own.map(id_of).collect();
        let allowed = usize::from(pending == Some(&Pending::Comment(post.clone())));
        let extra = found.difference(comments).count();
        assert!(comments.is_subset(&found) && extra <= allowed, "{post} {comments:?} {found:?}");
    }
    let star = writer.get("/api/users/star").await.good(200);
    let follows = star["relationship"]["following"] == true;
    let uncertain = pending == Some(&Pending::Follow);
    assert!(uncertain || follows == notes.follows.unwrap_or(false));
    // The feed is what follows from it: the star's posts are there for who follows.
    let feed = walk(&writer, "/api/feed", "posts").await;
    let by_star = feed.iter().any(|post| post["author"]["username"] == "star");
    assert_eq!(by_star, follows);
    let own: BTreeSet<String> =
        feed.iter().filter(|post| post["user_id"] == notes.id.as_str()).map(id_of).collect();
    assert_eq!(own, found);
}

/// All items of a list.
async fn walk(visitor: &Visitor, path: &str, list: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), format!("{path}?limit=100"));
    loop {
        let page = visitor.get(&next).await.good(200);
        items.extend(page[list].as_array().unwrap().clone());
        let Some(cursor) = page["nextCursor"].as_str() else { return items };
        next = format!("{path}?limit=100&cursor={cursor}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut known: Vec<Notes> = Vec::new();
    let mut shared = String::new();
    for round in 0..ROUNDS {
        let program = Program::serve(&data).await;
        if round == 0 {
            let star = program.stranger.register("star").await;
            shared = star.posts("Everybody looks at this").await;
        }
        let written = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let (stranger, name) =
                    (program.stranger.clone(), format!("writer{round}.{number}"));
                tokio::spawn(write(stranger, name, shared.clone(), written.clone()))
            })
            .collect();
        // At a different moment each time, while all of them are at it.
        let enough = 120 + 61 * round;
        let busy = async || (written.load(Ordering::Relaxed) >= enough).then_some(());
        eventually("enough was written", busy).await;
        program.kill();
        for writer in writers {
            known.extend(writer.await.unwrap());
        }

        let program = Program::serve(&data).await;
        for notes in &known {
            assert_kept(&program.stranger, notes).await;
        }
        let tagged = walk(&program.stranger, "/api/posts/hashtag/crash", "posts").await;
        let posts: usize = known.iter().map(|notes| notes.posts.len()).sum();
        assert!((posts..=posts + known.len()).contains(&tagged.len()));
        // Consumers go on where they were; when they are done, every counter is right.
        eventually("the check is clean", async || {
            let data = data.clone();
            let check = tokio::task::spawn_blocking(move || run(&data, &["check"])).await.unwrap();
            (check.code == Some(0)).then_some(())
        })
        .await;
        let likers = program.stranger.linked(&format!("/api/posts/{shared}/likes"), 100).await;
        let likers = texts_of(&Value::Array(likers), "user_id");
        let shown = program.stranger.get(&format!("/api/posts/{shared}")).await.good(200);
        assert_eq!(shown["likes_count"], likers.len());
        for notes in &mut known {
            settle(&program.stranger, notes).await;
        }
        program.kill();
    }
    run(&data, &["check"]).good();
    assert!(known.len() > ROUNDS * WRITERS / 2, "{} writers: {}", known.len(), logged(&data));
}

/// What was uncertain is looked up once and must stay as it was found.
async fn settle(stranger: &Visitor, notes: &mut Notes) {
    let writer = stranger.with_token(&notes.token);
    match notes.pending.take() {
        None => {}
        Some(Pending::Post) => {
            let listed = walk(&writer, "/api/posts/user/me", "posts").await;
            notes.posts = listed.iter().map(id_of).collect();
        }
        Some(Pending::Like(post)) => {
            let shown = writer.get(&format!("/api/posts/{post}")).await.good(200);
            notes.likes.insert(post, shown["liked_by_user"] == true);
        }
        Some(Pending::Comment(post)) => {
            let listed = walk(&writer, &format!("/api/posts/{post}/comments"), "comments").await;
            let own = listed.iter().filter(|comment| comment["user_id"] == notes.id.as_str());
            notes.comments.insert(post, own.map(id_of).collect());
        }
        Some(Pending::Follow) => {
            let star = writer.get("/api/users/star").await.good(200);
            notes.follows = Some(star["relationship"]["following"] == true);
        }
    }
}
