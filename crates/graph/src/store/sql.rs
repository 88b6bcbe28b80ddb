//! Statements that both databases understand.

use super::List;

pub(super) const ADD_FOLLOW: &str = "INSERT INTO follows (follower, followee, accepted, since)
     VALUES ($1, $2, $3, $4) ON CONFLICT (follower, followee) DO NOTHING";

/// The moment of the acceptance is the one that counts in lists.
pub(super) const ACCEPT: &str = "UPDATE follows SET accepted = 1, since = $3
     WHERE follower = $1 AND followee = $2 AND accepted = 0";

pub(super) const REMOVE_FOLLOW: &str =
    "DELETE FROM follows WHERE follower = $1 AND followee = $2 RETURNING accepted";

pub(super) const REJECT: &str =
    "DELETE FROM follows WHERE follower = $1 AND followee = $2 AND accepted = 0";

pub(super) const OLDEST_REQUESTS: &str = "SELECT follower, since FROM follows
     WHERE followee = $1 AND accepted = 0 ORDER BY since LIMIT $2";

pub(super) const ADD_BLOCK: &str = "INSERT INTO blocks (blocker, blocked, since)
     VALUES ($1, $2, $3) ON CONFLICT (blocker, blocked) DO NOTHING";

pub(super) const REMOVE_BLOCK: &str = "DELETE FROM blocks WHERE blocker = $1 AND blocked = $2";

pub(super) const ADD_MUTE: &str = "INSERT INTO mutes (muter, muted, since)
     VALUES ($1, $2, $3) ON CONFLICT (muter, muted) DO NOTHING";

pub(super) const REMOVE_MUTE: &str = "DELETE FROM mutes WHERE muter = $1 AND muted = $2";

pub(super) const MARK_GONE: &str = "INSERT INTO graph_counts (account, gone) VALUES ($1, 1)
     ON CONFLICT (account) DO UPDATE SET gone = 1 WHERE graph_counts.gone = 0";

/// A circle at one moment, as one statement sees it: the version (0), followees (1), who is blocked
/// or blocks (2), who is muted (3). Whoever stands on several shards may be asked for it all the
/// same: every row is on one of them, and no order is promised.
// Looks at every shard: who blocks somebody stands on theirs.
pub(super) const CIRCLE: &str = "SELECT 0, version FROM graph_counts WHERE account = $1
     UNION ALL SELECT 1, followee FROM follows WHERE follower = $1 AND accepted = 1
     UNION ALL SELECT 2, blocked FROM blocks WHERE blocker = $1
     UNION ALL SELECT 2, blocker FROM blocks WHERE blocked = $1
     UNION ALL SELECT 3, muted FROM mutes WHERE muter = $1";

/// A page of a list, the newest first.
pub(super) fn newest(list: List) -> &'static str {
    match list {
        List::Followers => NEWEST_FOLLOWERS,
        List::Following => NEWEST_FOLLOWEES,
        List::Requests => NEWEST_REQUESTS,
        List::Blocked => NEWEST_BLOCKED,
        List::Muted => NEWEST_MUTED,
    }
}

const NEWEST_FOLLOWERS: &str = "SELECT follower, since FROM follows
     WHERE followee = $1 AND accepted = 1 AND since < $2 ORDER BY since DESC LIMIT $3";

const NEWEST_FOLLOWEES: &str = "SELECT followee, since FROM follows
     WHERE follower = $1 AND accepted = 1 AND since < $2 ORDER BY since DESC LIMIT $3";

const NEWEST_REQUESTS: &str = "SELECT follower, since FROM follows
     WHERE followee = $1 AND accepted = 0 AND since < $2 ORDER BY since DESC LIMIT $3";

const NEWEST_BLOCKED: &str = "SELECT blocked, since FROM blocks
     WHERE blocker = $1 AND since < $2 ORDER BY since DESC LIMIT $3";

const NEWEST_MUTED: &str = "SELECT muted, since FROM mutes
     WHERE muter = $1 AND since < $2 ORDER BY since DESC LIMIT $3";

pub(super) const FOLLOWERS_AFTER: &str = "SELECT follower FROM follows
     WHERE followee = $1 AND accepted = 1 AND follower > $2 ORDER BY follower LIMIT $3";

/// Whose counts do not show what is there: four that were counted, and the four that are stored.
// Looks at every shard: a check is about all accounts. It counts a tie at both ends, so it is
// right where both stand on one server.
pub(super) const DRIFT: &str = "SELECT account, followers, following, pending, asked,
            stored_followers, stored_following, stored_pending, stored_asked
     FROM (
         SELECT account,
                CAST(sum(followers) AS BIGINT) AS followers,
                CAST(sum(following) AS BIGINT) AS following,
                CAST(sum(pending) AS BIGINT) AS pending,
                CAST(sum(asked) AS BIGINT) AS asked,
                CAST(sum(stored_followers) AS BIGINT) AS stored_followers,
                CAST(sum(stored_following) AS BIGINT) AS stored_following,
                CAST(sum(stored_pending) AS BIGINT) AS stored_pending,
                CAST(sum(stored_asked) AS BIGINT) AS stored_asked
         FROM (
             SELECT followee AS account, accepted AS followers, 0 AS following,
                    1 - accepted AS pending, 0 AS asked, 0 AS stored_followers,
                    0 AS stored_following, 0 AS stored_pending, 0 AS stored_asked
             FROM follows
             UNION ALL
             SELECT follower, 0, accepted, 0, 1 - accepted, 0, 0, 0, 0 FROM follows
             UNION ALL
             SELECT account, 0, 0, 0, 0, followers, following, pending_requests, asked
             FROM graph_counts
         ) AS rows GROUP BY account
     ) AS sums
     WHERE followers <> stored_followers OR following <> stored_following
         OR pending <> stored_pending OR asked <> stored_asked
     ORDER BY account";

/// All ties from somebody, list by list.
pub(super) const FOLLOWS_FROM: &str = "SELECT followee FROM follows WHERE follower = $1 LIMIT $2";
pub(super) const BLOCKS_FROM: &str = "SELECT blocked FROM blocks WHERE blocker = $1 LIMIT $2";
pub(super) const MUTES_FROM: &str = "SELECT muted FROM mutes WHERE muter = $1 LIMIT $2";

/// All ties to somebody, in the order of their indexes.
pub(super) const FOLLOWS_TO: &str = "SELECT follower FROM follows WHERE followee = $1
     ORDER BY accepted, since LIMIT $2";
pub(super) const BLOCKS_TO: &str = "SELECT blocker FROM blocks WHERE blocked = $1
     ORDER BY blocker LIMIT $2";
pub(super) const MUTES_TO: &str = "SELECT muter FROM mutes WHERE muted = $1
     ORDER BY muter LIMIT $2";
