//! Changes, each inside the transaction of its caller.

use tintype_api::graph::FollowStatus;
use tintype_api::{Event, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Row};

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
    change
        .execute(
            "INSERT INTO graph_counts (account)
             SELECT account FROM unnest($1::BIGINT[]) AS wanted (account) ORDER BY account
             ON CONFLICT (account) DO NOTHING",
            &[&people],
        )
        .await?;
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
    let row = change.query_one(sql::STANDING, &[&follower, &followee]).await?;
    let standing = Standing {
        blocked: row.get(0),
        found: row.get::<_, Option<i64>>(1).map(|accepted| status_of(accepted != 0)),
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
    let rows = change.query(REMOVE_BETWEEN, &[&blocker, &blocked]).await?;
    let mut removed: Vec<_> = rows.iter().map(removed).collect();
    removed.sort_unstable_by_key(|((follower, _), _)| *follower != blocker);
    let mut tally = Tally::default();
    for (pair, status) in removed {
        tally.ended(pair, status, stamp);
    }
    tally.tell(Event::Blocked { blocker, blocked }, stamp);
    record(change, tally).await?;
    Ok(true)
}

const REMOVE_BETWEEN: &str = "DELETE FROM follows
     WHERE (follower = $1 AND followee = $2) OR (follower = $2 AND followee = $1)
     RETURNING follower, followee, accepted";

/// What a row was that has been removed: follower and followee, and how they stood.
pub(super) fn removed(row: &Row) -> ((UserId, UserId), FollowStatus) {
    ((row.get(0), row.get(1)), status_of(row.get::<_, i64>(2) != 0))
}

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
