-- What happened, in the order of commits. A consumer reads on from the place it has reached.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    key      INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    -- Set when a dead letter is replayed: only the consumer that failed gets it again.
    consumer TEXT
) STRICT;

-- How far each consumer has come.
CREATE TABLE consumers (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- What a consumer could not handle after all its tries.
CREATE TABLE dead_letters (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer TEXT    NOT NULL,
    id       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    key      INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    error    TEXT    NOT NULL
) STRICT;
