//! What every store of activity must do, whichever database it stands on.

use std::sync::Arc;

use tintype_api::activity::ActivityKind;
use tintype_api::testkit::{Happenings, user};
use tintype_api::{CommentId, Drift, Event, PostId, Stamp, UserId};
use tintype_platform::IdGenerator;
use tintype_platform::testkit::Workbench;

use super::{Change, Item, Key, Store};

const MOST: u32 = 5;

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

/// Runs every case on one store; each has accounts of its own.
async fn run(subject: &Subject<'_>) {
    subject.once().await;
    subject.newest().await;
    subject.reading().await;
    subject.bounds().await;
    subject.comments_and_posts().await;
    subject.parting().await;
    subject.departure().await;
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

    async fn once(&self) {
        let (ann, ben) = (user(101), user(102));
        let like = self.item(ann, ActivityKind::Like, ben, 7);
        self.add(&[like]).await;
        self.add(&[Item { id: self.ids.next(), ..like }]).await;
        assert_eq!(self.all(ann).await, [like]);
        let told = Event::ActivityRecorded { user: ann, activity: like.id };
        assert_eq!(self.happened.lately().await, [told]);
        for _ in 0..2 {
            self.apply(vec![Change::Remove(like.key)]).await;
            assert_eq!(self.all(ann).await, []);
        }
        let again = Item { id: self.ids.next(), ..like };
        self.add(&[again]).await;
        assert_eq!(self.all(ann).await, [again]);
        // Another act, actor, target or account is another item.
        let others = [
            self.item(ann, ActivityKind::Mention, ben, 7),
            self.item(ann, ActivityKind::Like, user(103), 7),
            self.item(ann, ActivityKind::Like, ben, 8),
        ];
        self.add(&others).await;
        self.add(&[self.item(user(104), ActivityKind::Like, ben, 7)]).await;
        assert_eq!(self.all(ann).await.len(), 4);
    }

    async fn newest(&self) {
        let ann = user(200);
        let items: Vec<Item> =
            (201..=205).map(|n| self.item(ann, ActivityKind::Follow, user(n), 200)).collect();
        self.add(&items).await;
        let page = async |below, limit| {
            let kept = self.store.newest(ann, below, limit).await.unwrap();
            kept.into_iter().map(|kept| kept.item).collect::<Vec<_>>()
        };
        assert_eq!(page(None, 2).await, [items[4], items[3]]);
        assert_eq!(page(Some(items[3].id), 2).await, [items[2], items[1]]);
        assert_eq!(page(Some(items[1].id), 2).await, [items[0]]);
        assert_eq!(page(Some(items[0].id), 2).await, []);
    }

    async fn reading(&self) {
        let (ann, ben) = (user(301), user(302));
        self.store.mark_read(ann).await.unwrap();
        let first = self.item(ann, ActivityKind::Like, ben, 1);
        let second = self.item(ann, ActivityKind::Like, ben, 2);
        self.add(&[first, second]).await;
        assert_eq!(self.store.unread(ann).await.unwrap(), [second, first]);
        for _ in 0..2 {
            self.store.mark_read(ann).await.unwrap();
            assert_eq!(self.store.unread(ann).await.unwrap(), []);
        }
        let third = self.item(ann, ActivityKind::Like, ben, 3);
        self.add(&[third]).await;
        assert_eq!(self.store.unread(ann).await.unwrap(), [third]);
        let read: Vec<bool> =
            self.store.newest(ann, None, 9).await.unwrap().iter().map(|kept| kept.read).collect();
        assert_eq!(read, [false, true, true]);
        // What was seen and is gone does not make older things unseen.
        self.apply(vec![Change::Remove(third.key), Change::Remove(second.key)]).await;
        self.store.mark_read(ann).await.unwrap();
        assert_eq!(self.store.unread(ann).await.unwrap(), []);
    }

    async fn bounds(&self) {
        let ann = user(400);
        let items: Vec<Item> =
            (401..=409).map(|n| self.item(ann, ActivityKind::Follow, user(n), 400)).collect();
        self.add(&items[..7]).await;
        assert_eq!(self.all(ann).await.len(), MOST as usize);
        self.apply(vec![Change::Remove(items[5].key)]).await;
        self.add(&items[7..]).await;
        let newest: Vec<Item> = [8, 7, 6, 4, 3].map(|index| items[index]).to_vec();
        assert_eq!(self.all(ann).await, newest);
    }

    async fn comments_and_posts(&self) {
        let [ann, ben, eve, kim] = [501, 502, 503, 504].map(user);
        let (post, comment) = (PostId::new(70).unwrap(), CommentId::new(71).unwrap());
        let on_comment = |account, kind, actor| Item {
            post: Some(post),
            ..self.item(account, kind, actor, comment.get())
        };
        let like = Item { post: Some(post), ..self.item(ann, ActivityKind::Like, ben, 70) };
        let elsewhere = self.item(ann, ActivityKind::Like, ben, 72);
        let said = on_comment(ann, ActivityKind::Comment, ben);
        let liked = on_comment(ben, ActivityKind::CommentLike, eve);
        let mentioned = on_comment(kim, ActivityKind::Mention, ben);
        self.add(&[like, elsewhere, said, liked, mentioned]).await;
        for _ in 0..2 {
            self.apply(vec![Change::RemoveComment { post, comment }]).await;
            assert_eq!(self.all(ann).await, [elsewhere, like]);
            assert_eq!((self.all(ben).await, self.all(kim).await), (vec![], vec![]));
        }
        self.add(&[said, liked, mentioned]).await;
        assert_eq!(self.store.remove_post(post, 3).await.unwrap(), 3);
        assert_eq!(self.store.remove_post(post, 3).await.unwrap(), 1);
        assert_eq!(self.store.remove_post(post, 3).await.unwrap(), 0);
        assert_eq!(self.all(ann).await, [elsewhere]);
    }

    async fn parting(&self) {
        let [ann, ben, eve] = [601, 602, 603].map(user);
        let by_eve = self.item(ann, ActivityKind::Like, eve, 1);
        self.add(&[
            self.item(ann, ActivityKind::Like, ben, 1),
            self.item(ann, ActivityKind::Follow, ben, 601),
            by_eve,
            self.item(ben, ActivityKind::FollowAccepted, ann, 602),
        ])
        .await;
        for _ in 0..2 {
            self.apply(vec![Change::RemoveBetween(ben, ann)]).await;
            assert_eq!(self.all(ann).await, [by_eve]);
            assert_eq!(self.all(ben).await, []);
        }
    }

    async fn departure(&self) {
        let [gone, ben] = [701, 702].map(user);
        let of: Vec<Item> = (1..=3).map(|n| self.item(gone, ActivityKind::Like, ben, n)).collect();
        let by: Vec<Item> = (4..=6).map(|n| self.item(ben, ActivityKind::Like, gone, n)).collect();
        self.add(&of).await;
        self.add(&by).await;
        self.store.mark_read(gone).await.unwrap();
        let mut rounds = Vec::new();
        loop {
            let removed = self.store.remove_user(gone, 4).await.unwrap();
            rounds.push(removed);
            if removed == 0 {
                break;
            }
        }
        assert_eq!(rounds, [4, 2, 0]);
        assert_eq!((self.all(gone).await, self.all(ben).await), (vec![], vec![]));
    }

    async fn add(&self, items: &[Item]) {
        let add =
            |item: &Item| Change::Add { item: *item, stamp: Stamp { id: item.id, at: item.at } };
        self.apply(items.iter().map(add).collect()).await;
    }

    async fn apply(&self, changes: Vec<Change>) {
        self.store.apply(changes, MOST).await.unwrap();
    }

    async fn all(&self, account: UserId) -> Vec<Item> {
        let kept = self.store.newest(account, None, 100).await.unwrap();
        kept.into_iter().map(|kept| kept.item).collect()
    }

    fn item(&self, account: UserId, kind: ActivityKind, actor: UserId, target: u64) -> Item {
        let Stamp { id, at } = Stamp::made_by(self.ids);
        Item { id, key: Key { account, kind, actor, target }, post: None, at }
    }
}

#[tokio::test]
async fn finds_and_mends_a_wrong_number_of_items() {
    for bench in Workbench::each(&[crate::MIGRATIONS]).await {
        let store = super::open(&bench.database);
        let [ann, ben] = [1, 2].map(user);
        let key = Key { account: ann, kind: ActivityKind::Follow, actor: ben, target: 1 };
        let stamp = Stamp::made_by(&bench.ids);
        let item = Item { id: stamp.id, key, post: None, at: stamp.at };
        store.apply(vec![Change::Add { item, stamp }], 10).await.unwrap();
        bench.execute("UPDATE activity_states SET items = 4").await;
        let drift = Drift { counter: "activity_items", of: 1, stored: 4, counted: 1 };
        assert_eq!(store.drift().await.unwrap(), [drift]);
        store.recount(vec![ann]).await.unwrap();
        assert_eq!(store.drift().await.unwrap(), []);
    }
}
