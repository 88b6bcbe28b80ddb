//! Statements that both databases understand.

pub(super) const FIND_FOLLOW: &str =
    "SELECT accepted FROM follows WHERE follower = $1 AND followee = $2";

pub(super) const ADD_FOLLOW: &str = "INSERT INTO follows (follower, followee, accepted, since)
     VALUES ($1, $2, $3, $4) ON CONFLICT (follower, followee) DO NOTHING";

/// The moment of the acceptance is the one that counts in lists.
pub(super) const ACCEPT: &str = "UPDATE follows SET accepted = 1, since = $3
     WHERE follower = $1 AND followee = $2 AND accepted = 0";

pub(super) const REMOVE_FOLLOW: &str =
    "DELETE FROM follows WHERE follower = $1 AND followee = $2 RETURNING accepted";

pub(super) const REJECT: &str =
    "DELETE FROM follows WHERE follower = $1 AND followee = $2 AND accepted = 0";

pub(super) const OLDEST_REQUESTS: &str = "SELECT follower FROM follows
     WHERE followee = $1 AND accepted = 0 ORDER BY since LIMIT $2";

pub(super) const ADD_BLOCK: &str = "INSERT INTO blocks (blocker, blocked, since)
     VALUES ($1, $2, $3) ON CONFLICT (blocker, blocked) DO NOTHING";

pub(super) const REMOVE_BLOCK: &str = "DELETE FROM blocks WHERE blocker = $1 AND blocked = $2";

pub(super) const IS_BLOCKED: &str = "SELECT EXISTS (
     SELECT 1 FROM blocks WHERE (blocker = $1 AND blocked = $2) OR (blocker = $2 AND blocked = $1))";

pub(super) const ADD_MUTE: &str = "INSERT INTO mutes (muter, muted, since)
     VALUES ($1, $2, $3) ON CONFLICT (muter, muted) DO NOTHING";

pub(super) const REMOVE_MUTE: &str = "DELETE FROM mutes WHERE muter = $1 AND muted = $2";

/// Adds to the counts of a user, who may have none yet.
pub(super) const ADD_COUNTS: &str = "INSERT INTO graph_counts
         (account, followers, following, pending_requests, asked, version)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (account) DO UPDATE SET
         followers = graph_counts.followers + excluded.followers,
         following = graph_counts.following + excluded.following,
         pending_requests = graph_counts.pending_requests + excluded.pending_requests,
         asked = graph_counts.asked + excluded.asked,
         version = graph_counts.version + excluded.version";

pub(super) const MARK_GONE: &str = "INSERT INTO graph_counts (account, gone) VALUES ($1, 1)
     ON CONFLICT (account) DO UPDATE SET gone = 1";

pub(super) const IS_GONE: &str = "SELECT gone FROM graph_counts WHERE account = $1";

/// Follows and requests of a user, as far as the limit counts them.
pub(super) const REACHED_OUT: &str =
    "SELECT following + asked FROM graph_counts WHERE account = $1";

pub(super) const VERSION: &str = "SELECT version FROM graph_counts WHERE account = $1";

pub(super) const FOLLOWEES: &str =
    "SELECT followee FROM follows WHERE follower = $1 AND accepted = 1 ORDER BY followee";

pub(super) const BLOCKED_EITHER_WAY: &str = "SELECT blocked FROM blocks WHERE blocker = $1
     UNION SELECT blocker FROM blocks WHERE blocked = $1 ORDER BY 1";

pub(super) const MUTED: &str = "SELECT muted FROM mutes WHERE muter = $1 ORDER BY muted";

pub(super) const NEWEST_FOLLOWERS: &str = "SELECT follower, since FROM follows
     WHERE followee = $1 AND accepted = 1 AND since < $2 ORDER BY since DESC LIMIT $3";

pub(super) const NEWEST_FOLLOWEES: &str = "SELECT followee, since FROM follows
     WHERE follower = $1 AND accepted = 1 AND since < $2 ORDER BY since DESC LIMIT $3";

pub(super) const NEWEST_REQUESTS: &str = "SELECT follower, since FROM follows
     WHERE followee = $1 AND accepted = 0 AND since < $2 ORDER BY since DESC LIMIT $3";

pub(super) const NEWEST_BLOCKED: &str = "SELECT blocked, since FROM blocks
     WHERE blocker = $1 AND since < $2 ORDER BY since DESC LIMIT $3";

pub(super) const NEWEST_MUTED: &str = "SELECT muted, since FROM mutes
     WHERE muter = $1 AND since < $2 ORDER BY since DESC LIMIT $3";

pub(super) const FOLLOWERS_AFTER: &str = "SELECT follower FROM follows
     WHERE followee = $1 AND accepted = 1 AND follower > $2 ORDER BY follower LIMIT $3";

/// The followers of the first, each looked up among those of the second.
pub(super) const MUTUAL_FOLLOWERS: &str = "SELECT a.follower FROM follows a
     JOIN follows b ON b.follower = a.follower AND b.followee = $2 AND b.accepted = 1
     WHERE a.followee = $1 AND a.accepted = 1 ORDER BY a.follower";

pub(super) const FOLLOWERS_COUNT: &str = "SELECT followers FROM graph_counts WHERE account = $1";

/// Counts follows and requests of one user by the rows.
pub(super) const COUNT_ROWS: &str = "SELECT
     (SELECT count(*) FROM follows WHERE followee = $1 AND accepted = 1),
     (SELECT count(*) FROM follows WHERE follower = $1 AND accepted = 1),
     (SELECT count(*) FROM follows WHERE followee = $1 AND accepted = 0),
     (SELECT count(*) FROM follows WHERE follower = $1 AND accepted = 0)";

pub(super) const SET_COUNTS: &str = "INSERT INTO graph_counts
         (account, followers, following, pending_requests, asked)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account) DO UPDATE SET followers = excluded.followers,
         following = excluded.following, pending_requests = excluded.pending_requests,
         asked = excluded.asked";

pub(super) const FOLLOWS_FROM: &str = "SELECT followee FROM follows WHERE follower = $1 LIMIT $2";
pub(super) const FOLLOWS_TO: &str = "SELECT follower FROM follows WHERE followee = $1 LIMIT $2";
pub(super) const BLOCKS_FROM: &str = "SELECT blocked FROM blocks WHERE blocker = $1 LIMIT $2";
pub(super) const BLOCKS_TO: &str = "SELECT blocker FROM blocks WHERE blocked = $1 LIMIT $2";
pub(super) const MUTES_FROM: &str = "SELECT muted FROM mutes WHERE muter = $1 LIMIT $2";
pub(super) const MUTES_TO: &str = "SELECT muter FROM mutes WHERE muted = $1 LIMIT $2";
