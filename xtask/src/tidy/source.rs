//! Rust source taken apart just far enough: code, comments, string literals, and what is test code.

use std::collections::BTreeSet;

use super::Tree;

/// One source file.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Each line's code: comments are gone, a string literal is left as `""`.
    pub(super) code: Vec<String>,
    /// Each line's comment text.
    pub(super) comments: Vec<String>,
    /// Every string literal with the line (from 0) that it begins on.
    pub(super) literals: Vec<(usize, String)>,
    /// Whether a line lies in an item under `#[cfg(test)]`.
    test: Vec<bool>,
}

/// Where the scanner is.
enum State {
    Code,
    LineComment,
    /// How many block comments are open.
    BlockComment(usize),
    /// How many `#` close the literal; `None` where a backslash escapes.
    Literal(Option<usize>),
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let mut source = Self::default();
        let mut state = State::Code;
        for (number, line) in text.lines().enumerate() {
            source.code.push(String::new());
            source.comments.push(String::new());
            if matches!(state, State::LineComment) {
                state = State::Code;
            }
            let mut rest = line;
            while !rest.is_empty() {
                (state, rest) = source.step(state, rest, number);
            }
            if matches!(state, State::Literal(_))
                && let Some((_, literal)) = source.literals.last_mut()
            {
                literal.push('\n');
            }
        }
        source.test = test_lines(&source.code);
        source
    }

    /// Whether line `line` (from 0) is test code.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test[line]
    }

    /// Reads the next bit of a line.
    fn step<'a>(&mut self, state: State, rest: &'a str, number: usize) -> (State, &'a str) {
        let mut chars = rest.chars();
        let next = chars.next().unwrap_or_default();
        let tail = chars.as_str();
        match state {
            State::Code => self.step_in_code(rest, next, tail, number),
            State::LineComment => {
                self.comments[number].push_str(rest);
                (State::LineComment, "")
            }
            State::BlockComment(depth) => {
                if let Some(after) = rest.strip_prefix("/*") {
                    return (State::BlockComment(depth + 1), after);
                }
                if let Some(after) = rest.strip_prefix("*/") {
                    let outer =
                        if depth == 1 { State::Code } else { State::BlockComment(depth - 1) };
                    return (outer, after);
                }
                self.comments[number].push(next);
                (State::BlockComment(depth), tail)
            }
            State::Literal(hashes) => {
                if let Some(after) = rest.strip_prefix(&closing(hashes)) {
                    return (State::Code, after);
                }
                let Some((_, literal)) = self.literals.last_mut() else {
                    return (State::Code, tail);
                };
                literal.push(next);
                if hashes.is_none() && next == '\\' {
                    let mut chars = tail.chars();
                    literal.extend(chars.next());
                    return (State::Literal(hashes), chars.as_str());
                }
                (State::Literal(hashes), tail)
            }
        }
    }

    fn step_in_code<'a>(
        &mut self,
        rest: &'a str,
        next: char,
        tail: &'a str,
        number: usize,
    ) -> (State, &'a str) {
        if let Some(after) = rest.strip_prefix("//") {
            return (State::LineComment, after);
        }
        if let Some(after) = rest.strip_prefix("/*") {
            return (State::BlockComment(1), after);
        }
        let code = &mut self.code[number];
        if next == '"' {
            let hashes = hashes_of_raw(code);
            code.push_str("\"\"");
            self.literals.push((number, String::new()));
            return (State::Literal(hashes), tail);
        }
        if next == '\''
            && let Some(after) = after_char_literal(tail)
        {
            code.push_str("' '");
            return (State::Code, after);
        }
        code.push(next);
        (State::Code, tail)
    }
}

