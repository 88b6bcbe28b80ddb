//! A record's JSON, written once and kept beside it.

use std::sync::OnceLock;

use serde::Serialize;

/// The JSON of the record that this stands in, from the first time that it is asked for.
///
/// It is no part of the record's value: a copy starts without it, and any two are equal.
#[derive(Default)]
pub struct Rendered(OnceLock<Box<str>>);

impl Rendered {
    /// The JSON of what `record` answers, which must depend on the record alone.
    pub fn get<T: Serialize>(&self, record: impl FnOnce() -> T) -> &str {
        self.0.get_or_init(|| {
            let json = serde_json::to_string(&record());
            json.expect("a record of numbers, text and lists can be written").into()
        })
    }
}

impl Clone for Rendered {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Rendered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rendered {}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rendered")
    }
}
