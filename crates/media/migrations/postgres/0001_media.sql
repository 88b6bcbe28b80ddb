-- What people have uploaded; the owner is the shard key. `token` is the unguessable part of the names
-- of its objects; `bytes` is what all of them take together. When it was uploaded is in its id.
CREATE TABLE media (
    owner       BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    token       TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('image', 'video', 'avatar')),
    file_type   TEXT   NOT NULL,
    width       BIGINT NOT NULL,
    height      BIGINT NOT NULL,
    duration_ms BIGINT,
    blurhash    TEXT,
    alt_text    TEXT,
    has_poster  BIGINT NOT NULL CHECK (has_poster IN (0, 1)),
    bytes       BIGINT NOT NULL,
    receipt     TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);

CREATE UNIQUE INDEX media_tokens ON media (owner, token);

-- Which posts of the owner use an upload.
CREATE TABLE media_uses (
    owner BIGINT NOT NULL,
    media BIGINT NOT NULL,
    post  BIGINT NOT NULL,
    PRIMARY KEY (owner, media, post)
);

CREATE INDEX media_uses_of_posts ON media_uses (owner, post);

-- Uploads that were announced and are to be put where an address said. `arrived` marks one for
-- which that address was used, where the program itself takes it.
CREATE TABLE media_pending (
    owner      BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    token      TEXT   NOT NULL,
    file_type  TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    arrived    BIGINT NOT NULL DEFAULT 0 CHECK (arrived IN (0, 1)),
    PRIMARY KEY (owner, id)
);

CREATE INDEX media_pending_expiry ON media_pending (expires_at);
CREATE INDEX media_pending_tokens ON media_pending (token);

-- Moves in the transaction of its cause. `gone` marks a deleted account, so that an upload that was
-- on its way is not kept. Whoever changes anything of an owner holds the lock of this row.
CREATE TABLE media_usage (
    owner BIGINT PRIMARY KEY,
    bytes BIGINT NOT NULL DEFAULT 0,
    files BIGINT NOT NULL DEFAULT 0,
    gone  BIGINT NOT NULL DEFAULT 0 CHECK (gone IN (0, 1))
);
