//! Random histories of a whole site, against a model that is too simple to be wrong.
//!
//! Three sites, one for each way to make feeds, are told the same; after every step every feed of
//! everybody must be on all of them what the definition says. A failure names its seed:
//! `TINTYPE_HISTORY_SEED=… cargo test -p tintype-server --test site history` plays it again, and
//! `TINTYPE_HISTORY_STEPS=…` makes histories longer.

mod model;
mod player;

use std::hash::{BuildHasher, Hasher};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tintype_platform::config::Strategy;

use self::model::{Deed, Model};
use self::player::Player;

/// Accounts at one time.
const PEOPLE: usize = 8;

/// Posts of a feed: few, so that histories reach its end.
pub(crate) const FEED: usize = 10;

/// Followers from which a post is merged in and not pushed.
pub(crate) const CELEBRITY: u64 = 2;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test]
async fn every_feed_is_what_it_is_defined_to_be_after_every_step() {
    let unpredictable = || std::hash::RandomState::new().build_hasher().finish() % 1_000_000;
    let seed = number("TINTYPE_HISTORY_SEED").unwrap_or_else(unpredictable);
    let steps = number("TINTYPE_HISTORY_STEPS").unwrap_or(150);
    // Shown only when the test fails.
    println!("TINTYPE_HISTORY_SEED={seed} TINTYPE_HISTORY_STEPS={steps}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut model = Model::default();
    let mut leaving = false;
    let mut players = Vec::new();
    for strategy in [Strategy::Pull, Strategy::Push, Strategy::Hybrid] {
        players.push(Player::new(strategy).await);
    }
    for step in 0..steps {
        let deed = choose(&model, &mut random);
        let expected = model.carry_out(deed);
        println!("{step}: {deed:?} -> {expected:?}");
        // What is new reaches the followers a moment later; what is taken away, and whom one
        // follows, counts at once.
        let is_news = matches!(deed, Deed::Post(_) | Deed::Hide(_, false));
        let settles = is_news || random.random_ratio(1, 4);
        // Until the posts of somebody who left are cleared away, they take up room where the feed is
        // cut off to be ranked.
        leaving = !settles && (leaving || matches!(deed, Deed::Leave(_)));
        for player in &mut players {
            player.play(deed, expected).await;
            if settles {
                player.settle().await;
            }
            player.compare_feeds(&model, !leaving, &mut random).await;
            if settles {
                player.compare_figures(&model, &mut random).await;
            }
        }
    }
    for player in players {
        player.close(&model).await;
    }
}

/// What happens next: often something that is possible, now and then something that is not.
fn choose(model: &Model, random: &mut StdRng) -> Deed {
    let there: Vec<usize> = model.there().collect();
    if there.len() < 3 || (there.len() < PEOPLE && random.random_ratio(1, 12)) {
        return Deed::Register;
    }
    let anybody = |random: &mut StdRng| there[random.random_range(0..there.len())];
    let (one, other) = loop {
        let pair = (anybody(random), anybody(random));
        if pair.0 != pair.1 {
            break pair;
        }
    };
    let own = |random: &mut StdRng, author: usize| {
        let own: Vec<usize> = model.posts_of(author).collect();
        (!own.is_empty()).then(|| own[random.random_range(0..own.len())])
    };
    let any = |random: &mut StdRng| {
        let count = model.posts.len();
        // Mostly one of the newest: the others are in no feed any more.
        let from = if random.random_ratio(4, 5) { count.saturating_sub(2 * FEED) } else { 0 };
        (count > 0).then(|| random.random_range(from..count))
    };
    let of_request = |random: &mut StdRng| {
        let requests: Vec<_> = model.requests.iter().collect();
        (!requests.is_empty()).then(|| *requests[random.random_range(0..requests.len())])
    };
    let deed = match random.random_range(0..100) {
        0..24 => Some(Deed::Post(one)),
        24..42 => Some(Deed::Follow(one, other)),
        42..49 => Some(Deed::Unfollow(one, other)),
        49..56 => {
            let accept = random.random_ratio(3, 4);
            of_request(random).map(|(asker, asked)| Deed::Decide(asked, asker, accept))
        }
        56..58 => Some(Deed::Decide(one, other, true)),
        58..63 => Some(Deed::Private(one, random.random())),
        63..66 => Some(Deed::Block(one, other, true)),
        66..70 => Some(Deed::Block(one, other, false)),
        70..74 => Some(Deed::Mute(one, other, random.random())),
        74..80 => own(random, one).map(|post| Deed::Hide(post, random.random())),
        80..85 => own(random, one).map(Deed::Delete),
        85..92 => any(random).map(|post| Deed::Like(one, post, random.random_ratio(3, 4))),
        92..96 => any(random).map(|post| Deed::Comment(one, post)),
        96 => random.random_ratio(1, 2).then_some(Deed::Restart),
        97 => model.comments.keys().copied().max().map(Deed::Uncomment),
        _ => random.random_ratio(1, 3).then_some(Deed::Leave(one)),
    };
    deed.unwrap_or(Deed::Follow(one, other))
}
