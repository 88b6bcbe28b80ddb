//! Mixes of deeds: what people do on a site, as often as they do it.

use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use rand::RngExt;
use rand::rngs::SmallRng;
use serde_json::{Value, json};
use tintype_api::PostId;

use crate::client::{Answer, Url, bearer, request};
use crate::deeds::{FEED, Site};
use crate::graph::{chance, ranked};
use crate::load::{Client, Clients};
use crate::population::{PASSWORD, Population};

/// Connections that log viewers in ahead of a measurement.
const DOORS: usize = 16;

/// Posts that are looked at, liked and talked about: the newest, the newer the more.
const TALKED_ABOUT: u32 = 20_000;

/// Something that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Reads their feed.
    Home,
    /// Looks at somebody's profile.
    Profile,
    /// Looks at a post.
    Post,
    /// Likes a post.
    Like,
    /// Says something about a post.
    Comment,
    /// Follows somebody.
    Follow,
    /// Makes a post.
    Compose,
    /// Signs in.
    Login,
}

impl Deed {
    pub(crate) const ALL: [Self; 8] = [
        Self::Home,
        Self::Profile,
        Self::Post,
        Self::Like,
        Self::Comment,
        Self::Follow,
        Self::Compose,
        Self::Login,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Profile => "profile",
            Self::Post => "post",
            Self::Like => "like",
            Self::Comment => "comment",
            Self::Follow => "follow",
            Self::Compose => "compose",
            Self::Login => "login",
        }
    }
}

/// How often each deed is done, of a hundred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mix {
    pub(crate) name: String,
    shares: [u32; 8],
}

impl Mix {
    /// Home, profile and compose.
    pub(crate) fn plain() -> Self {
        Self { name: "60/30/10".to_owned(), shares: [60, 30, 0, 0, 0, 0, 10, 0] }
    }

    /// Home, profile, post, like, comment, follow, compose and login.
    pub(crate) fn app() -> Self {
        Self { name: "70/10/8/6/2/2/1/1".to_owned(), shares: [70, 10, 8, 6, 2, 2, 1, 1] }
    }

    /// The deeds that are done at all.
    pub(crate) fn deeds(&self) -> impl Iterator<Item = Deed> {
        let done = |deed: &Deed| self.shares[*deed as usize] > 0;
        Deed::ALL.into_iter().filter(done)
    }

    fn draw(&self, random: &mut SmallRng) -> Deed {
        let mut number = random.random_range(0..self.shares.iter().sum());
        for (deed, share) in Deed::ALL.into_iter().zip(self.shares) {
            if number < share {
                return deed;
            }
            number -= share;
        }
        Deed::Home
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::plain(), Self::app()]
            .into_iter()
            .find(|mix| mix.name == text)
            .ok_or_else(|| format!("write {} or {}", Self::plain().name, Self::app().name))
    }
}

/// A site with its people, some of whom are signed in.
pub(crate) struct Scene {
    pub(crate) population: Population,
    pub(crate) urls: Vec<Url>,
    /// The most active members, who come to look: their numbers, and the headers they send.
    pub(crate) viewers: Vec<(u32, [String; 1])>,
    pub(crate) done: Mutex<Ledger>,
}

/// What has been done that changes what feeds hold.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Posts and who made them.
    pub(crate) posts: Vec<(PostId, u32)>,
    /// Followers and followees.
    pub(crate) follows: Vec<(u32, u32)>,
}

impl Scene {
    /// Logs in so many of the most active members.
    pub(crate) fn open(population: Population, urls: Vec<Url>, viewers: u32) -> Result<Self> {
        let people: Vec<u32> = (0..viewers.min(population.graph.members()))
            .map(|place| population.graph.most_active(place))
            .collect();
        let viewers = log_in(&urls, &people)?;
        Ok(Self { population, urls, viewers, done: Mutex::default() })
    }

    /// So many clients, who do what `mix` says as whoever of the viewers comes.
    pub(crate) fn clients(self: &Arc<Self>, mix: &Mix, count: usize, seed: u64) -> Clients {
        let client = |number: usize| -> Box<dyn Client> {
            Box::new(Visits {
                scene: self.clone(),
                mix: mix.clone(),
                random: chance(seed, number as u64),
                url: self.urls[number % self.urls.len()].clone(),
                request: Vec::new(),
                pending: Pending::Nothing,
            })
        };
        (0..count).map(client).collect()
    }
}

