//! What the slice keeps of a person.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tintype_api::accounts::Role;
use tintype_api::{Card, TokenId, UserId};
use tintype_platform::Timestamp;

use crate::input::{Bio, Change, Email, FullName, Username, WebAddress};

/// An account with everything that its owner sees of it, counts aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What others see in a list.
    pub card: Arc<Card>,
    /// Seen by the owner alone.
    pub email: String,
    /// What they say of themselves.
    pub bio: Option<String>,
    /// An http or https address.
    pub website: Option<String>,
    /// The highest role they have.
    pub role: Role,
    /// When they registered.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}

/// An account that is not there yet.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub username: Username,
    /// Where its owner can be written to.
    pub email: Email,
    /// A bcrypt hash; without one nobody can sign in until a password is set.
    pub password_hash: Option<Arc<str>>,
    /// What its owner is called.
    pub full_name: Option<FullName>,
    /// What they say of themselves.
    pub bio: Option<Bio>,
    /// Their place on the web.
    pub website: Option<WebAddress>,
    /// Their picture.
    pub profile_picture_url: Option<WebAddress>,
    /// Whether only accepted followers see posts and lists.
    pub is_private: bool,
    /// What they may do.
    pub role: Role,
    /// When it is made.
    pub created_at: Timestamp,
}

/// What an owner changes of a profile.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// What they are called.
    pub full_name: Change<FullName>,
    /// What they say of themselves.
    pub bio: Change<Bio>,
    /// Their place on the web.
    pub website: Change<WebAddress>,
    /// Whether only accepted followers see posts and lists; `None` leaves it as it is.
    pub is_private: Option<bool>,
}

/// Where a request that signs in came from, for the trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header, cut to what a person would read.
    pub user_agent: Option<String>,
}

/// A token that counts until it is ended or expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The token's `jti`.
    pub id: TokenId,
    /// Whom it speaks for.
    pub account: UserId,
    /// When it was given out.
    pub created_at: Timestamp,
    /// From when it is worth nothing.
    pub expires_at: Timestamp,
    /// Where it was given out to.
    pub origin: Origin,
}

/// What is kept about signing in and about rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audited {
    /// A token was given out for name and password.
    SignedIn,
    /// The password was wrong.
    SignInFailed,
    /// The owner set another password.
    PasswordChanged,
    /// An administrator set another password.
    PasswordReset,
    /// An administrator gave this role.
    RoleGiven(Role),
}

impl Audited {
    const ALL: [Self; 7] = [
        Self::SignedIn,
        Self::SignInFailed,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::RoleGiven(Role::User),
        Self::RoleGiven(Role::Moderator),
        Self::RoleGiven(Role::Admin),
    ];

    /// The word that is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::RoleGiven(Role::User) => "role_given_user",
            Self::RoleGiven(Role::Moderator) => "role_given_moderator",
            Self::RoleGiven(Role::Admin) => "role_given_admin",
        }
    }

    /// What a stored word stands for.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }
}

/// An entry of an account's trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id; later entries have higher ones.
    pub id: u64,
    /// Whose trail.
    pub account: UserId,
    /// What was done.
    pub what: Audited,
    /// When.
    pub at: Timestamp,
    /// By whom, as far as it is known.
    pub origin: Origin,
}

/// What is known of an API key; the key itself is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number, by which it is revoked.
    pub number: u64,
    /// What its maker called it.
    pub name: String,
    /// Whether it may change anything, or only read.
    pub may_write: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// The word for a role.
pub(crate) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Moderator => "moderator",
        Role::Admin => "admin",
    }
}
