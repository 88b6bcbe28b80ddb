//! How a post looks in each dialect. Several slices answer posts, so the shapes stand here.

use serde::Serialize;
use tintype_platform::Timestamp;
use utoipa::ToSchema;

use super::{MediaKind, Post, PostView};
use crate::accounts::Card;
use crate::ids::{PostId, UserId, text};
use crate::media::Upload;

/// A person beside a post or in a list, in the public dialect.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PublicCard<'a> {
    /// The account.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    pub id: UserId,
    /// Its name.
    pub username: &'a str,
    /// What its owner is called.
    pub full_name: Option<&'a str>,
    /// The picture.
    pub profile_picture_url: Option<&'a str>,
}

impl<'a> From<&'a Card> for PublicCard<'a> {
    fn from(card: &'a Card) -> Self {
        Self {
            id: card.id,
            username: &card.username,
            full_name: card.full_name.as_deref(),
            profile_picture_url: card.profile_picture_url.as_deref(),
        }
    }
}

/// What the public dialect shows of a post to every viewer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicRecord<'a> {
    /// The post.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    pub id: PostId,
    /// Its author.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// What the author wrote.
    pub caption: Option<&'a str>,
    /// Pictures and films, in order.
    #[schema(value_type = Vec<String>)]
    pub media_urls: Urls<'a>,
    /// Everything about those that were uploaded here; null in the place of one from elsewhere.
    #[schema(value_type = Vec<Option<Upload>>)]
    pub media: Uploads<'a>,
    /// Where it was taken.
    pub location: Option<&'a str>,
    /// What the pictures show.
    pub alt_text: Option<&'a str>,
    /// Hashtags of the caption.
    pub hashtags: &'a [String],
    /// Usernames that the caption mentions.
    pub mentions: &'a [String],
    /// How many like it.
    pub likes_count: u64,
    /// How many comments it has.
    pub comments_count: u64,
    /// How often it was seen.
    pub views_count: u64,
    /// Whether nobody may comment.
    pub comments_disabled: bool,
    /// Whether only the author sees it; there only when true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

impl<'a> From<&'a Post> for PublicRecord<'a> {
    fn from(post: &'a Post) -> Self {
        Self {
            id: post.id,
            user_id: post.author,
            caption: post.caption.as_deref(),
            media_urls: Urls(&post.media),
            media: Uploads(&post.media),
            location: post.location.as_deref(),
            alt_text: post.alt_text.as_deref(),
            hashtags: &post.hashtags,
            mentions: &post.mentions,
            likes_count: post.likes,
            comments_count: post.comments,
            views_count: post.views,
            comments_disabled: post.comments_disabled,
            is_hidden: post.hidden,
            created_at: post.created_at,
            updated_at: post.updated_at,
        }
    }
}

/// A post in the public dialect.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicPost<'a> {
    /// The post.
    #[serde(flatten)]
    pub record: PublicRecord<'a>,
    /// Whether the caller likes it; there only for a caller with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liked_by_user: Option<bool>,
    /// Whether the caller has saved it; there only for a caller with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved_by_user: Option<bool>,
    /// Its author.
    pub author: PublicCard<'a>,
}

impl<'a> PublicPost<'a> {
    /// `view` for a caller with or without a token.
    pub fn new(view: &'a PostView, signed_in: bool) -> Self {
        Self {
            record: PublicRecord::from(&*view.post),
            liked_by_user: signed_in.then_some(view.liked),
            saved_by_user: signed_in.then_some(view.saved),
            author: PublicCard::from(&*view.author),
        }
    }

    /// Writes the JSON of `view` for a caller with a token to the end of `buffer`: what
    /// [`PublicPost::new`] is written as, put together from pieces that the post and its author
    /// keep. A page of a feed is made of this.
    pub fn write(view: &PostView, buffer: &mut Vec<u8>) {
        let (post, author) = (&*view.post, &*view.author);
        let record = post.rendered.get(|| PublicRecord::from(post));
        let card = author.rendered.get(|| PublicCard::from(author));
        let flags = match (view.liked, view.saved) {
            (false, false) => r#","liked_by_user":false,"saved_by_user":false,"author":"#,
            (false, true) => r#","liked_by_user":false,"saved_by_user":true,"author":"#,
            (true, false) => r#","liked_by_user":true,"saved_by_user":false,"author":"#,
            (true, true) => r#","liked_by_user":true,"saved_by_user":true,"author":"#,
        };
        let open = record.strip_suffix('}').unwrap_or(record);
        for piece in [open, flags, card, "}"] {
            buffer.extend_from_slice(piece.as_bytes());
        }
    }
}

