//! `/api`: people's apps and the web client.

mod auth;
mod users;

use std::sync::Arc;

use serde::Serialize;
use tintype_api::accounts::Role;
use tintype_api::ids::{UserId, text};
use tintype_platform::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::service::{AccountsService, Profile};

pub(super) fn routes() -> OpenApiRouter<Arc<AccountsService>> {
    auth::routes().merge(users::routes())
}

/// A profile as its owner sees it.
#[derive(Serialize, ToSchema)]
struct OwnProfile<'a> {
    #[serde(with = "text")]
    #[schema(value_type = String)]
    id: UserId,
    username: &'a str,
    email: &'a str,
    full_name: Option<&'a str>,
    bio: Option<&'a str>,
    website: Option<&'a str>,
    profile_picture_url: Option<&'a str>,
    is_private: bool,
    /// `user`, `moderator` or `admin`.
    #[schema(value_type = String)]
    role: Role,
    followers_count: u64,
    following_count: u64,
    posts_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> From<&'a Profile> for OwnProfile<'a> {
    fn from(profile: &'a Profile) -> Self {
        let account = &*profile.account;
        let card = &*account.card;
        Self {
            id: card.id,
            username: &card.username,
            email: &account.email,
            full_name: card.full_name.as_deref(),
            bio: account.bio.as_deref(),
            website: account.website.as_deref(),
            profile_picture_url: card.profile_picture_url.as_deref(),
            is_private: card.is_private,
            role: account.role,
            followers_count: profile.graph.followers,
            following_count: profile.graph.following,
            posts_count: profile.posts,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountDone)]
struct Done {
    message: &'static str,
}
