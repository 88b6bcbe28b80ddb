-- Stored timelines, a cache that may be lost: what was settled in order, and what has gathered
-- since, each as ids of seven bytes (the settled ones after what says what the timeline is).
CREATE TABLE timelines (
    viewer   BIGINT PRIMARY KEY,
    settled  BYTEA  NOT NULL,
    gathered BYTEA  NOT NULL
);
-- Updated in place, again and again.
ALTER TABLE timelines SET (fillfactor = 50);

-- Authors whose posts are merged in when feeds are read, for as long as there are timelines.
CREATE TABLE merged_authors (
    author BIGINT PRIMARY KEY
);

-- Orders of posts (a ranked feed, say) that a viewer was shown, so that whichever process is asked for
-- the next page goes on in it. Gone after half an hour.
CREATE TABLE shelved_orders (
    viewer BIGINT NOT NULL,
    number BIGINT NOT NULL,
    posts  BYTEA  NOT NULL,
    PRIMARY KEY (viewer, number)
);
CREATE INDEX shelved_orders_by_age ON shelved_orders (number);
