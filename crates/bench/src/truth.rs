//! Whether feeds hold what they have to hold, by a reckoning that shares nothing with the program.
//!
//! What was put in is known by its numbers, what happened since was written down when it was
//! answered. So the newest posts of everyone whom a viewer follows can be told from that alone.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use tintype_api::PostId;

use crate::client::{Connection, request};
use crate::graph::chance;
use crate::mix::{Scene, log_in};
use rand::RngExt;

/// Posts of a feed that are compared.
const COMPARED: usize = 100;

/// Compares the feeds of so many viewers with the definition and answers how many posts those held.
/// An error if there is one difference.
pub(crate) fn check(scene: &Scene, viewers: usize, seed: u64) -> Result<usize> {
    let graph = &scene.population.graph;
    let mut random = chance(seed, 0x7fee);
    let people = (0..viewers).map(|number| match number % 2 {
        0 => graph.active(&mut random),
        _ => random.random_range(0..graph.people()),
    });
    let people: BTreeSet<u32> = people.collect();
    let people: Vec<u32> = people.into_iter().collect();
    let mut compared = 0;
    for (number, (viewer, header)) in log_in(&scene.urls, &people)?.iter().enumerate() {
        let url = scene.urls[number % scene.urls.len()].at(&format!("/api/feed?limit={COMPARED}"));
        let answer = Connection::open(&url)?.send(&request("GET", &url, header, ""))?.json()?;
        let shown = answer["posts"].as_array().into_iter().flatten();
        let shown: Vec<PostId> =
            shown.filter_map(|post| post["id"].as_str()?.parse().ok()).collect();
        let wanted = wanted(scene, *viewer);
        let differs = shown.iter().zip(&wanted).position(|(shown, wanted)| shown != wanted);
        ensure!(
            shown == wanted,
            "the feed of {viewer} is wrong: it shows {} posts where there should be {}, and differs \
             from the {:?}th on",
            shown.len(),
            wanted.len(),
            differs.unwrap_or(shown.len().min(wanted.len())),
        );
        compared += shown.len();
    }
    Ok(compared)
}

/// What the feed of `viewer` has to show, the newest first.
fn wanted(scene: &Scene, viewer: u32) -> Vec<PostId> {
    let population = &scene.population;
    let mut authors: BTreeSet<u32> = population.graph.followees(viewer).into_iter().collect();
    authors.insert(viewer);
    let done = scene.done.lock();
    let since = done.follows.iter().filter(|(follower, _)| *follower == viewer);
    authors.extend(since.map(|(_, followee)| *followee));
    let made = done.posts.iter().filter(|(_, author)| authors.contains(author));
    let mut newest: Vec<PostId> = made.map(|(post, _)| *post).collect();
    newest.sort_unstable_by(|one, other| other.cmp(one));
    // Whatever was made since is newer than what was put in.
    let before = (0..population.posts()).rev().map(|number| population.post(number));
    let before = before.filter(|(_, author)| authors.contains(author)).map(|(post, _)| post);
    newest.into_iter().chain(before).take(COMPARED).collect()
}
