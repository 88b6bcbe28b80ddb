//! The program that drives browsers, and the language that it is spoken to in (the W3C's `WebDriver`).
//!
//! The ready-made clients need a crate under a licence that `deny.toml` does not allow; what the
//! tests say is a dozen sentences.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// How long a browser may take to start or to load a page, on a machine that does a lot besides.
const PATIENCE: Duration = Duration::from_secs(90);

/// The one that is running, for as long as a test needs it.
static RUNNING: Mutex<Weak<Driver>> = Mutex::new(Weak::new());

/// Whether there is a browser. Without it a test says that it is skipped; where everything must be
/// tested, which is where `CI` is set, it fails instead.
pub(crate) fn is_here() -> bool {
    let version = |program: &str| {
        let mut run = Command::new(program);
        run.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        run.status().is_ok_and(|status| status.success())
    };
    let is_here = version("chromedriver") && version("chromium");
    if !is_here {
        assert!(std::env::var_os("CI").is_none(), "chromium and chromedriver must be installed");
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // Not by the macro, whose words are only seen when a test fails.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no chromium here, see dev/servers");
    }
    is_here
}

/// The process, which ends with the last of its sessions.
struct Driver {
    address: SocketAddr,
    child: Child,
}

impl Driver {
    fn running() -> Arc<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.upgrade().unwrap_or_else(|| {
            let driver = Arc::new(Self::start());
            *running = Arc::downgrade(&driver);
            driver
        })
    }

    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.ok()?;
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let Some(port) = port else {
            let _ = child.kill();
            panic!("chromedriver says no port: {:?}", child.wait());
        };
        // Whatever else it says, it must not wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { address: SocketAddr::from(([127, 0, 0, 1], port)), child }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser that was started, which ends when this is dropped.
pub(crate) struct Session {
    driver: Arc<Driver>,
    client: Client,
    /// Its path at the driver: `/session/…`.
    path: String,
}

impl Session {
    /// Starts a browser with `options`, those of chromedriver.
    pub(crate) async fn open(options: Value) -> Self {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let mut session = Self { driver: Driver::running(), client, path: String::new() };
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": 30_000, "pageLoad": 60_000 },
        } } });
        let opened = session.ask(Method::POST, "/session", Some(wanted)).await.unwrap();
        session.path = format!("/session/{}", opened["sessionId"].as_str().unwrap());
        session
    }

    /// Says one sentence and answers what comes back, or why it could not be done.
    pub(crate) async fn say(&self, what: &str, body: Value) -> Result<Value, String> {
        self.ask(Method::POST, &format!("{}/{what}", self.path), Some(body)).await
    }

    /// Asks for something that changes nothing.
    pub(crate) async fn read(&self, what: &str) -> Result<Value, String> {
        self.ask(Method::GET, &format!("{}/{what}", self.path), None).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let url = format!("http://{}{path}", self.driver.address);
        let mut request = self.client.request(method, url);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let is_good = answer.status().is_success();
        let mut answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        if is_good {
            return Ok(value);
        }
        Err(format!("{}: {}", value["error"], value["message"]))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that fails has nobody who waits for an answer, and yet the browser must end.
        let end = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(self.driver.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            let head = format!(
                "DELETE {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.path, self.driver.address
            );
            stream.write_all(head.as_bytes())?;
            stream.read(&mut [0; 64]).map(drop)
        };
        if !self.path.is_empty() {
            let _ = end();
        }
    }
}

/// What flags a browser is started with: nothing but the test decides what it loads.
pub(crate) fn flags(profile: &OsStr) -> Vec<String> {
    let mut flags: Vec<String> = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--hide-scrollbars",
        "--no-proxy-server",
        "--lang=en-GB",
    ]
    .map(str::to_owned)
    .into();
    flags.push(format!("--user-data-dir={}", profile.to_str().unwrap()));
    flags
}
