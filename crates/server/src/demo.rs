//! A network to look around in: people who follow each other as people do, a few much more than
//! most, with posts, likes and comments of the last weeks.
//!
//! The plan is made from a fixed seed and the moment of the first start, so every demo is the same
//! but for its dates.

pub(crate) mod photograph;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tintype_api::{CommentId, MediaId, PostId, UserId};
use tintype_platform::clock::ManualClock;
use tintype_platform::{IdGenerator, Timestamp};

use photograph::{Eye, Genre, Scene};

/// People in the demo.
const PEOPLE: usize = 200;

/// Posts in the demo.
///
/// More would take longer than a visitor waits: each has a picture of its own.
const POSTS: usize = 390;

/// The days that the posts are spread over.
const DAYS: i64 = 45;

/// Who the visitor is.
pub(crate) const USERNAME: &str = "ada";

/// The password of everybody in the demo.
pub(crate) const PASSWORD: &str = "tintype-demo";

/// What share of the posts shows each shape, as hundreds of width and height.
const SHAPES: [(u32, (u32, u32)); 5] =
    [(30, (100, 100)), (30, (80, 100)), (18, (100, 80)), (12, (75, 100)), (10, (191, 100))];

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A person of the demo.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) full_name: String,
    pub(crate) bio: String,
    pub(crate) portrait: Photograph,
}

/// A picture of the demo.
pub(crate) struct Photograph {
    pub(crate) id: MediaId,
    pub(crate) scene: Scene,
    /// How its width is to its height.
    pub(crate) shape: (u32, u32),
}

/// A post of the demo.
pub(crate) struct PlannedPost {
    pub(crate) id: PostId,
    pub(crate) author: UserId,
    pub(crate) caption: String,
    pub(crate) media: Vec<Photograph>,
    pub(crate) location: Option<&'static str>,
}

/// A comment of the demo.
pub(crate) struct PlannedComment {
    pub(crate) id: CommentId,
    pub(crate) post: PostId,
    pub(crate) author: UserId,
    pub(crate) content: String,
}

/// Everything that is in the demo, each list by rising time.
pub(crate) struct Plan {
    pub(crate) people: Vec<Person>,
    pub(crate) follows: Vec<(UserId, UserId, Timestamp)>,
    pub(crate) posts: Vec<PlannedPost>,
    pub(crate) likes: Vec<(PostId, UserId, Timestamp)>,
    pub(crate) comments: Vec<PlannedComment>,
}

impl Plan {
    /// The demo of a first start at `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        let mut planner = Planner::new(now);
        let people = planner.people();
        let follows = planner.follows(&people);
        let posts = planner.posts(&people);
        let likes = planner.likes(&people, &posts, &follows);
        let comments = planner.comments(&people, &posts);
        Self { people, follows, posts, likes, comments }
    }
}

struct Planner {
    random: StdRng,
    clock: Arc<ManualClock>,
    ids: IdGenerator,
    now: Timestamp,
    /// How much each person is looked at: the n-th a good deal less than the one before.
    fame: WeightedIndex<f64>,
    shapes: WeightedIndex<u32>,
}

impl Planner {
    fn new(now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let weights = (1..=PEOPLE).map(|rank| (rank as f64).powf(-0.9));
        Self {
            random: StdRng::seed_from_u64(1839),
            ids: IdGenerator::new(clock.clone(), 0, 0),
            clock,
            now,
            fame: WeightedIndex::new(weights).expect("every weight is above 0"),
            shapes: WeightedIndex::new(SHAPES.map(|(share, _)| share))
                .expect("every share is above 0"),
        }
    }

    fn people(&mut self) -> Vec<Person> {
        let start = self.now.plus_millis(-(DAYS + 30) * DAY);
        (0..PEOPLE)
            .map(|number| {
                self.clock.set(start.plus_millis(number as i64 * DAY / 8));
                let (first, last) = words::name(number);
                let username = if number == 0 {
                    USERNAME.to_owned()
                } else {
                    format!("{first}.{last}").to_lowercase()
                };
                let id = UserId::made_by(&self.ids);
                let scene = self.portrait(number);
                let portrait = Photograph { id: MediaId::made_by(&self.ids), scene, shape: (1, 1) };
                Person {
                    id,
                    username,
                    full_name: format!("{first} {last}"),
                    bio: self.pick(words::BIOS).to_owned(),
                    portrait,
                }
            })
            .collect()
    }

