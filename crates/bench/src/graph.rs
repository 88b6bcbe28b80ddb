//! Who follows whom: a network made up from a seed, or one out of a file.
//!
//! A made-up network is not kept anywhere. Whom somebody follows is a function of the seed and of
//! their number, so a network of a million is as small in memory as one of ten, and whoever wants to
//! know what a feed has to hold reckons it again, without asking the program that is measured.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// How the numbers of followers are spread: so many times as many have `k` as have `2 k`, by
/// `2^EXPONENT`. Measured networks lie between 2 and 3.
pub(crate) const EXPONENT: f64 = 2.3;

/// Larger than any network and prime, so multiplying by it modulo a size puts numbers in another
/// order and loses none.
const PRIME: u64 = 2_654_435_761;

/// Nobody follows more than the program allows, with some room for those whom they follow later.
pub(crate) const MOST_FOLLOWEES: usize = 7000;

/// The network to measure with.
#[derive(Debug, Clone, Args)]
pub(crate) struct Network {
    /// People, who follow each other by a power law; 10000 and 1000000 are the usual ones
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    pub(crate) users: u32,
    /// How many people each follows on average
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub(crate) following: u32,
    /// What the network is made from; the same seed makes the same network
    #[arg(long, default_value_t = 1839)]
    pub(crate) seed: u64,
    /// A network out of a file instead: FOLLOWER FOLLOWEE on each line, as numbers; lines that begin
    /// with # are passed over
    #[arg(long, value_name = "FILE", conflicts_with_all = ["users", "following"])]
    pub(crate) edges: Option<PathBuf>,
    /// Followers of one more account, the star; people who follow nobody else are added if there are
    /// too few
    #[arg(long, default_value_t = 99_999)]
    pub(crate) audience: u32,
}

impl Network {
    /// The network that is asked for.
    pub(crate) fn graph(&self) -> Result<Graph> {
        let follows = match &self.edges {
            Some(file) => Follows::File(read(file)?),
            None => Follows::Made {
                members: self.users.max(2),
                following: f64::from(self.following),
                seed: self.seed,
            },
        };
        Ok(Graph { follows, audience: self.audience, seed: self.seed })
    }
}

/// People by number from 0, and whom they follow.
pub(crate) struct Graph {
    follows: Follows,
    audience: u32,
    seed: u64,
}

enum Follows {
    Made { members: u32, following: f64, seed: u64 },
    File(Vec<Vec<u32>>),
}

impl Graph {
    /// Those who take part: they follow each other, post, and come to look.
    pub(crate) fn members(&self) -> u32 {
        match &self.follows {
            Follows::Made { members, .. } => *members,
            Follows::File(follows) => follows.len() as u32,
        }
    }

    /// Everybody: the members, those who only follow the star, and the star.
    pub(crate) fn people(&self) -> u32 {
        self.members().max(self.audience) + 1
    }

    /// Who has a given number of followers: the last of all.
    pub(crate) fn star(&self) -> u32 {
        self.people() - 1
    }

    /// How many follow the star: those with the lowest numbers.
    pub(crate) fn audience(&self) -> u32 {
        self.audience
    }

    /// Whom `person` follows, in rising order.
    pub(crate) fn followees(&self, person: u32) -> Vec<u32> {
        let mut followees = match &self.follows {
            _ if person >= self.members() => Vec::new(),
            Follows::File(follows) => follows[person as usize].clone(),
            Follows::Made { members, following, seed } => {
                made_up(person, *members, *following, *seed)
            }
        };
        if person < self.audience {
            followees.push(self.star());
        }
        followees
    }

    /// A member, the active ones more often: by a power law as well, of which the active are others
    /// than the popular.
    pub(crate) fn active(&self, random: &mut impl RngExt) -> u32 {
        self.most_active(ranked(self.members(), random))
    }

    /// The member whose place by activity it is, from 0.
    pub(crate) fn most_active(&self, place: u32) -> u32 {
        shuffled(place, self.members(), !self.seed)
    }

    /// A member, the popular ones more often.
    pub(crate) fn popular(&self, random: &mut impl RngExt) -> u32 {
        let place = ranked(self.members(), random);
        shuffled(place, self.members(), self.seed)
    }
}

/// A source of chance for the thing of this `number`; nothing else hangs on it.
pub(crate) fn chance(seed: u64, number: u64) -> SmallRng {
    SmallRng::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17))
}

fn made_up(person: u32, members: u32, following: f64, seed: u64) -> Vec<u32> {
    let mut random = chance(seed, u64::from(person));
    // Most follow fewer than the average, some many more.
    let wanted = (-following * (1.0 - random.random::<f64>()).ln()).ceil();
    let wanted = (wanted as usize).clamp(1, MOST_FOLLOWEES.min(members as usize / 2));
    let mut followees: Vec<u32> = Vec::with_capacity(wanted);
    // The most popular are drawn again and again; who is short of followees then has fewer.
    for _ in 0..wanted * 2 {
        let followee = shuffled(ranked(members, &mut random), members, seed);
        if followee != person
            && let Err(place) = followees.binary_search(&followee)
        {
            followees.insert(place, followee);
            if followees.len() == wanted {
                break;
            }
        }
    }
    followees
}

