//! SQL that a sharding proxy in front of several PostgreSQL servers can carry.
//!
//! A proxy sends a statement to the shard of the key that it finds in the text, and joins what comes
//! from several shards as well as it can. So every statement of a PostgreSQL store is parsed here,
//! and must say where it goes.

mod bans;
mod equal;
mod literals;
mod merge;
mod route;
mod tables;
#[cfg(test)]
mod tests;

use literals::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use tables::Tables;

use super::{Tree, Violation};

/// What a comment directly above a statement says that reads all shards on purpose, with the reason
/// after it. It lets off what is read alone: a write always says where it goes.
const MARK: &str = "Looks at every shard: ";

/// The shard key of each table. Posts and all that hangs on them stand with their author, who is the
/// `owner` of a like or a comment.
const SHARD_KEYS: [(&str, &str); 29] = [
    ("account_emails", "email"),
    ("account_search", "account"),
    ("account_usernames", "username"),
    ("accounts", "id"),
    ("activities", "account"),
    ("activity_states", "account"),
    ("api_keys", "id"),
    ("audit", "account"),
    ("author_counts", "author"),
    ("blocks", "blocker"),
    ("carried_out", "shard"),
    ("comment_likes", "owner"),
    ("comments", "owner"),
    ("follows", "follower"),
    ("graph_counts", "account"),
    ("hashtags", "tag"),
    ("likes", "owner"),
    ("media", "owner"),
    ("media_pending", "owner"),
    ("media_usage", "owner"),
    ("media_uses", "owner"),
    ("merged_authors", "author"),
    ("mutes", "muter"),
    ("outbox", "shard"),
    ("posts", "author"),
    ("saves", "user"),
    ("sessions", "account"),
    ("shelved_orders", "viewer"),
    ("timelines", "viewer"),
];

/// What is written beside a change, where that is: its events, and the key of the request that it was
/// made for. The relay, what reads on from it and what sweeps see one server, so only an `INSERT` names
/// a key.
const BESIDE_A_CHANGE: [&str; 2] = ["carried_out", "outbox"];

/// The platform's own tables, which stand on one server.
const ON_ONE_SERVER: [&str; 8] = [
    "agreements",
    "consumers",
    "dead_letters",
    "idempotency_keys",
    "leases",
    "migrations",
    "moving",
    "relay",
];

/// Every table of PostgreSQL has a shard key, and none has what only one server could give.
pub(super) fn tables_can_be_spread(tree: &Tree) -> Vec<Violation> {
    let mut violations = tables::without_key(tree);
    violations.extend(tables::unshardable(tree));
    violations
}

/// Every statement of a PostgreSQL store says where it goes, in words that a proxy understands.
///
/// An `INSERT` names the shard key, in `VALUES` or a `SELECT` as one parameter or as the key of a
/// table that it reads. Everything else has `key = $n` or `key = ANY($n)` in its `WHERE`; a `SELECT`
/// that only counts, sums or takes the least or the greatest, or has `ORDER BY … LIMIT`, may leave it
/// out. All tables in a statement stand on the same shard, as their equal keys show.
pub(super) fn statements_say_where_they_go(tree: &Tree) -> Vec<Violation> {
    let tables = Tables::of(tree);
    let (statements, mut violations) = literals::statements(tree);
    for statement in &statements {
        let faults = faults(statement, &tables);
        if !faults.is_empty() {
            let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let advice = format!("{}\n    {text}", faults.join("; "));
            violations.push(Violation::new(statement.path, statement.line, advice));
        }
    }
    violations
}

/// What is wrong with a statement, each once.
fn faults(statement: &Statement<'_>, tables: &Tables) -> Vec<String> {
    let parsed = match Parser::parse_sql(&PostgreSqlDialect {}, &statement.text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("this is not read as SQL: {error}")],
    };
    let [parsed] = parsed.as_slice() else { return vec!["one statement at a time".to_owned()] };
    let (route, bans) = (route::of(parsed, tables), bans::of(parsed));
    let mut faults = route.writes;
    faults.extend(bans.always.into_iter().map(str::to_owned));
    let mut reads = route.reads;
    reads.extend(bans.of_answers.into_iter().map(str::to_owned));
    match (statement.is_marked, reads.is_empty()) {
        (false, _) => faults.extend(reads),
        (true, true) => faults.push(format!("needs no “{}”: it may go anywhere", MARK.trim())),
        (true, false) => {}
    }
    faults.sort();
    faults.dedup();
    faults
}