    /// What somebody shows of themselves: mostly a face.
    fn portrait(&mut self, number: usize) -> Scene {
        let eye = Eye::of(number as u64);
        if self.random.random_bool(0.8) {
            Scene::of(Genre::Portrait, &eye, number as u64)
        } else {
            Scene::new(&eye, number as u64)
        }
    }

    fn follows(&mut self, people: &[Person]) -> Vec<(UserId, UserId, Timestamp)> {
        let mut pairs = BTreeSet::new();
        for follower in 0..PEOPLE {
            // The visitor follows enough for a full feed.
            let wanted = if follower == 0 { 120 } else { self.random.random_range(5..50) };
            for _ in 0..wanted {
                let followee = self.fame.sample(&mut self.random);
                if followee != follower {
                    pairs.insert((follower, followee));
                    if self.random.random_bool(0.25) {
                        pairs.insert((followee, follower));
                    }
                }
            }
        }
        let start = self.now.plus_millis(-(DAYS + 2) * DAY);
        let step = 2 * DAY / pairs.len() as i64;
        let mut shuffled: Vec<_> = pairs.into_iter().collect();
        for index in (1..shuffled.len()).rev() {
            shuffled.swap(index, self.random.random_range(0..=index));
        }
        let at = |number: usize| start.plus_millis(step * number as i64);
        shuffled
            .into_iter()
            .enumerate()
            .map(|(number, (from, to))| (people[from].id, people[to].id, at(number)))
            .collect()
    }

    fn posts(&mut self, people: &[Person]) -> Vec<PlannedPost> {
        let start = self.now.plus_millis(-DAYS * DAY);
        let step = DAYS * DAY / POSTS as i64;
        (0..POSTS)
            .map(|number| {
                let wobble = self.random.random_range(0..step);
                self.clock.set(start.plus_millis(step * number as i64 + wobble));
                let mut author = self.fame.sample(&mut self.random);
                if author == 0 && self.random.random_bool(0.7) {
                    // The visitor is here to look at what others show.
                    author = self.random.random_range(1..PEOPLE / 4);
                }
                let eye = Eye::of(author as u64);
                let genre = eye.favourite(number as u64);
                let words = words::of(genre);
                let shape = SHAPES[self.shapes.sample(&mut self.random)].1;
                let pictures =
                    if self.random.random_bool(0.06) { self.random.random_range(2..=3) } else { 1 };
                let media = (0..pictures)
                    .map(|part| Photograph {
                        id: MediaId::made_by(&self.ids),
                        scene: Scene::of(genre, &eye, (number * 8 + part) as u64),
                        shape,
                    })
                    .collect();
                let mut caption = self.pick(words.captions).to_owned();
                if self.random.random_bool(0.6) {
                    caption += " #";
                    caption += self.pick(words.tags);
                }
                if self.random.random_bool(0.1) {
                    let friend = self.fame.sample(&mut self.random);
                    caption += " with @";
                    caption += &people[friend].username;
                }
                PlannedPost {
                    id: PostId::made_by(&self.ids),
                    author: people[author].id,
                    caption,
                    media,
                    location: self.random.random_bool(0.4).then(|| self.pick(words.places)),
                }
            })
            .collect()
    }

