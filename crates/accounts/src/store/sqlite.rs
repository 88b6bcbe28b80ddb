//! The store in SQLite.

mod acts;
pub(crate) mod fill;
mod rows;
mod search;

use std::sync::Arc;

use acts::{add_account, add_entry, add_session, change_profile, sessions};
use async_trait::async_trait;
use rows::{account, audit_entry, session, word};
use tintype_api::accounts::{KeyStanding, Picture, Role};
use tintype_api::{Event, Stamp, TokenId, UserId};
use tintype_platform::sqlite::{Connection, Database, OptionalExtension, Row, Sql, params};
use tintype_platform::{Result, Timestamp};

use super::{
    Credentials, KeyHash, Login, NameDrift, ProfileChanged, Rank, SearchDrift, Standing, Store,
    VerifiedHash, but, may_write, role, scope, sql,
};
use crate::account::{Account, ApiKey, AuditEntry, NewAccount, ProfileChange, Session, role_word};

const NAMED: &str = "SELECT id FROM accounts WHERE username = $1";
const IS_TAKEN: &str = "SELECT count(*) FROM accounts WHERE username = $1 OR email = $2";
const CREDENTIALS_BY_USERNAME: &str = "SELECT id, password_hash FROM accounts WHERE username = $1";
const CREDENTIALS_BY_EMAIL: &str = "SELECT id, password_hash FROM accounts WHERE email = $1";
const HAS_HASH: &str = "SELECT count(*) FROM accounts WHERE id = $1 AND password_hash = $2";
const IS_THERE: &str = "SELECT count(*) FROM accounts WHERE id = $1";

