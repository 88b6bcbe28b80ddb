//! What only many at once can break.

use futures::future::join_all;
use tintype_api::MediaId;
use tintype_api::testkit::user;
use tintype_platform::Timestamp;

use super::{BUDGET, Subject};
use crate::names::Kind;
use crate::store::{Finished, Record, Usage, Wanted};

impl Subject<'_> {
    pub(super) async fn at_once(&self) {
        self.many_uploads().await;
        self.many_pictures().await;
        self.many_announced().await;
        self.posts_and_deletions().await;
        self.uploads_while_the_account_goes().await;
    }

    async fn many_uploads(&self) {
        let ann = user(1001);
        let uploads = (0..30).map(|_| self.store.add(self.new_upload(ann)));
        let added = join_all(uploads).await;
        for error in added.iter().filter_map(|added| added.as_ref().err()) {
            assert_eq!(error.code(), "storage_budget_exceeded");
        }
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 10);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: BUDGET, files: 10 });
    }

    async fn many_pictures(&self) {
        let ann = user(1101);
        let pictures: Vec<Record> =
            (0..20).map(|_| Record { kind: Kind::Avatar, ..self.record(ann) }).collect();
        let set =
            |record: &Record| self.store.set_picture(self.new_of(record.clone()), self.stamps(4));
        let done = join_all(pictures.iter().rev().map(set)).await;
        for error in done.iter().filter_map(|done| done.as_ref().err()) {
            assert_eq!(error.code(), "picture_replaced");
        }
        let ids = pictures.iter().map(|picture| picture.id).collect();
        let left = self.store.media(ann, ids).await.unwrap();
        assert_eq!(left, pictures[19..]);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: 1000, files: 1 });
    }

    async fn many_announced(&self) {
        let ann = user(1201);
        let announce = || {
            let pending = self.pending(ann, 1_000);
            async move {
                let none = Vec::new();
                let announced = self.store.announce(pending, 5, Timestamp::default(), none).await;
                announced.is_ok().then_some(pending.id)
            }
        };
        let announced = join_all((0..20).map(|_| announce())).await;
        let ids: Vec<MediaId> = announced.into_iter().flatten().collect();
        assert_eq!(ids.len(), 5);

        let finish = |_| self.store.finish(self.new_of(Record { id: ids[0], ..self.record(ann) }));
        let finished = join_all((0..10).map(finish)).await;
        let is_new = |finished: &&tintype_platform::Result<Finished>| {
            finished.as_ref().is_ok_and(|finished| *finished == Finished::New)
        };
        assert_eq!(finished.iter().filter(is_new).count(), 1, "{finished:?}");
        assert!(!finished.iter().any(|finished| matches!(finished, Err(_) | Ok(Finished::Gone))));
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage { bytes: 1000, files: 1 });

        let give_up = |_| self.store.give_up(ann, ids[1], self.stamp());
        let given_up = join_all((0..10).map(give_up)).await;
        assert_eq!(given_up.iter().filter(|given_up| *given_up.as_ref().unwrap()).count(), 1);
    }

    async fn posts_and_deletions(&self) {
        let ann = user(1301);
        for _ in 0..5 {
            let record = self.record(ann);
            let (id, first) = (record.id, self.post());
            self.store.add(self.new_of(record)).await.unwrap();
            self.store.attach(ann, first, vec![Wanted::Id(id)]).await.unwrap();
            let attach =
                || async { self.store.attach(ann, self.post(), vec![Wanted::Id(id)]).await };
            let changes = async {
                self.store.release(ann, first, self.stamps(1)).await.unwrap();
                self.store.delete(ann, id, self.stamp()).await.unwrap()
            };
            let (_, attached) = tokio::join!(changes, join_all((0..10).map(|_| attach())));
            let used = attached.iter().filter(|attached| attached.is_ok()).count();
            // Either the posts have it, or it is gone: no post has what is not there.
            assert_eq!(self.store.uses(ann, id).await.unwrap().len(), used);
            let left = self.store.media(ann, vec![id]).await.unwrap();
            assert_eq!(left.len(), usize::from(used > 0));
        }
    }

    async fn uploads_while_the_account_goes(&self) {
        let ann = user(1401);
        let uploads = join_all((0..20).map(|_| self.store.add(self.new_upload(ann))));
        let goes = async { while self.store.forget(ann, self.stamps(3)).await.unwrap() == 3 {} };
        let (_, ()) = tokio::join!(uploads, goes);
        assert_eq!(self.store.forget(ann, self.stamps(3)).await.unwrap(), 0);
        assert_eq!(self.store.usage(ann).await.unwrap(), Usage::default());
    }
}
