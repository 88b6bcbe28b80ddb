//! `tintype demo`.

use std::fs;

use crate::rig::Person;
use crate::rig::program::{Program, run};

/// What follows a label in what the demo says.
fn said<'t>(text: &'t str, label: &str) -> &'t str {
    let rest = text.split_once(label).unwrap_or_else(|| panic!("no {label} in {text}")).1;
    rest.split_whitespace().next().unwrap()
}

#[tokio::test]
async fn the_demo_is_made_once_and_its_login_works() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = ["demo", "--listen", "127.0.0.1:0"];
    let program = Program::start(&data, &demo).await;
    program.tell_to_stop();
    let greeting = program.greeting.clone();
    let (status, rest) = program.stopped().await;
    assert!(status.success());
    let said_all = format!("{greeting}\n{rest}");
    let (name, password) = (said(&said_all, "Sign in as"), said(&said_all, "with password"));

    // The second start finds it made; what was done in between is still there.
    let program = Program::start(&data, &demo).await;
    let ada = program.stranger.log_in(name, password).await.good(200);
    let ada = Person::new(&program.stranger, &ada);
    let first = ada.feed().await;
    assert_eq!(first.len(), 100, "a full page");
    let newcomer = program.stranger.register("newcomer").await;
    newcomer.follows(&ada).await;
    newcomer.likes(&first[0]).await;
    let [followers, following, _] = newcomer.counts_of(name).await;
    assert!(followers > 1 && following > 1);
    let post = newcomer.posts("I was here").await;
    program.stop().await;
    run(&data, &["check"]).good();

    let program = Program::start(&data, &demo).await;
    let newcomer = program.stranger.with_token(&newcomer.token);
    newcomer.get(&format!("/api/posts/{post}")).await.good(200);
    let profile = program.stranger.get(&format!("/api/users/{name}")).await.good(200);
    assert_eq!(profile["followers_count"], followers);
    assert_eq!(profile["following_count"], following);
    program.kill();

    // `serve` serves it like any other.
    let program = Program::serve(&data).await;
    program.stranger.log_in(name, password).await.good(200);
    program.stop().await;

    let own = folder.path().join("own");
    Program::serve(&own).await.stop().await;
    run(&own, &demo).failed(&["network of its own", "--data-dir"]);
}

/// A demo whose making was cut short is made again from the beginning.
#[tokio::test]
async fn an_unfinished_demo_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Program::serve(&data).await.stop().await;
    fs::write(data.join("demo.making"), "").unwrap();
    let program = Program::start(&data, &["demo", "--listen", "127.0.0.1:0"]).await;
    let found = program.stranger.get("/api/users?q=ada").await.good(200);
    assert!(!found.as_array().unwrap().is_empty());
    program.kill();
    assert!(!data.join("demo.making").exists());
    run(&data, &["check"]).good();
}
