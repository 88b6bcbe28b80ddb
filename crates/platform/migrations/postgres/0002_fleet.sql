-- The last place whose event was dropped for its age: who has not looked since has missed something.
ALTER TABLE relay ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0;

-- What every process of a site must have been told alike, such as the secret of its tokens: a digest.
CREATE TABLE agreements (
    subject TEXT PRIMARY KEY,
    digest  TEXT NOT NULL
);

-- How much of an embedded database (`source`) has been copied to here, table by table, for as long as
-- that is not done and compared: until then nobody serves this database. `taken` counts rows of the
-- source.
CREATE TABLE moving (
    name   TEXT   PRIMARY KEY,
    source TEXT   NOT NULL,
    taken  BIGINT NOT NULL
);