/// Signs people in and answers the header that each sends from then on.
pub(crate) fn log_in(urls: &[Url], people: &[u32]) -> Result<Vec<(u32, [String; 1])>> {
    let log_in = |(number, people): (usize, &[u32])| {
        let site = Site::at(&urls[number % urls.len()]);
        let token = |person: &u32| {
            let token = site.log_in(&Population::username(*person), PASSWORD)?;
            Ok((*person, [bearer(&token)]))
        };
        people.iter().map(token).collect::<Result<Vec<_>>>()
    };
    std::thread::scope(|scope| {
        let parts = people.chunks(people.len().div_ceil(DOORS).max(1)).enumerate();
        let doors: Vec<_> = parts.map(|part| scope.spawn(move || log_in(part))).collect();
        let mut all = Vec::with_capacity(people.len());
        for door in doors {
            all.extend(door.join().expect("a door does not panic")?);
        }
        Ok(all)
    })
}

struct Visits {
    scene: Arc<Scene>,
    mix: Mix,
    random: SmallRng,
    url: Url,
    request: Vec<u8>,
    pending: Pending,
}

/// What is to be written down when it is answered.
enum Pending {
    Nothing,
    Post { author: u32 },
    Follow { follower: u32, followee: u32 },
}

impl Client for Visits {
    fn next(&mut self) -> (usize, &[u8]) {
        let deed = self.mix.draw(&mut self.random);
        let (request, pending) = self.ask(deed);
        (self.request, self.pending) = (request, pending);
        (deed as usize, &self.request)
    }

    fn take(&mut self, answer: &Answer<'_>) -> Result<()> {
        match self.pending {
            Pending::Nothing => {}
            Pending::Post { author } => {
                let post = made(&answer.json()?)?;
                self.scene.done.lock().posts.push((post, author));
            }
            Pending::Follow { follower, followee } => {
                self.scene.done.lock().follows.push((follower, followee));
            }
        }
        Ok(())
    }
}

impl Visits {
    fn ask(&mut self, deed: Deed) -> (Vec<u8>, Pending) {
        let scene = &self.scene;
        let place = ranked(scene.viewers.len() as u32, &mut self.random);
        let (viewer, header) = &scene.viewers[place as usize];
        let get = |path: &str| request("GET", &self.url.at(path), header, "");
        let post = |path: &str, body: &Value| {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            request("POST", &self.url.at(path), header, &body)
        };
        let random = &mut self.random;
        let asked = match deed {
            Deed::Home => get(FEED),
            Deed::Profile => {
                let person = scene.population.graph.popular(random);
                get(&format!("/api/users/{}", Population::username(person)))
            }
            Deed::Post => get(&format!("/api/posts/{}", scene.some_post(random))),
            Deed::Like => {
                post(&format!("/api/posts/{}/like", scene.some_post(random)), &Value::Null)
            }
            Deed::Comment => {
                let body = json!({ "content": "The light in this one is something else" });
                post(&format!("/api/posts/{}/comments", scene.some_post(random)), &body)
            }
            Deed::Follow => {
                let mut followee = scene.population.graph.popular(random);
                if followee == *viewer {
                    followee = (followee + 1) % scene.population.graph.members();
                }
                let path = format!("/api/users/{}/follow", Population::username(followee));
                let pending = Pending::Follow { follower: *viewer, followee };
                return (post(&path, &Value::Null), pending);
            }
            Deed::Compose => {
                return (post("/api/posts", &composed()), Pending::Post { author: *viewer });
            }
            Deed::Login => {
                let username = Population::username(*viewer);
                post("/api/auth/login", &json!({ "username": username, "password": PASSWORD }))
            }
        };
        (asked, Pending::Nothing)
    }
}

impl Scene {
    /// One of the newest posts that were there from the beginning.
    fn some_post(&self, random: &mut SmallRng) -> PostId {
        let posts = self.population.posts();
        let age = ranked(posts.min(TALKED_ABOUT), random);
        self.population.post(posts - 1 - age).0
    }
}

/// A new post.
pub(crate) fn composed() -> Value {
    json!({
        "caption": "Morning light on the old harbour, before anybody was up #light",
        "mediaUrls": ["https://pictures.example/bench/harbour.jpg"],
    })
}

/// Which post an answer says was made.
pub(crate) fn made(answer: &Value) -> Result<PostId> {
    let id = answer["id"].as_str().and_then(|id| id.parse().ok());
    id.context("the answer to a new post has no id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_drawn_as_often_as_the_mix_says() {
        for mix in [Mix::plain(), Mix::app()] {
            assert_eq!(mix.shares.iter().sum::<u32>(), 100);
            assert_eq!(mix.name.parse(), Ok(mix.clone()));
            let mut random = chance(1, 1);
            let mut counts = [0u32; 8];
            for _ in 0..100_000 {
                counts[mix.draw(&mut random) as usize] += 1;
            }
            for (count, share) in counts.into_iter().zip(mix.shares) {
                assert!(count.abs_diff(share * 1000) < 600, "{counts:?}");
            }
        }
        assert!("50/50".parse::<Mix>().is_err());
    }
}
