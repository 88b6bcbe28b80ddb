//! Lists, a page at a time: nothing is repeated and nothing is skipped, whatever happens meanwhile.

use serde_json::{Value, json};

use crate::rig::{Answer, Person, Rig, Visitor, texts_of};

/// What a list is of, and so how it grows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Followers,
    Followees,
    Requests,
    Posts,
    Tagged,
    Saved,
    Likes,
    Comments,
    Feed,
    Ranked,
    Explore,
    Activity,
    Blocked,
    Muted,
    Found,
}

/// A list: who asks for it, where, and where the items and what tells them apart stand.
struct List {
    kind: Kind,
    backend: bool,
    path: &'static str,
    items: &'static str,
    id: &'static str,
}

const fn list(kind: Kind, path: &'static str, items: &'static str, id: &'static str) -> List {
    // The trusted dialect is spoken by a backend, not by the person.
    let backend = path.as_bytes()[1] == b'v';
    List { kind, backend, path, items, id }
}

const fn bare(kind: Kind, path: &'static str) -> List {
    list(kind, path, "", "username")
}

/// `{ann}` is her id, `{post}` a post of hers.
const LISTS: [List; 33] = [
    bare(Kind::Followers, "/api/users/ann/followers"),
    bare(Kind::Followees, "/api/users/ann/following"),
    bare(Kind::Requests, "/api/users/requests"),
    bare(Kind::Likes, "/api/posts/{post}/likes"),
    bare(Kind::Blocked, "/api/users/blocked"),
    bare(Kind::Muted, "/api/users/muted"),
    bare(Kind::Found, "/api/users?q=other"),
    list(Kind::Posts, "/api/posts/user/me", "posts", "id"),
    list(Kind::Posts, "/api/posts/user/{ann}", "posts", "id"),
    list(Kind::Tagged, "/api/posts/hashtag/tag", "posts", "id"),
    list(Kind::Saved, "/api/posts/saved", "posts", "id"),
    list(Kind::Comments, "/api/posts/{post}/comments", "comments", "id"),
    list(Kind::Feed, "/api/feed", "posts", "id"),
    list(Kind::Ranked, "/api/feed?order=ranked", "posts", "id"),
    list(Kind::Explore, "/api/feed/explore", "posts", "id"),
    list(Kind::Activity, "/api/feed/activity", "activities", "id"),
    list(Kind::Followers, "/api/v1/graph/followers/{ann}", "followers", "user_id"),
    list(Kind::Followees, "/api/v1/graph/following/{ann}", "following", "user_id"),
    list(Kind::Requests, "/api/v1/graph/requests/pending", "requests", "user_id"),
    list(Kind::Posts, "/api/v1/posts?user_id={ann}", "posts", "id"),
    list(Kind::Tagged, "/api/v1/posts?hashtag=tag", "posts", "id"),
    list(Kind::Comments, "/api/v1/posts/{post}/comments", "comments", "id"),
    list(Kind::Feed, "/api/v1/feed", "posts", "id"),
    list(Kind::Ranked, "/api/v1/feed?order=ranked", "posts", "id"),
    list(Kind::Followers, "/v1/users/{ann}/followers", "followers", "id"),
    list(Kind::Followees, "/v1/users/{ann}/following", "following", "id"),
    list(Kind::Posts, "/v1/users/{ann}/posts", "posts", "id"),
    list(Kind::Comments, "/v1/posts/{post}/comments", "comments", "id"),
    list(Kind::Feed, "/v1/feed?user_id={ann}", "posts", "id"),
    list(Kind::Found, "/v1/users/search?q=other", "users", "id"),
    list(Kind::Followers, "/v1/users/{ann}/followers?user_id={ann}", "followers", "id"),
    list(Kind::Posts, "/v1/users/{ann}/posts?user_id={ann}", "posts", "id"),
    list(Kind::Comments, "/v1/posts/{post}/comments?user_id={ann}", "comments", "id"),
];

/// Items that are there before the first page is read: a multiple of no page size below but 7.
const ITEMS: usize = 7;

