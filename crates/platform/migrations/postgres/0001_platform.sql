-- What happened. Events of one transaction stand on the shard of what changed. The relay gives each
-- its place (`sequence`) in the order of commits; consumers read on from the place they have reached.
CREATE TABLE outbox (
    shard    BIGINT   NOT NULL,
    id       BIGINT   NOT NULL,
    kind     TEXT     NOT NULL,
    key      BIGINT   NOT NULL,
    body     TEXT     NOT NULL,
    at       BIGINT   NOT NULL,
    -- Set when a dead letter is replayed: only the consumer that failed gets it again.
    consumer TEXT,
    -- When it was written, in microseconds of the server. Whoever changes one thing twice has locked
    -- it in between, so this tells the order of what happened to a key.
    written  BIGINT   NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT,
    -- Its place among the events of its transaction.
    part     BIGINT   NOT NULL,
    -- The transaction, by which whoever follows the commits knows what it has not seen yet.
    txid     XID8     NOT NULL DEFAULT pg_current_xact_id(),
    -- The place; empty until the relay has come by.
    sequence BIGINT
);
CREATE INDEX outbox_by_transaction ON outbox (txid);
CREATE INDEX outbox_in_order ON outbox (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX outbox_not_relayed ON outbox (written, id, part) WHERE sequence IS NULL;

-- How far the relay has come. Whoever holds the lock of the row is the relay.
CREATE TABLE relay (
    one  BIGINT PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO relay (one, last) VALUES (1, 0);

-- How far each consumer has come.
CREATE TABLE consumers (
    name     TEXT   PRIMARY KEY,
    position BIGINT NOT NULL
);

-- What a consumer could not handle after all its tries.
CREATE TABLE dead_letters (
    number   BIGINT PRIMARY KEY,
    consumer TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    key      BIGINT NOT NULL,
    body     TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    tries    BIGINT NOT NULL,
    error    TEXT   NOT NULL
);

-- What one process of several has for itself, for as long as it says so: the number in its ids, a
-- consumer.
CREATE TABLE leases (
    name   TEXT        PRIMARY KEY,
    holder BIGINT      NOT NULL,
    until  TIMESTAMPTZ NOT NULL
);

-- What was asked with an Idempotency-Key and answered first. `key` and `fingerprint` are digests.
CREATE TABLE idempotency_keys (
    key          BYTEA  PRIMARY KEY,
    fingerprint  BYTEA  NOT NULL,
    at           BIGINT NOT NULL,
    -- Empty as long as there is no answer.
    status       BIGINT,
    content_type TEXT,
    body         BYTEA
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at);
