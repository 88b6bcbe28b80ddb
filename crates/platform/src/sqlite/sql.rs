//! Statements: shared text with `$n`, prepared once a connection.

use std::cell::RefCell;
use std::rc::Rc;

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection};
use rustc_hash::FxHashMap;

/// Prepares statements written for both databases.
pub trait Sql {
    /// The statement `text`, from the connection's cache.
    ///
    /// Parameters are written `$1`, `$2`, … as PostgreSQL wants them. SQLite would number those by
    /// first occurrence, so they are rewritten to `?1`, `?2`, …, once for each text and thread.
    fn sql(&self, text: &'static str) -> rusqlite::Result<CachedStatement<'_>>;
}

impl Sql for Connection {
    fn sql(&self, text: &'static str) -> rusqlite::Result<CachedStatement<'_>> {
        thread_local! {
            // Keyed by address: a text is a literal of the program and does not move.
            static REWRITTEN: RefCell<FxHashMap<(usize, usize), Rc<str>>> = RefCell::default();
        }
        let rewritten = REWRITTEN.with_borrow_mut(|texts| {
            texts
                .entry((text.as_ptr() as usize, text.len()))
                .or_insert_with(|| number_parameters(text).into())
                .clone()
        });
        self.prepare_cached(&rewritten)
    }
}

/// A list of ids as one parameter, for `… IN rarray($1)`.
pub struct Ids(Rc<Vec<Value>>);

impl Ids {
    /// The list of `ids`.
    pub fn new(ids: impl IntoIterator<Item = impl Into<i64>>) -> Self {
        Self(Rc::new(ids.into_iter().map(|id| Value::Integer(id.into())).collect()))
    }
}

impl rusqlite::ToSql for Ids {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// `$n` to `?n`, outside of quotes.
fn number_parameters(text: &str) -> String {
    let mut rewritten = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match quote {
            Some(open) if character == open => quote = None,
            None if character == '\'' || character == '"' => quote = Some(character),
            None if character == '$' && characters.peek().is_some_and(char::is_ascii_digit) => {
                rewritten.push('?');
                continue;
            }
            _ => {}
        }
        rewritten.push(character);
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_renumbered_outside_of_quotes() {
        assert_eq!(
            number_parameters("SELECT '$1', \"$2\" FROM t WHERE a = $2 AND b = $11 AND c = '$'"),
            "SELECT '$1', \"$2\" FROM t WHERE a = ?2 AND b = ?11 AND c = '$'"
        );
    }

    #[test]
    fn the_same_parameter_may_stand_in_any_order() {
        let connection = Connection::open_in_memory().unwrap();
        let (a, b): (i64, i64) = connection
            .sql("SELECT $2, $1")
            .unwrap()
            .query_row([1, 2], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!((a, b), (2, 1));
    }
}
