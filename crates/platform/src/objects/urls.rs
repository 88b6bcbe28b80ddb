//! Where clients find objects.

use std::sync::Arc;

/// Where clients find objects: a base address and a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUrls {
    base: Arc<str>,
}

impl ObjectUrls {
    /// Under which path the program itself serves objects.
    pub const PATH: &str = "/media/";

    /// Addresses below `public_url`, such as that of a CDN; if it is empty, paths that the program
    /// itself serves.
    pub fn new(public_url: &str) -> Self {
        let base = match public_url.trim_end_matches('/') {
            "" => Self::PATH.into(),
            url => format!("{url}/").into(),
        };
        Self { base }
    }

    /// The address of what a slice has stored: the name of an object, or an address elsewhere,
    /// which stays as it is.
    pub fn of(&self, stored: &str) -> String {
        if stored.contains("://") { stored.to_owned() } else { format!("{}{stored}", self.base) }
    }

    /// The name of the object at `url`, if it may be one of ours: the program does not know by
    /// which hosts it is reached, so any host will do.
    pub fn name_in<'a>(&self, url: &'a str) -> Option<&'a str> {
        if let Some(name) = url.strip_prefix(&*self.base) {
            return Some(name);
        }
        let path = match url.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => url,
        };
        path.strip_prefix(Self::PATH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_below_the_base_and_nothing_else_is_changed() {
        let own = ObjectUrls::new("");
        assert_eq!(own.of("images/1/a_large.jpg"), "/media/images/1/a_large.jpg");
        assert_eq!(own.name_in("/media/images/1/a_large.jpg"), Some("images/1/a_large.jpg"));
        assert_eq!(own.name_in("https://a.example/media/x"), Some("x"));
        for elsewhere in ["https://a.example/x/media/y", "https://a.example", "media/x", ""] {
            assert_eq!(own.name_in(elsewhere), None, "{elsewhere}");
        }
        let cdn = ObjectUrls::new("https://cdn.example/tt/");
        assert_eq!(cdn.of("images/1/a.jpg"), "https://cdn.example/tt/images/1/a.jpg");
        assert_eq!(cdn.name_in("https://cdn.example/tt/images/1/a.jpg"), Some("images/1/a.jpg"));
        assert_eq!(cdn.of("https://a.example/x.jpg"), "https://a.example/x.jpg");
    }
}
