//! Secrets in files that their owner alone can read.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::broken;
use crate::error::{Error, Result};

/// The shortest text that a secret's file may hold; shorter was cut off or typed by hand.
const SHORTEST: usize = 32;

pub(crate) fn load_or_make(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(secret) => checked(path, secret),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            make(path).map_err(|cause| failed(path, &cause))?;
            // Another process may have been first; what is in the file holds.
            let secret = fs::read_to_string(path).map_err(|cause| failed(path, &cause))?;
            checked(path, secret)
        }
        Err(cause) => Err(failed(path, &cause)),
    }
}

pub(super) fn make_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|cause| {
        broken(format!(
            "The data folder {} cannot be made ({cause}); name another with --data-dir",
            path.display()
        ))
    })
}

/// Writes a new secret beside and links it into place, so that the file is there whole or not at
/// all, and the first of two processes wins.
fn make(path: &Path) -> std::io::Result<()> {
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(random_text()?.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    match linked {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(cause),
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a secret")]
fn random_text() -> std::io::Result<String> {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn checked(path: &Path, secret: String) -> Result<String> {
    let secret = secret.trim().to_owned();
    if secret.len() < SHORTEST {
        return Err(broken(format!(
            "The secret in {} is shorter than {SHORTEST} characters; restore the file, or remove \
             it to have one made, which signs everybody out",
            path.display()
        )));
    }
    Ok(secret)
}

fn failed(path: &Path, cause: &std::io::Error) -> Error {
    broken(format!("The secret in {} cannot be read or made: {cause}", path.display()))
}
