//! What every store of uploads must do, whichever database it stands on.

mod at_once;

use std::sync::Arc;

use tintype_api::testkit::{Happenings, user};
use tintype_api::{Drift, Event, MediaId, PostId, Stamp, UserId};
use tintype_platform::error::Kind as ErrorKind;
use tintype_platform::testkit::Workbench;
use tintype_platform::{IdGenerator, Timestamp};

use super::{Deleted, Finished, New, Pending, Receipt, Record, Store, Usage, Use, Wanted};
use crate::names::{Kind, Token};
use crate::sniff::FileType;

/// What each account may store in these cases: ten uploads.
const BUDGET: u64 = 10_000;

/// A store under test, and what came into its outbox since that was asked last.
struct Subject<'s> {
    store: Arc<dyn Store>,
    ids: &'s IdGenerator,
    happened: Happenings<'s>,
}

#[tokio::test]
async fn every_store_does_the_same() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        run(&Subject::on(&bench)).await;
    }
}

/// Runs every case on one store; each has people of its own.
async fn run(subject: &Subject<'_>) {
    subject.uploads().await;
    subject.budget().await;
    subject.descriptions().await;
    subject.uses().await;
    subject.pictures().await;
    subject.announced().await;
    subject.expiry().await;
    subject.departure().await;
    subject.lists().await;
    subject.at_once().await;
    assert_eq!(subject.store.drift().await.unwrap(), []);
}

impl<'s> Subject<'s> {
    fn on(bench: &'s Workbench) -> Self {
        Self {
            store: super::open(&bench.database),
            ids: &bench.ids,
            happened: Happenings::on(bench),
        }
    }

