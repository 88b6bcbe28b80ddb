//! What processes take of the machine: processor time and memory, by what the system says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};

use anyhow::{Context, Result};

/// Ticks of a second in `/proc`, the same on every Linux.
const TICKS: f64 = 100.0;

/// Programs that are watched: each a process with its children.
#[derive(Debug, Default, Clone)]
pub(crate) struct Processes(Vec<(String, u32)>);

/// What one program takes.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) name: String,
    /// Processor time so far, or of a stretch.
    pub(crate) seconds: f64,
    /// Bytes of memory that are its own, and its share of those that several processes have.
    pub(crate) bytes: u64,
}

impl Processes {
    /// Watches the process `pid`, and those that it starts, under a name.
    pub(crate) fn watch(&mut self, name: impl Into<String>, pid: u32) {
        self.0.push((name.into(), pid));
    }

    /// What each takes now.
    pub(crate) fn look(&self) -> Result<Vec<Taken>> {
        let children = children()?;
        let taken = self.0.iter().map(|(name, pid)| {
            let mut taken = Taken { name: name.clone(), seconds: 0.0, bytes: 0 };
            for pid in family(*pid, &children) {
                // One that has ended meanwhile is counted by its parent.
                let Some(ticks) = ticks(pid) else { continue };
                taken.seconds += ticks as f64 / TICKS;
                taken.bytes += memory(pid).unwrap_or_default();
            }
            taken
        });
        Ok(taken.collect())
    }

    /// What each took since `before`: the time of the stretch, the memory at its end.
    pub(crate) fn since(&self, before: &[Taken]) -> Result<Vec<Taken>> {
        let now = self.look()?;
        let stretch = |(now, before): (Taken, &Taken)| Taken {
            seconds: (now.seconds - before.seconds).max(0.0),
            ..now
        };
        Ok(now.into_iter().zip(before).map(stretch).collect())
    }
}

/// Processor time of the process `pid` so far, in seconds.
pub(crate) fn processor_time(pid: u32) -> Result<f64> {
    let ticks = ticks(pid).context("the system does not tell how long a process has run")?;
    Ok(ticks as f64 / TICKS)
}

/// Bytes of memory of the process `pid`: what is its own and its share of what is several's.
fn memory(pid: u32) -> Result<u64> {
    let shared = read_to_string(format!("/proc/{pid}/smaps_rollup")).ok();
    let found = shared.as_deref().and_then(|text| kibibytes(text, "Pss:"));
    let kibibytes = found.or_else(|| resident(pid));
    Ok(kibibytes.context("the system does not tell how much memory a process has")? * 1024)
}

/// Bytes of memory of the process `pid` that are in RAM, whoever else has them.
pub(crate) fn resident_memory(pid: u32) -> Result<u64> {
    Ok(resident(pid).context("the system does not tell how much memory a process has")? * 1024)
}

fn resident(pid: u32) -> Option<u64> {
    kibibytes(&read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// The parent of a process, if it is there and is called so.
pub(crate) fn parent(pid: u32, name: &str) -> Option<u32> {
    let comm = read_to_string(format!("/proc/{pid}/comm")).ok()?;
    if !comm.trim().starts_with(name) {
        return None;
    }
    stat(pid)?.first()?.parse().ok()
}

/// Whether a process is there and is called so.
pub(crate) fn is_called(pid: u32, name: &str) -> bool {
    parent(pid, name).is_some()
}

/// A process and all that come from it.
fn family(pid: u32, children: &BTreeMap<u32, Vec<u32>>) -> BTreeSet<u32> {
    let mut family = BTreeSet::from([pid]);
    let mut found = vec![pid];
    while let Some(parent) = found.pop() {
        let of_parent = children.get(&parent).into_iter().flatten();
        found.extend(of_parent.copied().filter(|child| family.insert(*child)));
    }
    family
}

fn children() -> Result<BTreeMap<u32, Vec<u32>>> {
    let mut children = BTreeMap::<u32, Vec<u32>>::new();
    for entry in read_dir("/proc").context("the system does not tell of processes")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        let parent = stat(pid).and_then(|words| words.first()?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(pid);
        }
    }
    Ok(children)
}

/// The time of a process and of those of its children that have ended.
fn ticks(pid: u32) -> Option<u64> {
    let words = stat(pid)?;
    // Counted from the parent, which is the first: user and system, then those of children.
    words.get(10..14)?.iter().map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// What `/proc/PID/stat` says, from the number of the parent on: the name before it may have spaces.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().skip(1).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn work_of_children_counts() {
        let pid = std::process::id();
        let mut processes = Processes::default();
        processes.watch("this", pid);
        let before = processes.look().unwrap();
        // A loop that ends with its standard input.
        let busy = "while ! read -t 0; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; done";
        let mut child =
            Command::new("bash").args(["-c", busy]).stdin(Stdio::piped()).spawn().unwrap();
        let begun = crate::load::now();
        while processes.since(&before).unwrap()[0].seconds < 0.2 {
            assert!(begun.elapsed().as_secs() < 60);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        drop(child.stdin.take());
        child.wait().unwrap();
        let after = processes.since(&before).unwrap();
        assert!(after[0].seconds >= 0.2 && after[0].bytes > 0, "{after:?}");
        assert!(resident_memory(pid).unwrap() > 0);
        assert!(!is_called(pid, "no such name"));
    }
}
