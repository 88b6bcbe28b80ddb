//! The people of a network as accounts, with what they have posted, and how they get into a site.
//!
//! Ids and posts are functions of their numbers, as the network is: nothing is kept of a million
//! accounts but the numbers that they are made from. They go into an embedded database, thousands of
//! rows at a time, and from there to PostgreSQL as any site that moves.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use tintype_accounts::account::NewAccount;
use tintype_api::accounts::Role;
use tintype_api::posts::{MediaKind, PostMedia};
use tintype_api::{PostId, UserId};
use tintype_platform::config::Config;
use tintype_platform::sqlite::{Database, Options};
use tintype_platform::transfer::Transfer;
use tintype_platform::{Timestamp, id};
use tintype_posts::SeedPost;
use tintype_server::wiring::MIGRATIONS;

use crate::graph::{Graph, MOST_FOLLOWEES, chance};
use crate::load::now;

/// When the first of them came: 2025-06-01T00:00:00Z, each a millisecond after the one before.
const ARRIVAL: Timestamp = Timestamp::from_millis(1_748_736_000_000);

/// Days after which they began to follow each other, and to post.
const MEETING: i64 = 1;
const POSTING: i64 = 2;

/// Days over which the posts are spread.
const DAYS: i64 = 30;

const DAY: i64 = 86_400_000;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "tintype-bench";

/// How dear its hash is: not what is measured, and paid at every login.
const HASH_COST: u32 = 4;

/// Accounts or posts that are written at once, and people whose follows are. Rows go in all over their
/// indexes, so the more of them share a commit the fewer pages are written again and again.
const ROWS: u32 = 20_000;
const FOLLOWERS: u32 = 4000;

/// Batches under way: while one is written the next is made.
const AT_ONCE: usize = 2;

/// Page cache in MiB while rows go in, which is at random places of their indexes.
const CACHE: u32 = 512;

/// What people say of their pictures.
const CAPTIONS: [&str; 8] = [
    "Morning light on the old harbour, before anybody was up #light",
    "The last tram of the night, and rain on every window #city",
    "Found this staircase behind a door that is never open #architecture",
    "Three hours for one frame, and the fog stayed where it was #mountains",
    "My grandmother's hands, and the bread she bakes on Sundays #portrait",
    "A heron that did not mind me at all #birds",
    "The market closes, the colours stay #street",
    "Low tide, long shadows, nobody for miles #sea",
];

/// A network with its accounts and posts.
pub(crate) struct Population {
    pub(crate) graph: Graph,
    seed: u64,
    posts: u32,
}

/// What was put into a site, and how long it took: accounts, follows, posts, and the move.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filled {
    pub(crate) accounts: u32,
    pub(crate) follows: u64,
    pub(crate) posts: u32,
    taken: [Duration; 4],
}

impl Population {
    /// The people of `graph`, who have made so many posts.
    pub(crate) const fn new(graph: Graph, seed: u64, posts: u32) -> Self {
        Self { graph, seed, posts }
    }

    /// The id of a person's account.
    pub(crate) fn user(person: u32) -> UserId {
        UserId::new(id::floor_at(ARRIVAL.plus_millis(i64::from(person))))
            .expect("ids of 2025 are above 0 and within 53 bits")
    }

    /// The name of a person's account.
    pub(crate) fn username(person: u32) -> String {
        format!("p{person:06}")
    }

    /// How many posts were made.
    pub(crate) fn posts(&self) -> u32 {
        self.posts
    }

    /// A post by its number, the oldest first, and who made it.
    pub(crate) fn post(&self, number: u32) -> (PostId, u32) {
        let author = self.graph.active(&mut chance(!self.seed, u64::from(number)));
        let into = i64::from(number) * DAYS * DAY / i64::from(self.posts);
        let post = PostId::new(id::floor_at(ARRIVAL.plus_millis(POSTING * DAY + into)));
        (post.expect("ids of these years are above 0 and within 53 bits"), author)
    }

    /// Puts everybody and everything into the empty site of `config`, which nobody serves. Nobody is
    /// told of any of it: what is to be measured begins afterwards.
    pub(crate) async fn fill(&self, config: &Config) -> Result<Filled> {
        let folder = config.make_data_dir()?;
        let path = config.database_path();
        let file = path.clone().unwrap_or_else(|| folder.join("network.db"));
        ensure!(
            !file.exists(),
            "{} is there already; name a folder without a site",
            file.display()
        );
        let options = Options { cache_mb: CACHE, ..Options::default() };
        let database = Database::open(&file, &options, &MIGRATIONS)?;
        let filled = self.fill_embedded(&database).await;
        database.close().await;
        // Whoever moves the file wants it for themselves.
        drop(database);
        let mut filled = filled?;
        if path.is_none() {
            let begun = now();
            move_over(&file, config).await.context("the network cannot be moved to PostgreSQL")?;
            filled.taken[3] = begun.elapsed();
            std::fs::remove_file(&file)?;
        }
        Ok(filled)
    }

