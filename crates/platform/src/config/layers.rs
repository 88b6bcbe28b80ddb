//! The layers: each replaces values of the one before it and remembers that it did.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

use super::rules::not_allowed;
use super::{DEFAULTS, broken};
use crate::error::Result;

/// Names of other programs' documents for keys of ours.
const ALIASES: &[(&str, &str)] = &[
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    // The last of two for one key wins.
    ("JWT_SECRET_KEY", "auth.jwt_secret"),
    ("JWT_SECRET", "auth.jwt_secret"),
    ("FEED_CELEBRITY_THRESHOLD", "feed.celebrity_threshold"),
    ("FEED_DAYS_LIMIT", "feed.days_limit"),
    ("FEED_LIMIT_DEFAULT", "feed.default_limit"),
    ("MEDIA_URL", "media.url"),
    ("AWS_ENDPOINT_URL", "media.endpoint"),
    ("AWS_REGION", "media.region"),
    ("AWS_ACCESS_KEY_ID", "media.access_key"),
    ("AWS_SECRET_ACCESS_KEY", "media.secret_key"),
];

/// Names of servers that this build does not speak to, and what it uses instead.
const UNUSED: &[(&str, &str)] = &[
    ("REDIS_HOST", "set REDIS_URL to its whole address"),
    ("KAFKA_BOOTSTRAP_SERVERS", "events go through the embedded queue"),
    ("RABBITMQ_URL", "events go through the embedded queue"),
];

const PREFIX: &str = "TINTYPE_";

/// Variables with our prefix that are none of the program's business.
const FOR_TESTS: &str = "TINTYPE_TEST_";

/// Where the configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that a flag names, which must be there; without one `tintype.toml` in `folder`.
    pub file: Option<PathBuf>,
    /// Where to look for `tintype.toml`; nowhere if there is none.
    pub folder: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Key (`server.listen`) and text of each flag that was given.
    pub flags: BTreeMap<String, String>,
}

impl Sources {
    /// What a program reads: `file` if one is named, else `tintype.toml` of the working directory;
    /// the environment; `flags`.
    pub fn of_process(file: Option<PathBuf>, flags: BTreeMap<String, String>) -> Self {
        // A variable that is not UTF-8 can be none of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, folder: Some(PathBuf::from(".")), environment, flags }
    }

    /// Nothing but the defaults.
    pub fn none() -> Self {
        Self::default()
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The defaults.
    Default,
    /// This file.
    File(PathBuf),
    /// This variable.
    Environment(String),
    /// A flag.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// One value in force.
#[derive(Debug, Clone)]
pub struct Setting {
    /// `section.key`.
    pub key: String,
    pub(super) value: Value,
    /// Where the value came from.
    pub source: Source,
}

impl Setting {
    /// The value as it would stand in a file; a secret is masked.
    pub fn shown(&self) -> String {
        let empty = self.value.as_str() == Some("");
        let secret = ["secret", "secret_key"].iter().any(|word| self.key.ends_with(word));
        if secret && !empty {
            return "\"********\"".to_owned();
        }
        match self.value.as_str().and_then(without_password) {
            Some(address) => Value::String(address).to_string(),
            None => self.value.to_string(),
        }
    }
}

/// An address that holds a password, without it; `None` for what is no such address.
fn without_password(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (user, place) = rest.rsplit_once('@')?;
    let (user, _) = user.split_once(':')?;
    Some(format!("{scheme}://{user}:********@{place}"))
}

/// Every value in force and where it came from.
#[derive(Debug, Clone)]
pub struct Provenance {
    settings: BTreeMap<String, Setting>,
    /// What the operator should know: variables that have no effect, a weak secret.
    pub warnings: Vec<String>,
}

impl Provenance {
    /// Every value in force, by key.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values()
    }

    /// The values as nested tables.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        for setting in self.settings.values() {
            let (section, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
            let section = table.entry(section).or_insert_with(|| Table::new().into());
            if let Value::Table(section) = section {
                section.insert(key.to_owned(), setting.value.clone());
            }
        }
        table
    }

    fn set(&mut self, key: &str, value: Value, source: Source) -> Result<()> {
        let setting = self.known(key, &source)?;
        let old = std::mem::replace(&mut setting.value, value);
        setting.source = source;
        if old.same_type(&setting.value) {
            return Ok(());
        }
        Err(not_allowed(setting, words_for(&old)))
    }

    /// Sets a value from text, which is turned into the type of the default.
    fn set_text(&mut self, key: &str, text: &str, source: Source) -> Result<()> {
        let setting = self.known(key, &source)?;
        let value = match &setting.value {
            Value::Boolean(_) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true.into()),
                "false" | "0" | "no" | "off" => Some(false.into()),
                _ => None,
            },
            Value::Integer(_) => text.trim().replace('_', "").parse().ok().map(Value::Integer),
            Value::Array(_) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(items.collect::<Vec<_>>().into())
            }
            _ => Some(text.into()),
        };
        if let Some(value) = value {
            setting.value = value;
            setting.source = source;
            return Ok(());
        }
        let allowed = words_for(&setting.value);
        Err(not_allowed(&Setting { key: key.to_owned(), value: text.into(), source }, allowed))
    }

    fn known(&mut self, key: &str, source: &Source) -> Result<&mut Setting> {
        if !self.settings.contains_key(key) {
            let near = nearest(key, self.settings.keys().map(String::as_str));
            return Err(broken(format!("There is no key {key} ({source}){near}")));
        }
        Ok(self.settings.get_mut(key).expect("it was found just now"))
    }
}

