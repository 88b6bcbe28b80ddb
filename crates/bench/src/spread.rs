//! How long it takes from a post of the star to the last of its followers.
//!
//! A post is brought to followers in the order of their ids. Some of them, evenly spread over that
//! order and the last of all among them, ask for their feeds until it is there.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::client::{Connection, Url, request};
use crate::deeds::{FEED, Site};
use crate::load::now;
use crate::mix::{Scene, composed, log_in, made};
use crate::server::figure;

/// Followers who look.
const WATCHERS: u32 = 40;

/// How long a post may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it took from the answer to a post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Until the last of the followers who look was served.
    pub(crate) served: Duration,
    /// Until it stood in every stored timeline; none where nothing is stored.
    pub(crate) stored: Option<Duration>,
}

/// Has the star make `rounds` posts, one after the other.
pub(crate) fn measure(scene: &Scene, rounds: u64) -> Result<Vec<Spread>> {
    let graph = &scene.population.graph;
    let audience = graph.audience();
    ensure!(audience > 0, "the star has no followers; give it some with --audience");
    let watchers = WATCHERS.min(audience);
    let people = (1..=u64::from(watchers))
        .map(|number| (number * u64::from(audience) / u64::from(watchers)) as u32 - 1);
    let watchers = log_in(&scene.urls, &people.collect::<Vec<_>>())?;
    let star = log_in(&scene.urls, &[graph.star()])?;
    let (_, header) = star.first().context("the star is signed in")?;
    let url = scene.urls.first().context("there is a server")?;
    let post = Site::at(url).post("/api/posts", header, &composed());
    let mut spreads = Vec::new();
    for _ in 0..rounds {
        let mut feeds = Vec::new();
        for (number, (_, header)) in watchers.iter().enumerate() {
            let url = scene.urls[number % scene.urls.len()].at(FEED);
            feeds.push((Connection::open(&url)?, request("GET", &url, header, "")));
        }
        let delivered = delivered(&scene.urls)?;
        let id = made(&Connection::open(url)?.send(&post)?.json()?)?;
        let begun = now();
        scene.done.lock().posts.push((id, graph.star()));
        let id = format!("\"{id}\"");
        for (connection, feed) in &mut feeds {
            while !contains(connection.send(feed)?.body, id.as_bytes()) {
                ensure!(begun.elapsed() < PATIENCE, "a follower was not shown the post");
            }
        }
        let served = begun.elapsed();
        let stored = if is_stored(url, header)? {
            while self::delivered(&scene.urls)? - delivered < f64::from(audience) {
                ensure!(begun.elapsed() < PATIENCE, "the post was not brought to all followers");
                std::thread::sleep(Duration::from_millis(5));
            }
            Some(begun.elapsed())
        } else {
            None
        };
        spreads.push(Spread { served, stored });
    }
    Ok(spreads)
}

/// Whether feeds come from stored timelines.
fn is_stored(url: &Url, header: &[String]) -> Result<bool> {
    let url = url.at("/api/feed/stats");
    let stats = Connection::open(&url)?.send(&request("GET", &url, header, ""))?.json()?;
    Ok(stats["storage"].as_str().is_some_and(|storage| storage.contains("timelines")))
}

/// Followers to whom all servers have brought posts so far.
fn delivered(urls: &[Url]) -> Result<f64> {
    urls.iter().map(|url| figure(url, "tintype_fan_out_total")).sum()
}

fn contains(body: &[u8], what: &[u8]) -> bool {
    body.windows(what.len()).any(|window| window == what)
}
