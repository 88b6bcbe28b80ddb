//! Putting posts aside.

use tintype_api::posts::PostView;
use tintype_api::{PostId, UserId};
use tintype_platform::Result;
use tintype_platform::page::Page;

use super::{PostsService, Wanted};
use crate::store::List;

impl PostsService {
    /// Puts a post that `user` sees aside for them; says whether it was not there.
    pub async fn save(&self, user: UserId, post: PostId) -> Result<bool> {
        self.seen_by(user, post).await?;
        let saved = self.store.save(user, post, self.ids.next()).await?;
        self.forget_save(user, post);
        Ok(saved)
    }

    /// Takes a post from what `user` has put aside; says whether it was there.
    pub async fn unsave(&self, user: UserId, post: PostId) -> Result<bool> {
        self.seen_by(user, post).await?;
        let unsaved = self.store.unsave(user, post).await?;
        self.forget_save(user, post);
        Ok(unsaved)
    }

    pub(crate) fn forget_save(&self, user: UserId, post: PostId) {
        self.flags.invalidate(&(user, post));
    }

    /// What `user` has put aside and still sees, the last first.
    pub async fn saved(&self, user: UserId, wanted: Wanted) -> Result<Page<PostView>> {
        self.list(Some(user), List::Saved(user), wanted).await
    }
}
