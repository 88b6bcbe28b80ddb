//! Server-sent events over a real connection, from a real bus.

use std::time::Duration;

use serde_json::{Value, json};
use tintype_api::testkit::user;
use tintype_api::{Event, PostId};
use tintype_feed::Settings;
use tintype_platform::config::Strategy;

use crate::site::Site;
use crate::world::settings;

async fn site() -> Site {
    Site::new(Settings { ping: Duration::from_millis(50), ..settings(Strategy::Pull, 50) }).await
}

/// A stream that is being read.
struct Stream {
    response: reqwest::Response,
    text: String,
}

/// One event: its name, its id if it has one, its data.
type Sent = (String, Option<String>, Value);

impl Site {
    async fn open(&self, who: &str, last: Option<&str>) -> Result<Stream, u16> {
        let mut request =
            self.client.get(format!("{}/api/feed/stream", self.base)).bearer_auth(who);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Ok(Stream { response, text: String::new() })
    }
}

impl Stream {
    /// The next event, pings too; none at the end.
    async fn any(&mut self) -> Option<Sent> {
        let end = loop {
            if let Some(end) = self.text.find("\n\n") {
                break end;
            }
            // A stream that is cut off rather than ended is an error here.
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        };
        let event: String = self.text.drain(..end + 2).collect();
        let field = |name: &str| {
            let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|value| value.trim_start().to_owned())
        };
        let data = serde_json::from_str(&field("data").unwrap()).unwrap();
        Some((field("event").unwrap(), field("id"), data))
    }

    /// The next event that is no ping.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            let event = self.any().await?;
            if event.0 != "ping" {
                return Some(event);
            }
        }
    }

    async fn next_post(&mut self) -> PostId {
        let (name, id, data) = self.next().await.unwrap();
        assert_eq!((&*name, id.as_deref()), ("post", data["id"].as_str()));
        assert!(data["author"]["username"].is_string() && data["liked_by_user"] == false);
        id.unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn new_posts_of_the_circle_and_activity_are_sent() {
    let site = site().await;
    let mut stream = site.open("user1", None).await.unwrap();
    let (name, id, data) = stream.any().await.unwrap();
    assert_eq!((&*name, id, data), ("ping", None, json!({})), "a sign of life comes at once");
    site.post(user(5)).await;
    let friends = site.post(user(2)).await;
    assert_eq!(stream.next_post().await, friends);
    let own = site.post(user(1)).await;
    assert_eq!(stream.next_post().await, own);
    site.publish(&Event::ActivityRecorded { user: user(2), activity: 8 }).await;
    site.publish(&Event::ActivityRecorded { user: user(1), activity: 9 }).await;
    let (name, id, data) = stream.next().await.unwrap();
    assert_eq!((&*name, id, data), ("activity", None, json!({"id": "9", "unread": 3})));
    site.world.ties.mute(user(1), user(2), true);
    site.post(user(2)).await;
    let last = site.post(user(3)).await;
    assert_eq!(stream.next_post().await, last);
    assert_eq!(stream.any().await.unwrap().0, "ping");
    site.stop().await;
}

#[tokio::test]
async fn who_comes_back_is_sent_what_was_missed() {
    let site = site().await;
    let mut posts = Vec::new();
    for number in 0..30 {
        posts.push(site.post(user(number % 4 + 1)).await);
    }
    let last = posts[26].to_string();
    let mut stream = site.open("user1", Some(&last)).await.unwrap();
    let fresh = site.post(user(2)).await;
    for wanted in [posts[27], posts[28], posts[29], fresh] {
        assert_eq!(stream.next_post().await, wanted);
    }
    let mut stream = site.open("user1", Some("1")).await.unwrap();
    posts.push(fresh);
    for wanted in &posts[posts.len() - 20..] {
        assert_eq!(stream.next_post().await, *wanted);
    }
    for broken in ["x", "-1", "9007199254740992"] {
        assert_eq!(site.open("user1", Some(broken)).await.err(), Some(400), "{broken}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let site = site().await;
    let mut stream = site.open("user1", None).await.unwrap();
    assert_eq!(stream.any().await.unwrap().0, "ping");
    site.world.people.remove(user(1));
    while let Some(event) = stream.any().await {
        assert_eq!(event.0, "ping");
    }
    assert_eq!(site.open("user1", None).await.err(), Some(401));
    site.stop().await;
}

#[tokio::test]
async fn streams_of_an_account_are_bounded_and_a_stopping_server_ends_them() {
    let site = site().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(site.open("user1", None).await.unwrap());
    }
    assert_eq!(site.open("user1", None).await.err(), Some(429));
    let mut other = site.open("user2", None).await.unwrap();
    drop(streams);
    // The server notices at the next event that the others are gone.
    while site.open("user1", None).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // A stream that does not end by itself is cut off after the time of grace.
    site.stop().await;
    while let Some(event) = other.any().await {
        assert_eq!(event.0, "ping");
    }
}
