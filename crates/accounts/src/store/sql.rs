//! Statements that every database takes, with `$n` for parameters.

pub(super) const CREDENTIALS: &str = "SELECT id, password_hash FROM accounts WHERE id = $1";

macro_rules! account {
    ($($rest:literal),+) => {
        concat!(
            "SELECT id, username, full_name, profile_picture_url, is_private, email, bio, website, \
                role, created_at, updated_at \
            FROM accounts ",
            $($rest),+
        )
    };
}
pub(super) use account;

pub(super) const ACCOUNT: &str = account!("WHERE id = $1");
pub(super) const ADD_ACCOUNT: &str = "\
    INSERT INTO accounts (id, username, email, password_hash, full_name, folded_name, bio, website, \
        profile_picture_url, is_private, role, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING";
pub(super) const CHANGE_PROFILE: &str = "\
    UPDATE accounts SET full_name = $2, folded_name = $3, bio = $4, website = $5, is_private = $6, \
        updated_at = $7 \
    WHERE id = $1";
// What is told twice changes nothing the second time.
pub(super) const SET_PICTURE: &str = "\
    UPDATE accounts SET picture = $2, profile_picture_url = $3, updated_at = $4 \
    WHERE id = $1 AND picture <= $2 AND profile_picture_url IS DISTINCT FROM $3";
pub(super) const SET_PASSWORD: &str = "\
    UPDATE accounts SET password_hash = $2 \
    WHERE id = $1 AND (CAST($3 AS TEXT) IS NULL OR password_hash = $3)";
pub(super) const SET_ROLE: &str = "UPDATE accounts SET role = $2 WHERE id = $1";
pub(super) const DELETE_ACCOUNT: &str = "DELETE FROM accounts WHERE id = $1 AND password_hash = $2";

pub(super) const POPULARITY: &str =
    "SELECT id, followers FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const SET_POPULARITY: &str =
    "UPDATE accounts SET followers = $2 WHERE id = $1 AND followers <> $2";

pub(super) const STANDING: &str = "\
    SELECT a.username, a.role FROM sessions s JOIN accounts a ON a.id = s.account \
    WHERE s.account = $1 AND s.id = $2";
pub(super) const ADD_SESSION: &str = "\
    INSERT INTO sessions (account, id, created_at, expires_at, address, user_agent) \
    VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const END_SESSION: &str = "DELETE FROM sessions WHERE account = $1 AND id = $2";
pub(super) const END_EXPIRED: &str = "DELETE FROM sessions WHERE account = $1 AND expires_at <= $2";
pub(super) const SESSIONS: &str = "SELECT id FROM sessions WHERE account = $1 AND id <> $2";
pub(super) const COUNT: &str = "SELECT count(*) FROM accounts";
pub(super) const LIST_SESSIONS: &str = "\
    SELECT id, created_at, expires_at, address, user_agent FROM sessions \
    WHERE account = $1 AND expires_at > $2 ORDER BY id DESC";
// Looks at every shard: whoever fills caches begins with those who came last, wherever they stand.
pub(super) const LAST_SIGNED_IN: &str = "\
    SELECT account FROM sessions WHERE expires_at > $1 \
    GROUP BY account ORDER BY max(id) DESC LIMIT $2";
pub(super) const END_SESSIONS: &str = "DELETE FROM sessions WHERE account = $1 AND id <> $2";

pub(super) const ADD_ENTRY: &str = "\
    INSERT INTO audit (account, id, what, at, address, user_agent) VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const ENTRIES: &str = "SELECT count(*) FROM audit WHERE account = $1";
// Failed sign-ins first: whoever tries passwords cannot push out what the owner did.
pub(super) const CUT_TRAIL: &str = "\
    DELETE FROM audit WHERE account = $1 AND id IN ( \
        SELECT id FROM audit WHERE account = $1 \
        ORDER BY CASE what WHEN 'sign_in_failed' THEN 0 ELSE 1 END, id LIMIT $2)";
pub(super) const TRAIL: &str = "\
    SELECT id, what, at, address, user_agent FROM audit \
    WHERE account = $1 ORDER BY id DESC LIMIT $2";
pub(super) const DELETE_TRAIL: &str = "DELETE FROM audit WHERE account = $1";

pub(super) const KEY: &str =
    "SELECT id, scope FROM api_keys WHERE hash = $1 AND revoked_at IS NULL ORDER BY id LIMIT 1";
pub(super) const COUNT_KEYS: &str = "SELECT count(*) FROM api_keys";
// Looks at every shard: keys are few, and whoever lists them wants all.
pub(super) const KEYS: &str =
    "SELECT id, name, scope, created_at, revoked_at FROM api_keys ORDER BY id";
pub(super) const ADD_KEY: &str = "\
    INSERT INTO api_keys (id, hash, name, scope, created_at) VALUES ($1, $2, $3, $4, $5)";
pub(super) const REVOKE_KEY: &str =
    "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

macro_rules! candidates {
    ($($rest:literal),+) => {
        concat!("SELECT id, followers, username, folded_name FROM accounts ", $($rest),+)
    };
}
pub(super) use candidates;

pub(super) const MOST_POPULAR: &str = candidates!("ORDER BY followers DESC, id LIMIT $1");
