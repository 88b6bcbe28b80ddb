//! The statements that PostgreSQL stores send, wherever their texts stand.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Lit;

use super::MARK;
use crate::tidy::source::{Source, test_files};
use crate::tidy::{Tree, Violation};

/// A text that is sent to PostgreSQL.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) path: &'a str,
    /// Counts from 1.
    pub(super) line: usize,
    pub(super) text: String,
    /// Whether a comment says that it reads all shards on purpose.
    pub(super) is_marked: bool,
}

/// The bodies of a crate's macros that put a text together, each the arguments of a `concat!`.
type Macros = BTreeMap<String, TokenStream>;

/// All statements of PostgreSQL stores, tests aside; and the files that could not be read.
///
/// Those in a slice's `store/sql.rs` count if the store in PostgreSQL names them, directly or through
/// another item of that file.
pub(super) fn statements(tree: &Tree) -> (Vec<Statement<'_>>, Vec<Violation>) {
    let tests = test_files(tree);
    let mut crates = BTreeMap::<&str, Vec<File<'_>>>::new();
    let mut unreadable = Vec::new();
    for (path, text) in tree.ending(".rs").filter(|(path, _)| !tests.contains(path)) {
        let Some(owner) = path.strip_prefix("crates/").and_then(|rest| rest.split('/').next())
        else {
            continue;
        };
        if !is_shared(path) && !is_of_postgres(path) {
            continue;
        }
        match text.parse() {
            Ok(tokens) => crates.entry(owner).or_default().push(File::new(path, text, tokens)),
            Err(error) => unreadable.push(Violation::new(path, 1, error.to_string())),
        }
    }
    (crates.values().flat_map(|files| of_crate(files)).collect(), unreadable)
}

/// Texts that both databases take.
fn is_shared(path: &str) -> bool {
    path.ends_with("/store/sql.rs")
}

fn is_of_postgres(path: &str) -> bool {
    path.ends_with("/postgres.rs") || path.contains("/postgres/")
}

/// A source file and the items at its top.
struct File<'a> {
    path: &'a str,
    source: Source,
    items: Vec<Vec<TokenTree>>,
}

impl<'a> File<'a> {
    fn new(path: &'a str, text: &str, tokens: TokenStream) -> Self {
        let tokens = trees(tokens);
        let items = tokens.split_inclusive(ends_item).map(<[_]>::to_vec).collect();
        Self { path, source: Source::read(text), items }
    }

    fn statements(&self, items: &[&Vec<TokenTree>], macros: &Macros) -> Vec<Statement<'a>> {
        let mut texts = Vec::new();
        for item in items {
            collect(item, macros, &mut texts);
        }
        let own = texts
            .into_iter()
            .filter(|(line, text)| begins_as_statement(text) && !self.source.is_test(line - 1));
        own.map(|(line, text)| {
            let is_marked = is_marked(&self.source, line - 1);
            Statement { path: self.path, line, text, is_marked }
        })
        .collect()
    }
}

fn of_crate<'a>(files: &[File<'a>]) -> Vec<Statement<'a>> {
    let macros: Macros =
        files.iter().flat_map(|file| &file.items).filter_map(|item| text_macro(item)).collect();
    let mut used = BTreeSet::new();
    for item in files.iter().filter(|file| !is_shared(file.path)).flat_map(|file| &file.items) {
        taken_from_sql(item, &mut used);
    }
    let mut statements = Vec::new();
    for file in files {
        let items = file.items.iter();
        let items: Vec<_> = if is_shared(file.path) {
            let used = with_what_they_name(&file.items, used.clone());
            items.filter(|item| name(item).is_some_and(|name| used.contains(&name))).collect()
        } else {
            items.collect()
        };
        statements.extend(file.statements(&items, &macros));
    }
    statements
}

fn begins_as_statement(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or("");
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "LISTEN", "UNLISTEN", "NOTIFY"]
        .contains(&first.trim_end_matches(';'))
}

/// An item at the top of a file ends with a semicolon or with its braces.
fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// What a constant, a function or a macro is called.
fn name(item: &[TokenTree]) -> Option<String> {
    let word = |token: &TokenTree| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    };
    let kinds = ["const", "static", "fn", "macro_rules"];
    let kind = item.iter().position(|token| word(token).is_some_and(|w| kinds.contains(&&*w)))?;
    item[kind + 1..].iter().find_map(word)
}

/// Adds the names that follow `sql::`, one or several in braces.
fn taken_from_sql(tokens: &[TokenTree], names: &mut BTreeSet<String>) {
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            taken_from_sql(&trees(group.stream()), names);
        }
        if token.to_string() == "sql"
            && let [TokenTree::Punct(one), TokenTree::Punct(two), named, ..] = &tokens[at + 1..]
            && (one.as_char(), two.as_char()) == (':', ':')
        {
            add_words(named, names);
        }
    }
}

