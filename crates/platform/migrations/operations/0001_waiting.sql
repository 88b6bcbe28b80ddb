-- Requests that wait on this node's disk for the database, in the order in which they came.
CREATE TABLE waiting (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Digests: of the caller with its Idempotency-Key, of the caller, of what is asked.
    key         BLOB    NOT NULL UNIQUE,
    caller      BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    -- Encrypted.
    request     BLOB    NOT NULL
) STRICT;
CREATE INDEX waiting_by_caller ON waiting (caller);
