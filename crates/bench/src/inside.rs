//! What the slices' own code takes, measured within this process: no network, no database.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tintype_api::posts::shapes::PublicPost;
use tintype_api::posts::{PostView, Window};
use tintype_api::{PostId, Posts, UserId};
use tintype_feed::{Basis, MemoryTimelines, TimelineStore};
use tintype_server::wiring::Site;

use crate::graph::chance;
use crate::load::{median, now};
use crate::population::Population;
use crate::processes;

/// Whose posts are merged into one page.
pub(crate) const MERGED: usize = 300;

/// Posts of a page, and one more to tell whether there is another.
const PAGE: u32 = 21;

/// Repetitions of which the time is taken, and how often that is done.
const TIMES: u32 = 2000;
const TAKES: usize = 15;

/// Posts of a full timeline.
const TIMELINE: u64 = 1000;

/// What was found, in seconds for one of each.
#[derive(Debug)]
pub(crate) struct Inside {
    /// The newest posts of [`MERGED`] authors out of the author index.
    pub(crate) merge: f64,
    /// The same by the plainest code on sorted lists.
    pub(crate) plain_merge: f64,
    /// Twenty posts into one buffer of JSON, once they are looked up.
    pub(crate) assembly: f64,
    /// Copying as many bytes.
    pub(crate) copy: f64,
    /// Adding a post to a timeline in memory; of processor time.
    pub(crate) delivery: f64,
    /// Bytes of memory of a post in a timeline.
    pub(crate) entry: f64,
}

/// Measures on a site that is filled with `population` and has an author index of everybody.
pub(crate) fn measure(
    runtime: &tokio::runtime::Runtime,
    site: &Site,
    population: &Population,
    timelines: u64,
) -> Result<Inside> {
    let authors = authors(population);
    let newest = || site.posts.newest(authors.clone(), Window::default(), PAGE);
    let found = runtime.block_on(newest())?;
    let merge = time(|| runtime.block_on(newest()));

    let lists = lists(population, &authors);
    let plain = plainly(&lists);
    anyhow::ensure!(
        plain == found.iter().map(|found| found.post).collect::<Vec<_>>(),
        "the author index and the plain merge differ"
    );
    let plain_merge = time(|| plainly(black_box(&lists)));

    let posts: Vec<PostId> = found.iter().take(20).map(|found| found.post).collect();
    let views = runtime.block_on(site.posts.views(Some(Population::user(0)), posts))?;
    let views: Vec<PostView> = views.into_iter().flatten().collect();
    let page = page(&views);
    let assembly = time(|| self::page(black_box(&views)));
    let copy = time(|| black_box(&page).clone());
    let (delivery, entry) = runtime.block_on(timelines_in_memory(timelines))?;
    Ok(Inside { merge, plain_merge, assembly, copy, delivery, entry })
}

/// Seconds of one of many, the median of several takes.
fn time<T>(mut once: impl FnMut() -> T) -> f64 {
    let mut takes = Vec::new();
    for _ in 0..TAKES {
        let begun = now();
        for _ in 0..TIMES {
            black_box(once());
        }
        takes.push(begun.elapsed().as_secs_f64() / f64::from(TIMES));
    }
    median(&takes)
}

/// Popular members, each once.
fn authors(population: &Population) -> Arc<[UserId]> {
    let mut random = chance(0, 0x300);
    let mut authors = std::collections::BTreeSet::new();
    let wanted = MERGED.min(population.graph.members() as usize / 2);
    while authors.len() < wanted {
        authors.insert(Population::user(population.graph.popular(&mut random)));
    }
    authors.into_iter().collect()
}

/// The posts of each, in rising order.
fn lists(population: &Population, authors: &[UserId]) -> Vec<Vec<PostId>> {
    let mut lists = vec![Vec::new(); authors.len()];
    for number in 0..population.posts() {
        let (post, author) = population.post(number);
        if let Ok(at) = authors.binary_search(&Population::user(author)) {
            lists[at].push(post);
        }
    }
    lists
}

/// The newest of all lists: those of each that could be among them, sorted.
fn plainly(lists: &[Vec<PostId>]) -> Vec<PostId> {
    let page = PAGE as usize;
    let mut newest = Vec::with_capacity(lists.len() * 4);
    for list in lists {
        newest.extend_from_slice(&list[list.len().saturating_sub(page)..]);
    }
    if newest.len() > page {
        newest.select_nth_unstable_by(page, |one, other| other.cmp(one));
        newest.truncate(page);
    }
    newest.sort_unstable_by(|one, other| other.cmp(one));
    newest
}

fn page(views: &[PostView]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(16 * 1024);
    for view in views {
        PublicPost::write(view, &mut buffer);
        buffer.push(b',');
    }
    buffer
}

/// Seconds of a delivery and bytes of an entry, in so many full timelines.
async fn timelines_in_memory(count: u64) -> Result<(f64, f64)> {
    let store = MemoryTimelines::new(count as usize * 4, TIMELINE as usize);
    let viewers: Vec<UserId> = (0..count as u32).map(Population::user).collect();
    let post = |number: u64| PostId::new(number).context("posts are numbered from 1");
    let full = (1..=TIMELINE).rev().map(post).collect::<Result<Vec<_>>>()?;
    let pid = std::process::id();
    let before = processes::resident_memory(pid)?;
    for viewer in &viewers {
        let rebuild = store.begin(*viewer).await?;
        let basis = Basis { version: 1, followees: 1 };
        store.finish(*viewer, rebuild, basis, full.clone(), 0).await?;
    }
    let (begun, time) = (now(), processes::processor_time(pid)?);
    let mut delivered = 0u64;
    let mut next = TIMELINE + 1;
    // Until there is something to measure; a delivery to a full timeline drops its oldest post.
    while begun.elapsed() < Duration::from_secs(1) {
        for viewers in viewers.chunks(1000) {
            store.append(post(next)?, viewers).await?;
        }
        delivered += count;
        next += 1;
    }
    let delivery = (processes::processor_time(pid)? - time) / delivered as f64;
    let bytes = processes::resident_memory(pid)?.saturating_sub(before);
    Ok((delivery, bytes as f64 / (count * TIMELINE) as f64))
}
