//! What a disk can do at all: bytes of a group of writes, and then the wait until they are on it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::load::now;

/// Bytes of a write: about those of a post.
const WRITE: usize = 400;

/// Writes a second that are on the disk, each group of `group` with one `fsync`.
pub(crate) fn measure(dir: &Path, group: usize, duration: Duration) -> Result<f64> {
    let mut file = tempfile::tempfile_in(dir)
        .with_context(|| format!("{} cannot be written", dir.display()))?;
    let bytes = vec![b'x'; WRITE * group];
    let begun = now();
    let mut writes = 0u64;
    while begun.elapsed() < duration {
        file.write_all(&bytes)?;
        File::sync_data(&file)?;
        writes += group as u64;
    }
    Ok(writes as f64 / begun.elapsed().as_secs_f64())
}
