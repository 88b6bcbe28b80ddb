//! Changes, each inside the transaction of its caller.

use tintype_api::graph::FollowStatus;
use tintype_api::{Event, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{OptionalExtension, Sql, Write, params};

use super::column;
use crate::service::user_not_found;
use crate::store::rules::{Counts, Standing, Tally, status_of};
use crate::store::{Added, NewFollow, sql};

/// Whether either of two blocks the other, and the follow or request of the first to the second.
const STANDING: &str = "SELECT
     EXISTS (SELECT 1 FROM blocks WHERE blocker = $1 AND blocked = $2)
         OR EXISTS (SELECT 1 FROM blocks WHERE blocker = $2 AND blocked = $1),
     (SELECT accepted FROM follows WHERE follower = $1 AND followee = $2)";

pub(super) fn add_follow(write: &Write<'_>, follow: &NewFollow) -> Result<Added> {
    let NewFollow { follower, followee, status, most, stamp } = *follow;
    let [reached_out, _] = refuse_gone(write, [follower, followee])?;
    let (blocked, found) = write.sql(STANDING)?.query_row([follower, followee], |row| {
        Ok((row.get(0)?, row.get::<_, Option<bool>>(1)?.map(status_of)))
    })?;
    let standing = Standing { blocked, found, reached_out };
    if let Some(status) = standing.admit(most)? {
        return Ok(Added::Already(status));
    }
    let accepted = status == FollowStatus::Accepted;
    write.sql(sql::ADD_FOLLOW)?.execute(params![follower, followee, accepted, stamp.id as i64])?;
    let mut tally = Tally::default();
    tally.begun((follower, followee), status, stamp);
    record(write, tally)?;
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
    let mut tally = Tally::default();
    tally.accepted(follower, followee, stamp);
    record(write, tally)?;
    Ok(true)
}

pub(super) fn reject(
    write: &Write<'_>,
    follower: UserId,
    followee: UserId,
    stamp: Stamp,
) -> Result<bool> {
    if write.sql(sql::REJECT)?.execute([follower, followee])? == 0 {
        return Ok(false);
    }
    let mut tally = Tally::default();
    tally.rejected(follower, followee, stamp);
    record(write, tally)?;
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
    if let Some(status) = status {
        let mut tally = Tally::default();
        tally.ended((follower, followee), status, stamp);
        record(write, tally)?;
    }
    Ok(status)
}

pub(super) fn block(
    write: &Write<'_>,
    blocker: UserId,
    blocked: UserId,
    stamp: Stamp,
) -> Result<bool> {
    refuse_gone(write, [blocker, blocked])?;
    if write.sql(sql::ADD_BLOCK)?.execute(params![blocker, blocked, stamp.id as i64])? == 0 {
        return Ok(false);
    }
    remove_follow(write, blocker, blocked, stamp)?;
    remove_follow(write, blocked, blocker, stamp)?;
    publish(write, &Event::Blocked { blocker, blocked }, stamp)?;
    Ok(true)
}

pub(super) fn mute(write: &Write<'_>, muter: UserId, muted: UserId, stamp: Stamp) -> Result<bool> {
    refuse_gone(write, [muter, muted])?;
    if write.sql(sql::ADD_MUTE)?.execute(params![muter, muted, stamp.id as i64])? == 0 {
        return Ok(false);
    }
    publish(write, &Event::Muted { muter, muted }, stamp)?;
    Ok(true)
}

pub(super) fn unmute(
    write: &Write<'_>,
    muter: UserId,
    muted: UserId,
    stamp: Stamp,
) -> Result<bool> {
    if write.sql(sql::REMOVE_MUTE)?.execute([muter, muted])? == 0 {
        return Ok(false);
    }
    let mut tally = Tally::default();
    tally.unmuted(muter, muted, stamp);
    record(write, tally)?;
    Ok(true)
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

pub(super) fn publish(write: &Write<'_>, event: &Event, stamp: Stamp) -> Result<()> {
    write.publish(&event.record(stamp)?)
}

/// Adds to the counts, of which a user may have none yet, and tells what happened.
pub(super) fn record(write: &Write<'_>, tally: Tally) -> Result<()> {
    for (user, counts) in tally.added {
        let Counts { followers, following, pending_requests, asked, version } = counts;
        write.sql(ADD_COUNTS)?.execute(params![
            user,
            followers,
            following,
            pending_requests,
            asked,
            version
        ])?;
    }
    for (event, stamp) in tally.told {
        publish(write, &event, stamp)?;
    }
    Ok(())
}

const ADD_COUNTS: &str = "INSERT INTO graph_counts
         (account, followers, following, pending_requests, asked, version)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (account) DO UPDATE SET
         followers = graph_counts.followers + excluded.followers,
         following = graph_counts.following + excluded.following,
         pending_requests = graph_counts.pending_requests + excluded.pending_requests,
         asked = graph_counts.asked + excluded.asked,
         version = graph_counts.version + excluded.version";

/// Refuses people who are gone, and answers how many follows and requests each has.
fn refuse_gone(write: &Write<'_>, users: [UserId; 2]) -> Result<[i64; 2]> {
    let mut reached_out = [0; 2];
    for (user, reached_out) in users.into_iter().zip(&mut reached_out) {
        let found: Option<(bool, i64)> = write
            .sql("SELECT gone, following + asked FROM graph_counts WHERE account = $1")?
            .query_row([user], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((true, _)) => return Err(user_not_found()),
            Some((false, count)) => *reached_out = count,
            None => {}
        }
    }
    Ok(reached_out)
}