/// The addresses of a post's media as a list of text.
#[derive(Debug)]
pub struct Urls<'a>(&'a [super::PostMedia]);

impl Serialize for Urls<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|media| media.url.as_str()))
    }
}

/// What is known of a post's media as a list: the upload, or null.
#[derive(Debug)]
pub struct Uploads<'a>(&'a [super::PostMedia]);

impl Serialize for Uploads<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|media| media.upload.as_deref()))
    }
}

/// A post in the mesh's dialect.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeshPost<'a> {
    /// The post.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    pub id: PostId,
    /// Its author.
    pub user_id: UserId,
    /// What the author wrote.
    pub caption: Option<&'a str>,
    /// Pictures and films, in order.
    #[schema(value_type = Vec<String>)]
    pub media_urls: Urls<'a>,
    /// Where it was taken.
    pub location: Option<&'a str>,
    /// Hashtags of the caption.
    pub hashtags: &'a [String],
    /// Usernames that the caption mentions.
    pub mentions: &'a [String],
    /// How many like it.
    pub like_count: u64,
    /// How many comments it has.
    pub comment_count: u64,
    /// How often it was seen.
    pub view_count: u64,
    /// Whether nobody may comment.
    pub is_comments_disabled: bool,
    /// Whether only the author sees it.
    pub is_hidden: bool,
    /// Whether the caller likes it.
    pub is_liked: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

impl<'a> From<&'a PostView> for MeshPost<'a> {
    fn from(view: &'a PostView) -> Self {
        let post = &*view.post;
        Self {
            id: post.id,
            user_id: post.author,
            caption: post.caption.as_deref(),
            media_urls: Urls(&post.media),
            location: post.location.as_deref(),
            hashtags: &post.hashtags,
            mentions: &post.mentions,
            like_count: post.likes,
            comment_count: post.comments,
            view_count: post.views,
            is_comments_disabled: post.comments_disabled,
            is_hidden: post.hidden,
            is_liked: view.liked,
            created_at: post.created_at,
            updated_at: post.updated_at,
        }
    }
}

/// A post in the trusted dialect: one medium, everything about the author beside it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrustedPost<'a> {
    /// The post.
    pub id: PostId,
    /// Its author.
    pub user_id: UserId,
    /// The author's name.
    pub username: &'a str,
    /// The author's picture.
    pub user_avatar_url: Option<&'a str>,
    /// What the author wrote.
    pub caption: Option<&'a str>,
    /// The first picture or film.
    pub media_url: Option<&'a str>,
    /// What that is.
    pub media_type: MediaKind,
    /// How many like it.
    pub like_count: u64,
    /// How many comments it has.
    pub comment_count: u64,
    /// Whether the user it is answered for likes it.
    pub is_liked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl<'a> From<&'a PostView> for TrustedPost<'a> {
    fn from(view: &'a PostView) -> Self {
        let post = &*view.post;
        let first = post.media.first();
        Self {
            id: post.id,
            user_id: post.author,
            username: &view.author.username,
            user_avatar_url: view.author.profile_picture_url.as_deref(),
            caption: post.caption.as_deref(),
            media_url: first.map(|media| media.url.as_str()),
            media_type: first.map_or(MediaKind::Image, |media| media.kind),
            like_count: post.likes,
            comment_count: post.comments,
            is_liked: view.liked,
            created_at: post.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::posts::PostMedia;
    use crate::testkit::user;

    #[test]
    fn a_post_put_together_from_pieces_is_the_post() {
        let card = Card {
            id: user(7),
            username: "ann".to_owned(),
            full_name: Some("Ann \"the\" Other".to_owned()),
            profile_picture_url: None,
            is_private: true,
            rendered: crate::Rendered::default(),
        };
        let post = Post {
            id: PostId::new(9).unwrap(),
            author: card.id,
            caption: Some("}\n#überall".to_owned()),
            media: vec![PostMedia::elsewhere("https://a.example/1".to_owned(), MediaKind::Image)],
            location: None,
            alt_text: None,
            hashtags: vec!["überall".to_owned()],
            mentions: Vec::new(),
            likes: 1,
            comments: 2,
            views: 3,
            comments_disabled: false,
            hidden: true,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(1),
            rendered: crate::Rendered::default(),
        };
        let (post, author) = (Arc::new(post), Arc::new(card));
        for (liked, saved) in [(false, false), (false, true), (true, false), (true, true)] {
            let view = PostView { post: post.clone(), author: author.clone(), liked, saved };
            let mut written = Vec::new();
            PublicPost::write(&view, &mut written);
            let written: Value = serde_json::from_slice(&written).unwrap();
            assert_eq!(written, serde_json::to_value(PublicPost::new(&view, true)).unwrap());
        }
    }
}
