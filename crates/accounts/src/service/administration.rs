//! What commands do: API keys, roles, passwords of others, seeding.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tintype_api::accounts::Role;
use tintype_api::{Stamp, UserId};
use tintype_platform::{Error, Result};

use super::{AccountsService, not_found};
use crate::account::{ApiKey, AuditEntry, Audited, NewAccount, Origin};
use crate::input::Password;
use crate::store::{KeyHash, TRAIL};

/// Accounts that share one transaction when many are made.
const SEEDED_AT_ONCE: usize = 500;

impl AccountsService {
    /// Makes an API key that may read, or also write, and answers its text, which is kept nowhere
    /// and known only now. 400 when `name` is blank or longer than 100 characters.
    pub async fn create_key(&self, name: &str, may_write: bool) -> Result<String> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
            return Err(Error::invalid("name", "The name must be 1 to 100 characters on one line"));
        }
        let secret = new_secret()?;
        let key = ApiKey {
            number: self.ids.next(),
            name: name.to_owned(),
            may_write,
            created_at: self.clock.now(),
            revoked_at: None,
        };
        self.store.add_key(key, key_hash(&secret)).await?;
        Ok(secret)
    }

    /// All API keys, revoked ones too, oldest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>> {
        self.store.keys().await
    }

    /// Revokes an API key, from the next request on. 404 when there is none of this number that
    /// counts.
    pub async fn revoke_key(&self, number: u64) -> Result<()> {
        if self.store.revoke_key(number, self.clock.now()).await? {
            return Ok(());
        }
        Err(Error::not_found(
            "key_not_found",
            format!("There is no API key {number} that counts; `tintype apikey list` shows all"),
        ))
    }

    /// Gives an account a role, from its next request on; 404 when there is no such account.
    pub async fn set_role(&self, username: &str, role: Role) -> Result<()> {
        let user = self.id_of(username).await?;
        let entry = self.entry(user, Audited::RoleGiven(role), Origin::default());
        let tokens = self.store.set_role(role, entry).await?.ok_or_else(not_found)?;
        self.accounts.invalidate(&user);
        self.end_callers(&tokens);
        Ok(())
    }

    /// Sets the password of an account and ends all of its tokens; 404 when there is no such
    /// account.
    pub async fn set_password(&self, username: &str, password: Password) -> Result<()> {
        let user = self.id_of(username).await?;
        let hash = self.hasher.hash(password).await?;
        let entry = self.entry(user, Audited::PasswordReset, Origin::default());
        let ended = self.store.set_password(hash, None, None, entry).await?;
        self.end_callers(&ended.ok_or_else(not_found)?);
        Ok(())
    }

    /// What was done about signing in and rights of an account, newest first; 404 when there is no
    /// such account.
    pub async fn trail(&self, username: &str) -> Result<Vec<AuditEntry>> {
        self.store.trail(self.id_of(username).await?, TRAIL).await
    }

    /// How many accounts there are.
    pub async fn count(&self) -> Result<u64> {
        self.store.count().await
    }

    /// Up to `limit` accounts with an id above `after`, in rising order: to walk through all.
    pub async fn members(&self, after: Option<UserId>, limit: usize) -> Result<Vec<UserId>> {
        let found = self.store.popularity(after, limit).await?;
        Ok(found.into_iter().map(|(account, _)| account).collect())
    }

    /// Makes many accounts, each with its event. Those whose name or address is somebody's are
    /// left out.
    pub async fn seed(&self, accounts: Vec<NewAccount>) -> Result<()> {
        let stamped = |account: NewAccount| {
            let stamp = Stamp { id: self.ids.next(), at: account.created_at };
            (account, stamp)
        };
        let mut accounts = accounts.into_iter().map(stamped);
        loop {
            let some: Vec<_> = accounts.by_ref().take(SEEDED_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(());
            }
            self.store.seed(some).await?;
        }
    }

    async fn id_of(&self, username: &str) -> Result<UserId> {
        let account: Option<Arc<_>> = self.find(username).await?;
        Ok(account.ok_or_else(not_found)?.card.id)
    }
}

/// What is kept of an API key. It is as random as its hash, so no salt is needed.
pub(super) fn key_hash(secret: &str) -> KeyHash {
    Sha256::digest(secret.as_bytes()).into()
}

#[expect(clippy::disallowed_methods, reason = "a secret")]
fn new_secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| Error::internal(cause.to_string()))?;
    Ok(format!("tt_{}", URL_SAFE_NO_PAD.encode(bytes)))
}