struct World {
    rig: Rig,
    ann: Person,
    /// Whom Ann follows, for her feed.
    bob: Person,
    post: String,
    others: usize,
}

impl World {
    async fn of(kind: Kind) -> Self {
        let rig = Rig::new().await;
        let [ann, bob] = rig.people(["ann", "bob"]).await;
        let post = if matches!(kind, Kind::Likes | Kind::Comments | Kind::Activity) {
            ann.posts("hello").await
        } else {
            String::new()
        };
        if kind == Kind::Requests {
            ann.is_private(true).await;
        }
        if matches!(kind, Kind::Feed | Kind::Ranked) {
            ann.follows(&bob).await;
        }
        let mut world = Self { rig, ann, bob, post, others: 0 };
        for _ in 0..ITEMS {
            world.grow(kind).await;
        }
        world.rig.drained().await;
        world
    }

    /// Adds an item to lists of this kind.
    async fn grow(&mut self, kind: Kind) {
        self.others += 1;
        let number = self.others;
        let Self { rig, ann, bob, post, .. } = self;
        let other = async || rig.person(&format!("other{number}")).await;
        let to = async |verb: &str, name: &str| {
            ann.post(&format!("/api/users/{name}/{verb}"), None).await.good(200);
        };
        match kind {
            Kind::Followers | Kind::Requests => drop(other().await.follows(ann).await),
            Kind::Activity if number.is_multiple_of(2) => drop(other().await.follows(ann).await),
            Kind::Activity | Kind::Likes => other().await.likes(post).await,
            Kind::Followees => to("follow", &other().await.username).await,
            Kind::Blocked => to("block", &other().await.username).await,
            Kind::Muted => to("mute", &other().await.username).await,
            Kind::Found => drop(other().await),
            Kind::Posts | Kind::Tagged => drop(ann.posts("a #tag").await),
            Kind::Feed | Kind::Ranked | Kind::Explore => drop(bob.posts("hello").await),
            Kind::Saved => {
                let post = bob.posts("keep me").await;
                ann.post(&format!("/api/posts/{post}/save"), None).await.good(200);
            }
            Kind::Comments => drop(ann.comments(post, "hello").await),
        }
    }

    fn visitor(&self, list: &List) -> &Visitor {
        if list.backend { &self.rig.stranger } else { &self.ann }
    }

    fn path(&self, list: &List) -> String {
        list.path.replace("{ann}", &self.ann.id).replace("{post}", &self.post)
    }

    /// A page: what tells its items apart, and the path of the next one.
    async fn page(&self, list: &List, query: &str) -> (Vec<String>, Option<String>) {
        let path = with_query(&self.path(list), query);
        let answer = self.visitor(list).get(&path).await;
        read(list, &self.path(list), query, answer)
    }

    /// All items, a page of `limit` at a time, while the list grows between the pages.
    async fn walk(&mut self, list: &List, limit: usize, grows: usize) -> Vec<String> {
        let (mut items, mut next) = self.page(list, &format!("limit={limit}")).await;
        let mut grown = 0;
        while let Some(query) = next {
            assert!(items.len() < 100, "{} never ends", list.path);
            if grown < grows {
                self.grow(list.kind).await;
                grown += 1;
            }
            let (more, after) = self.page(list, &query).await;
            assert!(!more.is_empty(), "{} has an empty page", list.path);
            items.extend(more);
            next = after;
        }
        items
    }
}

fn with_query(path: &str, query: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}{query}")
}

/// What tells the items of a page apart, and the query of the next page.
fn read(list: &List, path: &str, query: &str, answer: Answer) -> (Vec<String>, Option<String>) {
    if list.items.is_empty() {
        let next = answer.next_link().map(|link| {
            // What the path asks for already is in the link once more.
            let rest = link.strip_prefix(path).expect("the link leads to the same list");
            rest[1..].to_owned()
        });
        return (texts_of(&answer.good(200), list.id), next);
    }
    let page = answer.good(200);
    let cursor = page.get("nextCursor").or_else(|| page.get("next_cursor"));
    let cursor = cursor.unwrap_or_else(|| panic!("{path} has no cursor"));
    for more in ["hasMore", "has_more"] {
        assert_eq!(
            page.get(more).unwrap_or(&json!(!cursor.is_null())),
            !cursor.is_null(),
            "{page}"
        );
    }
    let limit = query.split('&').find(|part| part.starts_with("limit=")).unwrap_or("limit=20");
    let next = cursor.as_str().map(|cursor| format!("{limit}&cursor={cursor}"));
    (texts_of(&page[list.items], list.id), next)
}

