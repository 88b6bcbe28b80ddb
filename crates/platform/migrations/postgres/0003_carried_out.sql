-- Which requests with an Idempotency-Key have changed something, each beside what it has changed. A
-- second try of one, be it by another process, finds no room here and takes back all that it did.
CREATE TABLE carried_out (
    shard BIGINT NOT NULL,
    key   BYTEA  NOT NULL,
    at    BIGINT NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT,
    PRIMARY KEY (key, shard)
);
CREATE INDEX carried_out_by_time ON carried_out (at);
