//! One of the sites that a history is told to.

use std::cell::Cell;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tempfile::TempDir;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Strategy};
use tintype_platform::testkit::{ServerDatabase, variable};
use tintype_server::wiring::{Running, Site};
use tower::ServiceExt;

use super::model::{Deed, Model};
use super::{CELEBRITY, FEED};
use crate::rig::{
    PASSWORD, PICTURE, assert_whole, configuration, database, drained, id_of, ids_of, on_postgres,
};

/// A site without a socket, and the ids that it has given to what the model counts.
pub(crate) struct Player {
    strategy: Strategy,
    config: Config,
    /// One process, or two of a fleet.
    nodes: Vec<Running>,
    /// Which of them is asked next.
    next: Cell<usize>,
    /// Id, name and token of each person.
    people: Vec<(String, String, String)>,
    posts: Vec<String>,
    authors: Vec<usize>,
    /// Author and id of each comment.
    comments: Vec<(usize, String)>,
    _folder: TempDir,
    _server: Option<ServerDatabase>,
}

impl Player {
    pub(crate) async fn new(strategy: Strategy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = configuration(&folder);
        let server = database(&mut config).await;
        if server.is_some() && strategy == Strategy::Push {
            // "hybrid" reads what is in memory instead, most of the time; the others of a fleet keep
            // timelines in PostgreSQL, if they store any.
            config.redis.url = variable("TINTYPE_TEST_REDIS_URL").unwrap();
            config.redis.prefix = config.database.url.replace([':', '/'], "-");
        }
        config.feed.strategy = strategy;
        config.feed.celebrity_threshold = CELEBRITY;
        config.feed.timeline_size = FEED;
        Self {
            strategy,
            nodes: open_all(&config).await,
            next: Cell::new(0),
            config,
            people: Vec::new(),
            posts: Vec::new(),
            authors: Vec::new(),
            comments: Vec::new(),
            _folder: folder,
            _server: server,
        }
    }

    /// Does it, and sees the status that the model expects.
    pub(crate) async fn play(&mut self, deed: Deed, expected: u16) {
        let name = |person: usize| &*self.people[person].1;
        let post = |post: usize| &*self.posts[post];
        let method = |on: bool| if on { "POST" } else { "DELETE" };
        let body = json!({ "mediaUrls": [PICTURE] });
        let author = |post: usize| self.authors[post];
        let (actor, method, path, body) = match deed {
            Deed::Register => return self.register(expected).await,
            Deed::Restart => return self.restart().await,
            Deed::Follow(one, other) => {
                (one, "POST", format!("/api/users/{}/follow", name(other)), None)
            }
            Deed::Unfollow(one, other) => {
                (one, "DELETE", format!("/api/users/{}/follow", name(other)), None)
            }
            Deed::Decide(one, other, accept) => {
                let action = if accept { "accept" } else { "reject" };
                let body = Some(json!({ "action": action }));
                (one, "POST", format!("/api/users/requests/{}", name(other)), body)
            }
            Deed::Private(one, private) => {
                (one, "PUT", "/api/users/me".to_owned(), Some(json!({ "isPrivate": private })))
            }
            Deed::Block(one, other, on) => {
                (one, method(on), format!("/api/users/{}/block", name(other)), None)
            }
            Deed::Mute(one, other, on) => {
                (one, method(on), format!("/api/users/{}/mute", name(other)), None)
            }
            Deed::Post(one) => (one, "POST", "/api/posts".to_owned(), Some(body)),
            Deed::Hide(number, hidden) => {
                let body = Some(json!({ "isHidden": hidden }));
                (author(number), "PUT", format!("/api/posts/{}", post(number)), body)
            }
            Deed::Delete(number) => {
                (author(number), "DELETE", format!("/api/posts/{}", post(number)), None)
            }
            Deed::Like(one, number, on) => {
                (one, method(on), format!("/api/posts/{}/like", post(number)), None)
            }
            Deed::Comment(one, number) => {
                let body = Some(json!({ "content": "hello" }));
                (one, "POST", format!("/api/posts/{}/comments", post(number)), body)
            }
            Deed::Uncomment(comment) => {
                let (commenter, comment) = &self.comments[comment];
                (*commenter, "DELETE", format!("/api/comments/{comment}"), None)
            }
            Deed::Leave(one) => {
                (one, "DELETE", "/api/users/me".to_owned(), Some(json!({ "password": PASSWORD })))
            }
        };
        let (status, answer) = self.ask(Some(actor), method, &path, body).await;
        assert_eq!(status, expected, "{:?}: {deed:?}: {answer}", self.strategy);
        match deed {
            Deed::Post(_) => {
                self.posts.push(id_of(&answer));
                self.authors.push(actor);
            }
            Deed::Comment(..) if status == 201 => self.comments.push((actor, id_of(&answer))),
            _ => {}
        }
    }

    /// Waits until everything that was done has come to everybody.
    pub(crate) async fn settle(&self) {
        drained(self.running()).await;
    }

