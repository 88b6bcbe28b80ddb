//! A server that a measurement starts, and that ends with it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::{Connection, Url, request};
use crate::load::now;

/// How often a server is asked whether it is ready.
const GLANCE: Duration = Duration::from_millis(1);

/// How old the figures of consumers may be: they are taken every five seconds.
const GAUGE: Duration = Duration::from_secs(6);

/// How long a server may take to become ready, or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server. It is killed when dropped, so that none outlives an error.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) url: Url,
    started: Instant,
    child: Child,
    /// Kept open: a server that cannot print any more may stop.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Runs `command`, which prints its address when it listens. Its log goes to the file `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let program = command.get_program().to_owned();
        let started = now();
        let mut child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", Path::new(&program).display()))?;
        let output = child.stdout.take().context("its output is a pipe")?;
        let mut output = BufReader::new(output);
        match address(&mut output) {
            Ok(url) => Ok(Self { url, started, child, _output: output }),
            Err(error) => {
                end(&mut child);
                let said = std::fs::read_to_string(log).unwrap_or_default();
                Err(error.context(format!(
                    "{} did not start; it said: {said}",
                    Path::new(&program).display()
                )))
            }
        }
    }

    /// Waits until `/readyz` is 200 and answers how long that was from the start of the process.
    pub(crate) fn ready(&self) -> Result<Duration> {
        let ask = request("GET", &self.url.at("/readyz"), &[], "");
        while self.started.elapsed() < PATIENCE {
            let answer = Connection::open(&self.url)?.send(&ask)?.status;
            if answer == 200 {
                return Ok(self.started.elapsed());
            }
            std::thread::sleep(GLANCE);
        }
        bail!("the server did not become ready")
    }

    /// Waits until its consumers have handled all that has happened: what is left of one measurement
    /// would be charged to the next.
    pub(crate) fn settle(&self) -> Result<()> {
        let begun = now();
        while begun.elapsed() < PATIENCE {
            // The figure is that of the last few seconds.
            std::thread::sleep(GAUGE);
            if figure(&self.url, "tintype_outbox_depth")? == 0.0 {
                return Ok(());
            }
        }
        bail!("the server's consumers did not come to rest")
    }

    /// The number that the system knows it by.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as an operator would, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(asked.success(), "the server was gone before it was asked to stop");
        let asked = now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server did not stop well: {status}");
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
        bail!("the server did not stop")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A figure of the `/metrics` of the server of `url`; 0 for what has not happened yet.
pub(crate) fn figure(url: &Url, name: &str) -> Result<f64> {
    let url = url.at("/metrics");
    let mut connection = Connection::open(&url)?;
    let answer = connection.send(&request("GET", &url, &[], ""))?;
    answer.check()?;
    let text = String::from_utf8_lossy(answer.body);
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.next().map_or(Ok(0.0), |figure| Ok(figure.trim().parse()?))
}

fn end(child: &mut Child) {
    // Both fail only when it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// The first address that a server prints.
fn address(output: &mut impl BufRead) -> Result<Url> {
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        if let Some(word) = line.split_whitespace().find(|word| word.starts_with("http://")) {
            return word.parse().map_err(anyhow::Error::msg);
        }
        line.clear();
    }
    bail!("it ended without an address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_what_a_server_prints() {
        let mut output =
            "\n  Tintype is at   http://127.0.0.1:4711\n  Its API http://x/docs\n".as_bytes();
        assert_eq!(address(&mut output).unwrap().authority, "127.0.0.1:4711");
        assert!(address(&mut "nothing\n".as_bytes()).is_err());
    }

    #[test]
    fn a_server_that_does_not_start_tells_why() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo the port is taken >&2; exit 1"]);
        let error = Server::start(&mut command, &dir.path().join("log")).err().unwrap();
        assert!(error.to_string().contains("the port is taken"), "{error}");
    }

    #[test]
    fn a_server_ends_with_its_handle() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo http://127.0.0.1:1; exec sleep 60"]);
        let server = Server::start(&mut command, &dir.path().join("log")).unwrap();
        let pid = server.pid();
        drop(server);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
