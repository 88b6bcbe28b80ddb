//! Where SQL is written, and whose tables it names.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, test_files};
use super::{Tree, Violation};

/// SQL is written in a slice's `store/`, in a backend's own file, and in the parts of `platform`
/// that are databases themselves; everything else asks a store. Tests may look at a table.
pub(super) fn lives_in_stores(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, literals) in program_literals(tree) {
        for (line, _) in
            literals.iter().filter(|(_, text)| !may_hold_sql(path) && is_statement(text))
        {
            let advice = "SQL belongs in a store: give its trait a method for this";
            violations.push(Violation::new(path, line + 1, advice));
        }
    }
    violations
}

/// Nobody but the crate whose migrations make a table names it in SQL, tests aside.
pub(super) fn tables_have_one_owner(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut owners = BTreeMap::<String, &str>::new();
    for (path, text) in tree.ending(".sql") {
        let Some(owner) = crate_of(path) else { continue };
        for (line, table) in made_tables(text) {
            let first = *owners.entry(table.clone()).or_insert(owner);
            if first != owner {
                let advice = format!("{first} has a table `{table}` already: name this one apart");
                violations.push(Violation::new(path, line + 1, advice));
            }
        }
    }
    let sql = tree.ending(".sql").map(|(path, text)| (path, vec![(0, without_comments(text))]));
    for (path, texts) in sql.chain(program_literals(tree)) {
        let Some(by) = crate_of(path) else { continue };
        for (line, table) in named_tables(&texts) {
            if let Some(owner) = owners.get(&table).filter(|owner| **owner != by) {
                let advice =
                    format!("`{table}` is {owner}'s: ask its service instead of its table");
                violations.push(Violation::new(path, line + 1, advice));
            }
        }
    }
    violations
}

/// Migrations are `0001_what_it_does.sql`, `0002_…`: none missing, none twice.
pub(super) fn migrations_are_numbered(tree: &Tree) -> Vec<Violation> {
    let mut folders = BTreeMap::<&str, Vec<(&str, &str)>>::new();
    for (path, _) in tree.ending(".sql") {
        if let Some((folder, name)) = path.rsplit_once('/')
            && folder.contains("/migrations")
        {
            folders.entry(folder).or_default().push((path, name));
        }
    }
    let mut violations = Vec::new();
    for files in folders.values() {
        for (number, (path, name)) in files.iter().enumerate() {
            let start = format!("{:04}_", number + 1);
            if !name.starts_with(&start) {
                violations.push(Violation::new(path, 1, format!("name it {start}….sql")));
            }
        }
    }
    violations
}

/// The string literals of each source file, with their lines (from 0), that no test code holds.
fn program_literals(tree: &Tree) -> Vec<(&str, Vec<(usize, String)>)> {
    let test_files = test_files(tree);
    let sources = tree.ending(".rs").filter(|(path, _)| !test_files.contains(path));
    sources
        .map(|(path, text)| {
            let source = Source::read(text);
            let mut literals = source.literals.clone();
            literals.retain(|(line, _)| !source.is_test(*line));
            (path, literals)
        })
        .collect()
}

fn may_hold_sql(path: &str) -> bool {
    let platform = ["outbox", "postgres", "sqlite", "testkit", "transfer"].iter().any(|part| {
        let part = format!("crates/platform/src/{part}");
        path.strip_prefix(&part).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    });
    let store = ["/store.rs", "/sql.rs", "/sqlite.rs", "/postgres.rs"];
    platform
        || path.starts_with("xtask/")
        || path.contains("/store/")
        || store.iter().any(|end| path.ends_with(end))
}

/// `posts` for `crates/posts/src/lib.rs`.
fn crate_of(path: &str) -> Option<&str> {
    Some(path.strip_prefix("crates/")?.split_once('/')?.0)
}

/// Whether a text is, or has in it, a statement. Prose may say "select" and "update" as it likes.
fn is_statement(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let upper = |word: &&str| word.chars().all(|c| !c.is_lowercase());
    let selects = words.iter().skip_while(|word| **word != "SELECT").any(|word| *word == "FROM");
    selects
        || words.windows(3).any(|three| {
            let [first, second, third] = three else { return false };
            let lower = (first.to_ascii_lowercase(), second.to_ascii_lowercase());
            match (lower.0.as_str(), lower.1.as_str()) {
                ("insert", "into") | ("delete", "from") => upper(first) && upper(second),
                ("insert", "or") | ("create", "table" | "index" | "virtual") => upper(first),
                ("update", _) => upper(first) && *third == "SET",
                _ => false,
            }
        })
}

