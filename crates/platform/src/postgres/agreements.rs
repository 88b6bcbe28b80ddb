//! What every process of a site must have been told alike, though each is told by itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Database;
use crate::error::{Error, Kind, Result};

impl Database {
    /// Makes sure that `value` is what the other processes over this database have for `subject`.
    /// Kept is a digest alone. A value may be changed while no other process runs; otherwise
    /// `explanation` is the error `not_agreed`: what differs, and what to do.
    pub async fn agree(&self, subject: &str, value: &str, explanation: &'static str) -> Result<()> {
        let digest = Sha256::new().chain_update(subject).chain_update([0]).chain_update(value);
        let digest = URL_SAFE_NO_PAD.encode(digest.finalize());
        let change = self.begin(0u64).await?;
        change
            .execute(
                "INSERT INTO agreements (subject, digest) VALUES ($1, $2)
                 ON CONFLICT (subject) DO NOTHING",
                &[&subject, &digest],
            )
            .await?;
        let agreed = change
            .query("SELECT digest FROM agreements WHERE subject = $1 FOR UPDATE", &[&subject])
            .await?;
        if agreed.first().is_some_and(|row| row.get::<_, &str>(0) != digest) {
            if self.leases().others(&change).await? {
                return Err(Error::new(Kind::Refused, "not_agreed", explanation));
            }
            change
                .execute(
                    "UPDATE agreements SET digest = $2 WHERE subject = $1",
                    &[&subject, &digest],
                )
                .await?;
        }
        change.commit().await
    }
}
