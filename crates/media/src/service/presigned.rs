//! Uploads in two steps: an address is given out, the file is put there, and then it is worked on.
//!
//! The address is one of the store itself, if it takes files from clients, or one of this program,
//! which is signed, expires and is good for one file.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt;
use tintype_api::{MediaId, UserId};
use tintype_platform::error::Kind as ErrorKind;
use tintype_platform::http::context::Waiting;
use tintype_platform::objects::{ObjectName, ObjectUrls};
use tintype_platform::{Error, Result, Timestamp};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::uploads::counted;
use super::{MediaService, Uploaded, no_such_media, object_name};
use crate::names::Token;
use crate::sniff::FileType;
use crate::spool::{Incoming, Place, too_large};
use crate::store::{Finished, Pending};
use crate::words::AltText;

/// Announced uploads that one person may have waiting: what was put counts for nothing until it is
/// completed.
const MOST_PENDING: u32 = 20;

/// How long the store may take over the next piece of what was put.
const PATIENCE: Duration = Duration::from_secs(15);

/// Expired ones that go with each new one.
const CLEARED: usize = 10;

/// Where a file can be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presigned {
    pub(crate) url: String,
    pub(crate) id: MediaId,
    pub(crate) object: String,
    /// Seconds for which the address is good.
    pub(crate) expires_in: u64,
}

/// A file that is being put at an address of this program.
pub(crate) struct Arriving {
    pending: Pending,
    _place: Place,
}

impl MediaService {
    /// Gives out an address for a file of this type.
    pub(crate) async fn presign(&self, owner: UserId, file_type: FileType) -> Result<Presigned> {
        self.afford(owner, 1).await?;
        let now = self.clock.now();
        let pending = Pending {
            owner,
            id: MediaId::made_by(&self.ids),
            token: Token::new()?,
            file_type,
            expires_at: now.plus_millis(self.presigned_for.as_millis() as i64),
        };
        let object = pending.token.pending();
        let name = object_name(&object)?;
        let url = self.objects.presign_put(&name, file_type.content_type(), self.presigned_for);
        let url = url.await?.unwrap_or_else(|| self.signer.address(&pending));
        self.store.announce(pending, MOST_PENDING, now, self.stamps(CLEARED)).await?;
        let expires_in = self.presigned_for.as_secs();
        Ok(Presigned { url, id: pending.id, object, expires_in })
    }

    /// Whether a file of this type may be put at an address of this program: 403 for one that this
    /// program did not give out or that has expired, 409 for one that was used, 415 for another
    /// type than it was given out for.
    pub(crate) async fn arriving(
        &self,
        signed: &str,
        content_type: Option<&str>,
    ) -> Result<Arriving> {
        let (owner, id) = self.signer.read(signed, self.clock.now())?;
        let Some(pending) = self.store.pending(owner, id).await? else { return Err(used_up()) };
        let wanted = pending.file_type.content_type();
        let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(wanted) {
            return Err(Error::new(
                ErrorKind::UnsupportedMedia,
                "unsupported_media_type",
                format!(
                    "This address takes {wanted}; send that Content-Type, or ask for another address"
                ),
            ));
        }
        Ok(Arriving { pending, _place: self.spool.enter(owner)? })
    }

    /// Keeps what was put until it is worked on. 409 if something was put there before.
    pub(crate) async fn arrive(&self, arriving: Arriving, incoming: Incoming) -> Result<()> {
        let Pending { owner, id, token, file_type, .. } = arriving.pending;
        if !self.store.claim(owner, id).await? {
            return Err(used_up());
        }
        let name = object_name(&token.pending())?;
        let put = self.objects.put_file(&name, &incoming.path, file_type.content_type()).await;
        if put.is_err() {
            self.store.unclaim(owner, id).await?;
        }
        put
    }

    /// Works on what was put at an address; done before, it answers the same again. What cannot be
    /// taken is given up.
    pub(crate) async fn complete(
        &self,
        owner: UserId,
        id: MediaId,
        waiting: Waiting,
    ) -> Result<Uploaded> {
        let Some(pending) = self.store.pending(owner, id).await? else {
            return self.show(owner, id).await;
        };
        let name = object_name(&pending.token.pending())?;
        let outcome = self.finish(&pending, &name, waiting).await;
        match &outcome {
            Ok(_) => self.remove_put(&name).await,
            Err(error)
                if matches!(error.kind(), ErrorKind::UnsupportedMedia | ErrorKind::TooLarge) =>
            {
                self.store.give_up(owner, id, self.stamp()).await?;
            }
            Err(_) => {}
        }
        counted(pending.file_type, outcome)
    }

    async fn finish(
        &self,
        pending: &Pending,
        name: &ObjectName,
        waiting: Waiting,
    ) -> Result<Uploaded> {
        let Pending { owner, id, .. } = *pending;
        let _place = self.spool.enter(owner)?;
        let incoming = self.fetch(name).await?;
        // Under a token of its own: what is completed twice at once is two sets of objects, and
        // the one that is not recorded can go without harm to the other.
        let record = self.put(owner, id, incoming, AltText::default(), waiting).await?;
        let new = self.new_upload(record.clone());
        match self.keep(&record, self.store.finish(new)).await? {
            Finished::New => Ok(self.uploaded(&record)),
            Finished::Already(earlier) => {
                self.discard(&record).await;
                Ok(self.uploaded(&earlier))
            }
            Finished::Gone => {
                self.discard(&record).await;
                Err(no_such_media())
            }
        }
    }

