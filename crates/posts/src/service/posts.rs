//! Making, showing, editing, hiding and deleting posts.

use std::sync::Arc;

use tintype_api::accounts::Card;
use tintype_api::media::MediaRef;
use tintype_api::posts::{MediaKind, Post, PostMedia, PostRef, PostView};
use tintype_api::{MediaId, PostId, UserId};
use tintype_platform::{Error, Result};

use super::{PostsService, no_such_post};
use crate::caption;
use crate::store::{Changed, Edit, Hider, Written};
use crate::words::{AltText, Caption, Field, Location, NewMedia};

/// A post that is to be made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What its author writes.
    pub caption: Option<Caption>,
    /// One to ten.
    pub media: Vec<NewMedia>,
    /// What the media from elsewhere are; told by their addresses if it is left out.
    pub kind: Option<MediaKind>,
    /// Where it was taken.
    pub location: Option<Location>,
    /// What the media show.
    pub alt_text: Option<AltText>,
    /// Whether nobody may comment.
    pub comments_disabled: bool,
}

/// What is to change about a post; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What its author writes.
    pub caption: Field<Caption>,
    /// Where it was taken.
    pub location: Field<Location>,
    /// What the media show.
    pub alt_text: Field<AltText>,
    /// Whether nobody may comment.
    pub comments_disabled: Option<bool>,
    /// Whether nobody but the author sees it.
    pub hidden: Option<bool>,
}

impl PostsService {
    /// Makes a post. It is in its author's feed when this answers.
    pub async fn create(&self, author: UserId, draft: Draft) -> Result<PostView> {
        let card = self.known(author).await?;
        let text = draft.caption.map(String::from);
        let written = self.written(&card, text).await?;
        let stamp = self.stamp();
        let id = PostId::made_by(&self.ids);
        let media = self.attached(author, id, draft.media, draft.kind).await?;
        let has_uploads = media.iter().any(|media| media.upload.is_some());
        let post = Post {
            id,
            author,
            caption: written.text,
            media,
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
        let generation = self.newest.generation(author);
        if let Err(error) = self.store.create(post.clone(), mentioned, stamp).await {
            if has_uploads {
                self.detach(author, id).await;
            }
            return Err(error);
        }
        self.index_created(author, generation, id).await;
        let post = self.addressed(post);
        Ok(PostView { post: Arc::new(post), author: card, liked: false, saved: false })
    }

    /// Shows a post to `viewer` and counts that it was seen, unless by its author.
    pub async fn show(&self, viewer: Option<UserId>, post: PostId) -> Result<PostView> {
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
    pub async fn edit(&self, author: UserId, post: PostId, change: Change) -> Result<PostView> {
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
    pub async fn set_hidden_by(
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
    pub async fn delete(&self, author: UserId, post: PostId) -> Result<()> {
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

    /// What `wanted` is, as the store keeps it; uploads are noted as used by `post`.
    async fn attached(
        &self,
        author: UserId,
        post: PostId,
        wanted: Vec<NewMedia>,
        kind: Option<MediaKind>,
    ) -> Result<Vec<PostMedia>> {
        let reference = |wanted: &NewMedia| match wanted {
            NewMedia::Upload(media) => Some(MediaRef::Id(*media)),
            NewMedia::At(url) => {
                self.objects.name_in(url.as_str()).map(|name| MediaRef::Object(name.to_owned()))
            }
        };
        let references: Vec<Option<MediaRef>> = wanted.iter().map(reference).collect();
        let asked: Vec<MediaRef> = references.iter().flatten().cloned().collect();
        let uploads = match asked.as_slice() {
            [] => Vec::new(),
            _ => self.services.media().attach(author, post, asked).await?,
        };
        let mut attached = uploads.into_iter();
        let media = wanted.into_iter().zip(references).map(|(wanted, reference)| {
            let upload = reference.and_then(|_| attached.next().flatten());
            match (upload, wanted) {
                (Some(upload), _) => Ok(upload.into()),
                (None, NewMedia::At(url)) if !url.is_path() => {
                    let media = url.into_media();
                    Ok(PostMedia { kind: kind.unwrap_or(media.kind), ..media })
                }
                (None, _) => Err(no_such_upload()),
            }
        });
        let media: Result<Vec<PostMedia>> = media.collect();
        if media.is_err() {
            self.detach(author, post).await;
        }
        media
    }

    /// Takes back that a post uses uploads: it was not made.
    async fn detach(&self, author: UserId, post: PostId) {
        if let Err(error) = self.services.media().detach(author, post).await {
            tracing::warn!(%post, cause = %error, "uploads count as used by a post that was not made");
        }
    }

    /// Follows what is said about an upload into the posts of its owner that use it.
    pub(crate) async fn follow_upload(&self, owner: UserId, media: MediaId) -> Result<()> {
        let service = self.services.media();
        let Some(upload) = service.uploads(owner, vec![media]).await?.pop().flatten() else {
            return Ok(());
        };
        for post in service.uses(owner, media).await? {
            let which = PostRef { post, author: owner };
            self.store.set_upload(which, upload.clone(), self.stamp()).await?;
            self.posts.invalidate(&post);
        }
        Ok(())
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

fn no_such_upload() -> Error {
    Error::invalid(
        "mediaUrls",
        "One of the addresses is that of no upload of yours; upload the file first",
    )
}

/// What one is told who would change a post that is not there, or not theirs.
pub(crate) fn not_your_post() -> Error {
    Error::not_found("post_not_found", "Post not found or not authorized")
}
