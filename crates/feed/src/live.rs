//! Who is listening live, and what they are told.
//!
//! One task follows the events while somebody listens. For each it looks at the connected viewers
//! alone and puts a notice into the queue of those whom it concerns; their streams do the rest. A
//! connection that cannot keep up is closed rather than left with a gap: its client comes back with
//! the id of the last post that it saw.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tintype_api::{Event, PostId, Services, UserId};
use tintype_platform::error::Kind;
use tintype_platform::outbox::Record;
use tintype_platform::{Error, Result};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

/// Notices that a connection may fall behind before it is closed.
const QUEUE: usize = 64;

/// Gives a receiver of the events that are committed from then on; none when nothing comes any more.
type Subscribe = Box<dyn Fn() -> Option<broadcast::Receiver<Arc<Record>>> + Send + Sync>;

/// Something that a viewer is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A new post by the viewer or somebody in their circle.
    Post(PostId),
    /// Something that happened to the viewer.
    Activity(u64),
}

/// The connections of this process.
pub(crate) struct Live {
    services: Arc<Services>,
    subscribe: OnceLock<Subscribe>,
    per_user: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    of: FxHashMap<UserId, Vec<(u64, mpsc::Sender<Notice>)>>,
    next: u64,
    /// Whether a task follows the events.
    followed: bool,
    closed: bool,
}

/// A connection; closed when dropped.
pub(crate) struct Connection {
    live: Arc<Live>,
    viewer: UserId,
    number: u64,
    notices: mpsc::Receiver<Notice>,
}

impl Live {
    pub(crate) fn new(services: Arc<Services>, per_user: usize) -> Self {
        Self { services, subscribe: OnceLock::new(), per_user, open: Mutex::default() }
    }

    /// Says where events come from; only the first time counts.
    pub(crate) fn watch(&self, subscribe: Subscribe) {
        let _ = self.subscribe.set(subscribe);
    }

    /// Opens a connection that is told of everything from now on.
    pub(crate) fn connect(self: &Arc<Self>, viewer: UserId) -> Result<Connection> {
        let mut open = self.open.lock();
        if open.closed {
            return Err(Error::unavailable(
                "shutting_down",
                "The server is shutting down; try again",
                1,
            ));
        }
        let number = open.next;
        let of_viewer = open.of.entry(viewer).or_default();
        if of_viewer.len() >= self.per_user {
            return Err(Error::new(
                Kind::TooMany,
                "too_many_streams",
                format!("You have {} streams open already; close one first", self.per_user),
            ));
        }
        let (sender, notices) = mpsc::channel(QUEUE);
        of_viewer.push((number, sender));
        open.next += 1;
        if !open.followed
            && let Some(events) = self.subscribe.get().and_then(|subscribe| subscribe())
        {
            open.followed = true;
            tokio::spawn(self.clone().follow(events));
        }
        Ok(Connection { live: self.clone(), viewer, number, notices })
    }

    /// Ends every stream and opens no more.
    pub(crate) fn close(&self) {
        let mut open = self.open.lock();
        open.closed = true;
        open.of.clear();
    }

    /// Tells the connections of what happens, until there are none.
    async fn follow(self: Arc<Self>, mut events: broadcast::Receiver<Arc<Record>>) {
        loop {
            let event = events.recv().await;
            {
                let mut open = self.open.lock();
                if open.of.is_empty() || matches!(event, Err(RecvError::Closed)) {
                    open.of.clear();
                    open.followed = false;
                    return;
                }
                if let Err(RecvError::Lagged(missed)) = event {
                    tracing::warn!(missed, "live events were missed; the streams begin anew");
                    open.of.clear();
                }
            }
            let Ok(record) = event else { continue };
            if let Err(error) = self.tell(&record).await {
                tracing::warn!(cause = %error, event.id = record.id, "a live event was not told");
                self.open.lock().of.clear();
            }
        }
    }