/// The files that only tests are built from: `tests/`, and modules declared under `#[cfg(test)]`.
pub(super) fn test_files(tree: &Tree) -> BTreeSet<&str> {
    let mut folders = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let own = path.strip_suffix(".rs").unwrap_or(path);
        let parent = own.rsplit_once('/').map_or("", |(parent, _)| parent);
        let own = if own.ends_with("/lib") || own.ends_with("/main") { parent } else { own };
        let source = Source::read(text);
        for (line, code) in source.code.iter().enumerate() {
            let module = code.trim().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let module = module.strip_prefix("mod ").and_then(|module| module.strip_suffix(';'));
            if let Some(module) = module.filter(|_| source.is_test(line)) {
                folders.push(format!("{own}/{module}"));
            }
        }
    }
    let is_test = |path: &str| {
        path.contains("/tests/")
            || folders.iter().any(|folder| {
                path.strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            })
    };
    tree.ending(".rs").map(|(path, _)| path).filter(|path| is_test(path)).collect()
}

fn closing(hashes: Option<usize>) -> String {
    format!("\"{}", "#".repeat(hashes.unwrap_or(0)))
}

/// The number of `#` if `code` ends in the beginning of a raw literal, which is taken off.
fn hashes_of_raw(code: &mut String) -> Option<usize> {
    let bare = code.trim_end_matches('#');
    let hashes = code.len() - bare.len();
    let before = bare.strip_suffix("br").or_else(|| bare.strip_suffix('r'))?;
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    code.truncate(before.len());
    Some(hashes)
}

/// What follows a character literal whose opening quote is gone; `None` if it was a lifetime.
fn after_char_literal(tail: &str) -> Option<&str> {
    let mut chars = tail.chars();
    if chars.next()? == '\\' {
        chars.next()?;
        return chars.as_str().split_once('\'').map(|(_, after)| after);
    }
    chars.as_str().strip_prefix('\'')
}

/// Which lines belong to an item under `#[cfg(test)]`: from the attribute to the end of the braces,
/// or to the semicolon of an item that has none.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut test = vec![false; code.len()];
    let mut line = 0;
    while line < code.len() {
        if !code[line].trim_start().starts_with("#[cfg(test)]") {
            line += 1;
            continue;
        }
        let mut depth = 0i64;
        loop {
            test[line] = true;
            let braces = code[line].matches('{').count() as i64;
            depth += braces - code[line].matches('}').count() as i64;
            let ends = if braces > 0 || code[line].contains('}') {
                depth <= 0
            } else {
                depth <= 0 && code[line].trim_end().ends_with(';')
            };
            line += 1;
            if ends || line == code.len() {
                break;
            }
        }
    }
    test
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_code_from_comments_and_literals() {
        let source = Source::read(concat!(
            "let a = \"// \\\" no\"; // yes /* \"\n",
            "let b: &'static str = r#\"one\n",
            "\"two\"#; let c = '\"'; /* in /* deep */\n",
            "still */ let d = b'\\'';\n",
        ));
        assert_eq!(source.code[0], "let a = \"\"; ");
        assert_eq!(source.comments[0], " yes /* \"");
        assert_eq!(source.code[1], "let b: &'static str = \"\"");
        assert_eq!(source.code[2], "; let c = ' '; ");
        assert_eq!(source.comments[2], " in  deep ");
        assert_eq!(source.code[3], " let d = b' ';");
        let literals: Vec<_> =
            source.literals.iter().map(|(line, text)| (*line, &**text)).collect();
        assert_eq!(literals, [(0, "// \\\" no"), (1, "one\n\"two")]);
    }

    #[test]
    fn knows_what_is_test_code() {
        let text = "fn a() {}\n#[cfg(test)]\nmod suite;\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n";
        let source = Source::read(text);
        let test: Vec<_> = (0..9).filter(|line| source.is_test(*line)).collect();
        assert_eq!(test, [1, 2, 3, 4, 5, 6, 7]);
        let tree = Tree::of([
            ("crates/a/src/store.rs", text),
            ("crates/a/src/store/suite.rs", ""),
            ("crates/a/src/store/suites.rs", ""),
            ("crates/a/tests/whole.rs", ""),
        ]);
        let files: Vec<_> = test_files(&tree).into_iter().collect();
        assert_eq!(files, ["crates/a/src/store/suite.rs", "crates/a/tests/whole.rs"]);
    }
}
