//! Statements of both databases.

/// Owner, id, token, kind, file type, width, height, duration, blurred preview, alt text, poster, bytes,
/// receipt.
pub(super) const ADD: &str = "
    INSERT INTO media (owner, id, token, kind, file_type, width, height, duration_ms, blurhash,
                       alt_text, has_poster, bytes, receipt)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

pub(super) const BY_IDS: &str = "
    SELECT owner, id, token, kind, file_type, width, height, duration_ms, blurhash, alt_text,
           has_poster, bytes, receipt
    FROM media WHERE owner = $1 AND id IN rarray($2)";

pub(super) const BY_TOKEN: &str = "
    SELECT owner, id, token, kind, file_type, width, height, duration_ms, blurhash, alt_text,
           has_poster, bytes, receipt
    FROM media WHERE owner = $1 AND token = $2";

pub(super) const OF_OWNER: &str = "
    SELECT owner, id, token, kind, file_type, width, height, duration_ms, blurhash, alt_text,
           has_poster, bytes, receipt
    FROM media WHERE owner = $1 ORDER BY id LIMIT $2";

pub(super) const PICTURES: &str = "
    SELECT owner, id, token, kind, file_type, width, height, duration_ms, blurhash, alt_text,
           has_poster, bytes, receipt
    FROM media WHERE owner = $1 AND kind = 'avatar' ORDER BY id LIMIT $2";

pub(super) const LATER_PICTURE: &str = "
    SELECT count(*) FROM media WHERE owner = $1 AND kind = 'avatar' AND id > $2";

pub(super) const AFTER: &str = "
    SELECT owner, id, token, kind, file_type, width, height, duration_ms, blurhash, alt_text,
           has_poster, bytes, receipt
    FROM media WHERE (owner, id) > ($1, $2) ORDER BY owner, id LIMIT $3";

pub(super) const REMOVE: &str = "DELETE FROM media WHERE owner = $1 AND id = $2";

pub(super) const DESCRIBE: &str = "UPDATE media SET alt_text = $3 WHERE owner = $1 AND id = $2";

pub(super) const ADD_USAGE: &str = "
    INSERT INTO media_usage (owner, bytes, files) VALUES ($1, $2, $3)
    ON CONFLICT (owner) DO UPDATE
    SET bytes = media_usage.bytes + excluded.bytes, files = media_usage.files + excluded.files";

/// Bytes, files, gone.
pub(super) const USAGE: &str = "SELECT bytes, files, gone FROM media_usage WHERE owner = $1";

pub(super) const TOTAL: &str = "
    SELECT coalesce(sum(bytes), 0), coalesce(sum(files), 0) FROM media_usage";

pub(super) const MARK_GONE: &str = "
    INSERT INTO media_usage (owner, gone) VALUES ($1, 1)
    ON CONFLICT (owner) DO UPDATE SET gone = 1";

pub(super) const ADD_USE: &str = "
    INSERT INTO media_uses (owner, media, post) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(super) const REMOVE_USE: &str = "
    DELETE FROM media_uses WHERE owner = $1 AND media = $2 AND post = $3";

pub(super) const REMOVE_USES_OF_POST: &str =
    "DELETE FROM media_uses WHERE owner = $1 AND post = $2";

pub(super) const REMOVE_USES_OF_MEDIA: &str =
    "DELETE FROM media_uses WHERE owner = $1 AND media = $2";

pub(super) const USES: &str = "
    SELECT post FROM media_uses WHERE owner = $1 AND media = $2 ORDER BY post";

pub(super) const USED_BY: &str = "
    SELECT media FROM media_uses WHERE owner = $1 AND post = $2 ORDER BY media LIMIT $3";

pub(super) const COUNT_USES: &str = "
    SELECT count(*) FROM media_uses WHERE owner = $1 AND media = $2";

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

pub(super) const AWAITED: &str = "SELECT count(*) FROM media_pending WHERE token = $1";

/// Owner, counter, what it shows, what it should.
pub(super) const DRIFT: &str = "
    WITH counted AS (
        SELECT owner, sum(bytes) AS bytes, count(*) AS files FROM media GROUP BY owner),
    both_sides AS (
        SELECT owner, bytes, files, 0 AS real_bytes, 0 AS real_files FROM media_usage
        UNION ALL SELECT owner, 0, 0, bytes, files FROM counted),
    summed AS (
        SELECT owner, sum(bytes) AS bytes, sum(files) AS files, sum(real_bytes) AS real_bytes,
               sum(real_files) AS real_files
        FROM both_sides GROUP BY owner)
    SELECT owner, bytes, real_bytes, files, real_files FROM summed
    WHERE bytes <> real_bytes OR files <> real_files ORDER BY owner";

pub(super) const COUNT: &str = "
    SELECT coalesce(sum(bytes), 0), count(*) FROM media WHERE owner = $1";

pub(super) const SET_USAGE: &str = "
    INSERT INTO media_usage (owner, bytes, files) VALUES ($1, $2, $3)
    ON CONFLICT (owner) DO UPDATE SET bytes = excluded.bytes, files = excluded.files";