/// The tables that a migration makes, with their lines (from 0).
fn made_tables(text: &str) -> Vec<(usize, String)> {
    let mut tables = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut words = words(line).peekable();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("create")) {
            continue;
        }
        let noise = ["virtual", "temp", "temporary", "unlogged"];
        while words.next_if(|word| noise.contains(&word.to_ascii_lowercase().as_str())).is_some() {}
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("table")) {
            continue;
        }
        let noise = ["if", "not", "exists"];
        while words.next_if(|word| noise.contains(&word.to_ascii_lowercase().as_str())).is_some() {}
        tables.extend(words.next().map(|table| (number, table.to_owned())));
    }
    tables
}

/// What stands behind the words of SQL that a table follows, with its line (from 0).
fn named_tables(texts: &[(usize, String)]) -> BTreeSet<(usize, String)> {
    const INTRODUCED_BY: [&str; 7] =
        ["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "REFERENCES", "ON"];
    let mut tables = BTreeSet::new();
    for (start, text) in texts {
        let mut before = "";
        for (offset, line) in text.lines().enumerate() {
            for word in words(line) {
                if INTRODUCED_BY.contains(&before) {
                    tables.insert((start + offset, word.to_owned()));
                }
                before = word;
            }
        }
    }
    tables
}

/// SQL without its `--` comments, line for line.
fn without_comments(sql: &str) -> String {
    sql.lines().flat_map(|line| [line.split("--").next().unwrap_or(""), "\n"]).collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(violations: Vec<Violation>) -> Vec<(String, usize)> {
        violations.into_iter().map(|found| (found.path, found.line)).collect()
    }

    #[test]
    fn sql_outside_a_store_is_found() {
        let text = concat!(
            "fn a() { query(\"SELECT a\n FROM b\"); }\n",
            "fn b() { say(\"Select a post from the list, or update it\"); }\n",
            "fn c() { run(r\"UPDATE posts SET a = 1\"); run(\"DELETE FROM posts WHERE a\"); }\n",
            "#[cfg(test)]\nmod tests { fn d() { query(\"SELECT a FROM b\"); } }\n",
        );
        let tree = Tree::of([
            ("crates/platform/src/postgres/leases.rs", text),
            ("crates/platform/src/http.rs", text),
            ("crates/posts/src/store/sqlite.rs", text),
        ]);
        let http = |line| ("crates/platform/src/http.rs".to_owned(), line);
        assert_eq!(places(lives_in_stores(&tree)), [http(1), http(4), http(4)]);
    }

    #[test]
    fn a_table_of_another_slice_is_found() {
        let tree = Tree::of([
            (
                "crates/posts/migrations/sqlite/0001_a.sql",
                "CREATE TABLE posts (\n  a INTEGER\n);\n",
            ),
            ("crates/posts/src/store/sql.rs", "const A: &str = \"SELECT a FROM posts p\";\n"),
            (
                "crates/feed/src/store/sql.rs",
                "const A: &str = \"SELECT a FROM seen\n JOIN posts ON a = b\";\n\n// FROM posts\n",
            ),
            (
                "crates/feed/migrations/sqlite/0001_a.sql",
                "-- not FROM posts\nCREATE TABLE seen (post INTEGER REFERENCES posts);\n",
            ),
        ]);
        let sql = "crates/feed/migrations/sqlite/0001_a.sql".to_owned();
        let rust = "crates/feed/src/store/sql.rs".to_owned();
        assert_eq!(places(tables_have_one_owner(&tree)), [(sql, 2), (rust, 2)]);
    }

    #[test]
    fn a_table_that_two_slices_make_is_found() {
        let tree = Tree::of([
            ("crates/feed/migrations/sqlite/0001_a.sql", "CREATE TABLE IF NOT EXISTS seen (a);\n"),
            ("crates/posts/migrations/sqlite/0001_a.sql", "\nCREATE VIRTUAL TABLE seen USING b;\n"),
        ]);
        let found = tables_have_one_owner(&tree);
        assert!(found[0].advice.contains("feed has a table `seen` already"), "{found:?}");
        assert_eq!(
            (&*found[0].path, found[0].line),
            ("crates/posts/migrations/sqlite/0001_a.sql", 2)
        );
    }

    #[test]
    fn a_gap_between_migrations_is_found() {
        let tree = Tree::of([
            ("crates/a/migrations/sqlite/0001_a.sql", ""),
            ("crates/a/migrations/sqlite/0003_b.sql", ""),
            ("crates/b/migrations/0001_a.sql", ""),
        ]);
        let gap = ("crates/a/migrations/sqlite/0003_b.sql".to_owned(), 1);
        assert_eq!(places(migrations_are_numbered(&tree)), [gap]);
    }
}