/// Lays everything over the defaults.
pub(super) fn gather(sources: &Sources) -> Result<Provenance> {
    let mut provenance = Provenance { settings: BTreeMap::new(), warnings: Vec::new() };
    let defaults: Table = DEFAULTS.parse().expect("a test parses the defaults");
    for (key, value) in leaves(defaults) {
        let setting = Setting { key: key.clone(), value, source: Source::Default };
        provenance.settings.insert(key, setting);
    }
    read_file(&mut provenance, sources)?;
    read_environment(&mut provenance, &sources.environment)?;
    for (key, text) in &sources.flags {
        provenance.set_text(key, text, Source::Flag)?;
    }
    let secret = provenance.settings["auth.jwt_secret"].value.as_str().map_or(0, str::len);
    if (1..32).contains(&secret) {
        provenance.warnings.push(
            "auth.jwt_secret is shorter than 32 characters: whoever guesses it can sign in as \
             anybody; use a longer one, or none to have one made"
                .to_owned(),
        );
    }
    Ok(provenance)
}

fn read_file(provenance: &mut Provenance, sources: &Sources) -> Result<()> {
    let path = match (&sources.file, &sources.folder) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.join("tintype.toml"),
        (None, None) => return Ok(()),
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && sources.file.is_none() => {
            return Ok(());
        }
        Err(cause) => {
            return Err(broken(format!("The file {} cannot be read: {cause}", path.display())));
        }
    };
    let table: Table = text.parse().map_err(|cause: toml::de::Error| {
        let before = cause.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        broken(format!("Line {line} of {} is not TOML: {}", path.display(), cause.message()))
    })?;
    for (key, value) in leaves(table) {
        provenance.set(&key, value, Source::File(path.clone()))?;
    }
    Ok(())
}

fn read_environment(provenance: &mut Provenance, environment: &[(String, String)]) -> Result<()> {
    let find =
        |wanted: &str| environment.iter().find(|(name, text)| name == wanted && !text.is_empty());
    for (name, key) in ALIASES {
        if let Some((name, text)) = find(name) {
            provenance.set_text(key, text, Source::Environment(name.clone()))?;
        }
    }
    if let Some((name, text)) = find("PORT") {
        let source = Source::Environment(name.clone());
        let Ok(port) = text.trim().parse::<u16>() else {
            return Err(broken(format!(
                "PORT is {text:?}; allowed is: a whole number from 0 to 65535"
            )));
        };
        let listen = provenance.settings["server.listen"].value.as_str().unwrap_or_default();
        let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
        let listen = format!("{host}:{port}");
        provenance.set("server.listen", listen.into(), source)?;
    }
    if let Some((name, text)) = find("DEBUG")
        && ["true", "1", "yes", "on"].contains(&text.to_ascii_lowercase().as_str())
    {
        provenance.set("log.level", "debug".into(), Source::Environment(name.clone()))?;
    }
    for (name, instead) in UNUSED {
        if find(name).is_some() {
            provenance.warnings.push(format!(
                "{name} is set, but this build has no adapter for it yet: {instead}"
            ));
        }
    }
    let keys: BTreeMap<String, String> =
        provenance.settings.keys().map(|key| (variable(key), key.clone())).collect();
    for (name, text) in environment {
        if !name.starts_with(PREFIX) || name.starts_with(FOR_TESTS) {
            continue;
        }
        let Some(key) = keys.get(name) else {
            let near = nearest(name, keys.keys().map(String::as_str));
            return Err(broken(format!("There is no variable {name}{near}")));
        };
        provenance.set_text(key, text, Source::Environment(name.clone()))?;
    }
    Ok(())
}

/// The variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// `section.key` of every value.
fn leaves(table: Table) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(keys) => {
                leaves.extend(
                    keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)),
                );
            }
            // A key outside of a section is unknown, and is said to be.
            value => leaves.push((section, value)),
        }
    }
    leaves
}

fn words_for(value: &Value) -> &'static str {
    match value {
        Value::Boolean(_) => "true or false",
        Value::Integer(_) => "a whole number",
        Value::Array(_) => "a list of texts",
        _ => "a text",
    }
}

/// `; did you mean …?` if something is near enough.
fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> String {
    let near = names.map(|name| (distance(wanted, name), name)).min();
    match near {
        Some((distance, name)) if distance <= wanted.len() / 2 => format!("; did you mean {name}?"),
        _ => "; see `tintype config` for those there are".to_owned(),
    }
}

/// Letters to add, remove or replace to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let cost = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