/// The store in SQLite.
pub(crate) struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    /// The store in `database`.
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accounts(&self, ids: Vec<UserId>) -> Result<Vec<Account>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(sql::ACCOUNT)?;
            let mut accounts = Vec::with_capacity(ids.len());
            for id in ids {
                accounts.extend(statement.query_row([id], account).optional()?);
            }
            Ok(accounts)
        })
    }

    async fn named(&self, usernames: Vec<Box<str>>) -> Result<Vec<(Box<str>, UserId)>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(NAMED)?;
            let mut named = Vec::with_capacity(usernames.len());
            for username in usernames {
                let id = statement.query_row([&*username], |row| row.get(0)).optional()?;
                named.extend(id.map(|id| (username, id)));
            }
            Ok(named)
        })
    }

    async fn is_taken(&self, username: &str, email: &str) -> Result<bool> {
        self.database.read(|connection| exists(connection, IS_TAKEN, params![username, email]))
    }

    async fn credentials(&self, login: &Login) -> Result<Option<Credentials>> {
        let found = |row: &Row<'_>| {
            Ok(Credentials {
                account: row.get(0)?,
                hash: row.get::<_, Option<String>>(1)?.map(Into::into),
            })
        };
        self.database.read(|connection| {
            let credentials = match login {
                Login::Username(name) => {
                    connection.sql(CREDENTIALS_BY_USERNAME)?.query_row([name], found)
                }
                Login::Email(email) => {
                    connection.sql(CREDENTIALS_BY_EMAIL)?.query_row([email], found)
                }
                Login::Account(id) => connection.sql(sql::CREDENTIALS)?.query_row([id], found),
            };
            Ok(credentials.optional()?)
        })
    }

    async fn standing(&self, account: UserId, token: TokenId) -> Result<Option<Standing>> {
        self.database.read(|connection| {
            let found = connection.sql(sql::STANDING)?.query_row(params![account, token], |row| {
                Ok(Standing { username: row.get(0)?, role: word(row, 1, role)? })
            });
            Ok(found.optional()?)
        })
    }

    async fn trail(&self, account: UserId, limit: usize) -> Result<Vec<AuditEntry>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(sql::TRAIL)?;
            let rows = statement
                .query_map(params![account, limit as i64], |row| audit_entry(account, row))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn key_standing(&self, hash: Option<KeyHash>) -> Result<KeyStanding> {
        self.database.read(|connection| {
            let known = |row: &Row<'_>| {
                Ok(KeyStanding::Known {
                    key: row.get::<_, i64>(0)? as u64,
                    may_write: word(row, 1, may_write)?,
                })
            };
            if let Some(hash) = hash
                && let Some(standing) =
                    connection.sql(sql::KEY)?.query_row([hash], known).optional()?
            {
                return Ok(standing);
            }
            Ok(if exists(connection, sql::COUNT_KEYS, [])? {
                KeyStanding::Unknown
            } else {
                KeyStanding::NoneConfigured
            })
        })
    }

    async fn keys(&self) -> Result<Vec<ApiKey>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(sql::KEYS)?;
            let rows = statement.query_map([], |row| {
                Ok(ApiKey {
                    number: row.get::<_, i64>(0)? as u64,
                    name: row.get(1)?,
                    may_write: word(row, 2, may_write)?,
                    created_at: Timestamp::from_millis(row.get(3)?),
                    revoked_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    async fn search(&self, text: String, after: Option<Rank>, limit: usize) -> Result<Vec<Rank>> {
        self.database.scan(move |connection| search::search(connection, &text, after, limit)).await
    }

    async fn popularity(&self, after: Option<UserId>, limit: usize) -> Result<Vec<(UserId, u64)>> {
        let above = after.map_or(0, i64::from);
        self.database
            .scan(move |connection| {
                let mut statement = connection.sql(sql::POPULARITY)?;
                let rows = statement.query_map(params![above, limit as i64], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)? as u64))
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    async fn search_drift(&self) -> Result<Vec<SearchDrift>> {
        self.database.scan(search::drift).await
    }

    async fn name_drift(&self) -> Result<Vec<NameDrift>> {
        // Names stand with the accounts alone, and are unique there.
        Ok(Vec::new())
    }

    async fn register(
        &self,
        account: NewAccount,
        session: Option<Session>,
        stamp: Stamp,
    ) -> Result<bool> {
        self.database
            .write(move |write| {
                let is_new = add_account(write, &account, stamp)?;
                if is_new && let Some(session) = &session {
                    add_session(write, session)?;
                }
                Ok(is_new)
            })
            .await
    }

    async fn seed(&self, accounts: Vec<(NewAccount, Stamp)>) -> Result<()> {
        self.database
            .write(move |write| {
                for (account, stamp) in &accounts {
                    add_account(write, account, *stamp)?;
                }
                Ok(())
            })
            .await
    }

    async fn open_session(
        &self,
        session: Session,
        verified: VerifiedHash,
        entry: AuditEntry,
    ) -> Result<bool> {
        self.database
            .write(move |write| {
                if !exists(write, HAS_HASH, params![session.account, &*verified])? {
                    return Ok(false);
                }
                write
                    .sql(sql::END_EXPIRED)?
                    .execute(params![session.account, session.created_at.as_millis()])?;
                add_session(write, &session)?;
                add_entry(write, &entry)?;
                Ok(true)
            })
            .await
    }

    async fn replace_session(&self, ended: TokenId, session: Session) -> Result<bool> {
        self.database
            .write(move |write| {
                let was_there =
                    write.sql(sql::END_SESSION)?.execute(params![session.account, ended])? == 1;
                if was_there {
                    add_session(write, &session)?;
                }
                Ok(was_there)
            })
            .await
    }

    async fn count(&self) -> Result<u64> {
        self.database
            .scan(|connection| {
                let count: i64 = connection.sql(sql::COUNT)?.query_row([], |row| row.get(0))?;
                Ok(count as u64)
            })
            .await
    }

    async fn last_signed_in(&self, limit: usize, now: Timestamp) -> Result<Vec<UserId>> {
        self.database
            .scan(move |connection| {
                let mut statement = connection.sql(sql::LAST_SIGNED_IN)?;
                let bounds = params![now.as_millis(), limit as i64];
                let accounts = statement.query_map(bounds, |row| row.get(0))?;
                Ok(accounts.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    async fn sessions(&self, account: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.database.read(|connection| {
            let mut statement = connection.sql(sql::LIST_SESSIONS)?;
            let rows = statement
                .query_map(params![account, now.as_millis()], |row| session(account, row))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    async fn end_session(&self, account: UserId, token: TokenId) -> Result<bool> {
        self.database
            .write(move |write| {
                Ok(write.sql(sql::END_SESSION)?.execute(params![account, token])? == 1)
            })
            .await
    }

    async fn set_password(
        &self,
        hash: Arc<str>,
        verified: Option<VerifiedHash>,
        kept: Option<TokenId>,
        entry: AuditEntry,
    ) -> Result<Option<Vec<TokenId>>> {
        self.database
            .write(move |write| {
                let is_set = write.sql(sql::SET_PASSWORD)?.execute(params![
                    entry.account,
                    &*hash,
                    verified.as_deref()
                ])?;
                if is_set == 0 {
                    return Ok(None);
                }
                add_entry(write, &entry)?;
                let ended = sessions(write, entry.account, kept)?;
                write.sql(sql::END_SESSIONS)?.execute(params![entry.account, but(kept)])?;
                Ok(Some(ended))
            })
            .await
    }

    async fn set_role(&self, role: Role, entry: AuditEntry) -> Result<Option<Vec<TokenId>>> {
        self.database
            .write(move |write| {
                let is_set =
                    write.sql(sql::SET_ROLE)?.execute(params![entry.account, role_word(role)])?;
                if is_set == 0 {
                    return Ok(None);
                }
                add_entry(write, &entry)?;
                sessions(write, entry.account, None).map(Some)
            })
            .await
    }

    async fn change_profile(
        &self,
        id: UserId,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Option<ProfileChanged>> {
        self.database
            .write(move |write| {
                let Some(before) = write.sql(sql::ACCOUNT)?.query_row([id], account).optional()?
                else {
                    return Ok(None);
                };
                change_profile(write, &before, change, stamp).map(Some)
            })
            .await
    }

    async fn set_picture(&self, account: UserId, picture: Picture, stamp: Stamp) -> Result<()> {
        self.database
            .write(move |write| {
                let changed = write.sql(sql::SET_PICTURE)?.execute(params![
                    account,
                    picture.media,
                    picture.object,
                    stamp.at.as_millis()
                ])?;
                if changed == 0 {
                    return Ok(());
                }
                write.publish(&Event::UserUpdated { user: account }.record(stamp)?)
            })
            .await
    }

    async fn delete(
        &self,
        account: UserId,
        verified: VerifiedHash,
        stamp: Stamp,
    ) -> Result<Option<Vec<TokenId>>> {
        self.database
            .write(move |write| {
                if write.sql(sql::DELETE_ACCOUNT)?.execute(params![account, &*verified])? == 0 {
                    return Ok(None);
                }
                let ended = sessions(write, account, None)?;
                write.sql(sql::END_SESSIONS)?.execute(params![account, but(None)])?;
                write.sql(sql::DELETE_TRAIL)?.execute([account])?;
                search::reindex(write, account)?;
                write.publish(&Event::UserDeleted { user: account }.record(stamp)?)?;
                Ok(Some(ended))
            })
            .await
    }

    async fn record(&self, entry: AuditEntry) -> Result<()> {
        self.database
            .write(move |write| {
                if exists(write, IS_THERE, params![entry.account])? {
                    add_entry(write, &entry)?;
                }
                Ok(())
            })
            .await
    }

    async fn set_popularity(&self, followers: Vec<(UserId, u64)>) -> Result<()> {
        self.database
            .write(move |write| {
                let mut statement = write.sql(sql::SET_POPULARITY)?;
                for (account, followers) in followers {
                    statement.execute(params![account, followers as i64])?;
                }
                Ok(())
            })
            .await
    }

    async fn reindex(&self, accounts: Vec<UserId>) -> Result<()> {
        self.database
            .write(move |write| accounts.into_iter().try_for_each(|id| search::reindex(write, id)))
            .await
    }

    async fn give_names(&self, _: Vec<NameDrift>) -> Result<()> {
        Ok(())
    }

    async fn add_key(&self, key: ApiKey, hash: KeyHash) -> Result<()> {
        self.database
            .write(move |write| {
                write.sql(sql::ADD_KEY)?.execute(params![
                    key.number as i64,
                    hash,
                    key.name,
                    scope(key.may_write),
                    key.created_at.as_millis()
                ])?;
                Ok(())
            })
            .await
    }

    async fn revoke_key(&self, number: u64, at: Timestamp) -> Result<bool> {
        self.database
            .write(move |write| {
                Ok(write.sql(sql::REVOKE_KEY)?.execute(params![number as i64, at.as_millis()])?
                    == 1)
            })
            .await
    }
}

fn exists(
    connection: &Connection,
    sql: &'static str,
    parameters: impl rusqlite::Params,
) -> Result<bool> {
    let count: i64 = connection.sql(sql)?.query_row(parameters, |row| row.get(0))?;
    Ok(count > 0)
}
