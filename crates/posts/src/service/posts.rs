//! Making, showing, editing, hiding and deleting posts.

use std::sync::Arc;

use tintype_api::accounts::Card;
use tintype_api::posts::{Media, Post, PostRef, PostView};
use tintype_api::{PostId, UserId};
use tintype_platform::{Error, Result};

use super::{PostsService, no_such_post};
use crate::caption;
use crate::store::{Changed, Edit, Hider, Written};
use crate::words::{AltText, Caption, Field, Location};

/// A post that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) caption: Option<Caption>,
    /// One to ten.
    pub(crate) media: Vec<Media>,
    pub(crate) location: Option<Location>,
    pub(crate) alt_text: Option<AltText>,
    pub(crate) comments_disabled: bool,
}

/// What is to change about a post; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    pub(crate) caption: Field<Caption>,
    pub(crate) location: Field<Location>,
    pub(crate) alt_text: Field<AltText>,
    pub(crate) comments_disabled: Option<bool>,
    pub(crate) hidden: Option<bool>,
}

impl PostsService {
    /// Makes a post. It is in its author's feed when this answers.
    pub(crate) async fn create(&self, author: UserId, draft: Draft) -> Result<PostView> {
        let card = self.known(author).await?;
        let text = draft.caption.map(String::from);
        let written = self.written(&card, text).await?;
        let stamp = self.stamp();
        let id = PostId::made_by(&self.ids);
        let post = Post {
            id,
            author,
            caption: written.text,
            media: draft.media,
            location: draft.location.map(String::from),
            alt_text: draft.alt_text.map(String::from),
            hashtags: written.hashtags,
            mentions: written.mentions,
            likes: 0,
            comments: 0,
            views: 0,
            comments_disabled: draft.comments_disabled,
            hidden: false,
            created_at: id.made_at(),
            updated_at: id.made_at(),
            rendered: tintype_api::Rendered::default(),
        };
        let mentioned = written.mentioned.into_iter().map(|(_, user)| user).collect();
        self.store.create(post.clone(), mentioned, stamp).await?;
        self.index_committed(author, id).await;
        Ok(PostView { post: Arc::new(post), author: card, liked: false, saved: false })
    }

    /// Shows a post to `viewer` and counts that it was seen, unless by its author.
    pub(crate) async fn show(&self, viewer: Option<UserId>, post: PostId) -> Result<PostView> {
        let mut view = self.look(viewer, post).await?;
        if viewer != Some(view.post.author) {
            self.count_view(PostRef { post, author: view.post.author });
        }
        self.add_pending_views(&mut view);
        Ok(view)
    }

    /// A post with its figures as of now, without counting that it was seen.
    pub(crate) async fn figures(&self, viewer: Option<UserId>, post: PostId) -> Result<PostView> {
        let mut view = self.look(viewer, post).await?;
        self.add_pending_views(&mut view);
        Ok(view)
    }

    /// Changes a post of `author`; 404 for anybody else's.
    pub(crate) async fn edit(
        &self,
        author: UserId,
        post: PostId,
        change: Change,
    ) -> Result<PostView> {
        let card = self.known(author).await?;
        let caption = match change.caption {
            Field::Set(caption) => Some(self.written(&card, caption.map(String::from)).await?),
            Field::Kept => None,
        };
        let edit = Edit {
            caption,
            location: change.location.map(String::from),
            alt_text: change.alt_text.map(String::from),
            comments_disabled: change.comments_disabled,
            hidden: change.hidden,
        };
        let which = PostRef { post, author };
        let changed = self.store.edit(which, edit, self.stamp()).await?;
        self.changed(which, changed).await?;
        self.look(Some(author), post).await
    }

    /// Hides a post, so that only its author sees it, or shows it again, as somebody who may
    /// moderate: what they hide, its author cannot show. Repeating changes nothing. 404 when it is
    /// not there.
    pub async fn set_hidden(&self, post: PostId, hidden: bool) -> Result<()> {
        let Some(which) = self.find(post).await? else { return Err(no_such_post()) };
        let by = Hider::Moderator;
        let changed = self.store.set_hidden(which, hidden, by, self.stamp()).await?;
        tracing::info!(%post, hidden, "a post was moderated");
        self.changed(which, changed).await
    }

