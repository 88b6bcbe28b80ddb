//! What can be done with accounts, and the rules of it.

mod administration;
mod checking;
mod profiles;
mod search;
mod signing_in;

use std::sync::Arc;
use std::time::Duration;

use tintype_api::accounts::{Accounts, Caller, KeyStanding, Picture};
use tintype_api::{Base, Card, Services, Stamp, TokenId, UserId};
use tintype_platform::cache::Cache;
use tintype_platform::objects::ObjectUrls;
use tintype_platform::rpc::async_trait;
use tintype_platform::{Clock, Error, IdGenerator, Result};

use crate::Settings;
use crate::account::Account;
use crate::password::Hasher;
use crate::store::{KeyHash, Store};
use crate::token::Tokens;
pub use profiles::Profile;
pub use signing_in::{Registration, SignedUp};

/// How long processes of a fleet keep an account for each other.
const SHARED_FOR: Duration = Duration::from_hours(1);

/// API keys whose standing is remembered.
const KEYS: usize = 1000;

/// The use-cases of people.
pub struct AccountsService {
    store: Arc<dyn Store>,
    services: Arc<Services>,
    objects: ObjectUrls,
    clock: Arc<dyn Clock>,
    ids: Arc<IdGenerator>,
    hasher: Hasher,
    tokens: Tokens,
    token_life_ms: i64,
    accounts: Cache<UserId, Arc<Account>>,
    usernames: Cache<Box<str>, UserId>,
    /// Who is behind each token that counts.
    callers: Cache<TokenId, Caller>,
    /// What API keys, and the want of one, were last known to be worth: asked while the database is
    /// down, when no key can be made or revoked either.
    key_standings: Cache<Option<KeyHash>, KeyStanding>,
}

impl AccountsService {
    /// The service on what is in `store`.
    pub(crate) fn new(base: &Base, store: Arc<dyn Store>, settings: &Settings) -> Result<Self> {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Ok(Self {
            store,
            services: base.services.clone(),
            objects: base.objects.clone(),
            clock: base.clock.clone(),
            ids: base.ids.clone(),
            hasher: Hasher::new(
                settings.bcrypt_cost,
                settings.bcrypt_threads,
                settings.bcrypt_queue,
            )?,
            tokens: Tokens::new(settings.jwt_secret.as_bytes(), settings.cached),
            token_life_ms: i64::from(settings.token_days) * DAY_MS,
            accounts: Cache::new("accounts", settings.cached).shared(base.sharing(), SHARED_FOR),
            usernames: Cache::new("usernames", settings.cached),
            callers: Cache::new("callers", settings.cached),
            key_standings: Cache::new("api_keys", KEYS),
        })
    }

    /// Takes nothing that was read until now for true. For when another process has changed the
    /// database.
    pub fn forget_caches(&self) {
        self.accounts.invalidate_all();
        self.usernames.invalidate_all();
        self.callers.invalidate_all();
        self.key_standings.invalidate_all();
    }

    pub(crate) fn forget_account(&self, user: UserId) {
        self.accounts.invalidate(&user);
    }

    /// The account of a username, whatever its case.
    pub async fn find(&self, username: &str) -> Result<Option<Arc<Account>>> {
        let Some(id) = self.named(vec![username.to_owned()]).await?.pop().flatten() else {
            return Ok(None);
        };
        self.account(id).await
    }

    /// The account of this id.
    pub async fn account(&self, id: UserId) -> Result<Option<Arc<Account>>> {
        Ok(self.accounts(&[id]).await?.pop().flatten())
    }

    /// The accounts of these ids, in their order.
    async fn accounts(&self, ids: &[UserId]) -> Result<Vec<Option<Arc<Account>>>> {
        let load = |missing| async move {
            let loaded = self.store.accounts(missing).await?;
            let entry = |account| {
                let account = self.addressed(account);
                (account.card.id, Arc::new(account))
            };
            Ok(loaded.into_iter().map(entry).collect())
        };
        self.accounts.fetch(ids, load).await
    }

    /// An account of the store with an address in place of the name of its picture's object.
    fn addressed(&self, mut account: Account) -> Account {
        if let Some(picture) = &mut Arc::make_mut(&mut account.card).profile_picture_url {
            *picture = self.objects.of(picture);
        }
        account
    }

    fn stamp(&self) -> Stamp {
        Stamp::made_by(&self.ids)
    }

    pub(crate) fn end_callers(&self, ended: &[TokenId]) {
        for token in ended {
            self.callers.invalidate(token);
        }
    }
}

#[async_trait]
impl Accounts for AccountsService {
    async fn cards(&self, users: Vec<UserId>) -> Result<Vec<Option<Arc<Card>>>> {
        let accounts = self.accounts(&users).await?;
        Ok(accounts
            .into_iter()
            .map(|account| account.map(|account| account.card.clone()))
            .collect())
    }

    async fn named(&self, usernames: Vec<String>) -> Result<Vec<Option<UserId>>> {
        let names: Vec<Box<str>> = usernames
            .into_iter()
            .map(|mut name| {
                name.make_ascii_lowercase();
                name.into()
            })
            .collect();
        self.usernames.fetch(&names, |missing| self.store.named(missing)).await
    }

    async fn caller(&self, token: Arc<str>) -> Result<Caller> {
        let claims = self.tokens.read(&token)?;
        if claims.expires_at <= self.clock.now() {
            return Err(Error::unauthenticated(
                "expired_token",
                "The token has expired; sign in again",
            ));
        }
        if let Some(caller) = self.callers.get(&claims.token) {
            return Ok(caller);
        }
        let stamp = self.callers.stamp(&claims.token);
        let standing = self.store.standing(claims.user, claims.token).await?;
        let Some(standing) = standing else { return Err(ended_token()) };
        let caller = Caller {
            user: claims.user,
            username: standing.username.into(),
            role: standing.role,
            token: claims.token,
        };
        self.callers.insert(claims.token, stamp, caller.clone());
        Ok(caller)
    }

    async fn set_picture(&self, user: UserId, picture: Picture) -> Result<()> {
        self.store.set_picture(user, picture, self.stamp()).await?;
        self.accounts.invalidate(&user);
        Ok(())
    }

    async fn key_standing(&self, key: Option<String>) -> Result<KeyStanding> {
        let hash = key.map(|key| administration::key_hash(&key));
        let stamp = self.key_standings.stamp(&hash);
        match self.store.key_standing(hash).await {
            // Not kept: nobody is to fill the cache with keys that are none.
            Ok(KeyStanding::Unknown) => {
                self.key_standings.invalidate(&hash);
                Ok(KeyStanding::Unknown)
            }
            Ok(standing) => {
                self.key_standings.insert(hash, stamp, standing.clone());
                Ok(standing)
            }
            Err(error) if error.code() == "database_unavailable" => {
                self.key_standings.get(&hash).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

fn ended_token() -> Error {
    Error::unauthenticated("ended_token", "The token has been ended; sign in again")
}

fn not_found() -> Error {
    Error::not_found("user_not_found", "User not found")
}
