//! The way to an S3-compatible store.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::{ObjectName, Patience, told};
use crate::config;
use crate::error::{Error, Kind, Result};

/// Where objects are kept, as `media.url` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    /// `file:FOLDER`
    Folder(&'a str),
    /// `s3://BUCKET/PREFIX`; the prefix may be empty.
    S3 { bucket: &'a str, prefix: &'a str },
}

impl<'a> Address<'a> {
    /// None if it is no such address.
    pub(crate) fn parse(url: &'a str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.trim().is_empty()).then_some(Self::Folder(path));
        }
        let path = url.strip_prefix("s3://")?.trim_end_matches('/');
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let good = |text: &str| text.parse::<ObjectName>().is_ok();
        let short = url.len() <= ObjectName::LONGEST;
        (good(bucket) && (prefix.is_empty() || good(prefix)) && short)
            .then_some(Self::S3 { bucket, prefix })
    }
}

/// A client for `bucket` at `endpoint`, or at Amazon if that is empty. Calls nobody.
pub(super) fn connect(
    settings: &config::Media,
    bucket: &str,
    endpoint: &str,
    patience: Patience,
) -> Result<AmazonS3> {
    let plain = endpoint.starts_with("http://");
    let client = ClientOptions::new()
        .with_allow_http(plain)
        // Where nothing is encrypted no certificates are needed, nor need there be any to load.
        .with_no_system_certificates(plain)
        .with_connect_timeout(Duration::from_secs(2))
        // Until the head of an answer and between two pieces of it. A limit for the whole would
        // cut off films that are watched slowly.
        .with_timeout_disabled()
        .with_read_timeout(patience.answer);
    let retry = RetryConfig {
        max_retries: 3,
        retry_timeout: patience.read,
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
        },
    };
    // Without keys of ours, or with those of the environment, the environment says the rest: a
    // role, a token.
    let ambient = AmazonS3Builder::from_env();
    let theirs = ambient.get_config_value(&object_store::aws::AmazonS3ConfigKey::AccessKeyId);
    let key = &settings.access_key;
    let mut builder = if key.is_empty() || theirs.as_ref() == Some(key) {
        ambient
    } else {
        AmazonS3Builder::new()
    };
    if !key.is_empty() {
        builder = builder.with_access_key_id(key).with_secret_access_key(&settings.secret_key);
    }
    if endpoint.is_empty() {
        // A dot in the name would not fit Amazon's certificate.
        builder = builder.with_virtual_hosted_style_request(!bucket.contains('.'));
    } else {
        builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
    }
    builder
        .with_bucket_name(bucket)
        .with_region(&settings.region)
        .with_client_options(client)
        .with_retry(retry)
        .build()
        .map_err(|cause| {
            Error::new(
                Kind::Refused,
                "configuration",
                format!("The store that media.url names cannot be used: {}", told(&cause)),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_folder_or_a_bucket() {
        let s3 = |bucket, prefix| Some(Address::S3 { bucket, prefix });
        assert_eq!(Address::parse("file:media"), Some(Address::Folder("media")));
        assert_eq!(Address::parse("file:///srv/m"), Some(Address::Folder("/srv/m")));
        assert_eq!(Address::parse("s3://pictures"), s3("pictures", ""));
        assert_eq!(Address::parse("s3://pictures/"), s3("pictures", ""));
        assert_eq!(Address::parse("s3://pictures/a/b/"), s3("pictures", "a/b"));
        for url in
            ["", "media", "file:", "s3://", "s3:///a", "s3://k:s@b", "s3://b/../c", "s3://b//c"]
        {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }
}
