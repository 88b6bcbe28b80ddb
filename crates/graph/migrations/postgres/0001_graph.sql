-- Who follows whom, and who waits to, on the shard of the follower. `since` is an id: the time of the
-- follow and, as no two are the same, the place in a list.
--
-- A follow touches two accounts: their counts move with it in one transaction. A proxy in front of
-- several PostgreSQL servers needs both on one shard, or two-phase commit.
CREATE TABLE follows (
    follower BIGINT NOT NULL,
    followee BIGINT NOT NULL,
    accepted BIGINT NOT NULL CHECK (accepted IN (0, 1)),
    since    BIGINT NOT NULL,
    PRIMARY KEY (follower, followee) INCLUDE (accepted)
);

-- Lists, the newest first; they hold whom they list, so that a circle is read without the table.
CREATE INDEX follows_newest_followees ON follows (follower, accepted, since) INCLUDE (followee);
CREATE INDEX follows_newest_followers ON follows (followee, accepted, since) INCLUDE (follower);
-- All followers in the order of their ids: fan-out, mutual followers. One pair is found at once by
-- this index as by the key: the planner knows no more than how many followers people have on average,
-- and must not be led to read through those of a star.
CREATE INDEX follows_followers ON follows (followee, follower) INCLUDE (accepted);

CREATE TABLE blocks (
    blocker BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (blocker, blocked)
);

CREATE INDEX blocks_newest ON blocks (blocker, since);
CREATE INDEX blocks_reverse ON blocks (blocked, blocker);

CREATE TABLE mutes (
    muter BIGINT NOT NULL,
    muted BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (muter, muted)
);

CREATE INDEX mutes_newest ON mutes (muter, since);
CREATE INDEX mutes_reverse ON mutes (muted, muter);

-- Moves in the transaction of its cause. `asked` counts the account's own requests that wait: they
-- count towards the most that one may follow. `version` rises with every author that the account's
-- feed gains. `gone` marks a deleted account, so that nobody can follow it any more.
--
-- Whoever changes a tie locks the rows of both accounts first, in rising order: this is what makes
-- changes of the same people follow each other. They are changed often, so pages keep room for it.
CREATE TABLE graph_counts (
    account          BIGINT PRIMARY KEY,
    followers        BIGINT NOT NULL DEFAULT 0,
    following        BIGINT NOT NULL DEFAULT 0,
    pending_requests BIGINT NOT NULL DEFAULT 0,
    asked            BIGINT NOT NULL DEFAULT 0,
    version          BIGINT NOT NULL DEFAULT 0,
    gone             BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
