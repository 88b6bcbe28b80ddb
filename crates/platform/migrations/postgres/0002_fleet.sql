-- The last place whose event was dropped for its age: who has not looked since has missed something.
ALTER TABLE relay ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0;

-- What every process of a site must have been told alike, such as the secret of its tokens: a digest.
CREATE TABLE agreements (
    subject TEXT PRIMARY KEY,
    digest  TEXT NOT NULL
);