    /// Brings what was put in from the store.
    async fn fetch(&self, name: &ObjectName) -> Result<Incoming> {
        let object = self.objects.get(name, None).await?.ok_or_else(|| {
            Error::conflict(
                "nothing_uploaded",
                "Nothing has been put at the upload address yet; put the file there first",
            )
        })?;
        // A store can sign a type, but not how much may come.
        if object.info.size > self.spool.largest() {
            return Err(too_large(self.spool.largest()));
        }
        let mut filling = self.spool.begin(false).await?;
        let mut stream = object.stream;
        while let Some(chunk) = timeout(PATIENCE, stream.next()).await.map_err(silent)? {
            filling.add(&chunk?).await?;
        }
        filling.finish().await
    }

    async fn remove_put(&self, name: &ObjectName) {
        if let Err(error) = self.objects.delete(std::slice::from_ref(name)).await {
            tracing::warn!(object = %name, cause = %error, "what was put stays for the sweep");
        }
    }
}

fn silent(cause: Elapsed) -> Error {
    Error::unavailable(
        "object_store_unavailable",
        "Pictures and films can be neither stored nor read right now; try again in a moment",
        2,
    )
    .with_cause(cause)
}

fn used_up() -> Error {
    Error::conflict("address_used", "This upload address was used before; ask for a new one")
}

/// Signs addresses of this program.
pub(super) struct Signer(hmac::Key);

impl Signer {
    /// Owner, id and moment of expiry, eight bytes each, and a tag.
    const SIGNED: usize = 24;

    /// A key of its own is derived from `secret`, which signs other things as well.
    pub(super) fn new(secret: &str) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let key = hmac::sign(&secret, b"tintype addresses for uploads");
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
    }

    fn address(&self, pending: &Pending) -> String {
        let mut bytes = Vec::with_capacity(Self::SIGNED + 32);
        bytes.extend(pending.owner.get().to_be_bytes());
        bytes.extend(pending.id.get().to_be_bytes());
        bytes.extend(pending.expires_at.as_millis().to_be_bytes());
        let tag = hmac::sign(&self.0, &bytes);
        bytes.extend(tag.as_ref());
        format!("{}put/{}", ObjectUrls::PATH, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whose upload an address is for; 403 if it is none of ours or has expired.
    fn read(&self, signed: &str, now: Timestamp) -> Result<(UserId, MediaId)> {
        let forged = || {
            Error::forbidden("bad_signature", "This upload address is not one that was given out")
        };
        // No address of ours is longer; a longer text is not worth decoding.
        if signed.len() > 100 {
            return Err(forged());
        }
        let bytes = URL_SAFE_NO_PAD.decode(signed).map_err(|_| forged())?;
        let (said, tag) = bytes.split_at_checked(Self::SIGNED).ok_or_else(forged)?;
        hmac::verify(&self.0, said, tag).map_err(|_| forged())?;
        let number = |at: usize| {
            u64::from_be_bytes(said[at..at + 8].try_into().expect("eight bytes are eight bytes"))
        };
        if Timestamp::from_millis(number(16) as i64) <= now {
            return Err(Error::forbidden(
                "address_expired",
                "This upload address has expired; ask for a new one",
            ));
        }
        let ids = UserId::new(number(0)).zip(MediaId::new(number(8)));
        ids.ok_or_else(forged)
    }
}

#[cfg(test)]
mod tests {
    use tintype_api::testkit::user;

    use super::*;

    #[test]
    fn only_an_unchanged_address_is_good_and_only_in_time() {
        let signer = Signer::new("secret");
        let expires_at = Timestamp::from_millis(1_800_000_000_000);
        let pending = Pending {
            owner: user(7),
            id: MediaId::new(9).unwrap(),
            token: Token::new().unwrap(),
            file_type: FileType::Png,
            expires_at,
        };
        let address = signer.address(&pending);
        let signed = address.strip_prefix("/media/put/").unwrap();
        let before = expires_at.plus_millis(-1);
        assert_eq!(signer.read(signed, before).unwrap(), (pending.owner, pending.id));
        assert_eq!(signer.read(signed, expires_at).unwrap_err().code(), "address_expired");
        let other = Signer::new("another secret");
        assert_eq!(other.read(signed, before).unwrap_err().code(), "bad_signature");
        for at in 0..signed.len() {
            let mut changed = signed.to_owned().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(signer.read(&changed, before).unwrap_err().code(), "bad_signature");
        }
        for broken in ["", "A", &signed[1..], &signed[..signed.len() - 1], &signed.repeat(2), "ä/"]
        {
            assert_eq!(signer.read(broken, before).unwrap_err().code(), "bad_signature");
        }
    }
}
