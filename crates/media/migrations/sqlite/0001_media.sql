-- What people have uploaded. `token` is the unguessable part of the names of its objects; `bytes`
-- is what all of them take together. When it was uploaded is in its id.
CREATE TABLE media (
    owner       INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    token       TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('image', 'video', 'avatar')),
    file_type   TEXT    NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    duration_ms INTEGER,
    blurhash    TEXT,
    alt_text    TEXT,
    has_poster  INTEGER NOT NULL CHECK (has_poster IN (0, 1)),
    bytes       INTEGER NOT NULL,
    receipt     TEXT    NOT NULL,
    PRIMARY KEY (owner, id)
) WITHOUT ROWID, STRICT;

CREATE UNIQUE INDEX media_tokens ON media (owner, token);

-- Which posts of the owner use an upload.
CREATE TABLE media_uses (
    owner INTEGER NOT NULL,
    media INTEGER NOT NULL,
    post  INTEGER NOT NULL,
    PRIMARY KEY (owner, media, post)
) WITHOUT ROWID, STRICT;

CREATE INDEX media_uses_of_posts ON media_uses (owner, post);

-- Uploads that were announced and are to be put where an address said. `arrived` marks one for
-- which that address was used, where the program itself takes it.
CREATE TABLE media_pending (
    owner      INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    token      TEXT    NOT NULL,
    file_type  TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    arrived    INTEGER NOT NULL DEFAULT 0 CHECK (arrived IN (0, 1)),
    PRIMARY KEY (owner, id)
) WITHOUT ROWID, STRICT;

CREATE INDEX media_pending_expiry ON media_pending (expires_at);
CREATE INDEX media_pending_tokens ON media_pending (token);

-- Moves in the transaction of its cause. `gone` marks a deleted account, so that an upload that was
-- on its way is not kept.
CREATE TABLE media_usage (
    owner INTEGER PRIMARY KEY,
    bytes INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    gone  INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1))
) STRICT;
