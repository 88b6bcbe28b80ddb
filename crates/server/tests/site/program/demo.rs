//! `tintype demo`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

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
    let demo = ["demo", "--listen", "127.0.0.1:0", "--longer-side", "32"];
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
    let address = program.address;
    let home = folder.path().to_owned();
    tokio::task::spawn_blocking(move || walk_the_tour(address, &home)).await.unwrap();
    let first = ada.feed().await;
    assert_eq!(first.len(), 100, "a full page");
    let newcomer = program.stranger.register("another.newcomer").await;
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

/// Does what the README says, word for word, where there is a picture, and looks at what comes of it.
fn walk_the_tour(address: SocketAddr, home: &Path) {
    image::RgbImage::new(300, 200).save(home.join("picture.jpg")).unwrap();
    let readme = include_str!("../../../../../README.md");
    let tour = readme.split("## A tour of the API").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = tour.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let script = blocks.collect::<Vec<_>>().join("\n");
    // On lines of their own, and with less patience for what never ends.
    let script =
        script.replace("curl -s", "curl -w '\\n' -s").replace("--max-time 20", "--max-time 2");
    let script = script.replace("127.0.0.1:8080", &address.to_string());
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: the tour of the README needs curl, which is not there");
        return;
    }
    let output = Command::new("sh").args(["-c", &script]).current_dir(home).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(answers.len(), 9, "{said}");
    assert!(answers.iter().all(|answer| answer.get("error").is_none()), "{said}");
    let length = |list: &Value| list.as_array().unwrap().len();
    let [found, followed, feed, liked, comment, post, latest, ranked, activity] =
        answers.try_into().unwrap();
    assert_eq!(found[0]["username"], "bruno.albers");
    assert_eq!(followed["status"], "accepted");
    assert_eq!(length(&feed["posts"]), 2);
    assert_eq!(liked["likes_count"], 1);
    assert_eq!(comment["content"], "I was there");
    assert_eq!((&post["comments_count"], &post["hashtags"][0]), (&1.into(), &"morning".into()));
    assert_eq!(post["media"][0]["alt_text"], "The harbour before anybody was up");
    assert_eq!((length(&latest["posts"]), length(&ranked["posts"])), (3, 3));
    assert!(ranked["posts"][0]["score"]["total"].is_f64(), "{ranked}");
    assert_eq!(length(&activity["activities"]), 3);
    assert!(said.contains("event: ping"), "{said}");
}

/// A demo whose making was cut short is made again from the beginning.
#[tokio::test]
async fn an_unfinished_demo_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Program::serve(&data).await.stop().await;
    fs::write(data.join("demo.making"), "").unwrap();
    let program =
        Program::start(&data, &["demo", "--listen", "127.0.0.1:0", "--longer-side", "32"]).await;
    let found = program.stranger.get("/api/users?q=ada").await.good(200);
    assert!(!found.as_array().unwrap().is_empty());
    program.kill();
    assert!(!data.join("demo.making").exists());
    run(&data, &["check"]).good();
}
