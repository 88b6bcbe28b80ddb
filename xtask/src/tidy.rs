//! The house rules that no compiler checks.
//!
//! A rule is a function from the [`Tree`] to the [`Violation`]s it finds: it touches no disk, so its
//! tests are a few made-up files. Lines are scanned, not parsed, except for the SQL in [`shards`]; what
//! a rule cannot see is left to the reader of the change.

mod layers;
mod shards;
mod source;
mod sql;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Context;

/// Every rule, in the order of their reports.
const RULES: [fn(&Tree) -> Vec<Violation>; 11] = [
    layers::slices_stand_alone,
    layers::lints_are_inherited,
    sql::lives_in_stores,
    sql::tables_have_one_owner,
    sql::migrations_are_numbered,
    shards::tables_can_be_spread,
    shards::statements_say_where_they_go,
    text::files_are_short,
    text::nothing_is_put_off,
    text::exceptions_give_a_reason,
    text::links_lead_somewhere,
];

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 5] = [".git", "target", "tintype-data", "node_modules", "artifacts"];

/// Prints every violation; an error if there is one.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let violations = Tree::read(root)?.violations();
    for violation in &violations {
        eprintln!("{violation}");
    }
    anyhow::ensure!(violations.is_empty(), "house rules broken: {}", violations.len());
    Ok(())
}

/// The project's files by their path from its root, with `/` between the parts.
///
/// Third parties' files are there with no text: links may lead to them, no rule holds for them.
#[derive(Debug, Default)]
struct Tree(BTreeMap<String, String>);

impl Tree {
    fn read(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> anyhow::Result<()> {
        let entries =
            fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                let theirs = path.starts_with("third_party/") || path.starts_with("fuzz/corpus/");
                let bytes = if theirs { Vec::new() } else { fs::read(entry.path())? };
                self.0.insert(path, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        Ok(())
    }

    fn violations(&self) -> Vec<Violation> {
        RULES.iter().flat_map(|rule| rule(self)).collect()
    }

    /// The files whose name ends so.
    fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |(path, _)| path.ends_with(end))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether there is a file or a folder of this path.
    fn holds(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.0.contains_key(path)
            || self.0.keys().any(|file| file.starts_with(&folder))
    }
}

/// A broken rule: where, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    line: usize,
    advice: String,
}

impl Violation {
    /// `line` counts from 1.
    fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, advice: advice.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

#[cfg(test)]
impl Tree {
    fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        Self(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_keeps_its_rules() {
        let tree = Tree::read(crate::root()).unwrap();
        assert!(tree.holds("crates/platform/src/lib.rs"), "the tree was not found");
        let violations: Vec<_> = tree.violations().iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
    }
}
