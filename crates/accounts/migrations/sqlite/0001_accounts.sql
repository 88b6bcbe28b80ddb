-- People. Names and e-mail addresses are kept in lower case: that makes them unique whatever case
-- they are typed in.
CREATE TABLE accounts (
    id                  INTEGER PRIMARY KEY,
    username            TEXT    NOT NULL UNIQUE,
    email               TEXT    NOT NULL UNIQUE,
    -- NULL: nobody can sign in until a password is set.
    password_hash       TEXT,
    full_name           TEXT,
    -- The full name as searches compare it.
    folded_name         TEXT,
    bio                 TEXT,
    website             TEXT,
    profile_picture_url TEXT,
    is_private          INTEGER NOT NULL CHECK (is_private IN (0, 1)),
    role                TEXT    NOT NULL CHECK (role IN ('user', 'moderator', 'admin')),
    -- How many follow, a moment late: only search results are put in order by it.
    followers           INTEGER NOT NULL DEFAULT 0,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX accounts_by_name ON accounts (folded_name) WHERE folded_name IS NOT NULL;

-- Covers the walk over the most popular accounts that a very common search text needs.
CREATE INDEX accounts_by_popularity ON accounts (followers DESC, id, username, folded_name);

-- `username`, a line break and `folded_name` by their trigrams. The rows say what is in the index,
-- so that a check can compare it with the accounts.
CREATE VIRTUAL TABLE account_search USING fts5 (
    text, tokenize = 'trigram case_sensitive 1', detail = none, columnsize = 0
);

-- One row for each token that counts.
CREATE TABLE sessions (
    account    INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address    TEXT,
    user_agent TEXT,
    PRIMARY KEY (account, id)
) WITHOUT ROWID, STRICT;

-- What was done about who may sign in and what they may do.
CREATE TABLE audit (
    account    INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    what       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    address    TEXT,
    user_agent TEXT,
    PRIMARY KEY (account, id)
) WITHOUT ROWID, STRICT;

-- A revoked key stays, so that the trusted dialect is not open again when the last one is revoked.
CREATE TABLE api_keys (
    id         INTEGER PRIMARY KEY,
    hash       BLOB    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    scope      TEXT    NOT NULL CHECK (scope IN ('read', 'write')),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
