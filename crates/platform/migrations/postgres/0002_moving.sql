-- How much of an embedded database (`source`) has been copied to here, table by table, for as long as
-- that is not done and compared: until then nobody serves this database. `taken` counts rows of the
-- source.
CREATE TABLE moving (
    name   TEXT   PRIMARY KEY,
    source TEXT   NOT NULL,
    taken  BIGINT NOT NULL
);
