-- A post with its counters. Keyed by author; an id is found by itself as well.
CREATE TABLE posts (
    author            INTEGER NOT NULL,
    id                INTEGER PRIMARY KEY,
    caption           TEXT,
    -- Lists in JSON: [{"url", "kind"}], and texts.
    media             TEXT    NOT NULL,
    hashtags          TEXT    NOT NULL,
    mentions          TEXT    NOT NULL,
    location          TEXT,
    alt_text          TEXT,
    comments_disabled INTEGER NOT NULL,
    -- 0: shown; 1: hidden by its author; 2: hidden by a moderator.
    hidden            INTEGER NOT NULL,
    likes             INTEGER NOT NULL,
    comments          INTEGER NOT NULL,
    views             INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;
-- Covers the list of an author's posts, their count and the index of the newest.
CREATE INDEX posts_by_author ON posts (author, id, hidden);

-- How many posts an author has that are not hidden.
CREATE TABLE author_counts (
    author INTEGER PRIMARY KEY,
    posts  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which posts have a hashtag in their caption.
CREATE TABLE hashtags (
    tag  TEXT    NOT NULL,
    post INTEGER NOT NULL,
    PRIMARY KEY (tag, post)
) STRICT, WITHOUT ROWID;

-- Who likes what; `owner` is the author of the post.
CREATE TABLE likes (
    post  INTEGER NOT NULL,
    user  INTEGER NOT NULL,
    id    INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    PRIMARY KEY (post, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX likes_in_order ON likes (post, id);
CREATE INDEX likes_by_user ON likes (user, id, owner);

CREATE TABLE comments (
    post    INTEGER NOT NULL,
    id      INTEGER PRIMARY KEY,
    owner   INTEGER NOT NULL,
    author  INTEGER NOT NULL,
    content TEXT    NOT NULL,
    likes   INTEGER NOT NULL
) STRICT;
CREATE INDEX comments_by_post ON comments (post, id);
CREATE INDEX comments_by_author ON comments (author, id, owner);

-- Beside the post, so that a comment's likes are where the comment is.
CREATE TABLE comment_likes (
    post    INTEGER NOT NULL,
    comment INTEGER NOT NULL,
    user    INTEGER NOT NULL,
    PRIMARY KEY (post, comment, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX comment_likes_by_user ON comment_likes (user, post, comment);

-- What somebody has put aside; only they know.
CREATE TABLE saves (
    user INTEGER NOT NULL,
    post INTEGER NOT NULL,
    id   INTEGER NOT NULL,
    PRIMARY KEY (user, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX saves_in_order ON saves (user, id);
CREATE INDEX saves_by_post ON saves (post, user);
