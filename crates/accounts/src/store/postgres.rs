//! The store in PostgreSQL. Whatever goes with an account (sessions, trail, index) is changed under
//! the lock of its row, so that a session never outlives the password or the account it was for.

mod acts;
mod names;
mod rows;
mod search;

use std::collections::HashSet;
use std::sync::Arc;

use acts::{
    add_account, add_entry, add_session, change_profile, delete, end_sessions, has_hash, lock,
    sessions,
};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use rows::{account, audit_entry, session, word};
use tintype_api::accounts::{KeyStanding, Picture, Role};
use tintype_api::{Event, Stale, Stamp, TokenId, UserId};
use tintype_platform::postgres::{Database, Params};
use tintype_platform::{Result, Timestamp};

pub(super) use search::parts_of;

use super::{
    Credentials, KeyHash, Login, NameDrift, ProfileChanged, Rank, SearchDrift, Standing, Store,
    VerifiedHash, may_write, role, scope, sql,
};
use crate::account::{Account, ApiKey, AuditEntry, NewAccount, ProfileChange, Session, role_word};

const ACCOUNTS: &str = sql::account!("WHERE id = ANY($1)");
const NAMED: &str = "SELECT username, account FROM account_usernames WHERE username = ANY($1)";
const OF_USERNAME: &str = "SELECT account FROM account_usernames WHERE username = $1";
const OF_EMAIL: &str = "SELECT account FROM account_emails WHERE email = $1";

/// Accounts that are changed at the same time. Each stands on a shard of its own and so is a change
/// of its own; those that are committed together wait for the disk once.
const AT_ONCE: usize = 8;

/// The store in PostgreSQL.
pub(super) struct PostgresStore {
    database: Database,
}

