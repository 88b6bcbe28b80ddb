//! Lists of posts.

use tintype_api::UserId;
use tintype_api::posts::{PostView, Posts};
use tintype_platform::page::Page;
use tintype_platform::{Error, Result};

use super::page::Filling;
use super::{PostsService, Wanted, no_such_user};
use crate::caption;
use crate::store::List;

impl PostsService {
    /// The posts of `author`, the newest first; hidden ones for the author alone. 404 when there is
    /// no such account for `viewer`, 403 when it is private and not followed.
    pub async fn by_author(
        &self,
        viewer: Option<UserId>,
        author: UserId,
        wanted: Wanted,
    ) -> Result<Page<PostView>> {
        let card = self.known(author).await?;
        let circle = self.circle(viewer).await?;
        let may_see = match (viewer, &circle) {
            (Some(viewer), Some(circle)) => {
                if circle.blocks(author) {
                    return Err(no_such_user());
                }
                circle.may_see(viewer, &card)
            }
            _ => !card.is_private,
        };
        if !may_see {
            return Err(Error::forbidden("private_account", "This account is private"));
        }
        let list = List::Author { author, hidden_too: viewer == Some(author) };
        self.list(viewer, list, wanted).await
    }

    /// The posts with a hashtag that `viewer` may see, the newest first. What cannot be a hashtag
    /// has none.
    pub async fn by_hashtag(
        &self,
        viewer: Option<UserId>,
        tag: &str,
        wanted: Wanted,
    ) -> Result<Page<PostView>> {
        match caption::fold(tag) {
            Some(tag) => self.list(viewer, List::Hashtag(tag), wanted).await,
            None => Ok(Page { items: Vec::new(), next: None }),
        }
    }

    pub(super) async fn list(
        &self,
        viewer: Option<UserId>,
        list: List,
        wanted: Wanted,
    ) -> Result<Page<PostView>> {
        let mut filling = Filling::new(wanted);
        while let Some((below, count)) = filling.next() {
            let entries = self.store.list(list.clone(), below, count).await?;
            let posts = entries.iter().map(|entry| entry.post).collect();
            let views = self.views(viewer, posts).await?;
            filling.add(count, entries.iter().map(|entry| entry.key).zip(views));
        }
        Ok(filling.page())
    }
}