/// Lists of one kind share a world.
fn lists_of(kind: Kind) -> impl Iterator<Item = &'static List> {
    LISTS.iter().filter(move |list| list.kind == kind)
}

async fn walk_lists_of(kind: Kind) {
    let mut world = World::of(kind).await;
    for list in lists_of(kind) {
        // Other lists of this kind have made it grow: what is there now is what counts.
        world.rig.drained().await;
        let (all, end) = world.page(list, "limit=100").await;
        assert!(all.len() >= ITEMS && end.is_none(), "{}: {all:?}", list.path);
        for limit in [1, 3, all.len(), all.len() + 1] {
            let walked = world.walk(list, limit, 0).await;
            assert_eq!(walked, all, "{} by {limit}", list.path);
        }
        let walked = world.walk(list, 2, 3).await;
        let old: Vec<_> = walked.iter().filter(|item| all.contains(item)).cloned().collect();
        assert_eq!(old, all, "{} while it grows: {walked:?}", list.path);
        assert_limits(&world, list).await;
    }
    world.rig.close().await;
}

/// What is out of range is clamped, what is no number or no cursor is refused.
async fn assert_limits(world: &World, list: &List) {
    for (limit, count) in [("0", 1), ("-5", 1), ("-99999999999999999999", 1)] {
        let (items, _) = world.page(list, &format!("limit={limit}")).await;
        assert_eq!(items.len(), count, "{} limit={limit}", list.path);
    }
    for limit in ["101", "100000", "99999999999999999999"] {
        let (items, next) = world.page(list, &format!("limit={limit}")).await;
        assert!(items.len() >= ITEMS && next.is_none(), "{} limit={limit}", list.path);
    }
    let (visitor, path) = (world.visitor(list), world.path(list));
    for limit in ["abc", "", "1.5", "1e1", "0x10", "1%00", "+"] {
        let answer = visitor.get(&with_query(&path, &format!("limit={limit}"))).await;
        let public = !path.starts_with("/api/v1") && !path.starts_with("/v1");
        let status = if public { 400 } else { 422 };
        assert_eq!((answer.status, answer.code()), (status, "invalid"), "{limit}: {answer:?}");
    }
    let (_, next) = world.page(list, "limit=2").await;
    let next = next.unwrap();
    let cursor = next.rsplit_once("cursor=").unwrap().1;
    let mut wrong = cursor.to_owned();
    let last = if wrong.pop() == Some('A') { 'B' } else { 'A' };
    let typed_over = format!("{wrong}{last}");
    for broken in [
        "nonsense",
        "1",
        "-1",
        "AAAA",
        "null",
        "%00",
        &wrong,
        &typed_over,
        &format!("{cursor}A"),
        &"A".repeat(500),
    ] {
        let answer = visitor.get(&with_query(&path, &format!("cursor={broken}"))).await;
        assert_eq!((answer.status, answer.code()), (400, "broken_cursor"), "{broken}: {answer:?}");
    }
    // The cursor of one list leads nowhere in another.
    let other = if list.kind == Kind::Muted { "/api/users/blocked" } else { "/api/users/muted" };
    let answer = world.ann.get(&format!("{other}?cursor={cursor}")).await;
    assert_eq!((answer.status, answer.code()), (400, "broken_cursor"), "{} in {other}", list.path);
}

macro_rules! walks {
    ($($name:ident: $Kind:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            walk_lists_of(Kind::$Kind).await;
        }
    )*};
}

walks! {
    followers: Followers,
    followees: Followees,
    requests: Requests,
    posts: Posts,
    tagged: Tagged,
    saved: Saved,
    likes: Likes,
    comments: Comments,
    feed: Feed,
    ranked: Ranked,
    explore: Explore,
    activity: Activity,
    blocked: Blocked,
    muted: Muted,
    found: Found,
}

