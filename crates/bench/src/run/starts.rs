//! What a first visitor notices: how long a start takes, and what it takes.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::{Measurement, progress};
use crate::processes::resident_memory;
use crate::server::Server;

/// Starts that are timed.
const STARTS: usize = 5;

/// How long a server is left alone before its memory counts as idle.
const IDLE: Duration = Duration::from_secs(2);

impl Measurement {
    /// Makes the demo, starts it again and again, and ends it.
    pub(super) fn starts(&mut self) -> Result<()> {
        progress("the demo is made");
        let first = self.start_demo()?;
        let made = first.ready()?;
        first.stop()?;
        progress("it starts again");
        let mut times = Vec::new();
        let mut server = self.start_demo()?;
        times.push(server.ready()?);
        while times.len() < STARTS {
            server.stop()?;
            server = self.start_demo()?;
            times.push(server.ready()?);
        }
        std::thread::sleep(IDLE);
        self.report
            .section("Starts", "`tintype demo`, first with an empty folder, then with its own.");
        let made = [made];
        self.report.time("first start, which makes the demo", &made, Some(Duration::from_secs(15)));
        self.report.time("ready on the demo data", &times, Some(Duration::from_millis(200)));
        self.report.memory("memory, idle", resident_memory(server.pid())?, 50.0);
        server.stop()
    }

    fn start_demo(&self) -> Result<Server> {
        let mut command = Command::new(&self.tintype);
        command.arg("demo").arg("--data-dir").arg(self.ground.folder.join("demo"));
        command.args(["--listen", "127.0.0.1:0", "--set", "auth.bcrypt_cost=4"]);
        Server::start(&mut command, &self.ground.folder.join("demo.log"))
    }
}
