//! Pictures for a network that is made up.

use tintype_api::media::Upload;
use tintype_api::{MediaId, Stamp, UserId};
use tintype_platform::{Error, Result};

use super::MediaService;
use super::develop::{Developed, avatar_of, image_of};
use crate::names::Kind;
use crate::picture::Limits;
use crate::sniff::FileType;
use crate::store::{New, Record};
use crate::words::AltText;

/// A picture that is made up.
pub struct SeedPicture {
    /// The medium. Its id says when it was taken.
    pub id: MediaId,
    /// Whose it is.
    pub owner: UserId,
    /// What it shows, for those who do not see it: up to 1,000 characters.
    pub alt_text: Option<String>,
    /// Makes the JPEG. It is called on a thread that may be kept busy.
    pub jpeg: Box<dyn FnOnce() -> Vec<u8> + Send>,
}

impl MediaService {
    /// Makes a picture and takes it as if it had been uploaded for a post. It does not wait in the
    /// queue of uploads: how many are made at once is up to the caller.
    pub async fn seed(&self, picture: SeedPicture) -> Result<Upload> {
        let at = picture.id.made_at();
        let record = self.make(Kind::Image, picture, image_of).await?;
        let new = self.new_upload(record.clone());
        let stamp = Stamp { at, ..new.stamp };
        self.keep(&record, self.store.add(New { stamp, ..new })).await?;
        Ok(record.upload())
    }

    /// Makes a picture of its owner; as [`MediaService::seed`].
    pub async fn seed_avatar(&self, picture: SeedPicture) -> Result<()> {
        let develop = |jpeg: Vec<u8>, file_type, limits| avatar_of(&jpeg, file_type, limits);
        let record = self.make(Kind::Avatar, picture, develop).await?;
        self.record_picture(record).await?;
        Ok(())
    }

    async fn make(
        &self,
        kind: Kind,
        picture: SeedPicture,
        develop: impl FnOnce(Vec<u8>, FileType, Limits) -> Result<Developed> + Send + 'static,
    ) -> Result<Record> {
        let SeedPicture { id, owner, alt_text, jpeg } = picture;
        let limits = self.limits;
        let work = move || develop(jpeg(), FileType::Jpeg, limits);
        let developed = tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
        let made = (kind, FileType::Jpeg);
        self.put_developed((owner, id), made, developed, AltText(alt_text)).await
    }
}
