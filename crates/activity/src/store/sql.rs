//! Statements that both databases understand.

pub(super) const ADD: &str = "INSERT INTO activities
         (account, id, kind, actor, target, post, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (account, actor, kind, target) DO NOTHING";

pub(super) const REMOVE: &str = "DELETE FROM activities WHERE account = $1 AND id = $2";

pub(super) const FIND: &str = "SELECT account, id FROM activities
     WHERE account = $1 AND actor = $2 AND kind = $3 AND target = $4";

pub(super) const BETWEEN: &str = "SELECT account, id FROM activities
     WHERE account = $1 AND actor = $2";

// Looks at every shard: whom an item tells stands on theirs.
pub(super) const ON_COMMENT: &str = "SELECT account, id FROM activities
     WHERE post = $1 AND target = $2";

// Looks at every shard: whom an item tells stands on theirs.
pub(super) const ON_POST: &str = "SELECT account, id FROM activities WHERE post = $1 LIMIT $2";

pub(super) const OF_ACCOUNT: &str = "SELECT account, id FROM activities
     WHERE account = $1 LIMIT $2";

// Looks at every shard: whom an item tells stands on theirs.
pub(super) const BY_ACTOR: &str = "SELECT account, id FROM activities WHERE actor = $1 LIMIT $2";

pub(super) const OLDEST: &str = "SELECT account, id FROM activities
     WHERE account = $1 ORDER BY id LIMIT $2";

/// Adds to the number of items and answers it.
pub(super) const COUNT: &str = "INSERT INTO activity_states (account, items) VALUES ($1, $2)
     ON CONFLICT (account) DO UPDATE SET items = activity_states.items + excluded.items
     RETURNING items";

pub(super) const READ_UNTIL: &str = "SELECT read_until FROM activity_states WHERE account = $1";

pub(super) const HIGHEST: &str = "SELECT max(id) FROM activities WHERE account = $1";

pub(super) const MARK_READ: &str = "INSERT INTO activity_states (account, read_until)
     VALUES ($1, $2)
     ON CONFLICT (account) DO UPDATE SET read_until = excluded.read_until
     WHERE activity_states.read_until < excluded.read_until";

pub(super) const NEWEST: &str = "SELECT account, id, kind, actor, target, post, created_at
     FROM activities WHERE account = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(super) const ABOVE: &str = "SELECT account, id, kind, actor, target, post, created_at
     FROM activities WHERE account = $1 AND id > $2 ORDER BY id DESC";

pub(super) const FORGET_STATE: &str = "DELETE FROM activity_states WHERE account = $1";

pub(super) const RECOUNT: &str = "INSERT INTO activity_states (account, items)
     VALUES ($1, (SELECT count(*) FROM activities WHERE account = $1))
     ON CONFLICT (account) DO UPDATE SET items = excluded.items";
