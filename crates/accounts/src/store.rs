//! What the slice keeps and how it is changed: each method is one atomic act, its events included.

mod candidates;
#[cfg(test)]
mod conformance;
mod postgres;
mod profile;
mod sql;
mod sqlite;

use std::cmp::Reverse;
use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::accounts::{KeyStanding, Picture, Role};
use tintype_api::{Stamp, TokenId, UserId};
use tintype_platform::db::Database;

pub use sqlite::fill::fill;
use tintype_platform::transfer::Rows;
use tintype_platform::{Result, Timestamp};

use crate::account::{Account, ApiKey, AuditEntry, NewAccount, ProfileChange, Session, role_word};

/// The SHA-256 of an API key.
pub(crate) type KeyHash = [u8; 32];

/// A hash that was found to be of the given password: an act that depends on it happens only if it
/// is still the account's.
pub(crate) type VerifiedHash = Arc<str>;

/// Entries of an account's trail that are kept; of more, failed sign-ins go first.
pub(crate) const TRAIL: usize = 1000;

/// Matches of one kind that a search looks at. Of a text that more accounts match, those of them
/// are found, and those among the [`POPULAR`] most followed accounts.
pub(crate) const MATCHES: usize = 2000;

/// Accounts that a search for a very common text looks through, the most followed first.
pub(crate) const POPULAR: usize = 5000;

/// Whose the names are on a site that moves to PostgreSQL.
pub(crate) const USERNAMES: Rows =
    Rows::Selected("SELECT username, id AS account FROM accounts ORDER BY username");

/// And whose the addresses.
pub(crate) const EMAILS: Rows =
    Rows::Selected("SELECT email, id AS account FROM accounts ORDER BY email");

/// The index of a site that moves to PostgreSQL.
pub(crate) const SEARCH_PARTS: Rows = Rows::Made {
    of: "SELECT id, username, folded_name FROM accounts ORDER BY id",
    columns: &["account", "place", "part"],
    by: postgres::parts_of,
};

/// The store of a site, where its database is.
pub(crate) fn open(database: &Database) -> Arc<dyn Store> {
    match database {
        Database::Sqlite(database) => Arc::new(sqlite::SqliteStore::new(database.clone())),
        Database::Postgres(database) => Arc::new(postgres::PostgresStore::new(database.clone())),
    }
}

/// Where accounts, sessions, the trail and API keys are.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// Those of these accounts that are there, in any order.
    async fn accounts(&self, ids: Vec<UserId>) -> Result<Vec<Account>>;

    /// Those of these usernames, in lower case, that are somebody's; in any order.
    async fn named(&self, usernames: Vec<Box<str>>) -> Result<Vec<(Box<str>, UserId)>>;

    /// Whether a username or e-mail address is somebody's.
    async fn is_taken(&self, username: &str, email: &str) -> Result<bool>;

    /// Who signs in by this name, and the hash of their password.
    async fn credentials(&self, login: &Login) -> Result<Option<Credentials>>;

    /// Whom a token speaks for and until when, as long as its session is there.
    async fn standing(&self, account: UserId, token: TokenId) -> Result<Option<Standing>>;

    /// The newest entries of an account's trail, newest first.
    async fn trail(&self, account: UserId, limit: usize) -> Result<Vec<AuditEntry>>;

    /// What the key of this hash is worth.
    async fn key_standing(&self, hash: Option<KeyHash>) -> Result<KeyStanding>;

    /// All API keys, oldest first.
    async fn keys(&self) -> Result<Vec<ApiKey>>;

    /// Up to `limit` accounts that match `text` (folded, not empty), best first, beyond `after`.
    async fn search(&self, text: String, after: Option<Rank>, limit: usize) -> Result<Vec<Rank>>;

    /// Up to `limit` accounts with an id above `after` in rising order, and their popularity.
    async fn popularity(&self, after: Option<UserId>, limit: usize) -> Result<Vec<(UserId, u64)>>;

    /// Accounts that the search index has wrongly, or lacks, or should lack.
    async fn search_drift(&self) -> Result<Vec<SearchDrift>>;

    /// Names and addresses that are kept as other accounts' than those that have them.
    async fn name_drift(&self) -> Result<Vec<NameDrift>>;

    /// Makes an account, with a first session if it is to have one. False when its name or address
    /// is somebody's.
    async fn register(
        &self,
        account: NewAccount,
        session: Option<Session>,
        stamp: Stamp,
    ) -> Result<bool>;

    /// Makes many accounts at once; those whose name or address is somebody's are left out.
    async fn seed(&self, accounts: Vec<(NewAccount, Stamp)>) -> Result<()>;

    /// Begins a session and ends the expired ones of its account. False when `verified` is no
    /// longer the account's hash.
    async fn open_session(
        &self,
        session: Session,
        verified: VerifiedHash,
        entry: AuditEntry,
    ) -> Result<bool>;

    /// Ends a session and begins another in its place. False when it had ended already.
    async fn replace_session(&self, ended: TokenId, session: Session) -> Result<bool>;

    /// How many accounts there are.
    async fn count(&self) -> Result<u64>;

    /// The sessions of an account that have not expired at `now`, the newest first.
    async fn sessions(&self, account: UserId, now: Timestamp) -> Result<Vec<Session>>;

    /// Up to `limit` accounts with sessions that have not expired at `now`, that with the newest
    /// session first. Looks through all sessions.
    async fn last_signed_in(&self, limit: usize, now: Timestamp) -> Result<Vec<UserId>>;

    /// Ends a session. False when it had ended already.
    async fn end_session(&self, account: UserId, token: TokenId) -> Result<bool>;

    /// Sets a password and ends all sessions but `kept`. The ended ones, or `None` when there is
    /// no such account or `verified` is given and no longer its hash.
    async fn set_password(
        &self,
        hash: Arc<str>,
        verified: Option<VerifiedHash>,
        kept: Option<TokenId>,
        entry: AuditEntry,
    ) -> Result<Option<Vec<TokenId>>>;

    /// Gives an account a role. Its sessions, or `None` when there is no such account.
    async fn set_role(&self, role: Role, entry: AuditEntry) -> Result<Option<Vec<TokenId>>>;

    /// Changes a profile. `None` when there is no such account.
    async fn change_profile(
        &self,
        account: UserId,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Option<ProfileChanged>>;

    /// Sets the picture of an account, unless a later upload is it already.
    async fn set_picture(&self, account: UserId, picture: Picture, stamp: Stamp) -> Result<()>;

    /// Removes an account and all that the slice keeps of it. Its sessions, or `None` when
    /// `verified` is no longer its hash.
    async fn delete(
        &self,
        account: UserId,
        verified: VerifiedHash,
        stamp: Stamp,
    ) -> Result<Option<Vec<TokenId>>>;

    /// Adds an entry to a trail, if its account is there.
    async fn record(&self, entry: AuditEntry) -> Result<()>;

    /// Sets how many follow each of these accounts.
    async fn set_popularity(&self, followers: Vec<(UserId, u64)>) -> Result<()>;

    /// Puts these accounts into the search index as they are now, or takes out those that are gone.
    async fn reindex(&self, accounts: Vec<UserId>) -> Result<()>;

    /// Gives names back to the accounts that have them. One that two accounts have stays where it is.
    async fn give_names(&self, drift: Vec<NameDrift>) -> Result<()>;

    /// Keeps a new API key.
    async fn add_key(&self, key: ApiKey, hash: KeyHash) -> Result<()>;

    /// Revokes an API key. False when there is no such key or it is revoked already.
    async fn revoke_key(&self, number: u64, at: Timestamp) -> Result<bool>;
}

