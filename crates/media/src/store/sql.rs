//! Statements of both databases.

/// Owner, id, token, kind, file type, width, height, duration, blurred preview, alt text, poster, bytes,
/// receipt.
pub(super) const ADD: &str = "
    INSERT INTO media (owner, id, token, kind, file_type, width, height, duration_ms, blurhash,
                       alt_text, has_poster, bytes, receipt)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

macro_rules! records {
    ($($rest:literal),+) => {
        concat!(
            "SELECT owner, id, token, kind, file_type, width, height, duration_ms, blurhash,
                    alt_text, has_poster, bytes, receipt
             FROM media ",
            $($rest),+
        )
    };
}
pub(super) use records;

pub(super) const OF_OWNER: &str = records!("WHERE owner = $1 ORDER BY id LIMIT $2");

pub(super) const PICTURES: &str =
    records!("WHERE owner = $1 AND kind = 'avatar' ORDER BY id LIMIT $2");

pub(super) const LATER_PICTURE: &str = "
    SELECT count(*) FROM media WHERE owner = $1 AND kind = 'avatar' AND id > $2";

pub(super) const AFTER: &str = records!("WHERE (owner, id) > ($1, $2) ORDER BY owner, id LIMIT $3");

pub(super) const DESCRIBE: &str = "UPDATE media SET alt_text = $3 WHERE owner = $1 AND id = $2";

pub(super) const ADD_USAGE: &str = "
    INSERT INTO media_usage (owner, bytes, files) VALUES ($1, $2, $3)
    ON CONFLICT (owner) DO UPDATE
    SET bytes = media_usage.bytes + excluded.bytes, files = media_usage.files + excluded.files";

/// Bytes, files, gone.
pub(super) const USAGE: &str = "SELECT bytes, files, gone FROM media_usage WHERE owner = $1";

pub(super) const MARK_GONE: &str = "
    INSERT INTO media_usage (owner, gone) VALUES ($1, 1)
    ON CONFLICT (owner) DO UPDATE SET gone = 1";

pub(super) const REMOVE_USES_OF_POST: &str =
    "DELETE FROM media_uses WHERE owner = $1 AND post = $2";

pub(super) const USES: &str = "
    SELECT post FROM media_uses WHERE owner = $1 AND media = $2 ORDER BY post";

pub(super) const USED_BY: &str = "
    SELECT media FROM media_uses WHERE owner = $1 AND post = $2 ORDER BY media LIMIT $3";

pub(super) const USES_AFTER: &str = "
    SELECT owner, media, post FROM media_uses WHERE (owner, media, post) > ($1, $2, $3)
    ORDER BY owner, media, post LIMIT $4";

pub(super) const ANNOUNCE: &str = "
    INSERT INTO media_pending (owner, id, token, file_type, expires_at)
    VALUES ($1, $2, $3, $4, $5)";

pub(super) const COUNT_PENDING: &str = "SELECT count(*) FROM media_pending WHERE owner = $1";

pub(super) const CLAIM: &str = "
    UPDATE media_pending SET arrived = 1 WHERE owner = $1 AND id = $2 AND arrived = 0";

pub(super) const UNCLAIM: &str = "
    UPDATE media_pending SET arrived = 0 WHERE owner = $1 AND id = $2";

pub(super) const REMOVE_PENDING: &str = "DELETE FROM media_pending WHERE owner = $1 AND id = $2";

pub(super) const PENDING: &str = "
    SELECT owner, id, token, file_type, expires_at FROM media_pending
    WHERE owner = $1 AND id = $2";

pub(super) const PENDING_OF_OWNER: &str = "
    SELECT owner, id, token, file_type, expires_at FROM media_pending
    WHERE owner = $1 AND expires_at < $2 ORDER BY id LIMIT $3";

pub(super) const EXPIRED: &str = "
    SELECT owner, id, token, file_type, expires_at FROM media_pending
    WHERE expires_at < $1 ORDER BY expires_at, owner, id LIMIT $2";

/// Owner, bytes that are shown, bytes that there are, and files the same.
// Looks at every shard: a check is about all owners.
pub(super) const DRIFT: &str = "
    WITH counted AS (
        SELECT owner, sum(bytes) AS bytes, count(*) AS files FROM media GROUP BY owner),
    both_sides AS (
        SELECT owner, bytes, files, 0 AS real_bytes, 0 AS real_files FROM media_usage
        UNION ALL SELECT owner, 0, 0, bytes, files FROM counted),
    summed AS (
        SELECT owner, CAST(sum(bytes) AS BIGINT) AS bytes, CAST(sum(files) AS BIGINT) AS files,
               CAST(sum(real_bytes) AS BIGINT) AS real_bytes,
               CAST(sum(real_files) AS BIGINT) AS real_files
        FROM both_sides GROUP BY owner)
    SELECT owner, bytes, real_bytes, files, real_files FROM summed
    WHERE bytes <> real_bytes OR files <> real_files ORDER BY owner";

pub(super) const COUNT: &str = "
    SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT), count(*) FROM media WHERE owner = $1";

pub(super) const SET_USAGE: &str = "
    INSERT INTO media_usage (owner, bytes, files) VALUES ($1, $2, $3)
    ON CONFLICT (owner) DO UPDATE SET bytes = excluded.bytes, files = excluded.files";