    async fn uploads(&self) {
        let [ann, ben] = [101, 102].map(user);
        let film = Record {
            kind: Kind::Video,
            file_type: FileType::Mov,
            duration_ms: Some(1 << 40),
            has_poster: true,
            alt_text: Some("a film".to_owned()),
            receipt: Receipt { removed: vec!["gps".to_owned()], kept: vec!["sound".to_owned()] },
            ..self.record(ann)
        };
        let picture = self.record(ann);
        for record in [&film, &picture] {
            self.store.add(self.new_of(record.clone())).await.unwrap();
        }
        let (one, two) = (picture.id, film.id);
        let mut found = self.store.media(ann, vec![one, two, one]).await.unwrap();
        found.sort_by_key(|record| record.id);
        assert_eq!(found, [film.clone(), picture.clone()]);
        assert_eq!(self.store.media(ben, vec![one, two]).await.unwrap(), []);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: 2000, files: 2 });
        let tokens = vec![Token::new().unwrap(), film.token];
        assert_eq!(self.store.known(ann, tokens.clone()).await.unwrap(), [film.token]);
        assert_eq!(self.store.known(ben, tokens).await.unwrap(), []);

        assert_eq!(self.store.delete(ben, one, self.stamp()).await.unwrap(), Deleted::Unknown);
        assert_eq!(self.store.delete(ann, one, self.stamp()).await.unwrap(), Deleted::Done);
        assert_eq!(self.store.delete(ann, one, self.stamp()).await.unwrap(), Deleted::Unknown);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: 1000, files: 1 });
        let happened = self.happened.lately().await;
        assert_eq!(happened.len(), 3);
        assert_eq!(happened[2], self.deleted(&picture));
    }

    async fn budget(&self) {
        let ann = user(201);
        for _ in 0..10 {
            self.store.add(self.new_upload(ann)).await.unwrap();
        }
        self.happened.lately().await;
        let error = self.store.add(self.new_upload(ann)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Forbidden, "storage_budget_exceeded"));
        let pending = self.announce(ann, 1_000).await;
        let new = self.new_of(Record { id: pending.id, ..self.record(ann) });
        let error = self.store.finish(new).await.unwrap_err();
        assert_eq!(error.code(), "storage_budget_exceeded");
        // It is not given up: there may be room later.
        assert_eq!(self.store.pending(ann, pending.id).await.unwrap(), Some(pending));
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: BUDGET, files: 10 });
        assert_eq!(self.happened.lately().await, []);
    }

    async fn descriptions(&self) {
        let [ann, ben] = [301, 302].map(user);
        let new = self.new_upload(ann);
        let (id, record) = (new.record.id, new.record.clone());
        self.store.add(new).await.unwrap();
        self.happened.lately().await;
        let text = Some("a tree".to_owned());
        let describe = |owner, text| self.store.describe(owner, id, text, self.stamp());
        assert_eq!(describe(ben, text.clone()).await.unwrap(), None);
        let told = Record { alt_text: text.clone(), ..record };
        assert_eq!(describe(ann, text.clone()).await.unwrap(), Some(told.clone()));
        assert_eq!(describe(ann, text).await.unwrap(), Some(told.clone()));
        assert_eq!(self.store.media(ann, vec![id]).await.unwrap(), [told]);
        describe(ann, None).await.unwrap();
        let event = Event::MediaUpdated { media: id, user: ann };
        assert_eq!(self.happened.lately().await, [event.clone(), event]);
    }

    async fn uses(&self) {
        let [ann, ben] = [401, 402].map(user);
        let [one, two] = [self.record(ann), self.record(ann)];
        for record in [&one, &two] {
            self.store.add(self.new_of(record.clone())).await.unwrap();
        }
        self.happened.lately().await;
        let [first, second] = [self.post(), self.post()];
        let wanted = vec![
            Wanted::Token(two.token),
            Wanted::Token(Token::new().unwrap()),
            Wanted::Id(one.id),
            Wanted::Id(one.id),
        ];
        for _ in 0..2 {
            let found = self.store.attach(ann, first, wanted.clone()).await.unwrap();
            let one = Some(one.clone());
            assert_eq!(found, [Some(two.clone()), None, one.clone(), one]);
        }
        self.store.attach(ann, second, vec![Wanted::Id(one.id)]).await.unwrap();
        assert_eq!(self.store.uses(ann, one.id).await.unwrap(), [first, second]);
        assert_eq!(self.store.uses(ann, two.id).await.unwrap(), [first]);

        // What one may not use is not used, and what stands beside it is not noted.
        let mixed = vec![Wanted::Token(two.token), Wanted::Id(self.media())];
        let error = self.store.attach(ann, second, mixed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let error = self.store.attach(ben, second, vec![Wanted::Id(one.id)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let foreign = self.store.attach(ben, second, vec![Wanted::Token(one.token)]).await;
        assert_eq!(foreign.unwrap(), [None]);
        assert_eq!(self.store.uses(ann, two.id).await.unwrap(), [first]);

        assert_eq!(self.store.delete(ann, one.id, self.stamp()).await.unwrap(), Deleted::InUse);
        // The first post goes: what the second uses as well stays.
        assert_eq!(self.store.release(ann, first, self.stamps(1)).await.unwrap(), 1);
        assert_eq!(self.store.release(ann, first, self.stamps(9)).await.unwrap(), 1);
        assert_eq!(self.store.release(ann, first, self.stamps(9)).await.unwrap(), 0);
        assert_eq!(self.happened.lately().await, [self.deleted(&two)]);
        assert_eq!(self.store.uses(ann, one.id).await.unwrap(), [second]);
        // A post that was not made after all takes nothing with it.
        self.store.detach(ann, second).await.unwrap();
        assert_eq!(self.store.uses(ann, one.id).await.unwrap(), []);
        assert_eq!(self.store.release(ann, second, self.stamps(9)).await.unwrap(), 0);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: 1000, files: 1 });
        assert_eq!(self.happened.lately().await, []);
    }

    async fn pictures(&self) {
        let ann = user(501);
        let clear =
            |event: Event| self.store.clear_picture(ann, event, self.stamp(), self.stamps(4));
        let without = |media| Event::PictureUpdated { media, user: ann, object: None, urls: None };
        clear(without(self.media())).await.unwrap();
        assert_eq!(self.happened.lately().await, []);
        let [one, two, three] = [0; 3].map(|_| Record { kind: Kind::Avatar, ..self.record(ann) });
        let set = |record: &Record| {
            let event = Event::PictureUpdated {
                media: record.id,
                user: ann,
                object: Some(record.urls().main().to_owned()),
                urls: Some(record.urls()),
            };
            let new = New { event, ..self.new_of(record.clone()) };
            self.store.set_picture(new, self.stamps(4))
        };
        set(&one).await.unwrap();
        set(&three).await.unwrap();
        assert_eq!(set(&two).await.unwrap_err().code(), "picture_replaced");
        let found = self.store.media(ann, vec![one.id, two.id, three.id]).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&three));
        let happened = self.happened.lately().await;
        let kinds: Vec<&str> = happened.iter().map(Event::kind).collect();
        let set = "profile.picture_updated";
        assert_eq!(kinds, [set, "media.deleted", set]);
        assert_eq!(happened[1], self.deleted(&one));

        // A picture is not for posts, and does not go as uploads go.
        let wanted = vec![Wanted::Token(three.token)];
        assert_eq!(self.store.attach(ann, self.post(), wanted).await.unwrap(), [None]);
        let refused = self.store.attach(ann, self.post(), vec![Wanted::Id(three.id)]).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid);
        let deleted = self.store.delete(ann, three.id, self.stamp()).await.unwrap();
        assert_eq!(deleted, Deleted::IsPicture);
        let event = without(self.media());
        clear(event.clone()).await.unwrap();
        assert_eq!(self.happened.lately().await, [self.deleted(&three), event]);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage::default());
    }

    async fn announced(&self) {
        let [ann, ben] = [601, 602].map(user);
        let pending = self.announce(ann, 1_000).await;
        let id = pending.id;
        assert_eq!(self.store.pending(ann, id).await.unwrap(), Some(pending));
        assert_eq!(self.store.pending(ben, id).await.unwrap(), None);
        assert_eq!(self.store.media(ann, vec![id]).await.unwrap(), []);
        let tokens = vec![pending.token, Token::new().unwrap()];
        assert_eq!(self.store.awaited(tokens).await.unwrap(), [pending.token]);
        assert!(!self.store.claim(ben, id).await.unwrap());
        assert!(self.store.claim(ann, id).await.unwrap());
        assert!(!self.store.claim(ann, id).await.unwrap());
        self.store.unclaim(ann, id).await.unwrap();
        assert!(self.store.claim(ann, id).await.unwrap());
        assert_eq!(self.happened.lately().await, []);

        let new = self.new_of(Record { id, ..self.record(ann) });
        let record = new.record.clone();
        assert_eq!(self.store.finish(new.clone()).await.unwrap(), Finished::New);
        let again = New { record: Record { id, ..self.record(ann) }, ..new.clone() };
        let already = Finished::Already(Box::new(record));
        assert_eq!(self.store.finish(again).await.unwrap(), already);
        let nowhere = self.new_upload(ann);
        assert_eq!(self.store.finish(nowhere).await.unwrap(), Finished::Gone);
        assert!(!self.store.claim(ann, id).await.unwrap());
        assert!(!self.store.give_up(ann, id, self.stamp()).await.unwrap());
        assert_eq!(self.happened.lately().await, [new.event]);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: 1000, files: 1 });

        let pending = self.announce(ann, 1_000).await;
        assert!(!self.store.give_up(ben, pending.id, self.stamp()).await.unwrap());
        assert!(self.store.give_up(ann, pending.id, self.stamp()).await.unwrap());
        assert_eq!(self.store.pending(ann, pending.id).await.unwrap(), None);
        assert_eq!(self.happened.lately().await, [given_up(&pending)]);
    }

    async fn expiry(&self) {
        let [ann, ben] = [701, 702].map(user);
        let [old, new, other] = [
            self.announce(ann, 10).await,
            self.announce(ann, 30).await,
            self.announce(ben, 20).await,
        ];
        let expired =
            async |before| self.store.expired(Timestamp::from_millis(before), 2).await.unwrap();
        assert_eq!(expired(10).await, []);
        assert_eq!(expired(30).await, [old, other]);
        assert_eq!(expired(31).await, [old, other]);
        // As many as may wait are waiting, but one of them has expired.
        let announce = |most| {
            let pending = self.pending(ann, 99);
            self.store.announce(pending, most, Timestamp::from_millis(25), self.stamps(3))
        };
        announce(2).await.unwrap();
        assert_eq!(self.happened.lately().await, [given_up(&old)]);
        let error = announce(2).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "too_many_unfinished"));
        assert_eq!(self.store.pending(ann, new.id).await.unwrap(), Some(new));
    }

    async fn departure(&self) {
        let [ann, ben] = [801, 802].map(user);
        let [one, two] = [self.record(ann), Record { kind: Kind::Avatar, ..self.record(ann) }];
        for record in [&one, &two] {
            self.store.add(self.new_of(record.clone())).await.unwrap();
        }
        let stays = self.new_upload(ben);
        self.store.add(stays.clone()).await.unwrap();
        let pending = self.announce(ann, 1_000).await;
        self.store.attach(ann, self.post(), vec![Wanted::Id(one.id)]).await.unwrap();
        self.happened.lately().await;
        assert_eq!(self.store.forget(ann, self.stamps(2)).await.unwrap(), 2);
        assert_eq!(self.store.forget(ann, self.stamps(2)).await.unwrap(), 1);
        assert_eq!(self.store.forget(ann, self.stamps(2)).await.unwrap(), 0);
        let gone = [self.deleted(&one), self.deleted(&two), given_up(&pending)];
        assert_eq!(self.happened.lately().await, gone);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage::default());
        assert_eq!(self.store.uses(ann, one.id).await.unwrap(), []);
        assert_eq!(self.store.media(ben, vec![stays.record.id]).await.unwrap(), [stays.record]);

        // What was on its way when the account went is not kept.
        let late = self.new_upload(ann);
        let error = self.store.add(late.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let error = self.store.set_picture(late, self.stamps(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let pending = self.pending(ann, 1_000);
        let announced = self.store.announce(pending, 9, Timestamp::default(), Vec::new()).await;
        assert_eq!(announced.unwrap_err().kind(), ErrorKind::Unauthenticated);
        assert_eq!(self.happened.lately().await, []);
    }

    async fn lists(&self) {
        let mut all = Vec::new();
        let mut last = None;
        loop {
            let page = self.store.after(last, 3).await.unwrap();
            assert!(page.len() <= 3);
            let Some(end) = page.last() else { break };
            last = Some((end.owner, end.id));
            all.extend(page);
        }
        assert!(all.is_sorted_by(|one, two| (one.owner, one.id) < (two.owner, two.id)));
        let total = self.store.total().await.unwrap();
        let bytes = all.iter().map(|record| record.bytes).sum();
        assert_eq!(total, Usage { bytes, files: all.len() as u64 });

        let ann = user(901);
        let new = self.new_upload(ann);
        let media = new.record.id;
        self.store.add(new).await.unwrap();
        let posts = [self.post(), self.post(), self.post()];
        for post in posts {
            self.store.attach(ann, post, vec![Wanted::Id(media)]).await.unwrap();
        }
        let uses = posts.map(|post| Use { owner: ann, media, post });
        let first = self.store.uses_after(None, 2).await.unwrap();
        assert_eq!(first, uses[..2]);
        assert_eq!(self.store.uses_after(first.last().copied(), 2).await.unwrap(), uses[2..]);
    }

    fn record(&self, owner: UserId) -> Record {
        Record {
            owner,
            id: self.media(),
            token: Token::new().unwrap(),
            kind: Kind::Image,
            file_type: FileType::Webp,
            width: 4000,
            height: 3000,
            duration_ms: None,
            blurhash: Some("LEHV6nWB2yk8pyo0adR*.7kCMdnj".to_owned()),
            alt_text: None,
            has_poster: false,
            bytes: 1000,
            receipt: Receipt::default(),
        }
    }

    pub(crate) fn new_upload(&self, owner: UserId) -> New {
        self.new_of(self.record(owner))
    }

    fn new_of(&self, record: Record) -> New {
        let upload = record.upload();
        let event = Event::MediaUploaded {
            media: record.id,
            user: record.owner,
            urls: upload.urls,
            kind: upload.kind,
        };
        New { record, budget: BUDGET, event, stamp: self.stamp() }
    }

    fn pending(&self, owner: UserId, expires_at: i64) -> Pending {
        Pending {
            owner,
            id: self.media(),
            token: Token::new().unwrap(),
            file_type: FileType::Png,
            expires_at: Timestamp::from_millis(expires_at),
        }
    }

    async fn announce(&self, owner: UserId, expires_at: i64) -> Pending {
        let pending = self.pending(owner, expires_at);
        self.store.announce(pending, 9, Timestamp::default(), Vec::new()).await.unwrap();
        pending
    }

    #[expect(clippy::unused_self, reason = "reads like the others")]
    fn deleted(&self, record: &Record) -> Event {
        Event::MediaDeleted { media: record.id, user: record.owner, objects: record.objects() }
    }

    fn media(&self) -> MediaId {
        MediaId::made_by(self.ids)
    }

    fn post(&self) -> PostId {
        PostId::made_by(self.ids)
    }

    fn stamp(&self) -> Stamp {
        Stamp::made_by(self.ids)
    }

    fn stamps(&self, count: usize) -> Vec<Stamp> {
        (0..count).map(|_| self.stamp()).collect()
    }
}

fn given_up(pending: &Pending) -> Event {
    let objects = vec![pending.token.pending()];
    Event::MediaDeleted { media: pending.id, user: pending.owner, objects }
}

#[tokio::test]
async fn finds_and_mends_usage_that_is_wrong() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        let store = super::open(&bench.database);
        let subject = Subject::on(&bench);
        for owner in [user(1), user(2)] {
            let new = subject.new_upload(owner);
            store.add(new).await.unwrap();
        }
        bench.execute("UPDATE media_usage SET bytes = 7 WHERE owner = 1").await;
        bench.execute("DELETE FROM media_usage WHERE owner = 2").await;
        let wrong = |counter, of, stored, counted| Drift { counter, of, stored, counted };
        let drift = [
            wrong("media_bytes", 1, 7, 1000),
            wrong("media_bytes", 2, 0, 1000),
            wrong("media_files", 2, 0, 1),
        ];
        assert_eq!(store.drift().await.unwrap(), drift);
        store.recount(vec![user(1), user(2)]).await.unwrap();
        assert_eq!(store.drift().await.unwrap(), []);
    }
}