#[tokio::test]
async fn a_feed_can_be_read_by_offset() {
    let world = World::of(Kind::Feed).await;
    let ann = &world.ann;
    let all = ann.feed().await;
    for (query, from, to) in [
        ("offset=0&limit=3", 0, 3),
        ("offset=3&limit=3", 3, 6),
        ("offset=6&limit=3", 6, 7),
        ("offset=7", 7, 7),
        ("offset=1000000", 7, 7),
        ("offset=-3&limit=2", 0, 2),
        ("page=2&page_size=4", 4, 7),
        ("page=1&limit=4", 0, 4),
    ] {
        for order in ["latest", "ranked"] {
            let page = ann.get(&format!("/api/feed?order={order}&{query}")).await.good(200);
            let ids = texts_of(&page["posts"], "id");
            if order == "latest" {
                assert_eq!(ids, all[from..to], "{query}");
            }
            assert_eq!(ids.len(), to - from, "{query} {order}");
            assert_eq!(page["hasMore"], to < ITEMS, "{query} {order}");
            assert_eq!(page["nextCursor"].is_null(), to >= ITEMS, "{query} {order}");
        }
    }
    // From an offset one goes on by the cursor.
    let page = ann.get("/api/feed?offset=2&limit=3").await.good(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = ann.get(&format!("/api/feed?limit=10&cursor={cursor}")).await.good(200);
    assert_eq!(texts_of(&rest["posts"], "id"), all[5..]);
    world.rig.close().await;
}

#[tokio::test]
async fn lists_of_the_mesh_can_be_read_by_page() {
    for (kind, path, items) in [
        (Kind::Followers, "/api/v1/graph/followers/{ann}", "followers"),
        (Kind::Followees, "/api/v1/graph/following/{ann}", "following"),
        (Kind::Requests, "/api/v1/graph/requests/pending", "requests"),
    ] {
        let world = World::of(kind).await;
        let path = path.replace("{ann}", &world.ann.id);
        let whole = world.ann.get(&format!("{path}?page_size=100")).await.good(200);
        let whole = texts_of(&whole[items], "user_id");
        for (page, size, from, to) in
            [(1, 3, 0, 3), (2, 3, 3, 6), (3, 3, 6, 7), (4, 3, 7, 7), (1, 7, 0, 7), (0, 3, 0, 3)]
        {
            let query = format!("{path}?page={page}&page_size={size}");
            let answer = world.ann.get(&query).await.good(200);
            assert_eq!(texts_of(&answer[items], "user_id"), whole[from..to], "{query}");
            let wanted = json!([ITEMS, page.max(1), size, to < ITEMS]);
            let place = ["total", "page", "page_size", "has_more"].map(|name| answer[name].clone());
            assert_eq!(Value::from(place.to_vec()), wanted, "{query}");
        }
        let answer = world.ann.get(&format!("{path}?page_size=1000")).await.good(200);
        assert_eq!(answer["page_size"], 100);
        world.rig.close().await;
    }
}

/// The trusted feed takes at most 50; what is deleted between two pages is not missed.
#[tokio::test]
async fn what_is_deleted_between_two_pages_leaves_no_gap() {
    let world = World::of(Kind::Feed).await;
    let all = world.ann.feed().await;
    let first = world.ann.get("/api/feed?limit=3").await.good(200);
    for gone in [&all[0], &all[2], &all[3]] {
        world.bob.delete(&format!("/api/posts/{gone}")).await.good(200);
    }
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = world.ann.get(&format!("/api/feed?limit=10&cursor={cursor}")).await.good(200);
    assert_eq!(texts_of(&rest["posts"], "id"), all[4..]);
    for number in 0..60 {
        world.bob.posts(&format!("post {number}")).await;
    }
    world.rig.drained().await;
    let path = format!("/v1/feed?user_id={}&limit=100", world.ann.id);
    let page = world.rig.stranger.get(&path).await.good(200);
    assert_eq!(page["posts"].as_array().unwrap().len(), 50);
    world.rig.close().await;
}