/// A rank from 0, which is drawn in proportion to `(rank + 1)^-a`. With `a = 1 / (EXPONENT - 1)` the
/// numbers of draws have [`EXPONENT`].
pub(crate) fn ranked(count: u32, random: &mut impl RngExt) -> u32 {
    let rest = 1.0 - 1.0 / (EXPONENT - 1.0);
    let end = (f64::from(count) + 1.0).powf(rest);
    let rank = (1.0 + random.random::<f64>() * (end - 1.0)).powf(1.0 / rest);
    (rank as u32 - 1).min(count - 1)
}

/// Another number below `count`; no two have the same.
fn shuffled(number: u32, count: u32, seed: u64) -> u32 {
    let count = u64::from(count);
    ((u64::from(number) * PRIME + seed % count) % count) as u32
}

/// People get numbers in the order of theirs in the file.
fn read(file: &Path) -> Result<Vec<Vec<u32>>> {
    let told = || format!("{} cannot be read", file.display());
    let open = std::fs::File::open(file).with_context(told)?;
    let mut pairs = Vec::new();
    for (number, line) in BufReader::new(open).lines().enumerate() {
        let line = line.with_context(told)?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<Option<u64>> =
            line.split_whitespace().map(|word| word.parse().ok()).collect();
        let [Some(follower), Some(followee)] = words[..] else {
            bail!("{}, line {}: write it as FOLLOWER FOLLOWEE", file.display(), number + 1);
        };
        pairs.push((follower, followee));
    }
    let mut numbers: Vec<u64> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    ensure!(numbers.len() > 1, "{} has no network in it", file.display());
    let number_of = |person: u64| numbers.binary_search(&person).unwrap_or_default() as u32;
    let mut follows = vec![Vec::new(); numbers.len()];
    for (follower, followee) in pairs {
        if follower != followee {
            follows[number_of(follower) as usize].push(number_of(followee));
        }
    }
    for followees in &mut follows {
        followees.sort_unstable();
        followees.dedup();
        followees.truncate(MOST_FOLLOWEES);
    }
    Ok(follows)
}

/// How many have how many followers, by powers of two: `(at least, people)`.
pub(crate) fn followers(graph: &Graph) -> Vec<(u64, u64)> {
    let mut counts = vec![0u64; graph.people() as usize];
    for person in 0..graph.people() {
        for followee in graph.followees(person) {
            counts[followee as usize] += 1;
        }
    }
    let mut spread = BTreeMap::<u64, u64>::new();
    for count in counts.into_iter().filter(|count| *count > 0) {
        *spread.entry(1 << count.ilog2()).or_default() += 1;
    }
    spread.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(users: u32, seed: u64) -> Network {
        Network { users, following: 30, seed, edges: None, audience: 0 }
    }

    #[test]
    fn a_seed_makes_one_network_and_another_seed_another() {
        let follows = |seed| {
            let graph = network(500, seed).graph().unwrap();
            (0..500).map(|person| graph.followees(person)).collect::<Vec<_>>()
        };
        assert_eq!(follows(7), follows(7));
        assert_ne!(follows(7), follows(8));
        // Whoever quotes a figure quotes the seed: what it makes may not change.
        let first = &follows(1839)[0];
        assert_eq!(first[..4.min(first.len())], FIRST[..]);
        for (person, followees) in follows(7).iter().enumerate() {
            assert!(followees.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(!followees.is_empty() && !followees.contains(&(person as u32)));
        }
    }

    /// Whom the first person of the network of 500 by the usual seed follows.
    const FIRST: [u32; 4] = [100, 109, 122, 285];

    #[test]
    fn followers_are_spread_by_the_power_law_that_is_stated() {
        let graph = network(20_000, 1).graph().unwrap();
        let followees: usize = (0..20_000).map(|person| graph.followees(person).len()).sum();
        let mean = followees as f64 / 20_000.0;
        assert!((25.0..33.0).contains(&mean), "{mean}");
        // Of those with at least k followers, 2^(EXPONENT - 1) times as many as with at least 2 k.
        let spread = followers(&graph);
        let at_least = |k: u64| -> f64 {
            spread.iter().filter(|(least, _)| *least >= k).map(|(_, people)| *people as f64).sum()
        };
        let found = (at_least(64) / at_least(1024)).log2() / 4.0;
        assert!((found - (EXPONENT - 1.0)).abs() < 0.2, "{found}: {spread:?}");
    }

    #[test]
    fn the_star_has_as_many_followers_as_it_is_to_have() {
        let graph = Network { audience: 300, ..network(100, 1) }.graph().unwrap();
        assert_eq!((graph.members(), graph.people(), graph.star()), (100, 301, 300));
        let followers = (0..301).filter(|person| graph.followees(*person).contains(&300)).count();
        assert_eq!(followers, 300);
        assert_eq!(graph.followees(200), [300]);
    }

    #[test]
    fn a_network_out_of_a_file_is_as_it_stands_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("edges");
        std::fs::write(&file, "# a b\n70 5\n5 9\n70 9\n70 70\n70 5\n").unwrap();
        let network = Network { edges: Some(file.clone()), ..network(2, 1) };
        let graph = network.graph().unwrap();
        assert_eq!(graph.members(), 3);
        let follows: Vec<_> = (0..3).map(|person| graph.followees(person)).collect();
        assert_eq!(follows, [vec![1], vec![], vec![0, 1]]);
        std::fs::write(&file, "1 2\n1 x\n").unwrap();
        let error = network.graph().err().unwrap().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