    /// Every feed of everybody, read by pages of a random size, is what the model says. A `ranked`
    /// one is put in order first and filtered then.
    pub(crate) async fn compare_feeds(&self, model: &Model, ranked: bool, random: &mut StdRng) {
        for viewer in model.there() {
            let limit = random.random_range(1..FEED + 3);
            let read = self.walk(Some(viewer), &format!("/api/feed?limit={limit}")).await;
            self.assert_feed(model, viewer, true, &read);
            if random.random_ratio(1, 4) {
                let path = format!("/v1/feed?limit={limit}&user_id={}", self.people[viewer].0);
                let read = self.walk(None, &path).await;
                self.assert_feed(model, viewer, false, &read);
            }
            if ranked && random.random_ratio(1, 4) {
                // In another order, a feed holds the same.
                let path = format!("/api/feed?limit={limit}&order=ranked");
                let mut read = self.walk(Some(viewer), &path).await;
                read.sort_unstable_by(|one, other| other.cmp(one));
                self.assert_feed(model, viewer, true, &read);
            }
        }
    }

    /// Counts of everybody, and what is told of some posts.
    pub(crate) async fn compare_figures(&self, model: &Model, random: &mut StdRng) {
        for person in model.there() {
            let path = format!("/api/users/{}", self.people[person].1);
            let (status, profile) = self.ask(None, "GET", &path, None).await;
            assert_eq!(status, 200, "{profile}");
            let counts = ["followers_count", "following_count", "posts_count"];
            let counts = counts.map(|count| profile[count].as_u64().unwrap());
            assert_eq!(counts, model.counts(person), "{:?}: counts of {person}", self.strategy);
        }
        let there: Vec<usize> = model.there().collect();
        for _ in 0..4.min(model.posts.len()) {
            let post = random.random_range(0..model.posts.len());
            let viewer = there[random.random_range(0..there.len())];
            let path = format!("/api/posts/{}", self.posts[post]);
            let (status, shown) = self.ask(Some(viewer), "GET", &path, None).await;
            let what = format!("{:?}: post {post} for {viewer}: {shown}", self.strategy);
            if !model.sees(viewer, post) {
                assert_eq!(status, 404, "{what}");
                continue;
            }
            assert_eq!(status, 200, "{what}");
            assert_eq!(shown["likes_count"], model.posts[post].likes.len(), "{what}");
            assert_eq!(shown["liked_by_user"], model.posts[post].likes.contains(&viewer), "{what}");
            assert_eq!(shown["comments_count"], model.comments_under(post), "{what}");
        }
    }

    /// Ends the history: everything is delivered, counted right, and gone where it should be.
    pub(crate) async fn close(self, model: &Model) {
        assert_whole(self.running()).await;
        for (number, post) in model.posts.iter().enumerate().filter(|(_, post)| post.gone) {
            let path = format!("/api/posts/{}", self.posts[number]);
            assert_eq!(self.ask(None, "GET", &path, None).await.0, 404, "{post:?}");
        }
        for node in self.nodes {
            node.stop().await;
        }
    }

    /// One process after another.
    async fn restart(&mut self) {
        for place in 0..self.nodes.len() {
            self.nodes.remove(place).stop().await;
            self.nodes.insert(place, open(&self.config).await);
        }
    }

    fn running(&self) -> &Running {
        let next = self.next.get();
        self.next.set(next + 1);
        &self.nodes[next % self.nodes.len()]
    }

    async fn register(&mut self, expected: u16) {
        let name = format!("person{}", self.people.len());
        let body = json!({
            "username": name, "email": format!("{name}@tintype.example"), "password": PASSWORD,
        });
        let (status, answer) = self.ask(None, "POST", "/api/auth/register", Some(body)).await;
        assert_eq!(status, expected, "{answer}");
        let token = answer["token"].as_str().unwrap().to_owned();
        self.people.push((id_of(&answer["user"]), name, token));
    }

    fn assert_feed(&self, model: &Model, viewer: usize, own_posts: bool, read: &[String]) {
        let number = |id: &String| self.posts.iter().position(|post| post == id).unwrap();
        let read: Vec<usize> = read.iter().map(number).collect();
        let wanted = model.feed(viewer, own_posts);
        assert_eq!(read, wanted, "{:?}: the feed of {viewer}", self.strategy);
    }

    /// The ids of a list, page by page.
    async fn walk(&self, caller: Option<usize>, path: &str) -> Vec<String> {
        let (mut ids, mut next) = (Vec::new(), path.to_owned());
        loop {
            let (status, page) = self.ask(caller, "GET", &next, None).await;
            assert_eq!(status, 200, "{next}: {page}");
            ids.extend(ids_of(&page["posts"]));
            let cursor = page.get("nextCursor").or_else(|| page.get("next_cursor")).unwrap();
            let Some(cursor) = cursor.as_str() else { return ids };
            next = format!("{path}&cursor={cursor}");
        }
    }

    async fn ask(
        &self,
        caller: Option<usize>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(caller) = caller {
            let token = &self.people[caller].2;
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let router: Router = self.running().router.clone();
        let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

async fn open_all(config: &Config) -> Vec<Running> {
    let mut nodes = vec![open(config).await];
    if on_postgres() {
        nodes.push(open(config).await);
    }
    nodes
}

async fn open(config: &Config) -> Running {
    let site = Site::open(config, std::sync::Arc::new(SystemClock), 0).await.unwrap();
    site.run(config, None).await.unwrap()
}
