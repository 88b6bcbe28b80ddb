-- Who follows whom, and who waits to. `since` is an id: the time of the follow and, as no two are
-- the same, the place in a list.
CREATE TABLE follows (
    follower INTEGER NOT NULL,
    followee INTEGER NOT NULL,
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    since    INTEGER NOT NULL,
    PRIMARY KEY (follower, followee)
) WITHOUT ROWID, STRICT;

-- Lists, the newest first.
CREATE INDEX follows_newest_followees ON follows (follower, accepted, since);
CREATE INDEX follows_newest_followers ON follows (followee, accepted, since);
-- All followers in the order of their ids: fan-out, mutual followers.
CREATE INDEX follows_followers ON follows (followee, accepted, follower);

CREATE TABLE blocks (
    blocker INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (blocker, blocked)
) WITHOUT ROWID, STRICT;

CREATE INDEX blocks_newest ON blocks (blocker, since);
CREATE INDEX blocks_reverse ON blocks (blocked, blocker);

CREATE TABLE mutes (
    muter INTEGER NOT NULL,
    muted INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (muter, muted)
) WITHOUT ROWID, STRICT;

CREATE INDEX mutes_newest ON mutes (muter, since);
CREATE INDEX mutes_reverse ON mutes (muted, muter);

-- Moves in the transaction of its cause. `asked` counts the account's own requests that wait: they
-- count towards the most that one may follow. `version` rises with every author that the account's
-- feed gains. `gone` marks a deleted account, so that nobody can follow it any more.
CREATE TABLE graph_counts (
    account          INTEGER PRIMARY KEY,
    followers        INTEGER NOT NULL DEFAULT 0,
    following        INTEGER NOT NULL DEFAULT 0,
    pending_requests INTEGER NOT NULL DEFAULT 0,
    asked            INTEGER NOT NULL DEFAULT 0,
    version          INTEGER NOT NULL DEFAULT 0,
    gone             INTEGER NOT NULL DEFAULT 0
) STRICT;
