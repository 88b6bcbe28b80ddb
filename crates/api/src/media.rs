//! Pictures and films that people upload.

use serde::{Deserialize, Serialize};
use tintype_platform::objects::ObjectUrls;
use tintype_platform::service;
use utoipa::ToSchema;

use crate::ids::{MediaId, PostId, UserId, text};

/// What a medium is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A still or animated picture.
    Image,
    /// A film.
    Video,
}

/// Where the pieces of a medium are: names of objects inside, addresses at the edge
/// (see [`Upload::addressed`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Urls {
    /// Of a picture: JPEGs in four sizes, and what was uploaded without its metadata.
    Image {
        /// 150 × 150 pixels, cropped.
        thumbnail: String,
        /// Within 320 × 320 pixels.
        small: String,
        /// Within 640 × 640 pixels.
        medium: String,
        /// Within 1080 × 1080 pixels.
        large: String,
        /// As uploaded.
        original: String,
    },
    /// Of a film.
    Video {
        /// The film.
        video: String,
        /// A picture of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        poster: Option<String>,
    },
    /// Of a profile picture: squares.
    Avatar {
        /// 50 × 50 pixels.
        small: String,
        /// 150 × 150 pixels.
        medium: String,
        /// 320 × 320 pixels.
        large: String,
    },
}

impl Urls {
    /// The one to show where only one can be shown.
    pub fn main(&self) -> &str {
        match self {
            Self::Image { large, .. } | Self::Avatar { large, .. } => large,
            Self::Video { video, .. } => video,
        }
    }

    /// The same with `change` made to each.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Image { thumbnail, small, medium, large, original } => Self::Image {
                thumbnail: change(thumbnail),
                small: change(small),
                medium: change(medium),
                large: change(large),
                original: change(original),
            },
            Self::Video { video, poster } => {
                Self::Video { video: change(video), poster: poster.as_deref().map(change) }
            }
            Self::Avatar { small, medium, large } => {
                Self::Avatar { small: change(small), medium: change(medium), large: change(large) }
            }
        }
    }
}

/// A picture or film that was uploaded and is ready to be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// The medium.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    pub id: MediaId,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: MediaKind,
    /// Where its pieces are.
    pub urls: Urls,
    /// Pixels across, upright; 0 for a film that does not say.
    pub width: u32,
    /// Pixels down, upright; 0 for a film that does not say.
    pub height: u32,
    /// How long a film lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// A blurred preview in about 30 characters, see <https://blurha.sh>.
    pub blurhash: Option<String>,
    /// What it shows, for those who do not see it.
    pub alt_text: Option<String>,
}

impl Upload {
    /// The same with addresses in place of the names of objects.
    #[must_use]
    pub fn addressed(self, urls: &ObjectUrls) -> Self {
        Self { urls: self.urls.map(|name| urls.of(name)), ..self }
    }
}

/// How a client names a medium that it has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaRef {
    /// By its id.
    Id(MediaId),
    /// By the name of one of its objects, which was taken from an address.
    Object(String),
}

service! {
    /// What other slices ask about media.
    pub trait Media as media {
        /// Notes that `post` uses these uploads of `author`, and answers them in their order, with
        /// names of objects. 400 for an id that is not there, not ready, or somebody else's: then
        /// nothing is noted. `None` for an object that is not there or somebody else's, because
        /// it may be one of another site.
        write fn attach(author: UserId, post: PostId, media: Vec<MediaRef>) -> Vec<Option<Upload>>;

        /// Takes back what [`Media::attach`] noted: the post was not made after all.
        write fn detach(author: UserId, post: PostId) -> ();

        /// These uploads of `owner`, in their order, with names of objects; `None` for what is not
        /// there, not ready, or somebody else's.
        read fn uploads(owner: UserId, media: Vec<MediaId>) -> Vec<Option<Upload>>;

        /// Posts of `owner` that use this upload.
        read fn uses(owner: UserId, media: MediaId) -> Vec<PostId>;
    }
}
