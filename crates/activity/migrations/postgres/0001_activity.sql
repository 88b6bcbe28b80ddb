-- What happened to each account, which is the shard key. `target` is the post, the comment or the
-- person it was done to; `post` is the post that the item hangs on, if any: the target itself, or
-- that of the comment.
CREATE TABLE activities (
    account    BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    actor      BIGINT NOT NULL,
    target     BIGINT NOT NULL,
    post       BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

-- Nobody is told the same twice, however often an event is delivered.
CREATE UNIQUE INDEX activities_once ON activities (account, actor, kind, target);
CREATE INDEX activities_by_actor ON activities (actor);
CREATE INDEX activities_on_post ON activities (post, target) WHERE post IS NOT NULL;

-- Items up to `read_until` have been seen. `items` counts the rows above, so that the oldest can be
-- dropped without counting.
CREATE TABLE activity_states (
    account    BIGINT PRIMARY KEY,
    read_until BIGINT NOT NULL DEFAULT 0,
    items      BIGINT NOT NULL DEFAULT 0
);
