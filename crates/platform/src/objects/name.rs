//! Names of objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The name of an object, such as `images/7/bWVkaWE_large.jpg`: parts of letters, digits, `-`, `_`
/// and `.` with `/` between them, none of which is empty or begins with a dot.
///
/// Whatever else a client asks for can be no name, and so leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

impl ObjectName {
    /// The longest name, in bytes.
    pub const LONGEST: usize = 200;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn allows(name: &str) -> bool {
        name.len() <= Self::LONGEST
            && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
    }
}

impl TryFrom<String> for ObjectName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        if Self::allows(&name) {
            Ok(Self(name))
        } else {
            Err(Error::not_found("object_not_found", "There is no such file"))
        }
    }
}

impl FromStr for ObjectName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        name.to_owned().try_into()
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_leads_nowhere_but_down() {
        for name in ["images/7/a-B_9.x.jpg", "a", "a/b..c"] {
            assert_eq!(name.parse::<ObjectName>().unwrap().as_str(), name);
        }
        let long = "a".repeat(ObjectName::LONGEST + 1);
        for name in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/./b",
            ".hidden",
            "a/.hidden",
            "a b",
            "a%2f..%2fb",
            "a\\..\\b",
            "a\0",
            "a#1",
            "a?b",
            "ä",
            &long,
        ] {
            assert!(name.parse::<ObjectName>().is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_a_name_stays_below_its_folder(text in "[a./%-]{0,12}") {
            if let Ok(name) = text.parse::<ObjectName>() {
                let path = std::path::Path::new(name.as_str());
                let normal = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(path.components().all(normal));
                prop_assert!(object_store::path::Path::parse(name.as_str()).is_ok());
            }
        }
    }
}
