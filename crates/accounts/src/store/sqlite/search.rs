//! Search in SQLite: the two name indexes for how a name begins, trigrams for what is inside it.

use std::collections::BTreeSet;
use std::ops::Bound;

use tintype_api::UserId;
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, OptionalExtension, Row, Sql, params};

use super::sql;
use crate::input::folded;
use crate::store::{MATCHES, POPULAR, Rank, SearchDrift, Tier};

// Trigrams are SQLite's own way to look inside names, so these stand here.
const BY_TRIGRAMS: &str = "\
    SELECT a.id, a.followers, a.username, a.folded_name \
    FROM account_search s JOIN accounts a ON a.id = s.rowid \
    WHERE account_search MATCH $1 LIMIT $2";
const NAMES: &str = "SELECT username, full_name, folded_name FROM accounts WHERE id = $1";
const SET_FOLDED_NAME: &str = "UPDATE accounts SET folded_name = $2 WHERE id = $1";
const ADD: &str = "INSERT INTO account_search (rowid, text) VALUES ($1, $2)";
const REMOVE: &str = "DELETE FROM account_search WHERE rowid = $1";
const COMPARED: &str = "\
    SELECT a.id, a.username, a.full_name, a.folded_name, s.text \
    FROM accounts a LEFT JOIN account_search s ON s.rowid = a.id";
const LEFT_OVER: &str =
    "SELECT rowid FROM account_search WHERE rowid NOT IN (SELECT id FROM accounts)";

/// Trigrams of a text that are looked up; the candidates they leave are compared with all of it.
const TRIGRAMS: usize = 16;

pub(super) fn search(
    connection: &Connection,
    text: &str,
    after: Option<Rank>,
    limit: usize,
) -> Result<Vec<Rank>> {
    let mut candidates = Candidates { text, ranks: BTreeSet::new() };
    // Nothing sorts above it, so this is where texts that begin with `text` end.
    let end = format!("{text}\u{10ffff}");
    let range = params![text, end, MATCHES as i64];
    let by_username = candidates.add(connection, sql::BY_USERNAME, range)?;
    let by_name = candidates.add(connection, sql::BY_FULL_NAME, range)?;
    let by_trigrams = match trigrams(text) {
        Some(query) => candidates.add(connection, BY_TRIGRAMS, params![query, MATCHES as i64])?,
        None => MATCHES,
    };
    if by_username.max(by_name).max(by_trigrams) >= MATCHES {
        candidates.add(connection, sql::MOST_POPULAR, params![POPULAR as i64])?;
    }
    let beyond = after.map_or(Bound::Unbounded, Bound::Excluded);
    Ok(candidates.ranks.range((beyond, Bound::Unbounded)).take(limit).copied().collect())
}

/// Puts an account into the index as it is now; takes it out if it is gone.
pub(super) fn reindex(connection: &Connection, account: UserId) -> Result<()> {
    connection.sql(REMOVE)?.execute([account])?;
    let names = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found: Option<(String, Option<String>, Option<String>)> =
        connection.sql(NAMES)?.query_row([account], names).optional()?;
    let Some((username, full_name, stored)) = found else { return Ok(()) };
    let folded_name = full_name.as_deref().map(folded);
    if folded_name != stored {
        connection.sql(SET_FOLDED_NAME)?.execute(params![account, folded_name])?;
    }
    let text = indexed(&username, folded_name.as_deref());
    connection.sql(ADD)?.execute(params![account, text])?;
    Ok(())
}

pub(super) fn drift(connection: &Connection) -> Result<Vec<SearchDrift>> {
    let mut drift = Vec::new();
    let mut statement = connection.sql(COMPARED)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let folded_name = text(row, 2)?.map(folded);
        let wanted = indexed(text(row, 1)?.unwrap_or(""), folded_name.as_deref());
        if text(row, 3)? != folded_name.as_deref() || text(row, 4)? != Some(&wanted) {
            drift.push(SearchDrift { account: row.get(0)?, stored: 0, counted: 1 });
        }
    }
    let mut statement = connection.sql(LEFT_OVER)?;
    let left_over = statement
        .query_map([], |row| Ok(SearchDrift { account: row.get(0)?, stored: 1, counted: 0 }))?;
    for row in left_over {
        drift.push(row?);
    }
    Ok(drift)
}

/// Accounts that may match, in the order of results, each once.
struct Candidates<'t> {
    text: &'t str,
    ranks: BTreeSet<Rank>,
}

impl Candidates<'_> {
    /// Adds those that do match; says how many rows there were.
    fn add(
        &mut self,
        connection: &Connection,
        sql: &'static str,
        parameters: impl rusqlite::Params,
    ) -> Result<usize> {
        let mut statement = connection.sql(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            self.ranks.extend(self.rank(row)?);
        }
        Ok(count)
    }

    fn rank(&self, row: &Row<'_>) -> rusqlite::Result<Option<Rank>> {
        let username = text(row, 2)?.unwrap_or("");
        let Some(tier) = Tier::of(self.text, username, text(row, 3)?) else { return Ok(None) };
        let followers = std::cmp::Reverse(row.get::<_, i64>(1)? as u64);
        Ok(Some(Rank { tier, followers, account: row.get(0)? }))
    }
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Option<&'r str>> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

/// The text of an account that trigrams are taken of. No search text has a line break, so none
/// matches across the two.
fn indexed(username: &str, folded_name: Option<&str>) -> String {
    format!("{username}\n{}", folded_name.unwrap_or(""))
}

/// A query for accounts whose text has all trigrams of `text`; none for a text that has none.
fn trigrams(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let quoted = |trigram: &[char]| {
        let trigram: String = trigram.iter().collect();
        format!("\"{}\"", trigram.replace('"', "\"\""))
    };
    let trigrams: Vec<String> = letters.windows(3).take(TRIGRAMS).map(quoted).collect();
    (!trigrams.is_empty()).then(|| trigrams.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_made_of_quoted_trigrams() {
        assert_eq!(trigrams("ab"), None);
        assert_eq!(trigrams("anna").unwrap(), r#""ann" "nna""#);
        assert_eq!(trigrams(r#"a"*b"#).unwrap(), r#""a""*" """*b""#);
        assert_eq!(trigrams(&"x".repeat(100)).unwrap().split(' ').count(), TRIGRAMS);
    }
}
