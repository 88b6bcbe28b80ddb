//! Search in SQLite: the two name indexes for how a name begins, trigrams for what is inside it.

use rusqlite::ToSql;
use tintype_api::UserId;
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, OptionalExtension, Row, Sql, params};

use super::sql;
use crate::input::folded;
use crate::store::candidates::Candidates;
use crate::store::{MATCHES, POPULAR, Rank, SearchDrift};

const BY_USERNAME: &str =
    sql::candidates!("WHERE username >= $1 AND username < $2 ORDER BY username LIMIT $3");
const BY_FULL_NAME: &str =
    sql::candidates!("WHERE folded_name >= $1 AND folded_name < $2 ORDER BY folded_name LIMIT $3");
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
    let mut candidates = Candidates::for_text(text);
    let mut add =
        |sql, parameters: &[&dyn ToSql]| consider(&mut candidates, connection, sql, parameters);
    // Nothing sorts above it, so this is where texts that begin with `text` end.
    let end = format!("{text}\u{10ffff}");
    let range = params![text, end, MATCHES as i64];
    let by_username = add(BY_USERNAME, range)?;
    let by_name = add(BY_FULL_NAME, range)?;
    let by_trigrams = match trigrams(text) {
        Some(query) => add(BY_TRIGRAMS, params![query, MATCHES as i64])?,
        None => MATCHES,
    };
    if by_username.max(by_name).max(by_trigrams) >= MATCHES {
        add(sql::MOST_POPULAR, params![POPULAR as i64])?;
    }
    Ok(candidates.page(after, limit))
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

/// Adds what a statement finds, if it matches; says how many rows there were.
fn consider(
    candidates: &mut Candidates<'_>,
    connection: &Connection,
    sql: &'static str,
    parameters: impl rusqlite::Params,
) -> Result<usize> {
    let mut statement = connection.sql(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        candidates.consider(row.get(0)?, row.get(1)?, text(row, 2)?.unwrap_or(""), text(row, 3)?);
    }
    Ok(count)
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
