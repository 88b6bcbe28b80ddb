//! People: who they are, how they prove it, how they look beside a post.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tintype_platform::service;

use crate::Rendered;
use crate::ids::{MediaId, TokenId, UserId};

/// What others see of an account beside a post or in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The account.
    pub id: UserId,
    /// Its name in lower case, unique.
    pub username: String,
    /// What its owner is called.
    pub full_name: Option<String>,
    /// The picture, if there is one.
    pub profile_picture_url: Option<String>,
    /// Whether only accepted followers see its posts and lists.
    pub is_private: bool,
    /// What the public dialect shows of it.
    #[serde(skip)]
    pub rendered: Rendered,
}

/// What a person may do beyond their own affairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everybody.
    User,
    /// May hide posts and comments of others.
    Moderator,
    /// May do everything.
    Admin,
}

/// Somebody who has proven who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// Its name.
    pub username: Arc<str>,
    /// The highest role it has.
    pub role: Role,
    /// The token that proved it.
    pub token: TokenId,
}

/// A profile picture, or that there is none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The upload; of two the one with the higher id counts. That there is none any more bears an
    /// id of its own.
    pub media: MediaId,
    /// Name of its largest object; `None` takes the picture away.
    pub object: Option<String>,
}

/// What an API key is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStanding {
    /// No key has been made: the trusted dialect is open, on a loopback address.
    NoneConfigured,
    /// None was given or it is not one of ours (any more).
    Unknown,
    /// It is one of ours.
    Known {
        /// Its number.
        key: u64,
        /// Whether it may change anything.
        may_write: bool,
    },
}

service! {
    /// What other slices ask about accounts.
    pub trait Accounts as accounts {
        /// The cards of `users`, in their order; `None` for an account that is not there.
        read fn cards(users: Vec<UserId>) -> Vec<Option<Arc<Card>>>;

        /// The accounts of these usernames, in their order; case does not matter.
        read fn named(usernames: Vec<String>) -> Vec<Option<UserId>>;

        /// Who a bearer token speaks for. 401 when it is not ours, expired or revoked.
        read fn caller(token: Arc<str>) -> Caller;

        /// Makes an upload the picture of its owner, unless a later one has become it meanwhile.
        /// Without an account there is nothing to change.
        write fn set_picture(user: UserId, picture: Picture) -> ();

        /// What an API key is worth.
        read fn key_standing(key: Option<String>) -> KeyStanding;
    }
}
