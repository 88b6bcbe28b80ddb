//! Registering, proving who one is, and ceasing to be.

use std::sync::Arc;

use tintype_api::accounts::{Caller, Role};
use tintype_api::{TokenId, UserId};
use tintype_platform::{Error, Result};

use super::{AccountsService, ended_token};
use crate::account::{Account, AuditEntry, Audited, NewAccount, Origin, Session};
use crate::input::{Bio, Email, FullName, Password, Username, WebAddress};
use crate::store::{Login, VerifiedHash};
use crate::token::Claims;

/// What somebody says of themselves when they register.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The name they want.
    pub username: Username,
    /// Where they can be written to.
    pub email: Email,
    /// What they are called.
    pub full_name: Option<FullName>,
    /// What they say of themselves.
    pub bio: Option<Bio>,
    /// Their picture.
    pub profile_picture_url: Option<WebAddress>,
}

/// Somebody with a new token.
#[derive(Debug, Clone)]
pub struct SignedUp {
    /// Who.
    pub account: Arc<Account>,
    /// The token.
    pub token: String,
}

/// The longest name or address that anybody can sign in by, in bytes.
const LONGEST_LOGIN: usize = 254;

impl AccountsService {
    /// Makes an account with a password and signs in. 409 `already_exists` when the name or the
    /// address is somebody's; 503 when too many register at this moment.
    pub async fn register(
        &self,
        registration: Registration,
        password: Password,
        origin: Origin,
    ) -> Result<SignedUp> {
        self.refuse_taken(&registration).await?;
        let hash = self.hasher.hash(password).await?;
        let account = self.new_account(registration, Some(hash));
        let session = self.new_session(account.id, origin);
        let claims = claims(&session);
        let made = self.make(account, Some(session)).await?;
        let token = self.sign(claims, &made)?;
        Ok(SignedUp { account: made, token })
    }

    /// Makes an account that nobody can sign in to until a password is set. 409 `already_exists`
    /// when the name or the address is somebody's.
    pub async fn create(&self, registration: Registration) -> Result<Arc<Account>> {
        self.make(self.new_account(registration, None), None).await
    }

    /// Signs in by username or e-mail address. 401 `invalid_credentials`, after the same time
    /// whether the account is not there, cannot be signed in to, or has another password.
    pub async fn sign_in(&self, login: &str, password: String, origin: Origin) -> Result<SignedUp> {
        let login = login.trim();
        let credentials = if login.len() > LONGEST_LOGIN {
            None
        } else if login.contains('@') {
            self.store.credentials(&Login::Email(login.to_lowercase())).await?
        } else {
            self.store.credentials(&Login::Username(login.to_ascii_lowercase())).await?
        };
        let (id, hash) = credentials
            .map_or((None, None), |credentials| (Some(credentials.account), credentials.hash));
        let is_right = self.hasher.verify(password, hash.clone()).await?;
        let (Some(id), Some(hash), true) = (id, hash, is_right) else {
            self.note_failure(id, origin);
            return Err(invalid_credentials());
        };
        let session = self.new_session(id, origin.clone());
        let claims = claims(&session);
        let entry = self.entry(id, Audited::SignedIn, origin);
        // The password may have been changed while it was looked at.
        if !self.store.open_session(session, hash, entry).await? {
            return Err(invalid_credentials());
        }
        let account = self.account(id).await?.ok_or_else(invalid_credentials)?;
        let token = self.sign(claims, &account)?;
        Ok(SignedUp { account, token })
    }

    /// Ends the caller's token.
    pub async fn sign_out(&self, caller: &Caller) -> Result<()> {
        self.store.end_session(caller.user, caller.token).await?;
        self.end_callers(&[caller.token]);
        Ok(())
    }

