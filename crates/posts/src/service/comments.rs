//! Saying something about a post.

use std::sync::Arc;

use tintype_api::accounts::Card;
use tintype_api::posts::{PostRef, Posts};
use tintype_api::{CommentId, PostId, UserId};
use tintype_platform::page::Page;
use tintype_platform::{Error, Result};

use super::page::Filling;
use super::{PostsService, Wanted, no_such_post};
use crate::caption;
use crate::store::{Comment, Commented, Counted};
use crate::words::CommentText;

/// A comment as one viewer sees it.
pub struct CommentView {
    /// The comment.
    pub comment: Comment,
    /// Who said it.
    pub author: Arc<Card>,
    /// Whether the viewer likes it.
    pub liked: bool,
}

impl PostsService {
    /// Says something about a post that `user` sees; 403 where nobody may.
    pub async fn comment(
        &self,
        user: UserId,
        post: PostId,
        text: CommentText,
    ) -> Result<CommentView> {
        let author = self.known(user).await?;
        let (which, owner) = self.seen_by(user, post).await?;
        let names = caption::mentions(text.as_str());
        let mentioned = self.mentioned(user, &owner, &names).await?;
        let comment = Comment {
            id: CommentId::made_by(&self.ids),
            post: which,
            author: user,
            content: text.into(),
            likes: 0,
        };
        let mentioned = mentioned.into_iter().map(|(_, user)| user).collect();
        let commented = self.store.add_comment(comment.clone(), mentioned, self.stamp()).await?;
        self.posts.invalidate(&post);
        match commented {
            Commented::Done => Ok(CommentView { comment, author, liked: false }),
            Commented::Disabled => {
                Err(Error::forbidden("comments_disabled", "Comments are disabled"))
            }
            Commented::Missing => Err(no_such_post()),
        }
    }

    /// What is said about a post, the newest first, without those who are not there for `viewer`.
    pub async fn comments(
        &self,
        viewer: Option<UserId>,
        post: PostId,
        wanted: Wanted,
    ) -> Result<Page<CommentView>> {
        let author = self.look(viewer, post).await?.post.author;
        let post = PostRef { post, author };
        let circle = self.circle(viewer).await?;
        let mut filling = Filling::new(wanted);
        while let Some((below, count)) = filling.next() {
            let comments = self.store.comments(post, below, count).await?;
            let authors = comments.iter().map(|comment| comment.author).collect();
            let cards = self.services.accounts().cards(authors).await?;
            let liked = match viewer {
                Some(viewer) => {
                    let ids = comments.iter().map(|comment| comment.id).collect();
                    self.store.liked_comments(viewer, post, ids).await?
                }
                None => Vec::new(),
            };
            let views = comments.into_iter().zip(cards).map(|(comment, card)| {
                let card = card
                    .filter(|card| circle.as_ref().is_none_or(|circle| !circle.blocks(card.id)));
                let liked = liked.contains(&comment.id);
                let key = comment.id.get();
                (key, card.map(|author| CommentView { comment, author, liked }))
            });
            filling.add(count, views);
        }
        Ok(filling.page())
    }

    /// Deletes a comment: by its author, the owner of the post, or somebody who may moderate. 404
    /// when it is not there for `user`, 403 when it is and is somebody else's.
    pub async fn delete_comment(
        &self,
        user: UserId,
        comment: CommentId,
        moderates: bool,
    ) -> Result<()> {
        let comment = self.store.comment(comment).await?.ok_or_else(no_such_comment)?;
        if !moderates && comment.post.author != user {
            self.seen_comment(user, &comment).await?;
            if comment.author != user {
                return Err(Error::forbidden(
                    "not_your_comment",
                    "Only its author or the owner of the post may delete a comment",
                ));
            }
        }
        let post = comment.post.post;
        let deleted = self.store.delete_comment(comment, self.stamp()).await?;
        self.posts.invalidate(&post);
        if deleted { Ok(()) } else { Err(no_such_comment()) }
    }

    /// Lets `user` like a comment that they see, or no longer. Repeating changes nothing.
    pub async fn like_comment(
        &self,
        user: UserId,
        comment: CommentId,
        on: bool,
    ) -> Result<Counted> {
        let comment = self.store.comment(comment).await?.ok_or_else(no_such_comment)?;
        self.seen_comment(user, &comment).await?;
        let counted = self.store.like_comment(comment, user, on, self.stamp()).await?;
        counted.ok_or_else(no_such_comment)
    }

    /// 404 unless `user` sees the post and is not kept from the comment's author.
    async fn seen_comment(&self, user: UserId, comment: &Comment) -> Result<()> {
        let mut post = self.views(Some(user), vec![comment.post.post]).await?;
        let circle = self.services.graph().circle(user).await?;
        let seen = post.pop().flatten().is_some() && !circle.blocks(comment.author);
        if seen { Ok(()) } else { Err(no_such_comment()) }
    }
}

/// What one is told of a comment that is not there, or not there for them.
pub(crate) fn no_such_comment() -> Error {
    Error::not_found("comment_not_found", "Comment not found")
}
