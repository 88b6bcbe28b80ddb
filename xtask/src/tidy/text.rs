//! What a file may look like: its length, what it may not say, where its links lead.

use super::source::{Source, test_files};
use super::{Tree, Violation};

/// A file is one thing that can be held in the head at once.
const LONGEST: usize = 600;

/// No source file or script is longer than [`LONGEST`] lines.
pub(super) fn files_are_short(tree: &Tree) -> Vec<Violation> {
    let is_code = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        matches!(extension, None | Some("rs" | "sh" | "py" | "js" | "css" | "html"))
    };
    let mut violations = Vec::new();
    for (path, text) in tree.ending("").filter(|(path, _)| is_code(path)) {
        let lines = text.lines().count();
        if lines > LONGEST {
            let advice =
                format!("{lines} lines, of {LONGEST} at most: find the second thing in it");
            violations.push(Violation::new(path, LONGEST + 1, advice));
        }
    }
    violations
}

/// What is not done is an issue, not a mark in the source.
pub(super) fn nothing_is_put_off(tree: &Tree) -> Vec<Violation> {
    const MARKS: [&str; 3] = ["TODO", "FIXME", "XXX"];
    let marked =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| MARKS.contains(&word));
    let test_files = test_files(tree);
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let source = Source::read(text);
        let is_test = |line| test_files.contains(path) || source.is_test(line);
        for (line, (code, comment)) in source.code.iter().zip(&source.comments).enumerate() {
            let mut found = |advice| violations.push(Violation::new(path, line + 1, advice));
            if marked(comment) {
                found("do it now or file an issue");
            }
            if code.contains("todo!") || code.contains("unimplemented!") {
                found("write it, or leave it out altogether");
            }
            if code.contains(".unwrap()") && !is_test(line) {
                found("return the error, or say why there is none: `expect(\"…\")`");
            }
        }
    }
    for end in [".sql", ".toml", ".html", ".css", ".js", ".yml", ".yaml", ".sh", ".ci/run"] {
        for (path, text) in tree.ending(end) {
            for (line, _) in text.lines().enumerate().filter(|(_, line)| marked(line)) {
                violations.push(Violation::new(path, line + 1, "do it now or file an issue"));
            }
        }
    }
    violations
}

/// A lint is switched off for a reason that is written there.
pub(super) fn exceptions_give_a_reason(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let code = Source::read(text).code;
        for line in 0..code.len() {
            let start = code[line].trim_start();
            let attribute = start.strip_prefix("#![").or_else(|| start.strip_prefix("#["));
            let Some(attribute) = attribute else { continue };
            if !attribute.starts_with("allow(") && !attribute.starts_with("expect(") {
                continue;
            }
            let rest = &code[line..];
            let end = rest.iter().position(|line| line.contains(")]")).unwrap_or(0);
            let whole = rest[..=end].concat();
            if !whole.contains("reason =") {
                let advice = "say why: `reason = \"…\"` at the end of the attribute";
                violations.push(Violation::new(path, line + 1, advice));
            }
        }
    }
    violations
}

/// A relative link of a document leads to a file or folder of the tree.
pub(super) fn links_lead_somewhere(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".md").filter(|(path, _)| !path.starts_with("third_party/")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            for link in line.split("](").skip(1).filter(|_| !fenced) {
                let link = link.split([')', '#', ' ']).next().unwrap_or_default();
                let elsewhere = link.contains(':') || link.starts_with('/');
                if !elsewhere && !link.is_empty() && !tree.holds(&joined(folder, link)) {
                    let advice = format!("`{link}` leads nowhere");
                    violations.push(Violation::new(path, number + 1, advice));
                }
            }
        }
    }
    violations
}

/// The path of `link` from `folder`, without `.` and `..`.
fn joined(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(link.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(violations: &[Violation]) -> Vec<(&str, usize)> {
        violations.iter().map(|found| (&*found.path, found.line)).collect()
    }

    #[test]
    fn a_long_file_is_found() {
        let (short, long) = ("\n".repeat(LONGEST), "\n".repeat(LONGEST + 1));
        let tree =
            Tree::of([("a.rs", &short), ("b.rs", &long), (".ci/run", &long), ("c.md", &long)]);
        assert_eq!(places(&files_are_short(&tree)), [(".ci/run", 601), ("b.rs", 601)]);
    }

    #[test]
    fn what_is_put_off_is_found() {
        let tree = Tree::of([
            ("a.rs", "a(\"TODO\");\n// FIXME: later\nb.unwrap();\ntodo!()\n"),
            ("b.rs", "#[cfg(test)]\nmod tests {\n  b.unwrap();\n}\n"),
            ("b.sql", "-- XXXL is a size\n-- XXX\n"),
        ]);
        let found = nothing_is_put_off(&tree);
        assert_eq!(places(&found), [("a.rs", 2), ("a.rs", 3), ("a.rs", 4), ("b.sql", 2)]);
    }

    #[test]
    fn an_exception_without_a_reason_is_found() {
        let tree = Tree::of([(
            "a.rs",
            "#[allow(dead_code)]\n#[expect(\n  dead_code,\n  reason = \"so\"\n)]\n\
             #![allow(unused)]\n// #[allow(x)]\n",
        )]);
        assert_eq!(places(&exceptions_give_a_reason(&tree)), [("a.rs", 1), ("a.rs", 6)]);
    }

    #[test]
    fn a_dead_link_is_found() {
        let tree = Tree::of([
            (
                "README.md",
                "[a](docs/a.md#x) [b](docs) [c](https://c.d)\n```\n[d](e)\n```\n[f](f.md)\n",
            ),
            ("docs/a.md", "[up](../README.md), [self](a.md \"A\"), [here](#b)\n[no](README.md)\n"),
        ]);
        assert_eq!(places(&links_lead_somewhere(&tree)), [("README.md", 5), ("docs/a.md", 2)]);
    }
}
