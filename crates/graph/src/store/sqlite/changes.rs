//! Changes, each inside the transaction of its caller.

use tintype_api::graph::FollowStatus;
use tintype_api::{Event, Stamp, UserId};
use tintype_platform::sqlite::{OptionalExtension, Sql, Write, params};
use tintype_platform::{Error, Result};

use super::column;
use crate::service::user_not_found;
use crate::store::{Added, NewFollow, sql};

/// What a change adds to the counts of one person.
#[derive(Default, Clone, Copy)]
pub(super) struct Change {
    pub(super) followers: i64,
    pub(super) following: i64,
    pub(super) pending_requests: i64,
    pub(super) asked: i64,
    pub(super) version: i64,
}

pub(super) fn add_follow(write: &Write<'_>, follow: &NewFollow) -> Result<Added> {
    let NewFollow { follower, followee, status, most, stamp } = *follow;
    refuse_gone(write, &[follower, followee])?;
    if write.sql(sql::IS_BLOCKED)?.query_row([follower, followee], |row| row.get(0))? {
        return Err(user_not_found());
    }
    let found: Option<bool> = write
        .sql(sql::FIND_FOLLOW)?
        .query_row([follower, followee], |row| row.get(0))
        .optional()?;
    if let Some(accepted) = found {
        return Ok(Added::Already(status_of(accepted)));
    }
    let reached_out: Option<i64> =
        write.sql(sql::REACHED_OUT)?.query_row([follower], |row| row.get(0)).optional()?;
    if reached_out.unwrap_or(0) >= i64::from(most) {
        return Err(Error::refused(
            "too_many_followings",
            format!("You may follow at most {most} accounts; unfollow somebody first"),
        ));
    }
    let accepted = status == FollowStatus::Accepted;
    write.sql(sql::ADD_FOLLOW)?.execute(params![follower, followee, accepted, stamp.id as i64])?;
    if accepted {
        count_follow(write, follower, followee, 1)?;
    } else {
        count_request(write, follower, followee, 1)?;
    }
    publish(write, &Event::Followed { follower, followee, status }, stamp)?;
    Ok(Added::New)
}

pub(super) fn accept(
    write: &Write<'_>,
    follower: UserId,
    followee: UserId,
    stamp: Stamp,
) -> Result<bool> {
    if write.sql(sql::ACCEPT)?.execute(params![follower, followee, stamp.id as i64])? == 0 {
        return Ok(false);
    }
    count_request(write, follower, followee, -1)?;
    count_follow(write, follower, followee, 1)?;
    publish(write, &Event::FollowAccepted { follower, followee }, stamp)?;
    Ok(true)
}

/// Removes a follow or request, whoever may want it gone.
pub(super) fn remove_follow(
    write: &Write<'_>,
    follower: UserId,
    followee: UserId,
    stamp: Stamp,
) -> Result<Option<FollowStatus>> {
    let removed: Option<bool> = write
        .sql(sql::REMOVE_FOLLOW)?
        .query_row([follower, followee], |row| row.get(0))
        .optional()?;
    let status = removed.map(status_of);
    match status {
        Some(FollowStatus::Accepted) => {
            count_follow(write, follower, followee, -1)?;
            publish(write, &Event::Unfollowed { follower, followee }, stamp)?;
        }
        Some(FollowStatus::Pending) => {
            count_request(write, follower, followee, -1)?;
            publish(write, &Event::FollowWithdrawn { follower, followee }, stamp)?;
        }
        None => {}
    }
    Ok(status)
}

pub(super) fn forget(write: &Write<'_>, user: UserId, stamps: &[Stamp]) -> Result<Vec<UserId>> {
    write.sql(sql::MARK_GONE)?.execute([user])?;
    let mut others = Vec::new();
    for (text, outward) in [(sql::FOLLOWS_FROM, true), (sql::FOLLOWS_TO, false)] {
        for other in column(write, text, user, stamps.len() - others.len())? {
            let (follower, followee) = if outward { (user, other) } else { (other, user) };
            remove_follow(write, follower, followee, stamps[others.len()])?;
            others.push(other);
        }
    }
    for (text, remove, outward) in [
        (sql::BLOCKS_FROM, sql::REMOVE_BLOCK, true),
        (sql::BLOCKS_TO, sql::REMOVE_BLOCK, false),
        (sql::MUTES_FROM, sql::REMOVE_MUTE, true),
        (sql::MUTES_TO, sql::REMOVE_MUTE, false),
    ] {
        for other in column(write, text, user, stamps.len() - others.len())? {
            let pair = if outward { [user, other] } else { [other, user] };
            write.sql(remove)?.execute(pair)?;
            others.push(other);
        }
    }
    Ok(others)
}

/// Counts a follow that begins (1) or ends (-1).
fn count_follow(write: &Write<'_>, follower: UserId, followee: UserId, by: i64) -> Result<()> {
    let version = by.max(0);
    add_counts(write, follower, Change { following: by, version, ..Change::default() })?;
    add_counts(write, followee, Change { followers: by, ..Change::default() })
}

/// Counts a request that begins (1) or ends (-1).
pub(super) fn count_request(
    write: &Write<'_>,
    follower: UserId,
    followee: UserId,
    by: i64,
) -> Result<()> {
    add_counts(write, follower, Change { asked: by, ..Change::default() })?;
    add_counts(write, followee, Change { pending_requests: by, ..Change::default() })
}

pub(super) fn add_counts(write: &Write<'_>, user: UserId, change: Change) -> Result<()> {
    let Change { followers, following, pending_requests, asked, version } = change;
    write.sql(sql::ADD_COUNTS)?.execute(params![
        user,
        followers,
        following,
        pending_requests,
        asked,
        version
    ])?;
    Ok(())
}

pub(super) fn refuse_gone(write: &Write<'_>, users: &[UserId]) -> Result<()> {
    for user in users {
        let gone: Option<bool> =
            write.sql(sql::IS_GONE)?.query_row([user], |row| row.get(0)).optional()?;
        if gone == Some(true) {
            return Err(user_not_found());
        }
    }
    Ok(())
}

pub(super) fn publish(write: &Write<'_>, event: &Event, stamp: Stamp) -> Result<()> {
    write.publish(&event.record(stamp)?)
}

fn status_of(accepted: bool) -> FollowStatus {
    if accepted { FollowStatus::Accepted } else { FollowStatus::Pending }
}
