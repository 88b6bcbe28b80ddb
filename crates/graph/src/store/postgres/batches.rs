//! Changes of many ties at once. Whom they are about is read before anybody is locked, as the locks
//! must be taken in one order; what has changed in between is seen by the statement that changes it.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tintype_api::graph::FollowStatus;
use tintype_api::{Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Database};

use super::changes::{lock, record, removed};
use super::column;
use crate::service::user_not_found;
use crate::store::rules::Tally;
use crate::store::sql;

/// Whoever had asked is answered, even if they have withdrawn since: fewer than there are stamps
/// must mean that none are left.
pub(super) async fn accept_oldest(
    database: &Database,
    followee: UserId,
    stamps: &[Stamp],
) -> Result<Vec<UserId>> {
    let limit = stamps.len() as i64;
    let requests = database.query(sql::OLDEST_REQUESTS, &[&followee, &limit]).await?;
    let asked = column(&requests);
    let Some(last) = requests.last() else { return Ok(asked) };
    let last: i64 = last.get(1);
    let change = database.begin(followee).await?;
    lock(&change, &[&asked[..], &[followee]].concat()).await?;
    let since: Vec<i64> = stamps.iter().take(asked.len()).map(|stamp| stamp.id as i64).collect();
    let rows = change
        .query(
            "UPDATE follows SET accepted = 1, since = request.since
             FROM unnest($2::BIGINT[], $3::BIGINT[]) AS request (follower, since)
             WHERE follows.followee = $1 AND follows.follower = request.follower
               AND follows.follower = ANY($2) AND follows.accepted = 0 AND follows.since <= $4
             RETURNING follows.follower",
            &[&followee, &asked, &since, &last],
        )
        .await?;
    let accepted = column(&rows);
    let mut tally = Tally::default();
    for (follower, stamp) in asked.iter().zip(stamps) {
        if accepted.contains(follower) {
            tally.accepted(*follower, followee, *stamp);
        }
    }
    record(&change, tally).await?;
    change.commit().await?;
    Ok(asked)
}

pub(super) async fn forget(
    database: &Database,
    user: UserId,
    stamps: &[Stamp],
) -> Result<Vec<UserId>> {
    // From here on nobody ties themselves to the user, so what is read next is all there is.
    let change = database.begin(user).await?;
    change.execute(sql::MARK_GONE, &[&user]).await?;
    change.commit().await?;
    let ties = Ties::of(database, user, stamps.len()).await?;
    let others = ties.0.concat();
    if others.is_empty() {
        return Ok(others);
    }
    let change = database.begin(user).await?;
    lock(&change, &[&others[..], &[user]].concat()).await?;
    ties.remove(&change, user, stamps).await?;
    change.commit().await?;
    Ok(others)
}

/// Others whom somebody follows, who follow them, whom they block, who block them, whom they mute
/// and who mute them.
struct Ties([Vec<UserId>; 6]);

impl Ties {
    /// Up to `limit` in all.
    async fn of(database: &Database, user: UserId, limit: usize) -> Result<Self> {
        let mut ties: [Vec<UserId>; 6] = Default::default();
        let mut left = limit as i64;
        for (list, text) in ties.iter_mut().zip([
            sql::FOLLOWS_FROM,
            sql::FOLLOWS_TO,
            sql::BLOCKS_FROM,
            sql::BLOCKS_TO,
            sql::MUTES_FROM,
            sql::MUTES_TO,
        ]) {
            if left > 0 {
                *list = column(&database.query(text, &[&user, &left]).await?);
                left -= list.len() as i64;
            }
        }
        Ok(Self(ties))
    }

    async fn remove(&self, change: &Change, user: UserId, stamps: &[Stamp]) -> Result<()> {
        let [followees, followers, blocked, blockers, muted, muters] = &self.0;
        let mut tally = Tally::default();
        let mut stamps = stamps.iter();
        for (text, others) in [(UNFOLLOW, followees), (LOSE, followers)] {
            if !others.is_empty() {
                let rows = change.query(text, &[&user, others]).await?;
                for ((pair, status), stamp) in rows.iter().map(removed).zip(&mut stamps) {
                    tally.ended(pair, status, *stamp);
                }
            }
        }
        for (text, others) in [
            ("DELETE FROM blocks WHERE blocker = $1 AND blocked = ANY($2)", blocked),
            ("DELETE FROM blocks WHERE blocker = ANY($2) AND blocked = $1", blockers),
            ("DELETE FROM mutes WHERE muter = $1 AND muted = ANY($2)", muted),
            ("DELETE FROM mutes WHERE muter = ANY($2) AND muted = $1", muters),
        ] {
            if !others.is_empty() {
                change.execute(text, &[&user, others]).await?;
            }
        }
        record(change, tally).await
    }
}

const UNFOLLOW: &str = "DELETE FROM follows WHERE follower = $1 AND followee = ANY($2)
     RETURNING follower, followee, accepted";
const LOSE: &str = "DELETE FROM follows WHERE follower = ANY($2) AND followee = $1
     RETURNING follower, followee, accepted";

/// Follower by follower, as each stands on a shard of their own.
pub(super) async fn seed(database: &Database, follows: Vec<(UserId, UserId, Stamp)>) -> Result<()> {
    let mut by_follower = BTreeMap::<UserId, Vec<(UserId, Stamp)>>::new();
    for (follower, followee, stamp) in follows {
        by_follower.entry(follower).or_default().push((followee, stamp));
    }
    for (follower, wishes) in by_follower {
        let change = database.begin(follower).await?;
        add_follows(&change, follower, &wishes).await?;
        change.commit().await?;
    }
    Ok(())
}

const BLOCKS_ANY: &str = "SELECT 1 FROM blocks
     WHERE blocker = $1 AND blocked = ANY($2) LIMIT 1";
const IS_BLOCKED: &str = "SELECT 1 FROM blocks
     WHERE blocker = ANY($2) AND blocked = $1 LIMIT 1";

/// Adds the follows that are not there yet.
async fn add_follows(change: &Change, follower: UserId, wishes: &[(UserId, Stamp)]) -> Result<()> {
    let followees: Vec<UserId> = wishes.iter().map(|(followee, _)| *followee).collect();
    let since: Vec<i64> = wishes.iter().map(|(_, stamp)| stamp.id as i64).collect();
    lock(change, &[&followees[..], &[follower]].concat()).await?.refuse_gone()?;
    for text in [BLOCKS_ANY, IS_BLOCKED] {
        if change.query_opt(text, &[&follower, &followees]).await?.is_some() {
            return Err(user_not_found());
        }
    }
    let rows = change
        .query(
            "INSERT INTO follows (follower, followee, accepted, since)
             SELECT $1, wish.followee, 1, wish.since
             FROM unnest($2::BIGINT[], $3::BIGINT[]) AS wish (followee, since)
             ON CONFLICT (follower, followee) DO NOTHING RETURNING followee, since",
            &[&follower, &followees, &since],
        )
        .await?;
    let added: FxHashMap<UserId, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut tally = Tally::default();
    for (followee, stamp) in wishes {
        if added.get(followee) == Some(&(stamp.id as i64)) {
            tally.begun((follower, *followee), FollowStatus::Accepted, *stamp);
        }
    }
    record(change, tally).await
}
