//! What is kept of a request with a key, so that whoever reads the database, or a copy of it, can
//! make nothing of it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Uri};
use sha2::{Digest, Sha256};

use super::{API_KEY, Key};
use crate::error::{Error, Result};
use crate::http::ClientAddress;

/// What the caller alone knows: how it proves who it is, and the key that it made up.
///
/// All that is kept is derived from it or encrypted by it. An answer may hold a token and a request
/// a password, of which not even a bare digest may be kept: it could be guessed at far faster than
/// the password's own hash.
pub(in crate::http) struct Secret(hmac::Key);

impl Secret {
    /// The secret of a request that bears `key`: of whom its headers say, else of its address.
    pub(in crate::http) fn of(headers: &HeaderMap, address: ClientAddress, key: &[u8]) -> Self {
        match headers.get(AUTHORIZATION).or_else(|| headers.get(API_KEY)) {
            Some(credentials) => Self::new(credentials.as_bytes(), key),
            None => Self::new(address.to_string().as_bytes(), key),
        }
    }

    pub(in crate::http) fn new(caller: &[u8], key: &[u8]) -> Self {
        let mut digest = Sha256::new();
        digest.update(caller);
        // No credentials and no address hold such a byte, so the parts cannot run into each other.
        digest.update([0]);
        digest.update(key);
        Self(hmac::Key::new(hmac::HMAC_SHA256, &digest.finalize()))
    }

    /// By what it is found again.
    pub(in crate::http) fn key(&self) -> Key {
        self.derive(b"key", &[])
    }

    /// What is asked: method, path and body.
    pub(in crate::http) fn fingerprint(&self, method: &Method, uri: &Uri, body: &[u8]) -> [u8; 32] {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        self.derive(b"request", &[method.as_str().as_bytes(), path.as_bytes(), body])
    }

    /// `body`, to be read with the same secret only.
    pub(in crate::http) fn seal(&self, body: &[u8]) -> Result<Bytes> {
        let mut sealed = body.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::empty(), &mut sealed)
            .map_err(Error::internal)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed.into())
    }

    /// What was sealed.
    pub(in crate::http) fn open(&self, sealed: &[u8]) -> Result<Bytes> {
        let broken = || Error::internal("a kept answer is not whole");
        let (body, nonce) = sealed.split_last_chunk::<NONCE_LEN>().ok_or_else(broken)?;
        let mut body = body.to_vec();
        let opened = self
            .cipher()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut body)
            .map_err(|_| broken())?;
        let length = opened.len();
        body.truncate(length);
        Ok(body.into())
    }

    fn cipher(&self) -> Result<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.derive(b"answer", &[])).map_err(Error::internal)
    }

    fn derive(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose);
        for part in parts {
            context.update(&[0]);
            context.update(part);
        }
        let tag = context.sign();
        tag.as_ref().try_into().expect("a tag of SHA-256 has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_caller_with_the_same_key_reads_what_was_sealed() {
        let secret = Secret::new(b"Bearer me", b"k");
        let sealed = secret.seal(b"a token").unwrap();
        assert!(!sealed.windows(5).any(|window| window == b"token"));
        let same = Secret::new(b"Bearer me", b"k");
        assert_eq!((same.key(), &same.open(&sealed).unwrap()[..]), (secret.key(), &b"a token"[..]));
        for (caller, key) in [("Bearer you", "k"), ("Bearer me", "l"), ("Bearer m", "ek")] {
            let other = Secret::new(caller.as_bytes(), key.as_bytes());
            assert_ne!(other.key(), secret.key());
            assert!(other.open(&sealed).is_err());
        }
        for broken in [&sealed[1..], &sealed[..sealed.len() - 1], &[]] {
            assert!(secret.open(broken).is_err());
        }
        assert_eq!(secret.open(&secret.seal(b"").unwrap()).unwrap().len(), 0);
        assert_ne!(secret.seal(b"a token").unwrap(), sealed, "a nonce was used twice");
    }
}
