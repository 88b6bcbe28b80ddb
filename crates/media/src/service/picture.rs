//! Profile pictures.

use tintype_api::accounts::Picture;
use tintype_api::media::MediaKind;
use tintype_api::{Event, MediaId, UserId};
use tintype_platform::Result;
use tintype_platform::http::context::Waiting;

use super::uploads::counted;
use super::{MediaService, Uploaded};
use crate::names::Kind;
use crate::spool::{Incoming, unsupported};
use crate::store::{New, Record};
use crate::words::AltText;

/// Pictures before the last one that one write lets go of. There is one, but for uploads at the
/// same moment.
const EARLIER: usize = 4;

impl MediaService {
    /// Takes a picture of its owner; the one before goes.
    pub(crate) async fn set_picture(
        &self,
        owner: UserId,
        incoming: Incoming,
        waiting: Waiting,
    ) -> Result<Uploaded> {
        let file_type = incoming.file_type;
        counted(file_type, self.make_picture(owner, incoming, waiting).await)
    }

    async fn make_picture(
        &self,
        owner: UserId,
        incoming: Incoming,
        waiting: Waiting,
    ) -> Result<Uploaded> {
        if incoming.file_type.kind() == MediaKind::Video {
            return Err(unsupported(
                "A profile picture cannot be a film; send a JPEG, PNG, GIF or WebP picture",
            ));
        }
        // Of two the later counts, so the id is of the moment at which it is recorded.
        let early = MediaId::made_by(&self.ids);
        let mut record =
            self.put_as(Kind::Avatar, owner, early, incoming, AltText::default(), waiting).await?;
        record.id = MediaId::made_by(&self.ids);
        self.record_picture(record).await
    }

    /// Records what was put into the store as its owner's picture.
    pub(super) async fn record_picture(&self, record: Record) -> Result<Uploaded> {
        let owner = record.owner;
        let object = record.urls().main().to_owned();
        let uploaded = self.uploaded(&record);
        let event = Event::PictureUpdated {
            media: record.id,
            user: owner,
            object: Some(object.clone()),
            urls: Some(uploaded.upload.urls.clone()),
        };
        let picture = Picture { media: record.id, object: Some(object) };
        let new = New { record: record.clone(), budget: self.budget, event, stamp: self.stamp() };
        self.keep(&record, self.store.set_picture(new, self.stamps(EARLIER))).await?;
        self.show_picture(owner, picture).await;
        Ok(uploaded)
    }

    /// Takes the owner's picture away, wherever it came from.
    pub async fn remove_picture(&self, owner: UserId) -> Result<()> {
        let media = MediaId::made_by(&self.ids);
        let event = Event::PictureUpdated { media, user: owner, object: None, urls: None };
        self.store.clear_picture(owner, event, self.stamp(), self.stamps(EARLIER)).await?;
        self.services.accounts().set_picture(owner, Picture { media, object: None }).await
    }

    /// Lets the very next read of the profile show it. The event does so too, a little later.
    async fn show_picture(&self, owner: UserId, picture: Picture) {
        if let Err(error) = self.services.accounts().set_picture(owner, picture).await {
            tracing::warn!(user = %owner, cause = %error, "a profile shows its new picture late");
        }
    }
}
