//! Every parser of outside input, as a function of bytes that panics if it is at fault.
//!
//! Most check a little more than that nothing panics: what was read can be written and read again.

mod accounts;
mod media;
mod posts;
mod request;

use std::net::IpAddr;

use tintype_api::{PostId, UserId};
use tintype_platform::config::{Config, Sources};
use tintype_platform::http::Network;
use tintype_platform::page::{Cursor, Limit, PageQuery};

/// Reads what came from outside.
pub(crate) type Parser = fn(&[u8]);

/// The parsers by name; each has a folder in `corpus/` and a program in `Cargo.toml`.
pub(crate) const PARSERS: [(&str, Parser); 15] = [
    ("caption", |bytes| text(bytes, posts::caption)),
    ("config_environment", config_environment),
    ("config_file", config_file),
    ("cursor", |bytes| text(bytes, cursor)),
    ("film", media::film),
    ("id", id),
    ("metadata", media::metadata),
    ("network", |bytes| text(bytes, network)),
    ("page_query", |bytes| text(bytes, page_query)),
    ("person", |bytes| text(bytes, accounts::person)),
    ("picture", media::picture),
    ("request", request::request),
    ("search", |bytes| text(bytes, accounts::search)),
    ("token", |bytes| text(bytes, accounts::token)),
    ("words", |bytes| text(bytes, posts::words)),
];

fn text(bytes: &[u8], parser: fn(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        parser(text);
    }
}

/// Variables, one to a line, as `NAME=value`.
fn config_environment(bytes: &[u8]) {
    text(bytes, |text| {
        let variables = text.lines().filter_map(|line| line.split_once('='));
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        load(&Sources { environment: environment.collect(), ..Sources::none() });
    });
}

fn config_file(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(&file, bytes).expect("and written");
    load(&Sources { file: Some(file.path().to_owned()), ..Sources::none() });
}

/// A configuration is in force as a whole or refused with one sentence.
fn load(sources: &Sources) {
    match Config::load(sources) {
        Ok((_, provenance)) => assert!(provenance.settings().all(|set| !set.shown().is_empty())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The first character stands for the kind of list.
fn cursor(text: &str) {
    let Some((kind, text)) = text.split_at_checked(1) else { return };
    let kind = kind.as_bytes()[0];
    if let Ok(values) = Cursor::<1>::read(kind, text) {
        let again = Cursor::new(kind, values).to_string();
        assert_eq!(Cursor::read(kind, &again).ok(), Some(values));
    }
    if let Ok(values) = Cursor::<2>::read(kind, text) {
        let again = Cursor::new(kind, values).to_string();
        assert_eq!(Cursor::read(kind, &again).ok(), Some(values));
    }
}

/// As JSON, and as it stands in a path.
fn id(bytes: &[u8]) {
    if let Ok(id) = serde_json::from_slice::<UserId>(bytes) {
        let json = serde_json::to_vec(&id).expect("an id is a number");
        assert_eq!(serde_json::from_slice::<UserId>(&json).ok(), Some(id));
    }
    text(bytes, |text| {
        if let Ok(id) = text.parse::<PostId>() {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string(), text.trim_start_matches('0'));
        }
    });
}

/// A network, and what it holds.
fn network(text: &str) {
    if let Ok(network) = text.parse::<Network>() {
        let own = text.split('/').next().and_then(|address| address.parse::<IpAddr>().ok());
        assert!(own.is_some_and(|own| network.contains(own)), "{text} lacks its own address");
        for other in ["0.0.0.0", "255.255.255.255", "::", "::ffff:1.2.3.4"] {
            network.contains(other.parse().expect("it is an address"));
        }
    }
}

/// The query of a list.
fn page_query(text: &str) {
    let Ok(uri) = format!("/?{text}").parse() else { return };
    if let Ok(query) = axum::extract::Query::<PageQuery>::try_from_uri(&uri) {
        assert!((1..=Limit::MAX.get()).contains(&query.limit().get()));
        query.skip();
        let _ = query.cursor::<2>(b'p');
    }
}
