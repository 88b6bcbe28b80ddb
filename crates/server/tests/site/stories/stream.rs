//! What is shown as it happens.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::Value;

use crate::rig::{Person, Rig, Visitor, id_of, ids_of};

/// A stream of server-sent events.
struct Stream {
    response: Response,
    text: String,
}

/// One event: its name, its id and what it holds.
type Event = (String, Option<String>, Value);

impl Stream {
    async fn open(person: &Visitor, last: Option<&str>) -> Self {
        let mut request = person.request(Method::GET, "/api/feed/stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event that is not a sign of life; none when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = parse(event);
                self.text = rest.into();
                match event {
                    Some(event) if event.0 != "ping" => return Some(event),
                    _ => continue,
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk());
            let chunk = chunk.await.expect("something happens").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The id of the post that comes next, passing over what else happens.
    async fn next_post(&mut self) -> String {
        loop {
            let (name, id, data) = self.next().await.expect("the stream goes on");
            if name == "post" {
                assert_eq!(id, Some(id_of(&data)));
                return id_of(&data);
            }
        }
    }
}

fn parse(event: &str) -> Option<Event> {
    let field = |name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.strip_prefix(':')?.trim_start().to_owned())
    };
    let data = serde_json::from_str(&field("data")?).unwrap();
    Some((field("event")?, field("id"), data))
}

#[tokio::test]
async fn posts_and_activity_come_as_they_happen() {
    let rig = Rig::new().await;
    let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
    ann.follows(&bob).await;
    rig.drained().await;
    let mut stream = Stream::open(&ann, None).await;

    cat.posts("nobody listens").await;
    let by_bob = bob.posts("ann listens").await;
    let (name, id, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), id), ("post", Some(by_bob.clone())));
    assert_eq!(data, ann.get("/api/feed").await.good(200)["posts"][0]);
    let own = ann.posts("and talks").await;
    assert_eq!(stream.next_post().await, own);

    cat.likes(&own).await;
    let (name, _, data) = stream.next().await.unwrap();
    assert_eq!(name, "activity");
    let page = ann.get("/api/feed/activity").await.good(200);
    assert_eq!(data["id"], page["activities"][0]["id"]);
    assert_eq!(data["unread"], 1);

    // What is not in the feed does not come, and a new follow counts at once.
    ann.post("/api/users/bob/mute", None).await.good(200);
    bob.posts("muted").await;
    ann.follows(&cat).await;
    let by_cat = cat.posts("heard").await;
    assert_eq!(stream.next_post().await, by_cat);
    rig.close().await;
}

#[tokio::test]
async fn who_comes_back_is_told_what_they_missed() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.follows(&bob).await;
    let first = bob.posts("seen").await;
    let mut missed = Vec::new();
    for number in 0..3 {
        missed.push(bob.posts(&format!("missed {number}")).await);
    }
    let feed: Vec<String> = ids_of(&ann.get("/api/feed").await.good(200)["posts"]);
    assert_eq!(feed.len(), 4);
    let mut stream = Stream::open(&ann, Some(&first)).await;
    for post in &missed {
        assert_eq!(stream.next_post().await, *post);
    }
    let new = bob.posts("new").await;
    assert_eq!(stream.next_post().await, new);
    let request = ann.request(Method::GET, "/api/feed/stream").header("last-event-id", "nonsense");
    assert_eq!(request.send().await.unwrap().status(), 400);
    rig.stranger.get("/api/feed/stream").await.good(401);
    rig.close().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_server() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    ann.follows(&bob).await;
    let login = rig.stranger.log_in("ann", crate::rig::PASSWORD).await.good(200);
    let again = Person::new(&rig.stranger, &login);
    let (mut ends, mut stays) = (Stream::open(&ann, None).await, Stream::open(&again, None).await);
    ann.post("/api/auth/logout", None).await.good(200);
    let post = bob.posts("after the logout").await;
    assert_eq!(stays.next_post().await, post);
    assert_eq!(ends.next().await, None);
    rig.close().await;
    assert_eq!(stays.next().await, None);
}