    async fn fill_embedded(&self, database: &Database) -> Result<Filled> {
        let hash: Arc<str> = bcrypt::hash(PASSWORD, HASH_COST)?.into();
        let people = self.graph.people();
        let begun = now();
        let accounts = |people: Numbers| {
            let accounts = people.map(|person| account(person, &hash)).collect::<Result<Vec<_>>>();
            async { Ok(tintype_accounts::fill(database, accounts?).await?) }
        };
        batches(people, ROWS, accounts).await.context("accounts")?;
        let accounts = begun.elapsed();

        let begun = now();
        let mut count = 0;
        let follows = |people: Numbers| {
            let follows: Vec<_> = people.flat_map(|person| self.follows(person)).collect();
            count += follows.len() as u64;
            async { Ok(tintype_graph::fill(database, follows).await?) }
        };
        batches(people, FOLLOWERS, follows).await.context("follows")?;
        let follows = begun.elapsed();

        let begun = now();
        let posts = |numbers: Numbers| {
            let posts = numbers.map(|number| self.seed_post(number)).collect();
            async { Ok(tintype_posts::fill(database, posts).await?) }
        };
        batches(self.posts, ROWS, posts).await.context("posts")?;
        let taken = [accounts, follows, begun.elapsed(), Duration::ZERO];
        Ok(Filled { accounts: people, follows: count, posts: self.posts, taken })
    }

    /// Whom `person` follows, each with a place in lists that is nobody else's.
    fn follows(&self, person: u32) -> impl Iterator<Item = (UserId, UserId, u64)> {
        let first = id::floor_at(ARRIVAL.plus_millis(MEETING * DAY))
            + u64::from(person) * (MOST_FOLLOWEES as u64 + 2);
        let followees = self.graph.followees(person).into_iter().zip(first..);
        followees.map(move |(followee, place)| (Self::user(person), Self::user(followee), place))
    }

    fn seed_post(&self, number: u32) -> SeedPost {
        let (id, author) = self.post(number);
        let url = format!("https://pictures.example/{:06}/{number:08}.jpg", author % 1000);
        SeedPost {
            id,
            author: Self::user(author),
            caption: Some(CAPTIONS[number as usize % CAPTIONS.len()].to_owned()),
            media: vec![PostMedia::elsewhere(url, MediaKind::Image)],
            location: None,
        }
    }
}

impl std::fmt::Display for Filled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { accounts, follows, posts, taken } = self;
        let [first, second, third, moved] = taken.map(|taken| taken.as_secs_f64());
        write!(
            f,
            "{accounts} accounts in {first:.1} s, {follows} follows in {second:.1} s, \
             {posts} posts in {third:.1} s"
        )?;
        if moved > 0.0 {
            write!(f, ", moved to PostgreSQL in {moved:.1} s")?;
        }
        Ok(())
    }
}

fn account(person: u32, hash: &Arc<str>) -> Result<NewAccount> {
    let (id, username) = (Population::user(person), Population::username(person));
    Ok(NewAccount {
        id,
        email: format!("{username}@bench.example").parse()?,
        username: username.parse()?,
        password_hash: Some(hash.clone()),
        full_name: None,
        bio: None,
        website: None,
        profile_picture_url: None,
        is_private: false,
        role: Role::User,
        created_at: id.made_at(),
    })
}

type Numbers = std::ops::Range<u32>;

/// Does something for all numbers below `of`, so many at once.
async fn batches<F: Future<Output = Result<()>>>(
    of: u32,
    together: u32,
    each: impl FnMut(Numbers) -> F,
) -> Result<()> {
    let parts = (0..of).step_by(together as usize).map(|from| from..of.min(from + together));
    stream::iter(parts.map(each)).buffered(AT_ONCE).try_collect().await
}

/// Copies a site and looks whether it is the same on the other side.
async fn move_over(file: &std::path::Path, config: &Config) -> Result<()> {
    let to = (&config.database).try_into()?;
    let mut transfer = Transfer::begin(file, &to, &MIGRATIONS).await?;
    transfer.copy(|_, _| {}).await?;
    for compared in transfer.compare(|_, _| {}).await? {
        ensure!(compared.source == compared.target, "{} is not the same there", compared.table);
    }
    Ok(transfer.finish().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Network;

    #[test]
    fn posts_are_by_people_who_are_active() {
        let network = Network { users: 100, following: 10, seed: 5, edges: None, audience: 0 };
        let population = Population::new(network.graph().unwrap(), 5, 1000);
        let posts: Vec<_> = (0..1000).map(|number| population.post(number)).collect();
        assert!(posts.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(
            posts
                .iter()
                .all(|(post, author)| post.made_at() > Population::user(99).made_at()
                    && *author < 100)
        );
        let by = |person| posts.iter().filter(|(_, author)| *author == person).count();
        let mut counts: Vec<usize> = (0..100).map(by).collect();
        counts.sort_unstable();
        assert!(counts[99] > 5 * counts[50], "{counts:?}");
        assert!(Population::user(0) < Population::user(1));
    }
}
