//! What proves that a form was made here, for the one who sends it.
//!
//! Every form holds a word that is derived from the session (or, for those who are not signed in,
//! from a random cookie) with a key that nobody else has. Beside that, a browser that says from
//! which site a request comes must name this one.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{HOST, HeaderName, ORIGIN};
use tintype_api::TokenId;
use tintype_platform::{Error, Result};

/// By which a script sends the word instead of a form.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Makes the words and knows them again.
pub(crate) struct Csrf {
    key: hmac::Key,
}

impl Csrf {
    pub(crate) fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&secret, b"tintype-web-csrf");
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }

    /// The word for a session.
    pub(crate) fn of_session(&self, token: TokenId) -> String {
        self.word(b"session", &token.get().to_be_bytes())
    }

    /// The word for somebody who is not signed in, known by the value of a cookie.
    pub(crate) fn of_visitor(&self, cookie: &str) -> String {
        self.word(b"visitor", cookie.as_bytes())
    }

    fn word(&self, kind: &[u8], of: &[u8]) -> String {
        let tag = hmac::sign(&self.key, &[kind, b"\0", of].concat());
        // 128 bits: more could not be guessed any less, and a page holds a word for every form.
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..16])
    }
}

/// Whether two words are the same, in a time that does not tell how much of them is.
pub(crate) fn same(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// Refuses what a browser says to come from another site.
pub(crate) fn refuse_other_sites(headers: &HeaderMap) -> Result<()> {
    if let Some(site) = headers.get(FETCH_SITE) {
        // `none` is the person's own doing: a bookmark, an address typed in.
        let own = matches!(site.as_bytes(), b"same-origin" | b"none");
        return if own { Ok(()) } else { Err(stale()) };
    }
    let (Some(origin), Some(host)) = (headers.get(ORIGIN), headers.get(HOST)) else {
        return Ok(());
    };
    let host_of_origin = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    let same = host_of_origin.is_some_and(|origin| origin.as_bytes() == host.as_bytes());
    if same { Ok(()) } else { Err(stale()) }
}

/// What somebody is told whose form does not prove where it is from.
pub(crate) fn stale() -> Error {
    Error::forbidden(
        "stale_form",
        "This page was open for too long or came from elsewhere. Go back, reload it and try again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_differ_by_session_and_by_secret() {
        let (one, other) = (Csrf::new(b"one"), Csrf::new(b"other"));
        let token = |number| TokenId::new(number).unwrap();
        assert_eq!(one.of_session(token(1)), one.of_session(token(1)));
        assert_ne!(one.of_session(token(1)), one.of_session(token(2)));
        assert_ne!(one.of_session(token(1)), other.of_session(token(1)));
        assert_ne!(one.of_visitor("1"), one.of_visitor("2"));
    }

    #[test]
    fn requests_of_other_sites_are_refused() {
        let check = |pairs: &[(HeaderName, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
            refuse_other_sites(&pairs.collect()).is_ok()
        };
        assert!(check(&[]));
        assert!(check(&[(FETCH_SITE, "same-origin")]));
        assert!(!check(&[(FETCH_SITE, "cross-site")]));
        assert!(!check(&[(FETCH_SITE, "same-site")]));
        assert!(check(&[(HOST, "a.example:8080"), (ORIGIN, "http://a.example:8080")]));
        assert!(!check(&[(HOST, "a.example"), (ORIGIN, "https://b.example")]));
        assert!(!check(&[(HOST, "a.example"), (ORIGIN, "null")]));
    }
}
