//! What metadata and films come to in the eyes of programs that are not ours: exiftool, which knows
//! more kinds of metadata than anything else, and ffmpeg.

mod exiftool;
mod ffmpeg;

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// Whether the programs can be run. Without them a test says that it is skipped; where everything
/// must be tested, which is where `CI` is set, it fails instead.
fn present(tools: &[&str]) -> bool {
    for tool in tools {
        let version = if *tool == "exiftool" { "-ver" } else { "-version" };
        let mut run = Command::new(tool);
        run.arg(version).stdout(Stdio::null()).stderr(Stdio::null());
        if run.status().is_err() {
            assert!(std::env::var_os("CI").is_none(), "{tool} must be installed to test here");
            println!("skipped: {tool} is not installed");
            return false;
        }
    }
    true
}

/// Runs a program, which must succeed.
fn run<A: AsRef<OsStr>>(tool: &str, arguments: impl IntoIterator<Item = A>) -> Vec<u8> {
    let command = Command::new(tool).args(arguments).stdin(Stdio::null()).output();
    let Output { status, stdout, stderr } = command.unwrap();
    assert!(status.success(), "{tool}: {}", String::from_utf8_lossy(&stderr));
    stdout
}
