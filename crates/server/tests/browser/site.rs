//! A site at a free port, and people in it.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::Config;
use tintype_platform::http::serve;
use tintype_server::wiring::{self, Running};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

const BOUNDARY: &str = "a-boundary";

/// A site that is served until it is closed.
pub(crate) struct Site {
    /// Where it is: `http://127.0.0.1:…`.
    pub(crate) origin: String,
    pub(crate) running: Running,
    client: Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    folder: TempDir,
}

/// Somebody with an account.
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) token: String,
}

impl Site {
    /// A site with nobody in it, where nothing is limited.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::defaults();
        config.server.data_dir = folder.path().join("data");
        config.limits.enabled = false;
        config.auth.bcrypt_cost = 4;
        let site = wiring::Site::open(&config, Arc::new(SystemClock), 0).await.unwrap();
        let running = site.run(&config, None).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = serve(listener, running.router.clone(), running.ground.clone(), stopped);
        Self {
            origin,
            running,
            client: Client::builder().no_proxy().build().unwrap(),
            stop,
            serving: tokio::spawn(serving),
            folder,
        }
    }

    /// Stops it. A test that fails does not get here, and has no need to.
    pub(crate) async fn close(self) {
        self.drained().await;
        self.stop.send(()).unwrap();
        self.serving.await.unwrap();
        self.running.stop().await;
    }

    /// Waits until everything that has happened has come of it what should.
    pub(crate) async fn drained(&self) {
        self.running.bus.drained().await.unwrap();
        // What consumers have done may be news to others.
        self.running.bus.drained().await.unwrap();
    }

    /// Somebody new.
    pub(crate) async fn person(&self, username: &str) -> Person {
        let body = json!({
            "username": username,
            "email": format!("{username}@tintype.example"),
            "password": PASSWORD,
            "fullName": format!("{username} of Tintype"),
        });
        let made = self.ask(None, "POST", "/api/auth/register", Some(body)).await;
        let token = made["token"].as_str().unwrap().to_owned();
        Person { username: username.to_owned(), token }
    }

    /// What the API answers, which must be a success.
    pub(crate) async fn ask(
        &self,
        person: Option<&Person>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let method: Method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.origin));
        if let Some(person) = person {
            request = request.bearer_auth(&person.token);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// The same, for what is done with `POST` and needs no body.
    pub(crate) async fn does(&self, person: &Person, path: &str) {
        self.ask(Some(person), "POST", path, None).await;
    }

    /// A post of pictures of these sizes; answers its id.
    pub(crate) async fn post(
        &self,
        author: &Person,
        caption: &str,
        sizes: &[(u32, u32)],
    ) -> String {
        let mut media = Vec::new();
        for (number, &(width, height)) in sizes.iter().enumerate() {
            let file = photograph(width, height, number as u32 + caption.len() as u32);
            media.push(self.upload(author, file).await);
        }
        let body = json!({ "caption": caption, "mediaIds": media, "location": "The seaside" });
        let made = self.ask(Some(author), "POST", "/api/posts", Some(body)).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn upload(&self, owner: &Person, file: Vec<u8>) -> Value {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"altText\"\r\n\r\n\
             Hills in the evening\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"a.jpg\"\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let request = self
            .client
            .post(format!("{}/api/media/upload", self.origin))
            .bearer_auth(&owner.token)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .body([head.as_bytes(), &file, tail.as_bytes()].concat());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json::<Value>().await.unwrap()["id"].take()
    }

    /// A photograph in a file, to be chosen in a form.
    pub(crate) fn file(&self, name: &str, seed: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, photograph(640, 800, seed)).unwrap();
        path
    }
}

/// A JPEG of hills before an evening sky, other ones for every seed.
fn photograph(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let turn = f64::from(seed) * 1.7;
    // Drawn small: without optimization, this is what the tests would take longest for.
    let small = (width.div_ceil(4), height.div_ceil(4));
    let picture = RgbImage::from_fn(small.0, small.1, |x, y| {
        let (across, down) = (f64::from(x) / f64::from(small.0), f64::from(y) / f64::from(small.1));
        let hill = |at: f64, pace: f64| at + 0.09 * (across * pace + turn).sin();
        let shade = |red: f64, green: f64, blue: f64| Rgb([red as u8, green as u8, blue as u8]);
        if down > hill(0.78, 4.0) {
            shade(38.0, 34.0 + 20.0 * down, 40.0)
        } else if down > hill(0.6, 6.5 + turn % 3.0) {
            shade(92.0, 78.0, 96.0 - 30.0 * down)
        } else {
            shade(
                236.0 - 40.0 * down,
                150.0 + 70.0 * down,
                120.0 + 90.0 * (turn.sin() * down).abs(),
            )
        }
    });
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::from(picture).resize_exact(width, height, FilterType::Triangle);
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}
