//! Posts among people that a test names.

use std::sync::Arc;

use tintype_api::posts::{Posts, Window};
use tintype_api::testkit::{People, Ties, Uploads};
use tintype_api::{Base, Event, PostId, Services, Slice, UserId};
use tintype_platform::bus::{self, Bus};
use tintype_platform::objects::ObjectUrls;
use tintype_platform::page::{Limit, Page, PageQuery};
use tintype_platform::testkit::Workbench;

use crate::service::{Draft, PostsService, Wanted};
use crate::words::{Caption, CommentText, MediaUrl, NewMedia};
use crate::{MIGRATIONS, Settings};

pub(crate) struct Stage {
    pub(crate) bench: Workbench,
    pub(crate) people: Arc<People>,
    pub(crate) ties: Arc<Ties>,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) base: Base,
    pub(crate) slice: Slice<PostsService>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let bench = Workbench::new(&[MIGRATIONS]);
        let (people, ties) = (Arc::new(People::default()), Arc::new(Ties::default()));
        let services = Arc::new(Services::default());
        services.set_accounts(people.clone());
        services.set_graph(ties.clone());
        let uploads = Arc::new(Uploads::default());
        services.set_media(uploads.clone());
        let base = Base {
            database: bench.database.clone(),
            clock: bench.clock.clone(),
            ids: bench.ids.clone(),
            services,
            objects: ObjectUrls::new(""),
            redis: None,
        };
        let slice = crate::start(&base, settings).await.unwrap();
        base.services.set_posts(slice.service.clone());
        Self { bench, people, ties, uploads, base, slice }
    }

    pub(crate) fn posts(&self) -> &Arc<PostsService> {
        &self.slice.service
    }

    /// The same database as another process, or this one after a restart, has it before it.
    pub(crate) async fn another(&self) -> Slice<PostsService> {
        crate::start(&self.base, Settings::default()).await.unwrap()
    }

    /// Public accounts `name1`, `name2`, … with the ids 1, 2, ….
    pub(crate) fn crowd<const N: usize>(&self) -> [UserId; N] {
        std::array::from_fn(|at| {
            let number = at as u64 + 1;
            self.people.put(number, &format!("name{number}"), false)
        })
    }

    pub(crate) async fn post(&self, author: UserId, caption: &str) -> PostId {
        // Time goes on, so that posts of a test are not all of one moment.
        self.bench.clock.advance_millis(1);
        self.posts().create(author, draft(caption)).await.unwrap().post.id
    }

    pub(crate) async fn bus(&self) -> Bus {
        let (clock, settings) = (self.bench.clock.clone(), bus::Settings::default());
        Bus::start(self.bench.database.outbox(), clock, &settings, self.slice.consumers.clone())
            .await
            .unwrap()
    }

    /// Lets the consumers do what there is to do.
    pub(crate) async fn settle(&self) {
        let bus = self.bus().await;
        bus.drained().await.unwrap();
        bus.stop().await;
    }

    /// Puts an event of another slice into the outbox.
    pub(crate) async fn tell(&self, event: Event) {
        let stamp = tintype_api::Stamp::made_by(&self.bench.ids);
        let record = event.record(stamp).unwrap();
        self.bench.publish(record).await;
    }

    /// The account is gone, as accounts would say it.
    pub(crate) async fn remove_account(&self, user: UserId) {
        self.people.remove(user);
        self.tell(Event::UserDeleted { user }).await;
    }

    /// Everything that is in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let happened = self.bench.happened_after(0).await;
        happened.iter().map(|record| Event::read(record).unwrap()).collect()
    }

    /// The newest posts of one author as a feed would have them.
    pub(crate) async fn newest(&self, author: UserId) -> Vec<PostId> {
        newest(self.posts(), author).await
    }

    /// No counter is wrong, and the index is what the database has.
    pub(crate) async fn assert_no_drift(&self) {
        assert_eq!(self.posts().check(false).await.unwrap(), []);
    }
}

pub(crate) async fn newest(posts: &PostsService, author: UserId) -> Vec<PostId> {
    let found = posts.newest([author].into(), Window::default(), 1000).await.unwrap();
    found.into_iter().map(|found| found.post).collect()
}

pub(crate) fn draft(caption: &str) -> Draft {
    let url = MediaUrl::try_from("https://media.example/a.jpg".to_owned()).unwrap();
    Draft {
        caption: Some(Caption::try_from(caption.to_owned()).unwrap()),
        media: vec![NewMedia::At(url)],
        kind: None,
        location: None,
        alt_text: None,
        comments_disabled: false,
    }
}

pub(crate) fn text(content: &str) -> CommentText {
    CommentText::parse(Some(content), CommentText::MOST).unwrap()
}

/// The first page of a hundred.
pub(crate) fn first(list: u8) -> Wanted {
    page(list, 100, None)
}

pub(crate) fn page(list: u8, limit: i64, cursor: Option<String>) -> Wanted {
    let limit = Some(Limit::clamped(limit));
    Wanted::new(&PageQuery { cursor, limit, ..PageQuery::default() }, list).unwrap()
}

/// Reads all pages of a list, each of which but the last has to be full.
pub(crate) async fn all<T>(limit: i64, mut read: impl AsyncFnMut(Wanted) -> Page<T>) -> Vec<T> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let found = read(page(b'x', limit, cursor)).await;
        let count = found.items.len();
        all.extend(found.items);
        cursor = found.next;
        if cursor.is_none() {
            return all;
        }
        assert_eq!(count, limit as usize, "a page that is not the last is full");
    }
}