    /// Where an account is signed in, the newest first.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        self.store.sessions(user, self.clock.now()).await
    }

    /// Up to `limit` accounts that are signed in, those who signed in last first. Looks through all
    /// sessions.
    pub async fn last_signed_in(&self, limit: usize) -> Result<Vec<UserId>> {
        self.store.last_signed_in(limit, self.clock.now()).await
    }

    /// Ends one of the sessions of an account. 404 `session_not_found` when it has ended already.
    pub async fn end_session(&self, user: UserId, token: TokenId) -> Result<()> {
        let ended = self.store.end_session(user, token).await?;
        self.end_callers(&[token]);
        if ended {
            return Ok(());
        }
        Err(Error::not_found("session_not_found", "That device is signed out already"))
    }

    /// Gives the caller a new token; the one that was used ends. Of two that come at the same time
    /// with the same token, one gets 401.
    pub async fn refresh(&self, caller: &Caller, origin: Origin) -> Result<SignedUp> {
        let account = self.account(caller.user).await?.ok_or_else(ended_token)?;
        let session = self.new_session(caller.user, origin);
        let claims = claims(&session);
        let replaced = self.store.replace_session(caller.token, session).await?;
        self.end_callers(&[caller.token]);
        if !replaced {
            return Err(ended_token());
        }
        let token = self.sign(claims, &account)?;
        Ok(SignedUp { account, token })
    }

    /// Changes the caller's password and ends all of their tokens but the one they use. 403
    /// `wrong_password` when `current` is not their password.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: String,
        new: Password,
        origin: Origin,
    ) -> Result<()> {
        let verified = self.verify(caller.user, current, &origin).await?;
        let hash = self.hasher.hash(new).await?;
        let entry = self.entry(caller.user, Audited::PasswordChanged, origin);
        let ended =
            self.store.set_password(hash, Some(verified), Some(caller.token), entry).await?;
        self.end_callers(&ended.ok_or_else(wrong_password)?);
        Ok(())
    }

    /// Removes the caller's account with everything that hangs on it. 403 `wrong_password` when
    /// `password` is not theirs.
    pub async fn delete(&self, caller: &Caller, password: String, origin: Origin) -> Result<()> {
        let verified = self.verify(caller.user, password, &origin).await?;
        let ended = self.store.delete(caller.user, verified, self.stamp()).await?;
        self.accounts.invalidate(&caller.user);
        self.usernames.invalidate(&(&*caller.username).into());
        self.end_callers(&ended.ok_or_else(wrong_password)?);
        Ok(())
    }

    /// The hash of a password, to be given to many accounts of [`AccountsService::seed`]. 503 when
    /// too many sign in at this moment.
    pub async fn hash_password(&self, password: Password) -> Result<Arc<str>> {
        self.hasher.hash(password).await
    }

    pub(super) fn entry(&self, account: UserId, what: Audited, origin: Origin) -> AuditEntry {
        AuditEntry { id: self.ids.next(), account, what, at: self.clock.now(), origin }
    }

    async fn verify(
        &self,
        user: UserId,
        password: String,
        origin: &Origin,
    ) -> Result<VerifiedHash> {
        let credentials = self.store.credentials(&Login::Account(user)).await?;
        let hash = credentials.and_then(|credentials| credentials.hash);
        let is_right = self.hasher.verify(password, hash.clone()).await?;
        if !is_right {
            self.note_failure(Some(user), origin.clone());
        }
        hash.filter(|_| is_right).ok_or_else(wrong_password)
    }

    /// Adds a wrong password to the trail of an account. Nobody waits for it: the time that it
    /// takes would tell that the account is there.
    fn note_failure(&self, account: Option<UserId>, origin: Origin) {
        let Some(account) = account else { return };
        let store = self.store.clone();
        let entry = self.entry(account, Audited::SignInFailed, origin);
        tokio::spawn(async move {
            if let Err(error) = store.record(entry).await {
                tracing::warn!(cause = %error, %account, "a failed sign-in is not in the trail");
            }
        });
    }

    async fn refuse_taken(&self, registration: &Registration) -> Result<()> {
        // Before the hash, which costs much. What is decided at the end is the unique index.
        let (username, email) = (registration.username.as_str(), registration.email.as_str());
        if self.store.is_taken(username, email).await? { Err(already_exists()) } else { Ok(()) }
    }

    fn new_account(&self, registration: Registration, hash: Option<Arc<str>>) -> NewAccount {
        let Registration { username, email, full_name, bio, profile_picture_url } = registration;
        NewAccount {
            id: UserId::made_by(&self.ids),
            username,
            email,
            password_hash: hash,
            full_name,
            bio,
            website: None,
            profile_picture_url,
            is_private: false,
            role: Role::User,
            created_at: self.clock.now(),
        }
    }

    async fn make(&self, account: NewAccount, session: Option<Session>) -> Result<Arc<Account>> {
        let id = account.id;
        if !self.store.register(account, session, self.stamp()).await? {
            return Err(already_exists());
        }
        let made = self.account(id).await?;
        made.ok_or_else(|| Error::internal("a new account is not there"))
    }

    fn new_session(&self, account: UserId, origin: Origin) -> Session {
        let created_at = self.clock.now();
        let expires_at = created_at.plus_millis(self.token_life_ms);
        Session { id: TokenId::made_by(&self.ids), account, created_at, expires_at, origin }
    }

    fn sign(&self, claims: Claims, account: &Account) -> Result<String> {
        self.tokens.sign(claims, &account.card.username, account.role, self.clock.now())
    }
}

fn claims(session: &Session) -> Claims {
    Claims { user: session.account, token: session.id, expires_at: session.expires_at }
}

fn already_exists() -> Error {
    Error::conflict("already_exists", "Username or email already exists")
}

fn invalid_credentials() -> Error {
    Error::unauthenticated("invalid_credentials", "Invalid credentials")
}

fn wrong_password() -> Error {
    Error::forbidden("wrong_password", "The password is not the one of this account")
}