    async fn tell(&self, record: &Record) -> Result<()> {
        match &*record.kind {
            "post.created" => {
                let Event::PostCreated { post, author, .. } = Event::read(record)? else {
                    return Ok(());
                };
                let viewers: Vec<UserId> = self.open.lock().of.keys().copied().collect();
                for viewer in viewers {
                    if viewer == author || self.services.graph().circle(viewer).await?.feeds(author)
                    {
                        self.send(viewer, Notice::Post(post));
                    }
                }
            }
            "activity.recorded" => {
                if let Event::ActivityRecorded { user, activity } = Event::read(record)? {
                    self.send(user, Notice::Activity(activity));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn send(&self, viewer: UserId, notice: Notice) {
        let mut open = self.open.lock();
        if let Some(of_viewer) = open.of.get_mut(&viewer) {
            of_viewer.retain(|(_, sender)| sender.try_send(notice).is_ok());
            if of_viewer.is_empty() {
                open.of.remove(&viewer);
            }
        }
    }
}

impl Connection {
    /// The next notice; none when the connection is to end.
    pub(crate) async fn next(&mut self) -> Option<Notice> {
        self.notices.recv().await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.live.open.lock();
        if let Some(of_viewer) = open.of.get_mut(&self.viewer) {
            of_viewer.retain(|(number, _)| *number != self.number);
            if of_viewer.is_empty() {
                open.of.remove(&self.viewer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tintype_api::Stamp;
    use tintype_api::testkit::{Ties, user};
    use tintype_platform::testkit::Workbench;

    use super::*;

    struct Stage {
        live: Arc<Live>,
        ties: Arc<Ties>,
        events: broadcast::Sender<Arc<Record>>,
        workbench: Workbench,
    }

    fn stage() -> Stage {
        let services = Arc::new(Services::default());
        let ties = Arc::new(Ties::default());
        services.set_graph(ties.clone());
        let live = Arc::new(Live::new(services, 2));
        let (events, _) = broadcast::channel(QUEUE * 2);
        let sender = events.clone();
        live.watch(Box::new(move || Some(sender.subscribe())));
        Stage { live, ties, events, workbench: Workbench::new(&[]) }
    }

    impl Stage {
        fn post(&self, author: UserId) -> PostId {
            let post = PostId::made_by(&self.workbench.ids);
            self.tell(&Event::PostCreated { post, author, mentions: Vec::new() });
            post
        }

        fn tell(&self, event: &Event) {
            let record = event.record(Stamp::made_by(&self.workbench.ids)).unwrap();
            self.events.send(Arc::new(record)).unwrap();
        }
    }

    #[tokio::test]
    async fn viewers_are_told_of_what_concerns_them() {
        let stage = stage();
        let [me, friend, stranger] = [1, 2, 3].map(user);
        stage.ties.follow(me, friend, true);
        let mut connection = stage.live.connect(me).unwrap();
        stage.post(stranger);
        let first = stage.post(friend);
        stage.tell(&Event::ActivityRecorded { user: friend, activity: 8 });
        stage.tell(&Event::ActivityRecorded { user: me, activity: 9 });
        let own = stage.post(me);
        assert_eq!(connection.next().await, Some(Notice::Post(first)));
        assert_eq!(connection.next().await, Some(Notice::Activity(9)));
        assert_eq!(connection.next().await, Some(Notice::Post(own)));
    }

    #[tokio::test]
    async fn who_does_not_keep_up_is_closed_and_others_go_on() {
        let stage = stage();
        let [me, other] = [1, 2].map(user);
        let mut slow = stage.live.connect(me).unwrap();
        let mut quick = stage.live.connect(other).unwrap();
        for _ in 0..=QUEUE {
            stage.post(me);
        }
        let post = stage.post(other);
        assert_eq!(quick.next().await, Some(Notice::Post(post)));
        let mut told = 0;
        while slow.next().await.is_some() {
            told += 1;
        }
        assert_eq!(told, QUEUE);
    }

    #[tokio::test]
    async fn whoever_missed_events_begins_anew() {
        let stage = stage();
        let mut connection = stage.live.connect(user(1)).unwrap();
        for _ in 0..QUEUE * 3 {
            stage.post(user(2));
        }
        assert_eq!(connection.next().await, None);
    }

    #[tokio::test]
    async fn streams_are_counted_and_end_when_told_to() {
        let stage = stage();
        let mut first = stage.live.connect(user(1)).unwrap();
        let second = stage.live.connect(user(1)).unwrap();
        let refused = stage.live.connect(user(1)).map(drop).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::TooMany, "too_many_streams"));
        drop(second);
        let mut third = stage.live.connect(user(1)).unwrap();
        let mut other = stage.live.connect(user(2)).unwrap();
        stage.live.close();
        for connection in [&mut first, &mut third, &mut other] {
            assert_eq!(connection.next().await, None);
        }
        assert_eq!(stage.live.connect(user(3)).map(drop).unwrap_err().code(), "shutting_down");
    }

    #[tokio::test]
    async fn events_are_followed_only_while_somebody_listens() {
        let stage = stage();
        assert_eq!(stage.events.receiver_count(), 0);
        drop(stage.live.connect(user(1)).unwrap());
        assert_eq!(stage.events.receiver_count(), 1);
        stage.post(user(1));
        while stage.events.receiver_count() > 0 {
            tokio::task::yield_now().await;
        }
        let mut connection = stage.live.connect(user(1)).unwrap();
        let post = stage.post(user(1));
        assert_eq!(connection.next().await, Some(Notice::Post(post)));
    }
}
