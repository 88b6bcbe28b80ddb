-- A post with its counters; its author is the shard key. Likes, comments and likes of comments stand
-- on the shard of the author of the post they hang on, their `owner`, so that each moves its counter
-- in its own transaction. Ids are unique over all shards.
--
-- Counters are written over and over: the room that is left on a page lets that touch no index.
CREATE TABLE posts (
    author            BIGINT NOT NULL,
    id                BIGINT NOT NULL,
    caption           TEXT,
    -- Lists in JSON: [{"url", "kind"}], and texts.
    media             TEXT   NOT NULL,
    hashtags          TEXT   NOT NULL,
    mentions          TEXT   NOT NULL,
    location          TEXT,
    alt_text          TEXT,
    comments_disabled BIGINT NOT NULL,
    -- 0: shown; 1: hidden by its author; 2: hidden by a moderator.
    hidden            BIGINT NOT NULL,
    likes             BIGINT NOT NULL,
    comments          BIGINT NOT NULL,
    views             BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    -- With `hidden` the lists of an author's posts and the index of the newest need no more.
    PRIMARY KEY (author, id) INCLUDE (hidden)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX posts_by_id ON posts (id);

-- How many posts an author has that are not hidden.
CREATE TABLE author_counts (
    author BIGINT PRIMARY KEY,
    posts  BIGINT NOT NULL
) WITH (fillfactor = 50);

-- Which posts have a hashtag in their caption. The tag is the shard key in its own right, so that a
-- list asks one shard; what a post writes here goes with the post in one transaction, a statement for
-- each tag. Where the two stand on different shards, a crash between their commits may cost an
-- entry, or leave one whose post is not there, which readers pass over.
CREATE TABLE hashtags (
    tag  TEXT   NOT NULL,
    post BIGINT NOT NULL,
    PRIMARY KEY (tag, post)
);

-- Who likes what; `owner` is the author of the post. An index that begins with the post answers
-- for a page of posts with one look for each; beginning with the owner it would be one for each pair
-- of an owner and a post.
CREATE TABLE likes (
    owner  BIGINT NOT NULL,
    post   BIGINT NOT NULL,
    "user" BIGINT NOT NULL,
    id     BIGINT NOT NULL,
    PRIMARY KEY (post, "user") INCLUDE (owner)
);
CREATE INDEX likes_in_order ON likes (post, id);
CREATE INDEX likes_by_user ON likes ("user", id) INCLUDE (owner);

CREATE TABLE comments (
    owner   BIGINT NOT NULL,
    post    BIGINT NOT NULL,
    id      BIGINT NOT NULL,
    author  BIGINT NOT NULL,
    content TEXT   NOT NULL,
    likes   BIGINT NOT NULL,
    PRIMARY KEY (owner, post, id)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX comments_by_id ON comments (id);
CREATE INDEX comments_by_author ON comments (author, id) INCLUDE (owner);

CREATE TABLE comment_likes (
    owner   BIGINT NOT NULL,
    post    BIGINT NOT NULL,
    comment BIGINT NOT NULL,
    "user"  BIGINT NOT NULL,
    PRIMARY KEY (owner, post, comment, "user")
);
CREATE INDEX comment_likes_by_user ON comment_likes ("user", comment);

-- What somebody, who is the shard key, has put aside; only they know.
CREATE TABLE saves (
    "user" BIGINT NOT NULL,
    post   BIGINT NOT NULL,
    id     BIGINT NOT NULL,
    PRIMARY KEY ("user", post)
);
CREATE INDEX saves_in_order ON saves ("user", id);
CREATE INDEX saves_by_post ON saves (post, "user");
