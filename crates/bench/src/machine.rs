//! What the figures were measured on.

use std::fs::read_to_string;
use std::path::Path;

/// One line: processor, cores, system, and the file system that `dir` is on.
pub(crate) fn describe(dir: &Path) -> String {
    let unknown = || "unknown".to_owned();
    let processor = read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = read_to_string("/proc/sys/kernel/osrelease");
    let mounts = read_to_string("/proc/self/mounts").unwrap_or_default();
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    format!(
        "{cores} cores of {}, {} {}, data on {}",
        processor.unwrap_or_else(unknown),
        std::env::consts::OS,
        kernel.as_deref().map_or("unknown", str::trim),
        file_system(&mounts, &dir).unwrap_or("a file system that is unknown"),
    )
}

/// The type of the file system that `dir` is on, by the system's list of mounts.
fn file_system<'m>(mounts: &'m str, dir: &Path) -> Option<&'m str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    // Of mounts on one place the last is seen.
    mounts
        .filter(|(place, _)| dir.starts_with(place))
        .max_by_key(|(place, _)| place.len())
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\nproc /proc proc rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/tmp/x")), Some("tmpfs"));
        assert_eq!(file_system(mounts, Path::new("/tmpx")), Some("ext4"));
    }
}
