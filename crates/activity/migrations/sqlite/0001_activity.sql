-- What happened to each account. `target` is the post, the comment or the person it was done to;
-- `post` is the post that the item hangs on, if any: the target itself, or that of the comment.
CREATE TABLE activities (
    account    INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor      INTEGER NOT NULL,
    target     INTEGER NOT NULL,
    post       INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID, STRICT;

-- Nobody is told the same twice, however often an event is delivered.
CREATE UNIQUE INDEX activities_once ON activities (account, actor, kind, target);
CREATE INDEX activities_by_actor ON activities (actor);
CREATE INDEX activities_on_post ON activities (post, target) WHERE post IS NOT NULL;

-- Items up to `read_until` have been seen. `items` counts the rows above, so that the oldest can be
-- dropped without counting.
CREATE TABLE activity_states (
    account    INTEGER PRIMARY KEY,
    read_until INTEGER NOT NULL DEFAULT 0,
    items      INTEGER NOT NULL DEFAULT 0
) STRICT;
