-- People. Names and e-mail addresses are kept in lower case: that makes them unique whatever case
-- they are typed in. An account stands on the shard of its id.
CREATE TABLE accounts (
    id                  BIGINT PRIMARY KEY,
    username            TEXT   NOT NULL,
    email               TEXT   NOT NULL,
    -- NULL: nobody can sign in until a password is set.
    password_hash       TEXT,
    full_name           TEXT,
    -- The full name as searches compare it.
    folded_name         TEXT,
    bio                 TEXT,
    website             TEXT,
    profile_picture_url TEXT,
    -- Which upload the profile picture is; 0 for one from elsewhere. `profile_picture_url` is then
    -- the name of its object.
    picture             BIGINT NOT NULL DEFAULT 0,
    is_private          BIGINT NOT NULL CHECK (is_private IN (0, 1)),
    role                TEXT   NOT NULL CHECK (role IN ('user', 'moderator', 'admin')),
    -- How many follow, a moment late: only search results are put in order by it.
    followers           BIGINT NOT NULL DEFAULT 0,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL
);

-- For the walk over the most popular accounts that a very common search text needs.
CREATE INDEX accounts_by_popularity ON accounts (followers DESC, id);

-- Whose a name or an address is. Each is its own shard key, which makes it unique over all shards.
CREATE TABLE account_usernames (
    username TEXT   PRIMARY KEY,
    account  BIGINT NOT NULL
);
CREATE TABLE account_emails (
    email   TEXT   PRIMARY KEY,
    account BIGINT NOT NULL
);

-- The beginnings of what can be searched for: the username (place 0), the folded full name (1), and
-- either of them from each later letter on (2). So whatever is inside a name is at the beginning of
-- a part, and one walk along the primary key finds as many accounts as are wanted and no more. The
-- order is that of bytes, whatever language the database speaks.
CREATE TABLE account_search (
    account BIGINT NOT NULL,
    place   BIGINT NOT NULL CHECK (place IN (0, 1, 2)),
    part    TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (place, part, account)
);
-- An account has many parts: they share one entry here.
CREATE INDEX account_search_of_accounts ON account_search (account);

-- One row for each token that counts.
CREATE TABLE sessions (
    account    BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address    TEXT,
    user_agent TEXT,
    PRIMARY KEY (account, id)
);

-- What was done about who may sign in and what they may do.
CREATE TABLE audit (
    account    BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    what       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    address    TEXT,
    user_agent TEXT,
    PRIMARY KEY (account, id)
);

-- A revoked key stays, so that the trusted dialect is not open again when the last one is revoked.
CREATE TABLE api_keys (
    id         BIGINT PRIMARY KEY,
    hash       BYTEA  NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    scope      TEXT   NOT NULL CHECK (scope IN ('read', 'write')),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