    /// The same for `user`, who may do so with their own posts, and with all if they moderate. 404
    /// for anybody else's; 403 when its author asks to show what a moderator has hidden.
    pub(crate) async fn set_hidden_by(
        &self,
        user: UserId,
        moderates: bool,
        post: PostId,
        hidden: bool,
    ) -> Result<()> {
        let which = PostRef { post, author: user };
        let by = Hider::Author;
        match self.store.set_hidden(which, hidden, by, self.stamp()).await? {
            Changed::Missing if moderates => {
                tracing::info!(moderator = %user, %post, "a moderator acts");
                self.set_hidden(post, hidden).await
            }
            changed => self.changed(which, changed).await,
        }
    }

    /// Deletes a post of `author`; 404 for anybody else's. It is gone at once; what hangs on it is
    /// cleared away afterwards.
    pub(crate) async fn delete(&self, author: UserId, post: PostId) -> Result<()> {
        let deleted = self.store.delete(PostRef { post, author }, self.stamp()).await?;
        self.posts.invalidate(&post);
        self.index_committed(author, post).await;
        if deleted { Ok(()) } else { Err(not_your_post()) }
    }

    /// Whom `names` are and may be told that `speaker` mentions them under a post of `owner`: who
    /// sees the post, and does not block the speaker.
    pub(super) async fn mentioned(
        &self,
        speaker: UserId,
        owner: &Card,
        names: &[String],
    ) -> Result<Vec<(String, UserId)>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let users = self.services.accounts().named(names.to_vec()).await?;
        let mut mentioned: Vec<(String, UserId)> = names
            .iter()
            .zip(users)
            .filter_map(|(name, user)| Some((name.clone(), user?)))
            .filter(|(_, user)| *user != speaker)
            .collect();
        if mentioned.is_empty() {
            return Ok(mentioned);
        }
        let users: Vec<UserId> = mentioned.iter().map(|(_, user)| *user).collect();
        let graph = self.services.graph();
        let circle = graph.circle(speaker).await?;
        let to_owner = graph.relationships(owner.id, users).await?;
        let mut to_owner = to_owner.into_iter();
        mentioned.retain(|(_, user)| {
            let tie = to_owner.next().unwrap_or_default();
            let sees_post = *user == owner.id
                || (!tie.blocking && !tie.blocked_by && (!owner.is_private || tie.followed_by));
            sees_post && !circle.blocks(*user)
        });
        Ok(mentioned)
    }

    /// The post and its author's card if `user` sees it; 404 otherwise.
    pub(super) async fn seen_by(&self, user: UserId, post: PostId) -> Result<(PostRef, Arc<Card>)> {
        let view = self.look(Some(user), post).await?;
        Ok((PostRef { post, author: view.post.author }, view.author))
    }

    async fn written(&self, author: &Card, text: Option<String>) -> Result<Written> {
        let (hashtags, mentions) = match &text {
            Some(text) => (caption::hashtags(text), caption::mentions(text)),
            None => Default::default(),
        };
        let mentioned = self.mentioned(author.id, author, &mentions).await?;
        Ok(Written { text, hashtags, mentions, mentioned })
    }

    async fn changed(&self, which: PostRef, changed: Changed) -> Result<()> {
        match changed {
            Changed::Yes(_) => {
                self.posts.invalidate(&which.post);
                self.index_committed(which.author, which.post).await;
                Ok(())
            }
            Changed::No(_) => Ok(()),
            Changed::HiddenByModerator => Err(Error::forbidden(
                "hidden_by_moderator",
                "A moderator has hidden this post; only a moderator can show it again",
            )),
            Changed::Missing => Err(not_your_post()),
        }
    }
}

/// What one is told who would change a post that is not there, or not theirs.
pub(crate) fn not_your_post() -> Error {
    Error::not_found("post_not_found", "Post not found or not authorized")
}
