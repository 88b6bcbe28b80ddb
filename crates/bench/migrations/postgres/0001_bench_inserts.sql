-- Shaped like a post, with the index that a post has: what PostgreSQL does with such rows by itself.
CREATE TABLE bench_inserts (
    author     BIGINT NOT NULL,
    id         BIGINT NOT NULL,
    caption    TEXT,
    media      TEXT   NOT NULL,
    hashtags   TEXT   NOT NULL,
    mentions   TEXT   NOT NULL,
    hidden     BIGINT NOT NULL,
    likes      BIGINT NOT NULL,
    comments   BIGINT NOT NULL,
    views      BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (author, id)
);
