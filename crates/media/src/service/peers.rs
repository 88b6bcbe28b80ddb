//! What the other slices ask.

use rustc_hash::FxHashMap;
use tintype_api::media::{MediaRef, Upload};
use tintype_api::{Media, MediaId, PostId, UserId};
use tintype_platform::Result;
use tintype_platform::rpc::async_trait;

use super::MediaService;
use crate::names::{Kind, Name};
use crate::store::{Record, Wanted};

#[async_trait]
impl Media for MediaService {
    async fn attach(
        &self,
        author: UserId,
        post: PostId,
        media: Vec<MediaRef>,
    ) -> Result<Vec<Option<Upload>>> {
        let wanted: Vec<Option<Wanted>> = media.iter().map(|media| meant(author, media)).collect();
        let asked = wanted.iter().flatten().copied().collect();
        let mut found = self.store.attach(author, post, asked).await?.into_iter();
        let upload = |wanted: &Option<Wanted>| {
            wanted.and_then(|_| found.next().flatten()).map(|record| record.upload())
        };
        Ok(wanted.iter().map(upload).collect())
    }

    async fn detach(&self, author: UserId, post: PostId) -> Result<()> {
        self.store.detach(author, post).await
    }

    async fn uploads(&self, owner: UserId, media: Vec<MediaId>) -> Result<Vec<Option<Upload>>> {
        let found = self.store.media(owner, media.clone()).await?;
        let found: FxHashMap<MediaId, Record> =
            found.into_iter().map(|record| (record.id, record)).collect();
        Ok(media.iter().map(|id| found.get(id).map(Record::upload)).collect())
    }

    async fn uses(&self, owner: UserId, media: MediaId) -> Result<Vec<PostId>> {
        self.store.uses(owner, media).await
    }
}

/// Which upload of `author` is meant; `None` if it cannot be one.
fn meant(author: UserId, media: &MediaRef) -> Option<Wanted> {
    match media {
        MediaRef::Id(id) => Some(Wanted::Id(*id)),
        MediaRef::Object(name) => {
            let stem = Name::read(name)?.stem;
            let is_own = stem.owner == author && stem.kind != Kind::Avatar;
            is_own.then_some(Wanted::Token(stem.token))
        }
    }
}