    fn likes(
        &mut self,
        people: &[Person],
        posts: &[PlannedPost],
        follows: &[(UserId, UserId, Timestamp)],
    ) -> Vec<(PostId, UserId, Timestamp)> {
        let mut likes = Vec::new();
        for post in posts {
            // Some posts speak to many, most to few.
            let appeal = self.random.random_range(0.0_f64..1.0).powi(3) * 0.6 + 0.02;
            for (follower, _, _) in
                follows.iter().filter(|(_, followee, _)| *followee == post.author)
            {
                if self.random.random_bool(appeal) {
                    likes.push((post.id, *follower, self.soon_after(post.id)));
                }
            }
            if self.random.random_bool(0.5) {
                let stranger = &people[self.random.random_range(0..PEOPLE)];
                if stranger.id != post.author {
                    likes.push((post.id, stranger.id, self.soon_after(post.id)));
                }
            }
        }
        let mut seen = BTreeSet::new();
        likes.retain(|(post, user, _)| seen.insert((*post, *user)));
        likes.sort_by_key(|(_, _, at)| *at);
        likes
    }

    fn comments(&mut self, people: &[Person], posts: &[PlannedPost]) -> Vec<PlannedComment> {
        let mut drafts = Vec::new();
        for post in posts {
            let wanted = (self.random.random_range(0.0_f64..1.0).powi(3) * 8.0) as usize;
            for _ in 0..wanted {
                let author = people[self.random.random_range(0..PEOPLE)].id;
                drafts.push((
                    self.soon_after(post.id),
                    post.id,
                    author,
                    self.pick(words::COMMENTS),
                ));
            }
        }
        drafts.sort_by_key(|(at, ..)| *at);
        drafts
            .into_iter()
            .map(|(at, post, author, content)| {
                self.clock.set(at);
                PlannedComment {
                    id: CommentId::made_by(&self.ids),
                    post,
                    author,
                    content: content.to_owned(),
                }
            })
            .collect()
    }

    /// A moment in the two days after a post, but not in the future.
    fn soon_after(&mut self, post: PostId) -> Timestamp {
        let delay = (self.random.random_range(0.0_f64..1.0).powi(2) * 2.0 * DAY as f64) as i64;
        post.made_at().plus_millis(delay + 1000).min(self.now)
    }

    fn pick(&mut self, words: &'static [&'static str]) -> &'static str {
        words[self.random.random_range(0..words.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_a_small_network_of_power_law_shape() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let plan = Plan::new(now);
        assert_eq!(plan.people.len(), PEOPLE);
        assert_eq!(plan.posts.len(), POSTS);
        let names: BTreeSet<_> = plan.people.iter().map(|person| &person.username).collect();
        assert_eq!(names.len(), PEOPLE, "no two share a name");
        assert!(plan.posts.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(plan.posts.last().unwrap().id.made_at() <= now);
        let followers = |person: &Person| {
            plan.follows.iter().filter(|(_, followee, _)| *followee == person.id).count()
        };
        let (first, last) = (followers(&plan.people[0]), followers(&plan.people[PEOPLE - 1]));
        assert!(first > 10 * last.max(1), "{first} follow the first, {last} the last");
        assert!(plan.likes.len() > 2_500 && plan.comments.len() > 500);
        assert!(plan.likes.iter().all(|(_, _, at)| *at <= now));
    }

    #[test]
    fn the_visitor_has_a_full_feed() {
        let plan = Plan::new(Timestamp::from_millis(1_790_000_000_000));
        let visitor = plan.people[0].id;
        let followees: BTreeSet<_> = plan
            .follows
            .iter()
            .filter(|follow| follow.0 == visitor)
            .map(|follow| follow.1)
            .collect();
        let feed = plan.posts.iter().filter(|post| followees.contains(&post.author)).count();
        assert!(feed >= 300, "{feed} posts");
    }

    #[test]
    fn no_two_pictures_are_the_same_and_every_genre_is_seen() {
        let plan = Plan::new(Timestamp::from_millis(1_790_000_000_000));
        let pictures = || plan.posts.iter().flat_map(|post| &post.media);
        let different: BTreeSet<_> =
            pictures().map(|picture| photograph::draw(&picture.scene, 16, 16)).collect();
        assert_eq!(different.len(), pictures().count());
        let genres: BTreeSet<_> = pictures().map(|picture| picture.scene.genre()).collect();
        assert_eq!(genres.len(), Genre::ALL.len(), "{genres:?}");
    }
}
