-- Shaped like a post, so that the writer is measured with rows of the size it is for.
CREATE TABLE bench_rows (
    author     INTEGER NOT NULL,
    id         INTEGER PRIMARY KEY,
    caption    TEXT,
    media      TEXT    NOT NULL,
    hashtags   TEXT    NOT NULL,
    likes      INTEGER NOT NULL,
    comments   INTEGER NOT NULL,
    views      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bench_rows_by_author ON bench_rows (author, id);

CREATE TABLE bench_tags (
    tag  TEXT    NOT NULL,
    post INTEGER NOT NULL,
    PRIMARY KEY (tag, post)
) STRICT, WITHOUT ROWID;

CREATE TABLE bench_counts (
    author INTEGER PRIMARY KEY,
    posts  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