impl PostgresStore {
    /// The store in `database`.
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn account_of(&self, login: &Login) -> Result<Option<UserId>> {
        let row = match login {
            Login::Username(name) => self.database.query_opt(OF_USERNAME, &[name]).await?,
            Login::Email(email) => self.database.query_opt(OF_EMAIL, &[email]).await?,
            Login::Account(id) => return Ok(Some(*id)),
        };
        Ok(row.map(|row| row.get(0)))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn accounts(&self, ids: Vec<UserId>) -> Result<Vec<Account>> {
        self.database.query(ACCOUNTS, &[&ids]).await?.iter().map(account).collect()
    }

    async fn named(&self, usernames: Vec<Box<str>>) -> Result<Vec<(Box<str>, UserId)>> {
        let usernames: Vec<&str> =
            usernames.iter().map(|name| &**name).filter(|name| can_be_kept(name)).collect();
        let rows = self.database.query(NAMED, &[&usernames]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn is_taken(&self, username: &str, email: &str) -> Result<bool> {
        let (by_username, by_email): (Params<'_>, Params<'_>) = (&[&username], &[&email]);
        let (of_username, of_email) = tokio::try_join!(
            self.database.query_opt(OF_USERNAME, by_username),
            self.database.query_opt(OF_EMAIL, by_email)
        )?;
        Ok(of_username.is_some() || of_email.is_some())
    }

    async fn credentials(&self, login: &Login) -> Result<Option<Credentials>> {
        if let Login::Username(name) | Login::Email(name) = login
            && !can_be_kept(name)
        {
            return Ok(None);
        }
        let Some(account) = self.account_of(login).await? else { return Ok(None) };
        let row = self.database.query_opt(sql::CREDENTIALS, &[&account]).await?;
        Ok(row.map(|row| {
            let hash: Option<&str> = row.get(1);
            Credentials { account, hash: hash.map(Into::into) }
        }))
    }

    async fn standing(&self, account: UserId, token: TokenId) -> Result<Option<Standing>> {
        let row = self.database.query_opt(sql::STANDING, &[&account, &token]).await?;
        row.map(|row| Ok(Standing { username: row.get(0), role: word(&row, 1, role)? })).transpose()
    }

    async fn trail(&self, account: UserId, limit: usize) -> Result<Vec<AuditEntry>> {
        let rows = self.database.query(sql::TRAIL, &[&account, &(limit as i64)]).await?;
        rows.iter().map(|row| audit_entry(account, row)).collect()
    }

    async fn key_standing(&self, hash: Option<KeyHash>) -> Result<KeyStanding> {
        if let Some(hash) = hash
            && let Some(row) = self.database.query_opt(sql::KEY, &[&&hash[..]]).await?
        {
            let may_write = word(&row, 1, may_write)?;
            return Ok(KeyStanding::Known { key: row.get::<_, i64>(0) as u64, may_write });
        }
        let keys: i64 = self.database.query_one(sql::COUNT_KEYS, &[]).await?.get(0);
        Ok(if keys > 0 { KeyStanding::Unknown } else { KeyStanding::NoneConfigured })
    }

    async fn keys(&self) -> Result<Vec<ApiKey>> {
        self.database.query(sql::KEYS, &[]).await?.iter().map(rows::key).collect()
    }

    async fn search(&self, text: String, after: Option<Rank>, limit: usize) -> Result<Vec<Rank>> {
        if !can_be_kept(&text) {
            return Ok(Vec::new());
        }
        search::search(&self.database, &text, after, limit).await
    }

    async fn popularity(&self, after: Option<UserId>, limit: usize) -> Result<Vec<(UserId, u64)>> {
        let above = after.map_or(0, i64::from);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.database.query(sql::POPULARITY, &[&above, &limit]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u64)).collect())
    }

    async fn search_drift(&self) -> Result<Vec<SearchDrift>> {
        search::drift(&self.database.scan().await?).await
    }

    async fn name_drift(&self) -> Result<Vec<NameDrift>> {
        names::drift(&self.database.scan().await?).await
    }

    async fn register(
        &self,
        account: NewAccount,
        session: Option<Session>,
        stamp: Stamp,
    ) -> Result<bool> {
        let change = self.database.begin(account.id).await?;
        if !add_account(&change, &account, stamp).await? {
            return Ok(false);
        }
        if let Some(session) = &session {
            add_session(&change, session).await?;
        }
        change.commit().await?;
        Ok(true)
    }

    async fn seed(&self, accounts: Vec<(NewAccount, Stamp)>) -> Result<()> {
        let mut names = HashSet::new();
        // Of those that want the same name, the first is to have it.
        let (first, later): (Vec<_>, Vec<_>) = accounts.into_iter().partition(|(account, _)| {
            let has_new_username = names.insert(account.username.as_str().to_owned());
            let has_new_email = names.insert(account.email.as_str().to_owned());
            has_new_username && has_new_email
        });
        let register = |(account, stamp)| self.register(account, None, stamp);
        for (accounts, at_once) in [(first, AT_ONCE), (later, 1)] {
            let made = stream::iter(accounts).map(register).buffered(at_once);
            made.try_for_each(|_| std::future::ready(Ok(()))).await?;
        }
        Ok(())
    }

    async fn open_session(
        &self,
        session: Session,
        verified: VerifiedHash,
        entry: AuditEntry,
    ) -> Result<bool> {
        let account = session.account;
        let change = self.database.begin(account).await?;
        if !has_hash(&change, account, &verified).await? {
            return Ok(false);
        }
        let now = session.created_at.as_millis();
        change.execute(sql::END_EXPIRED, &[&account, &now]).await?;
        add_session(&change, &session).await?;
        add_entry(&change, &entry).await?;
        change.commit().await?;
        Ok(true)
    }

    async fn replace_session(&self, ended: TokenId, session: Session) -> Result<bool> {
        let account = session.account;
        let change = self.database.begin(account).await?;
        let was_there = lock(&change, account).await?
            && change.execute(sql::END_SESSION, &[&account, &ended]).await? == 1;
        if was_there {
            add_session(&change, &session).await?;
            change.publish(&Stale::Tokens { tokens: vec![ended] }.record()?);
            change.commit().await?;
        }
        Ok(was_there)
    }

    async fn count(&self) -> Result<u64> {
        let count: i64 = self.database.query_one(sql::COUNT, &[]).await?.get(0);
        Ok(count as u64)
    }

    async fn last_signed_in(&self, limit: usize, now: Timestamp) -> Result<Vec<UserId>> {
        let look = self.database.scan().await?;
        let rows = look.query(sql::LAST_SIGNED_IN, &[&now.as_millis(), &(limit as i64)]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn sessions(&self, account: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let rows = self.database.query(sql::LIST_SESSIONS, &[&account, &now.as_millis()]).await?;
        Ok(rows.iter().map(|row| session(account, row)).collect())
    }

    async fn end_session(&self, account: UserId, token: TokenId) -> Result<bool> {
        let change = self.database.begin(account).await?;
        let was_there = change.execute(sql::END_SESSION, &[&account, &token]).await? == 1;
        if was_there {
            change.publish(&Stale::Tokens { tokens: vec![token] }.record()?);
        }
        change.commit().await?;
        Ok(was_there)
    }

    async fn set_password(
        &self,
        hash: Arc<str>,
        verified: Option<VerifiedHash>,
        kept: Option<TokenId>,
        entry: AuditEntry,
    ) -> Result<Option<Vec<TokenId>>> {
        let account = entry.account;
        let change = self.database.begin(account).await?;
        let is_set =
            change.execute(sql::SET_PASSWORD, &[&account, &&*hash, &verified.as_deref()]).await?;
        if is_set == 0 {
            return Ok(None);
        }
        add_entry(&change, &entry).await?;
        let ended = end_sessions(&change, account, kept).await?;
        change.publish(&Stale::Tokens { tokens: ended.clone() }.record()?);
        change.commit().await?;
        Ok(Some(ended))
    }

    async fn set_role(&self, role: Role, entry: AuditEntry) -> Result<Option<Vec<TokenId>>> {
        let account = entry.account;
        let change = self.database.begin(account).await?;
        if change.execute(sql::SET_ROLE, &[&account, &role_word(role)]).await? == 0 {
            return Ok(None);
        }
        add_entry(&change, &entry).await?;
        let sessions = sessions(&change, account, None).await?;
        change.publish(&Stale::Tokens { tokens: sessions.clone() }.record()?);
        change.commit().await?;
        Ok(Some(sessions))
    }

    async fn change_profile(
        &self,
        id: UserId,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Option<ProfileChanged>> {
        let transaction = self.database.begin(id).await?;
        let outcome = change_profile(&transaction, id, change, stamp).await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    async fn set_picture(&self, account: UserId, picture: Picture, stamp: Stamp) -> Result<()> {
        let change = self.database.begin(account).await?;
        let Picture { media, object } = picture;
        let at = stamp.at.as_millis();
        if change.execute(sql::SET_PICTURE, &[&account, &media, &object, &at]).await? > 0 {
            change.publish(&Event::UserUpdated { user: account }.record(stamp)?);
        }
        change.commit().await
    }

    async fn delete(
        &self,
        account: UserId,
        verified: VerifiedHash,
        stamp: Stamp,
    ) -> Result<Option<Vec<TokenId>>> {
        let change = self.database.begin(account).await?;
        let ended = delete(&change, account, &verified, stamp).await?;
        change.commit().await?;
        Ok(ended)
    }

    async fn record(&self, entry: AuditEntry) -> Result<()> {
        let change = self.database.begin(entry.account).await?;
        if lock(&change, entry.account).await? {
            add_entry(&change, &entry).await?;
        }
        change.commit().await
    }

    async fn set_popularity(&self, followers: Vec<(UserId, u64)>) -> Result<()> {
        let set = |(account, followers)| async move {
            let change = self.database.begin(account).await?;
            change.execute(sql::SET_POPULARITY, &[&account, &(followers as i64)]).await?;
            change.commit().await
        };
        stream::iter(followers).map(set).buffered(AT_ONCE).try_collect().await
    }

    async fn reindex(&self, accounts: Vec<UserId>) -> Result<()> {
        let reindex = |account| async move {
            let change = self.database.begin(account).await?;
            search::reindex(&change, account).await?;
            change.commit().await
        };
        stream::iter(accounts).map(reindex).buffered(AT_ONCE).try_collect().await
    }

    async fn give_names(&self, drift: Vec<NameDrift>) -> Result<()> {
        for drift in &drift {
            names::give(&self.database, drift).await?;
        }
        Ok(())
    }

    async fn add_key(&self, key: ApiKey, hash: KeyHash) -> Result<()> {
        let change = self.database.begin(key.number).await?;
        let (number, at) = (key.number as i64, key.created_at.as_millis());
        let scope = scope(key.may_write);
        change.execute(sql::ADD_KEY, &[&number, &&hash[..], &key.name, &scope, &at]).await?;
        change.commit().await
    }

    async fn revoke_key(&self, number: u64, at: Timestamp) -> Result<bool> {
        let change = self.database.begin(number).await?;
        let key = number as i64;
        let is_revoked = change.execute(sql::REVOKE_KEY, &[&key, &at.as_millis()]).await? == 1;
        change.commit().await?;
        Ok(is_revoked)
    }
}

/// Whether the database can hold a text at all. Nothing that is there has one that it cannot.
fn can_be_kept(text: &str) -> bool {
    !text.contains('\0')
}
