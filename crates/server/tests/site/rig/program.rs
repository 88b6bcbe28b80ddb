//! The program itself, started as a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use super::{PATIENCE, Visitor, eventually};

/// A server that is killed when its test is done with it.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    pub(crate) stranger: Visitor,
    /// What it said before it could be reached.
    pub(crate) greeting: String,
    child: Child,
    /// Reads what else it says, so that it never waits for a reader.
    rest: Option<JoinHandle<String>>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program on a data folder, without a configuration file and with an environment that says no
/// more than what tests need.
fn tintype(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tintype"));
    command.env_clear().current_dir("/").args(arguments).arg("--data-dir").arg(data);
    command.env("TINTYPE_LIMITS_ENABLED", "false").env("TINTYPE_AUTH_BCRYPT_COST", "4");
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(data: &Path, arguments: &[&str]) -> Said {
    run_with_input(data, arguments, "")
}

/// Begins a command that is to be killed.
pub(crate) fn begin(data: &Path, arguments: &[&str]) -> Child {
    tintype(data, arguments).stdout(Stdio::null()).spawn().unwrap()
}

/// The same, with something to read.
pub(crate) fn run_with_input(data: &Path, arguments: &[&str], input: &str) -> Said {
    let mut command = tintype(data, arguments);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let pid = child.id();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
    let output = end.recv_timeout(3 * PATIENCE).unwrap_or_else(|_| {
        signal(pid, "KILL");
        panic!("{arguments:?} does not end: {:?}", end.recv());
    });
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Said {
    /// What was said by a command that did what it was to do.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// Asserts that it failed, saying so in one sentence that has all of `words`.
    #[track_caller]
    pub(crate) fn failed(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        let lines: Vec<&str> = self.err.lines().collect();
        assert!(lines.len() == 1 && lines[0].starts_with("error: "), "{self:?}");
        assert!(words.iter().all(|word| lines[0].contains(word)), "{words:?} in {self:?}");
    }
}

impl Program {
    /// Serves a data folder at a free port.
    pub(crate) async fn serve(data: &Path) -> Self {
        Self::start(data, &["serve", "--listen", "127.0.0.1:0"]).await
    }

    /// The same with other arguments; its log is what [`logged`] reads.
    pub(crate) async fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_logging_to(data, arguments, &log_of(data)).await
    }

    /// Starts it and waits until it has said its address.
    pub(crate) async fn start_logging_to(data: &Path, arguments: &[&str], log: &Path) -> Self {
        Self::start_with(tintype(data, arguments), log).await
    }

    /// The same in an environment that says more.
    pub(crate) async fn start_in(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = tintype(data, arguments);
        command.envs(environment.iter().copied());
        Self::start_with(command, &log_of(data)).await
    }

    async fn start_with(mut command: Command, log: &Path) -> Self {
        let errors = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let greeted = tokio::task::spawn_blocking(move || {
            let mut greeting = String::new();
            while !greeting.contains("http://") && lines.read_line(&mut greeting).unwrap() > 0 {}
            (greeting, lines)
        });
        let Ok(greeted) = tokio::time::timeout(3 * PATIENCE, greeted).await else {
            let _ = child.kill();
            panic!("the program does not start: {}", read(log));
        };
        let (mut greeting, lines) = greeted.unwrap();
        let address = greeting.split("http://").nth(1).map(|rest| {
            let end = rest.find(|c: char| c != ':' && c != '.' && !c.is_ascii_digit());
            rest[..end.unwrap_or(rest.len())].parse().unwrap()
        });
        let Some(address) = address else {
            let status = child.wait().unwrap();
            panic!("the program said no address and ended with {status}: {}", read(log));
        };
        let rest = std::thread::spawn(move || {
            lines.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n")
        });
        let program = Self {
            address,
            stranger: Visitor::at(address),
            greeting: std::mem::take(&mut greeting),
            child,
            rest: Some(rest),
        };
        eventually("the program is ready", async || {
            let request = program.stranger.request("GET".parse().unwrap(), "/readyz");
            request.send().await.ok().filter(|answer| answer.status() == 200)
        })
        .await;
        program
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop.
    pub(crate) fn tell_to_stop(&self) {
        signal(self.child.id(), "TERM");
    }

    /// Waits until it has stopped, and answers all that it said after its address.
    pub(crate) async fn stopped(mut self) -> (ExitStatus, String) {
        let status = eventually("the program stops", async || self.child.try_wait().unwrap()).await;
        (status, self.rest.take().unwrap().join().unwrap())
    }

    /// Tells it to stop and waits until it has, in peace.
    pub(crate) async fn stop(self) {
        self.tell_to_stop();
        let (status, _) = self.stopped().await;
        assert!(status.success(), "{status}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn signal(process: u32, name: &str) {
    let command = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

/// Where the log of the servers of a data folder goes: beside it.
fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// What the servers of a data folder have logged.
pub(crate) fn logged(data: &Path) -> String {
    read(&log_of(data))
}

fn read(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}
