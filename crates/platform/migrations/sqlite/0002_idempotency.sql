-- What was asked with an Idempotency-Key and answered first. `key` and `fingerprint` are digests.
CREATE TABLE idempotency_keys (
    key          BLOB    PRIMARY KEY,
    fingerprint  BLOB    NOT NULL,
    at           INTEGER NOT NULL,
    -- Empty as long as there is no answer.
    status       INTEGER,
    content_type TEXT,
    body         BLOB
) STRICT;

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at);
