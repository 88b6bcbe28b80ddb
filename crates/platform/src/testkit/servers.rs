//! The real servers that `dev/servers` starts for tests.

use std::io::Write;

use crate::config::{Config, Media};

/// What `dev/servers env` says of a server, by the name of a `TINTYPE_TEST_…` variable.
///
/// None where there is no such server: the test says so and ends. With `CI` set that is a failure,
/// so that nothing is left out in silence.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&&*value));
        assert!(!ci, "{name} is not set: start the servers with dev/servers");
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // Not by the macro, whose words are only seen when a test fails.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {name} is not set, see dev/servers");
    }
    value
}

/// Settings for a corner of its own of the S3-compatible store, if there is one.
pub fn s3() -> Option<Media> {
    let bucket = variable("TINTYPE_TEST_S3_URL")?;
    #[expect(clippy::disallowed_methods, reason = "unlike those of other tests and earlier runs")]
    let corner = getrandom::u64().expect("the system has randomness");
    Some(Media {
        url: format!("{bucket}/test-{corner:016x}"),
        endpoint: variable("TINTYPE_TEST_S3_ENDPOINT")?,
        access_key: variable("TINTYPE_TEST_S3_ACCESS_KEY")?,
        secret_key: variable("TINTYPE_TEST_S3_SECRET_KEY")?,
        ..Config::defaults().media
    })
}
