//! The tables that migrations make, and by which key each is spread over shards.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{CreateTable, ObjectName, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::{BESIDE_A_CHANGE, ON_ONE_SERVER, SHARD_KEYS};
use crate::tidy::{Tree, Violation};

/// The columns of each table of a PostgreSQL database.
#[derive(Debug, Default)]
pub(super) struct Tables(BTreeMap<String, BTreeSet<String>>);

/// How a statement finds the rows of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Spread over shards by this column.
    Spread(&'static str),
    /// Wherever the statement is sent.
    OneServer,
    /// There is no such table.
    Unknown,
}

impl Tables {
    pub(super) fn of(tree: &Tree) -> Self {
        let made = migrations(tree).flat_map(|(_, text)| made(text).unwrap_or_default());
        Self(made.map(|table| (last_part(&table.name), columns(&table))).collect())
    }

    /// Where rows are read.
    pub(super) fn place(&self, table: &str) -> Place {
        if ON_ONE_SERVER.contains(&table) || BESIDE_A_CHANGE.contains(&table) {
            return Place::OneServer;
        }
        self.key(table).map_or(Place::Unknown, Place::Spread)
    }

    /// Where rows are added.
    pub(super) fn place_of_new(&self, table: &str) -> Place {
        if BESIDE_A_CHANGE.contains(&table) {
            return self.key(table).map_or(Place::Unknown, Place::Spread);
        }
        self.place(table)
    }

    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.0.get(table).is_some_and(|columns| columns.contains(column))
    }

    fn key(&self, table: &str) -> Option<&'static str> {
        self.0.contains_key(table).then(|| shard_key(table)).flatten()
    }
}

/// Tables that [`SHARD_KEYS`] does not tell of as they are.
pub(super) fn without_key(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut known = BTreeSet::new();
    for (path, text) in migrations(tree) {
        let tables = match made(text) {
            Ok(tables) => tables,
            Err(error) => {
                violations.push(Violation::new(path, 1, error));
                continue;
            }
        };
        for table in tables {
            let name = last_part(&table.name);
            let line = table.name.0[0].as_ident().map_or(1, |name| name.span.start.line as usize);
            if let Some(advice) = missing_key(&table, &name) {
                violations.push(Violation::new(path, line, advice));
            }
            known.insert(name);
        }
    }
    for (table, _) in SHARD_KEYS.iter().filter(|(table, _)| !known.contains(*table)) {
        let advice = format!("no migration makes `{table}`: take it out of `SHARD_KEYS`");
        violations.push(Violation::new("xtask/src/tidy/shards.rs", 1, advice));
    }
    violations
}

/// What a migration may not make: a proxy has neither one sequence nor foreign keys over shards.
pub(super) fn unshardable(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in migrations(tree) {
        let mut tokenizer = Tokenizer::new(&PostgreSqlDialect {}, text);
        let Ok(tokens) = tokenizer.tokenize_with_location() else { continue };
        let mut before = String::new();
        for token in tokens {
            let Token::Word(word) = &token.token else { continue };
            let found = word.value.to_ascii_lowercase();
            if let Some(advice) = refused(&before, &found) {
                violations.push(Violation::new(path, token.span.start.line as usize, advice));
            }
            before = found;
        }
    }
    violations
}

fn refused(before: &str, word: &str) -> Option<&'static str> {
    match word {
        "references" => Some("no foreign key: what it names may stand on another shard"),
        "serial" | "bigserial" | "smallserial" | "serial2" | "serial4" | "serial8" | "nextval"
        | "identity" => Some("no sequence: each shard would count for itself; ids come from `id`"),
        "sequence" if before == "create" => {
            Some("no sequence: each shard would count for itself; ids come from `id`")
        }
        _ => None,
    }
}

fn missing_key(table: &CreateTable, name: &str) -> Option<String> {
    if ON_ONE_SERVER.contains(&name) {
        return None;
    }
    let Some(key) = shard_key(name) else {
        return Some(format!("say in `SHARD_KEYS` of xtask which column spreads `{name}`"));
    };
    let there = columns(table).contains(key);
    (!there).then(|| format!("`{name}` has no column `{key}`, its shard key in xtask"))
}

fn shard_key(table: &str) -> Option<&'static str> {
    SHARD_KEYS.iter().find(|(name, _)| *name == table).map(|(_, key)| *key)
}

fn migrations(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.ending(".sql").filter(|(path, _)| path.contains("/migrations/postgres/"))
}

fn made(migration: &str) -> Result<Vec<CreateTable>, String> {
    let statements = Parser::new(&PostgreSqlDialect {})
        .try_with_sql(migration)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| error.to_string())?;
    let tables = statements.into_iter().filter_map(|statement| match statement {
        Statement::CreateTable(table) => Some(table),
        _ => None,
    });
    Ok(tables.collect())
}

fn columns(table: &CreateTable) -> BTreeSet<String> {
    table.columns.iter().map(|column| column.name.value.clone()).collect()
}

/// The name without the schema.
pub(super) fn last_part(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map(|part| part.value.clone()).unwrap_or_default()
}