fn add_words(token: &TokenTree, words: &mut BTreeSet<String>) {
    match token {
        TokenTree::Ident(word) => {
            words.insert(word.to_string());
        }
        TokenTree::Group(group) => group.stream().into_iter().for_each(|t| add_words(&t, words)),
        _ => {}
    }
}

/// `names` with everything that the items of those names name in turn.
fn with_what_they_name(items: &[Vec<TokenTree>], mut names: BTreeSet<String>) -> BTreeSet<String> {
    loop {
        let before = names.len();
        for item in items {
            if name(item).is_some_and(|name| names.contains(&name)) {
                for token in item {
                    add_words(token, &mut names);
                }
            }
        }
        if names.len() == before {
            return names;
        }
    }
}

/// The name and the parts of a macro that is no more than `concat!(…)`.
fn text_macro(item: &[TokenTree]) -> Option<(String, TokenStream)> {
    if !item.iter().any(|token| token.to_string() == "macro_rules") {
        return None;
    }
    let TokenTree::Group(body) = item.last()? else { return None };
    Some((name(item)?, concat_of(body.stream())?))
}

fn concat_of(tokens: TokenStream) -> Option<TokenStream> {
    let tokens = trees(tokens);
    (0..tokens.len()).find_map(|at| match &tokens[at..] {
        [TokenTree::Ident(word), _, TokenTree::Group(parts), ..] if word == "concat" => {
            Some(parts.stream())
        }
        [TokenTree::Group(group), ..] => concat_of(group.stream()),
        _ => None,
    })
}

/// Adds every text in `tokens` with the line that it begins on.
fn collect(tokens: &[TokenTree], macros: &Macros, texts: &mut Vec<(usize, String)>) {
    use TokenTree::{Group, Ident, Literal, Punct};
    let mut rest = tokens;
    loop {
        rest = match rest {
            [] => return,
            // Attributes; what documents an item is one, too.
            [Punct(mark), Group(_), after @ ..] if mark.as_char() == '#' => after,
            [Punct(mark), Punct(_), Group(_), after @ ..] if mark.as_char() == '#' => after,
            [Ident(word), Punct(_), Ident(_), Group(_), after @ ..] if word == "macro_rules" => {
                after
            }
            [Ident(called), Punct(mark), Group(given), after @ ..] if mark.as_char() == '!' => {
                match expanded(&called.to_string(), given.stream(), macros) {
                    Some(text) => texts.push((called.span().start().line, text)),
                    None => collect(&trees(given.stream()), macros, texts),
                }
                after
            }
            [Literal(literal), after @ ..] => {
                if let Lit::Str(text) = Lit::new(literal.clone()) {
                    texts.push((literal.span().start().line, text.value()));
                }
                after
            }
            [Group(group), after @ ..] => {
                collect(&trees(group.stream()), macros, texts);
                after
            }
            [_, after @ ..] => after,
        }
    }
}

/// What `concat!` or a macro of texts makes of what it is given.
fn expanded(called: &str, given: TokenStream, macros: &Macros) -> Option<String> {
    let given = joined(given, "", macros)?;
    if called == "concat" {
        return Some(given);
    }
    joined(macros.get(called)?.clone(), &given, macros)
}

/// The texts in `tokens` as one, with `given` where a macro repeats what it was given; `None` if
/// there is more than texts.
fn joined(tokens: TokenStream, given: &str, macros: &Macros) -> Option<String> {
    use TokenTree::{Group, Ident, Literal, Punct};
    let tokens = trees(tokens);
    let (mut rest, mut whole) = (tokens.as_slice(), String::new());
    loop {
        rest = match rest {
            [] => return Some(whole),
            [Punct(mark), Group(_), after @ ..] if mark.as_char() == '$' => {
                whole.push_str(given);
                after
            }
            [Punct(_), after @ ..] => after,
            [Literal(literal), after @ ..] => {
                let Lit::Str(text) = Lit::new(literal.clone()) else { return None };
                whole.push_str(&text.value());
                after
            }
            [Ident(called), Punct(_), Group(given), after @ ..] => {
                whole.push_str(&expanded(&called.to_string(), given.stream(), macros)?);
                after
            }
            _ => return None,
        }
    }
}

fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

/// Whether the mark stands directly above `line` (from 0), or above the beginning of the Rust
/// statement that goes on in it.
fn is_marked(source: &Source, mut line: usize) -> bool {
    let is_comment =
        |line: usize| source.code[line].trim().is_empty() && !source.comments[line].is_empty();
    let has_mark = |line: usize| {
        let comment = source.comments[line].trim_start_matches('/').trim();
        comment.strip_prefix(MARK.trim_end()).is_some_and(|reason| !reason.is_empty())
    };
    while let Some(above) = line.checked_sub(1) {
        if is_comment(above) {
            return (0..=above).rev().take_while(|line| is_comment(*line)).any(has_mark);
        }
        let code = source.code[above].trim_end();
        if code.is_empty() || code.ends_with([';', '{', '}', ',']) {
            return false;
        }
        line = above;
    }
    false
}
