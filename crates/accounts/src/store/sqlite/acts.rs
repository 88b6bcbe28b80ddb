//! Parts of acts: what is written together, wherever an act needs it.

use tintype_api::{Event, Stamp, TokenId, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Sql, Write, params};

use super::{search, sql};
use crate::account::{Account, AuditEntry, NewAccount, ProfileChange, Session, role_word};
use crate::input::{Bio, FullName, WebAddress, folded};
use crate::store::profile::Profile;
use crate::store::{ProfileChanged, TRAIL, but};

pub(super) fn add_account(write: &Write<'_>, account: &NewAccount, stamp: Stamp) -> Result<bool> {
    let is_new = insert_account(write, account)?;
    if is_new {
        let username = account.username.as_str().to_owned();
        write.publish(&Event::UserCreated { user: account.id, username }.record(stamp)?)?;
    }
    Ok(is_new)
}

/// Adds an account of which nobody is told.
pub(super) fn insert_account(write: &Write<'_>, account: &NewAccount) -> Result<bool> {
    let full_name = account.full_name.as_ref().map(FullName::as_str);
    let is_new = write.sql(sql::ADD_ACCOUNT)?.execute(params![
        account.id,
        account.username.as_str(),
        account.email.as_str(),
        account.password_hash.as_deref(),
        full_name,
        full_name.map(folded),
        account.bio.as_ref().map(Bio::as_str),
        account.website.as_ref().map(WebAddress::as_str),
        account.profile_picture_url.as_ref().map(WebAddress::as_str),
        account.is_private,
        role_word(account.role),
        account.created_at.as_millis(),
    ])? == 1;
    if is_new {
        search::reindex(write, account.id)?;
    }
    Ok(is_new)
}

pub(super) fn change_profile(
    write: &Write<'_>,
    before: &Account,
    change: ProfileChange,
    stamp: Stamp,
) -> Result<ProfileChanged> {
    let id = before.card.id;
    let Some(profile) = Profile::after(before, change) else {
        return Ok(ProfileChanged::Nothing);
    };
    write.sql(sql::CHANGE_PROFILE)?.execute(params![
        id,
        profile.full_name,
        profile.folded_name,
        profile.bio,
        profile.website,
        profile.is_private,
        stamp.at.as_millis()
    ])?;
    if profile.is_renamed {
        search::reindex(write, id)?;
    }
    write.publish(&Event::UserUpdated { user: id }.record(stamp)?)?;
    Ok(profile.outcome)
}

pub(super) fn add_session(write: &Write<'_>, session: &Session) -> Result<()> {
    write.sql(sql::ADD_SESSION)?.execute(params![
        session.account,
        session.id,
        session.created_at.as_millis(),
        session.expires_at.as_millis(),
        session.origin.address.map(|address| address.to_string()),
        session.origin.user_agent,
    ])?;
    Ok(())
}

/// The sessions of an account, one aside.
pub(super) fn sessions(
    write: &Write<'_>,
    account: UserId,
    kept: Option<TokenId>,
) -> Result<Vec<TokenId>> {
    let mut statement = write.sql(sql::SESSIONS)?;
    let rows = statement.query_map(params![account, but(kept)], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn add_entry(write: &Write<'_>, entry: &AuditEntry) -> Result<()> {
    write.sql(sql::ADD_ENTRY)?.execute(params![
        entry.account,
        entry.id as i64,
        entry.what.word(),
        entry.at.as_millis(),
        entry.origin.address.map(|address| address.to_string()),
        entry.origin.user_agent,
    ])?;
    let entries: i64 = write.sql(sql::ENTRIES)?.query_row([entry.account], |row| row.get(0))?;
    let surplus = entries - TRAIL as i64;
    if surplus > 0 {
        write.sql(sql::CUT_TRAIL)?.execute(params![entry.account, surplus])?;
    }
    Ok(())
}
