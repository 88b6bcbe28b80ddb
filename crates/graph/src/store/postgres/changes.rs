//! Changes, each inside the transaction of its caller.

use std::collections::{BTreeSet, HashSet};

use tintype_api::graph::FollowStatus;
use tintype_api::{Event, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Params, Row};

use crate::service::user_not_found;
use crate::store::rules::{Standing, Tally, status_of};
use crate::store::{Added, NewFollow, sql};

/// People whose ties nobody else changes until the transaction ends.
pub(super) struct Locked(Vec<Person>);

struct Person {
    account: UserId,
    gone: bool,
    /// Follows and requests, as far as the limit counts them.
    reached_out: i64,
}

/// Locks the counts of `people`, who may have had none. Whoever does so does it before anything else
/// and once, so that no two wait for each other.
pub(super) async fn lock(change: &Change, people: &[UserId]) -> Result<Locked> {
    let rows = change
        .query("SELECT account FROM graph_counts WHERE account = ANY($1)", &[&people])
        .await?;
    let known: HashSet<UserId> = rows.iter().map(|row| row.get(0)).collect();
    // In rising order, as the locks.
    let missing: BTreeSet<_> = people.iter().filter(|person| !known.contains(person)).collect();
    for person in missing {
        change.execute(ADD_PERSON, &[person]).await?;
    }
    let rows = change
        .query(
            "SELECT account, gone, following + asked FROM graph_counts WHERE account = ANY($1)
             ORDER BY account FOR UPDATE",
            &[&people],
        )
        .await?;
    let people = rows.iter().map(|row| Person {
        account: row.get(0),
        gone: row.get::<_, i64>(1) != 0,
        reached_out: row.get(2),
    });
    Ok(Locked(people.collect()))
}

const ADD_PERSON: &str =
    "INSERT INTO graph_counts (account) VALUES ($1) ON CONFLICT (account) DO NOTHING";

impl Locked {
    /// 404 if somebody is gone.
    pub(super) fn refuse_gone(&self) -> Result<()> {
        if self.0.iter().any(|person| person.gone) { Err(user_not_found()) } else { Ok(()) }
    }

    fn reached_out(&self, user: UserId) -> i64 {
        let person = self.0.iter().find(|person| person.account == user);
        person.map_or(0, |person| person.reached_out)
    }
}

pub(super) async fn add_follow(change: &Change, follow: &NewFollow) -> Result<Added> {
    let NewFollow { follower, followee, status, most, stamp } = *follow;
    let locked = lock(change, &[follower, followee]).await?;
    locked.refuse_gone()?;
    let (to_followee, to_follower): (Params<'_>, Params<'_>) =
        (&[&follower, &followee], &[&followee, &follower]);
    let (found, blocks, is_blocked) = tokio::try_join!(
        change.query_opt(ACCEPTED, to_followee),
        change.query_opt(BLOCKS, to_followee),
        change.query_opt(BLOCKS, to_follower),
    )?;
    let standing = Standing {
        blocked: blocks.is_some() || is_blocked.is_some(),
        found: found.map(|row| status_of(row.get::<_, i64>(0) != 0)),
        reached_out: locked.reached_out(follower),
    };
    if let Some(status) = standing.admit(most)? {
        return Ok(Added::Already(status));
    }
    let accepted = i64::from(status == FollowStatus::Accepted);
    let since = stamp.id as i64;
    change.execute(sql::ADD_FOLLOW, &[&follower, &followee, &accepted, &since]).await?;
    let mut tally = Tally::default();
    tally.begun((follower, followee), status, stamp);
    record(change, tally).await?;
    Ok(Added::New)
}

const ACCEPTED: &str = "SELECT accepted FROM follows WHERE follower = $1 AND followee = $2";
const BLOCKS: &str = "SELECT 1 FROM blocks WHERE blocker = $1 AND blocked = $2";

/// Adds a block; false if it stood already.
pub(super) async fn block(
    change: &Change,
    blocker: UserId,
    blocked: UserId,
    stamp: Stamp,
) -> Result<bool> {
    lock(change, &[blocker, blocked]).await?.refuse_gone()?;
    let since = stamp.id as i64;
    if change.execute(sql::ADD_BLOCK, &[&blocker, &blocked, &since]).await? == 0 {
        return Ok(false);
    }
    let mut tally = Tally::default();
    for (follower, followee) in [(blocker, blocked), (blocked, blocker)] {
        let removed = change.query_opt(sql::REMOVE_FOLLOW, &[&follower, &followee]).await?;
        if let Some(row) = removed {
            let status = status_of(row.get::<_, i64>(0) != 0);
            tally.ended((follower, followee), status, stamp);
        }
    }
    tally.tell(Event::Blocked { blocker, blocked }, stamp);
    record(change, tally).await?;
    Ok(true)
}

/// What a row was that has been removed: follower and followee, and how they stood.
pub(super) fn removed(row: &Row) -> ((UserId, UserId), FollowStatus) {
    ((row.get(0), row.get(1)), status_of(row.get::<_, i64>(2) != 0))
}

/// Counts the follows and requests of somebody anew, who is locked.
pub(super) async fn recount(change: &Change, user: UserId) -> Result<()> {
    let to_user = change.query_one(COUNT_TO, &[&user]).await?;
    let from_user = change.query_one(COUNT_FROM, &[&user]).await?;
    let (followers, requests): (i64, i64) = (to_user.get(0), to_user.get(1));
    let (following, asked): (i64, i64) = (from_user.get(0), from_user.get(1));
    change.execute(SET_COUNTS, &[&user, &followers, &following, &requests, &asked]).await?;
    Ok(())
}

// Accepted ones and those that wait. Followers stand on shards of their own.
const COUNT_TO: &str = "SELECT count(*) FILTER (WHERE accepted = 1),
         count(*) FILTER (WHERE accepted = 0)
     FROM follows WHERE followee = $1";
const COUNT_FROM: &str = "SELECT count(*) FILTER (WHERE accepted = 1),
         count(*) FILTER (WHERE accepted = 0)
     FROM follows WHERE follower = $1";
const SET_COUNTS: &str = "UPDATE graph_counts
     SET followers = $2, following = $3, pending_requests = $4, asked = $5 WHERE account = $1";

/// Adds to the counts, which are locked, and tells what happened.
pub(super) async fn record(change: &Change, tally: Tally) -> Result<()> {
    let accounts: Vec<UserId> = tally.added.keys().copied().collect();
    let added = || tally.added.values();
    let followers: Vec<i64> = added().map(|counts| counts.followers).collect();
    let following: Vec<i64> = added().map(|counts| counts.following).collect();
    let pending_requests: Vec<i64> = added().map(|counts| counts.pending_requests).collect();
    let asked: Vec<i64> = added().map(|counts| counts.asked).collect();
    let version: Vec<i64> = added().map(|counts| counts.version).collect();
    if !accounts.is_empty() {
        change
            .execute(
                ADD_COUNTS,
                &[&accounts, &followers, &following, &pending_requests, &asked, &version],
            )
            .await?;
    }
    for (event, stamp) in &tally.told {
        change.publish(&event.record(*stamp)?);
    }
    Ok(())
}

const ADD_COUNTS: &str = "UPDATE graph_counts SET
         followers = graph_counts.followers + added.followers,
         following = graph_counts.following + added.following,
         pending_requests = graph_counts.pending_requests + added.pending_requests,
         asked = graph_counts.asked + added.asked,
         version = graph_counts.version + added.version
     FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[])
          AS added (account, followers, following, pending_requests, asked, version)
     WHERE graph_counts.account = added.account AND graph_counts.account = ANY($1)";