/// By what somebody signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Login {
    /// A username in lower case.
    Username(String),
    /// An e-mail address in lower case.
    Email(String),
    /// Already known, and to prove it again.
    Account(UserId),
}

/// What a password is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) account: UserId,
    /// None: nobody can sign in.
    pub(crate) hash: Option<Arc<str>>,
}

/// What a session is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) username: String,
    pub(crate) role: Role,
}

/// What a change of a profile has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProfileChanged {
    /// Nothing: it was so before.
    Nothing,
    /// Something, and the account is as private or public as before.
    Something,
    /// A private account is public now.
    WentPublic,
}

/// How well an account matches a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// The text is the username.
    Exact,
    /// The username or the full name begins with the text.
    Prefix,
    /// The text is somewhere in one of them.
    Substring,
}

impl Tier {
    /// How well an account matches a folded text; `None` when it does not.
    pub(crate) fn of(text: &str, username: &str, folded_name: Option<&str>) -> Option<Self> {
        let name = folded_name.unwrap_or("");
        if username == text {
            Some(Self::Exact)
        } else if username.starts_with(text) || name.starts_with(text) {
            Some(Self::Prefix)
        } else if username.contains(text) || name.contains(text) {
            Some(Self::Substring)
        } else {
            None
        }
    }
}

/// The place of an account among the results of a search: better tiers first, then more followers,
/// then the older account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) tier: Tier,
    pub(crate) followers: Reverse<u64>,
    pub(crate) account: UserId,
}

/// Something that the search index should not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchDrift {
    pub(crate) account: UserId,
    /// Rows of the index that are right for the account: 1 for a row of an account that is gone.
    pub(crate) stored: i64,
    /// Rows that there should be.
    pub(crate) counted: i64,
}

/// A name or an address that should be kept as another account's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameDrift {
    pub(crate) naming: Naming,
    pub(crate) name: String,
    /// Whose it is kept as.
    pub(crate) stored: Option<UserId>,
    /// Who has it.
    pub(crate) counted: Option<UserId>,
}

/// By what an account is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Username,
    Email,
}

/// The scope of a key as it is stored.
const fn scope(may_write: bool) -> &'static str {
    if may_write { "write" } else { "read" }
}

/// What a stored scope means.
fn may_write(word: &str) -> Option<bool> {
    [true, false].into_iter().find(|may_write| scope(*may_write) == word)
}

/// What a stored role means.
fn role(word: &str) -> Option<Role> {
    [Role::User, Role::Moderator, Role::Admin].into_iter().find(|role| role_word(*role) == word)
}

/// The id that a statement about all sessions but one leaves out; no token has the id 0.
fn but(kept: Option<TokenId>) -> i64 {
    kept.map_or(0, i64::from)
}
