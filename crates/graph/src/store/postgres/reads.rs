//! Reads of more than a line.

use rustc_hash::FxHashMap;
use tintype_api::graph::{GraphCounts, Relationship};
use tintype_api::{Circle, Drift, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Database, Row};

use super::column;
use crate::store::rules::{self, CircleRows};
use crate::store::{List, Reach, sql};

pub(super) async fn circle(database: &Database, viewer: UserId) -> Result<Circle> {
    let mut circle = CircleRows::default();
    for row in database.query(sql::CIRCLE, &[&viewer]).await? {
        circle.take(row.get::<_, i32>(0).into(), row.get(1))?;
    }
    Ok(circle.circle())
}

pub(super) async fn counts(
    database: &Database,
    users: &[UserId],
) -> Result<Vec<(UserId, GraphCounts)>> {
    let rows = database
        .query(
            "SELECT account, followers, following, pending_requests FROM graph_counts
             WHERE account = ANY($1)",
            &[&users],
        )
        .await?;
    let counts = |row: &Row| (row.get(0), rules::counts([row.get(1), row.get(2), row.get(3)]));
    Ok(rows.iter().map(counts).collect())
}

pub(super) async fn relationships(
    database: &Database,
    viewer: UserId,
    others: &[UserId],
) -> Result<Vec<Relationship>> {
    let ties = database.query(RELATIONSHIPS, &[&viewer, &others]).await?;
    let mut found = FxHashMap::<UserId, Relationship>::default();
    for tie in &ties {
        let (kind, accepted) = (tie.get::<_, i32>(0).into(), tie.get::<_, i64>(2) != 0);
        rules::enter(found.entry(tie.get(1)).or_default(), kind, accepted);
    }
    Ok(others.iter().map(|other| found.get(other).copied().unwrap_or_default()).collect())
}

/// Each pair is looked up for itself: the limits keep the planner from reading through all who follow
/// or block a star.
// Looks at every shard: ties to somebody stand with those they come from.
const RELATIONSHIPS: &str = "SELECT 0, other.id, tie.accepted
     FROM unnest($2::BIGINT[]) AS other (id) CROSS JOIN LATERAL (
         SELECT accepted FROM follows WHERE follower = $1 AND followee = other.id LIMIT 1) AS tie
     UNION ALL SELECT 1, other.id, tie.accepted
     FROM unnest($2::BIGINT[]) AS other (id) CROSS JOIN LATERAL (
         SELECT accepted FROM follows WHERE follower = other.id AND followee = $1 LIMIT 1) AS tie
     UNION ALL SELECT 2, other.id, 1
     FROM unnest($2::BIGINT[]) AS other (id) CROSS JOIN LATERAL (
         SELECT 1 FROM blocks WHERE blocker = $1 AND blocked = other.id LIMIT 1) AS tie
     UNION ALL SELECT 3, other.id, 1
     FROM unnest($2::BIGINT[]) AS other (id) CROSS JOIN LATERAL (
         SELECT 1 FROM blocks WHERE blocker = other.id AND blocked = $1 LIMIT 1) AS tie
     UNION ALL SELECT 4, other.id, 1
     FROM unnest($2::BIGINT[]) AS other (id) CROSS JOIN LATERAL (
         SELECT 1 FROM mutes WHERE muter = $1 AND muted = other.id LIMIT 1) AS tie";

/// Looks each follower of the one who has fewer up among those of the other: the limit inside keeps
/// the longer list from being read.
pub(super) async fn mutual_followers(
    database: &Database,
    one: UserId,
    other: UserId,
) -> Result<Vec<UserId>> {
    let known = counts(database, &[one, other]).await?;
    let followers =
        |user| known.iter().find(|(of, _)| *of == user).map_or(0, |(_, counts)| counts.followers);
    let (shorter, longer) =
        if followers(one) <= followers(other) { (one, other) } else { (other, one) };
    let rows = database
        .query(
            // Looks at every shard: followers stand each on their own, with all whom they follow.
            "SELECT a.follower FROM follows a
             CROSS JOIN LATERAL (
                 SELECT 1 FROM follows b
                 WHERE b.follower = a.follower AND b.followee = $2 AND b.accepted = 1 LIMIT 1
             ) AS also
             WHERE a.followee = $1 AND a.accepted = 1 ORDER BY a.follower",
            &[&shorter, &longer],
        )
        .await?;
    Ok(column(&rows))
}

/// How many ways lead from `viewer` over a followee to others. In two statements, as what each
/// followee follows stands on their own shard; of several shards each counts its own.
pub(super) async fn ways(
    database: &Database,
    viewer: UserId,
    reach: Reach,
) -> Result<Vec<(UserId, u32)>> {
    let limit = i64::from(reach.followees);
    let newest = sql::newest(List::Following);
    let friends = column(&database.query(newest, &[&viewer, &i64::MAX, &limit]).await?);
    let rows = database
        .query(
            // Looks at every shard: a lateral join does not say whose follows it looks up.
            "SELECT way.followee, count(*) FROM unnest($1::BIGINT[]) AS friend (id)
             CROSS JOIN LATERAL (
                 SELECT followee FROM follows
                 WHERE follower = friend.id AND accepted = 1 ORDER BY since DESC LIMIT $2
             ) AS way
             GROUP BY way.followee",
            &[&friends, &i64::from(reach.each)],
        )
        .await?;
    let mut ways = FxHashMap::default();
    for row in &rows {
        *ways.entry(row.get(0)).or_insert(0) += row.get::<_, i64>(1) as u32;
    }
    Ok(ways.into_iter().collect())
}

pub(super) async fn drift(database: &Database) -> Result<Vec<Drift>> {
    let look = database.scan().await?;
    let rows = look.query(sql::DRIFT, &[]).await?;
    let drift = rows.iter().flat_map(|row| {
        let counted = [row.get(1), row.get(2), row.get(3), row.get(4)];
        let stored = [row.get(5), row.get(6), row.get(7), row.get(8)];
        rules::drift(row.get(0), counted, stored)
    });
    Ok(drift.collect())
}
