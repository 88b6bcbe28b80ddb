//! How many requests a caller may make.
// Signatures that `api::auth` relies on; the owner of the ground replaces the bodies.

use http::request::Parts;

use crate::error::Result;

/// Counts the requests of each caller.
pub struct Limits {}

impl Limits {
    /// No limits, for tests.
    pub fn none() -> Self {
        Self {}
    }

    /// Counts one request of this account; 429 when there were too many.
    pub fn check_user(&self, _parts: &Parts, _user: u64) -> Result<()> {
        Ok(())
    }

    /// Counts one request by this API key; 429 when there were too many.
    pub fn check_key(&self, _parts: &Parts, _key: u64) -> Result<()> {
        Ok(())
    }
}
