//! Parts of acts: what is written together, wherever an act needs it.

use tintype_api::{Event, Stamp, TokenId, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::Change;

use super::rows::account;
use super::{search, sql};
use crate::account::{AuditEntry, NewAccount, ProfileChange, Session, role_word};
use crate::input::{Bio, FullName, WebAddress, folded};
use crate::store::profile::Profile;
use crate::store::{ProfileChanged, TRAIL, but};

const LOCK: &str = "SELECT id FROM accounts WHERE id = $1 FOR UPDATE";
const LOCK_WITH_HASH: &str =
    "SELECT id FROM accounts WHERE id = $1 AND password_hash = $2 FOR UPDATE";
const CLAIM_USERNAME: &str = "\
    INSERT INTO account_usernames (username, account) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const CLAIM_EMAIL: &str = "\
    INSERT INTO account_emails (email, account) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const DELETE: &str = "\
    DELETE FROM accounts WHERE id = $1 AND password_hash = $2 RETURNING username, email";
const RELEASE_USERNAME: &str = "DELETE FROM account_usernames WHERE username = $1";
const RELEASE_EMAIL: &str = "DELETE FROM account_emails WHERE email = $1";

/// Keeps everybody else from changing an account, or what goes with it, until the change ends.
/// False when there is no such account.
pub(super) async fn lock(change: &Change, account: UserId) -> Result<bool> {
    Ok(change.query_opt(LOCK, &[&account]).await?.is_some())
}

/// The same for an account whose hash is `verified`; false also when it no longer is.
pub(super) async fn has_hash(change: &Change, account: UserId, verified: &str) -> Result<bool> {
    Ok(change.query_opt(LOCK_WITH_HASH, &[&account, &verified]).await?.is_some())
}

/// False when the name or the address is somebody's: the change is then to be dropped, for it may
/// have claimed one of them.
pub(super) async fn add_account(
    change: &Change,
    account: &NewAccount,
    stamp: Stamp,
) -> Result<bool> {
    let (username, email) = (account.username.as_str(), account.email.as_str());
    // Whoever waits for a name holds no address, so that no two wait for each other.
    for (claim, name) in [(CLAIM_USERNAME, username), (CLAIM_EMAIL, email)] {
        if change.execute(claim, &[&name, &account.id]).await? == 0 {
            return Ok(false);
        }
    }
    let full_name = account.full_name.as_ref().map(FullName::as_str);
    let folded_name = full_name.map(folded);
    let added = change
        .execute(
            sql::ADD_ACCOUNT,
            &[
                &account.id,
                &username,
                &email,
                &account.password_hash.as_deref(),
                &full_name,
                &folded_name,
                &account.bio.as_ref().map(Bio::as_str),
                &account.website.as_ref().map(WebAddress::as_str),
                &account.profile_picture_url.as_ref().map(WebAddress::as_str),
                &i64::from(account.is_private),
                &role_word(account.role),
                &account.created_at.as_millis(),
            ],
        )
        .await?;
    if added == 0 {
        return Ok(false);
    }
    search::add(change, account.id, username, folded_name.as_deref()).await?;
    let created = Event::UserCreated { user: account.id, username: username.to_owned() };
    change.publish(&created.record(stamp)?);
    Ok(true)
}

/// What came of it, or `None` when there is no such account.
pub(super) async fn change_profile(
    transaction: &Change,
    id: UserId,
    change: ProfileChange,
    stamp: Stamp,
) -> Result<Option<ProfileChanged>> {
    if !lock(transaction, id).await? {
        return Ok(None);
    }
    let before = account(&transaction.query_one(sql::ACCOUNT, &[&id]).await?)?;
    let Some(profile) = Profile::after(&before, change) else {
        return Ok(Some(ProfileChanged::Nothing));
    };
    transaction
        .execute(
            sql::CHANGE_PROFILE,
            &[
                &id,
                &profile.full_name,
                &profile.folded_name,
                &profile.bio,
                &profile.website,
                &i64::from(profile.is_private),
                &stamp.at.as_millis(),
            ],
        )
        .await?;
    if profile.is_renamed {
        search::reindex(transaction, id).await?;
    }
    transaction.publish(&Event::UserUpdated { user: id }.record(stamp)?);
    Ok(Some(profile.outcome))
}

/// The sessions that ended, or `None` when `verified` is not the account's hash.
pub(super) async fn delete(
    change: &Change,
    account: UserId,
    verified: &str,
    stamp: Stamp,
) -> Result<Option<Vec<TokenId>>> {
    let Some(row) = change.query_opt(DELETE, &[&account, &verified]).await? else {
        return Ok(None);
    };
    let (username, email): (&str, &str) = (row.get(0), row.get(1));
    change.execute(RELEASE_USERNAME, &[&username]).await?;
    change.execute(RELEASE_EMAIL, &[&email]).await?;
    let ended = end_sessions(change, account, None).await?;
    change.execute(sql::DELETE_TRAIL, &[&account]).await?;
    search::remove(change, account).await?;
    change.publish(&Event::UserDeleted { user: account }.record(stamp)?);
    Ok(Some(ended))
}

pub(super) async fn add_session(change: &Change, session: &Session) -> Result<()> {
    change
        .execute(
            sql::ADD_SESSION,
            &[
                &session.account,
                &session.id,
                &session.created_at.as_millis(),
                &session.expires_at.as_millis(),
                &session.origin.address.map(|address| address.to_string()),
                &session.origin.user_agent,
            ],
        )
        .await?;
    Ok(())
}

/// The sessions of an account, one aside.
pub(super) async fn sessions(
    change: &Change,
    account: UserId,
    kept: Option<TokenId>,
) -> Result<Vec<TokenId>> {
    let rows = change.query(sql::SESSIONS, &[&account, &but(kept)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Ends the sessions of an account, one aside, and answers them.
pub(super) async fn end_sessions(
    change: &Change,
    account: UserId,
    kept: Option<TokenId>,
) -> Result<Vec<TokenId>> {
    let ended = sessions(change, account, kept).await?;
    change.execute(sql::END_SESSIONS, &[&account, &but(kept)]).await?;
    Ok(ended)
}

/// Adds to the trail of an account, whose row is locked.
pub(super) async fn add_entry(change: &Change, entry: &AuditEntry) -> Result<()> {
    change
        .execute(
            sql::ADD_ENTRY,
            &[
                &entry.account,
                &(entry.id as i64),
                &entry.what.word(),
                &entry.at.as_millis(),
                &entry.origin.address.map(|address| address.to_string()),
                &entry.origin.user_agent,
            ],
        )
        .await?;
    let entries: i64 = change.query_one(sql::ENTRIES, &[&entry.account]).await?.get(0);
    let surplus = entries - TRAIL as i64;
    if surplus > 0 {
        change.execute(sql::CUT_TRAIL, &[&entry.account, &surplus]).await?;
    }
    Ok(())
}
