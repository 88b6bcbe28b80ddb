//! The slice behind real connections, over one of two stores of objects.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use futures::StreamExt;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;
use tintype_api::auth::Gate;
use tintype_api::testkit::{NoPosts, People};
use tintype_api::{Base, Event, Services, Slice, Stamp, UserId};
use tintype_platform::bus::{self, Bus};
use tintype_platform::config::{self, Config};
use tintype_platform::http::idempotency::SqliteIdempotency;
use tintype_platform::http::{Ground, Limits, serve, stack};
use tintype_platform::objects::{ObjectUrls, Objects};
use tintype_platform::testkit::{self, Workbench};
use tokio::net::TcpListener;

use crate::{MIGRATIONS, MediaService, Settings, Started};

/// The largest file that is taken here.
pub(super) const LARGEST: usize = 1024 * 1024;

/// What one account may store here.
pub(super) const BUDGET: u64 = 4 * 1024 * 1024;

/// How long a test waits for what is to happen by itself.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Stage {
    pub(super) bench: Workbench,
    pub(super) people: Arc<People>,
    pub(super) objects: Objects,
    pub(super) slice: Slice<MediaService>,
    pub(super) address: std::net::SocketAddr,
    client: reqwest::Client,
    spool: PathBuf,
    _folder: TempDir,
}

/// Runs a story once for each store of objects there is.
macro_rules! on_every_store {
    ($($story:ident)*) => {
        mod in_a_folder {
            $(
                #[tokio::test]
                async fn $story() {
                    super::$story(crate::tests::stage::Stage::in_a_folder().await).await;
                }
            )*
        }
        mod in_s3 {
            $(
                #[tokio::test]
                async fn $story() {
                    let stage = crate::tests::stage::Stage::in_s3().await;
                    if let Some(stage) = stage {
                        super::$story(stage).await;
                    }
                }
            )*
        }
    };
}
pub(super) use on_every_store;

impl Stage {
    pub(super) async fn in_a_folder() -> Self {
        Self::on(&Config::defaults().media, |_| ()).await
    }

    /// None where there is no such store.
    pub(super) async fn in_s3() -> Option<Self> {
        Some(Self::on(&testkit::s3()?, |_| ()).await)
    }

    /// ann (1), ben (2) and eve (3) with settings as `change` leaves them.
    pub(super) async fn on(media: &config::Media, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bench = Workbench::new(&[MIGRATIONS]);
        let people = Arc::new(People::default());
        for (number, name) in [(1, "ann"), (2, "ben"), (3, "eve")] {
            people.put(number, name, false);
        }
        let services = Arc::new(Services::default());
        services.set_accounts(people.clone());
        services.set_posts(Arc::new(NoPosts));
        let base = Base {
            database: bench.database.clone(),
            clock: bench.clock.clone(),
            ids: bench.ids.clone(),
            services,
            objects: ObjectUrls::new(""),
            redis: None,
        };
        let objects = Objects::open(media, folder.path()).unwrap();
        let spool = folder.path().join("uploads");
        let mut settings = Settings {
            objects: objects.clone(),
            spool: spool.clone(),
            secret: "a secret of the tests".to_owned(),
            largest: LARGEST as u64,
            pixels: 4_000_000,
            workers: 2,
            queue: 32,
            budget: BUDGET,
            presigned_for: Duration::from_hours(1),
            ffmpeg: String::new(),
        };
        change(&mut settings);
        let Started { slice, uploads, files } = crate::start(&base, settings).unwrap();
        base.services.set_media(slice.service.clone());

        let mut config = Config::defaults();
        config.limits.enabled = false;
        let ground = Ground::new(&config).with_idempotency(
            Arc::new(SqliteIdempotency::new(bench.sqlite().clone())),
            bench.clock.clone(),
        );
        let gate =
            Gate { accounts: people.clone(), limits: Arc::new(Limits::none()), loopback: true };
        let for_uploads = Arc::new(ground.for_uploads(Duration::from_mins(1)));
        let for_files = Arc::new(ground.for_files());
        let ground = Arc::new(ground);
        let (routes, _) = slice.routes.clone().split_for_parts();
        let (uploads, _) = uploads.split_for_parts();
        let (files, _) = files.split_for_parts();
        let router = stack(routes.layer(Extension(gate.clone())), &ground)
            .merge(stack(uploads.layer(Extension(gate)), &for_uploads))
            .merge(stack(files, &for_files));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, ground, std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { bench, people, objects, slice, address, client, spool, _folder: folder }
    }

    pub(super) fn service(&self) -> &Arc<MediaService> {
        &self.slice.service
    }

    /// A request; `who` signs in by name, nobody when empty.
    pub(super) fn request(&self, who: &str, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("http://{}{path}", self.address)
        };
        let request = self.client.request(method, url);
        if who.is_empty() { request } else { request.bearer_auth(who) }
    }

    pub(super) async fn ask(
        &self,
        who: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let mut request = self.request(who, method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }

    pub(super) async fn get(&self, who: &str, path: &str) -> (u16, Value) {
        self.ask(who, Method::GET, path, Value::Null).await
    }

    pub(super) async fn post(&self, who: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(who, Method::POST, path, body).await
    }

    pub(super) async fn delete(&self, who: &str, path: &str) -> (u16, Value) {
        self.ask(who, Method::DELETE, path, Value::Null).await
    }

    /// Sends a form.
    pub(super) fn form(&self, who: &str, path: &str, fields: &[Field<'_>]) -> RequestBuilder {
        let boundary = "----a-boundary-of-the-tests";
        self.request(who, Method::POST, path)
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(form(boundary, fields))
    }

    /// Uploads one file.
    pub(super) async fn upload(&self, who: &str, file: &[u8]) -> (u16, Value) {
        let fields = [Field::file("file", "a.jpg", file)];
        read(self.form(who, "/api/media/upload", &fields).send().await.unwrap()).await
    }

    /// Fetches what is at an address.
    pub(super) async fn fetch(&self, address: &Value) -> Response {
        let path = address.as_str().unwrap_or_else(|| panic!("no address: {address}"));
        self.request("", Method::GET, path).send().await.unwrap()
    }

    /// The names of all objects there are.
    pub(super) async fn stored(&self) -> Vec<String> {
        let found: Vec<_> = self.objects.list("").collect().await;
        let mut names: Vec<String> =
            found.into_iter().map(|found| found.unwrap().0.to_string()).collect();
        names.sort();
        names
    }

    /// How many unfinished files wait.
    pub(super) fn spooled(&self) -> usize {
        std::fs::read_dir(&self.spool).unwrap().count()
    }

    /// Nothing of an upload is left: no file, no object, no row, no event.
    pub(super) async fn assert_untouched(&self) {
        eventually("no file is left", async || (self.spooled() == 0).then_some(())).await;
        eventually("no object is left", async || self.stored().await.is_empty().then_some(()))
            .await;
        for who in ["ann", "ben", "eve"] {
            let (_, usage) = self.get(who, "/api/media/usage").await;
            assert_eq!((&usage["files"], &usage["bytes"]), (&0.into(), &0.into()));
        }
        assert_eq!(self.events().await, []);
        assert_eq!(self.service().check(false).await.unwrap(), []);
    }

    pub(super) async fn bus(&self) -> Bus {
        let (clock, settings) = (self.bench.clock.clone(), bus::Settings::default());
        Bus::start(self.bench.database.outbox(), clock, &settings, self.slice.consumers.clone())
            .await
            .unwrap()
    }

    /// Lets the consumers do what there is to do.
    pub(super) async fn settle(&self) {
        let bus = self.bus().await;
        let end = async || self.bench.happened_after(0).await.len();
        loop {
            let before = end().await;
            tokio::time::timeout(PATIENCE, bus.drained()).await.unwrap().unwrap();
            if end().await == before {
                break;
            }
        }
        bus.stop().await;
    }

    /// Puts an event of another slice into the outbox.
    pub(super) async fn tell(&self, event: Event) {
        let record = event.record(Stamp::made_by(&self.bench.ids)).unwrap();
        self.bench.publish(record).await;
    }

    /// Everything that is in the outbox, oldest first.
    pub(super) async fn events(&self) -> Vec<Event> {
        let happened = self.bench.happened_after(0).await;
        happened.iter().map(|record| Event::read(record).unwrap()).collect()
    }
}

/// A field of a form.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) filename: Option<&'a str>,
    pub(super) content: &'a [u8],
}

impl<'a> Field<'a> {
    pub(super) fn file(name: &'a str, filename: &'a str, content: &'a [u8]) -> Self {
        Self { name, filename: Some(filename), content }
    }

    pub(super) fn text(name: &'a str, content: &'a str) -> Self {
        Self { name, filename: None, content: content.as_bytes() }
    }
}

/// The body of a form as browsers write it.
pub(super) fn form(boundary: &str, fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for Field { name, filename, content } in fields {
        let filename = match filename {
            // What a client says of the type is a claim, here a false one.
            Some(filename) => format!("; filename=\"{filename}\"\r\nContent-Type: text/html"),
            None => String::new(),
        };
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// Status and body, without what is different each time.
pub(super) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let retry_after = response.headers().contains_key("retry-after");
    assert_eq!(retry_after, [429, 503].contains(&status) || status == 507, "{status}");
    let text = response.text().await.unwrap();
    let mut body: Value =
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    (status, body)
}

/// Status and code of a refusal, which has a sentence as well.
#[track_caller]
pub(super) fn refusal((status, body): (u16, Value)) -> (u16, String) {
    let sentence = body["error"].as_str().unwrap_or_default();
    assert!(sentence.len() > 10, "{status}: {body}");
    assert!(sentence.starts_with(char::is_uppercase) || sentence.contains(' '), "{sentence}");
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

/// Asks again and again until there is an answer.
pub(super) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, asking).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for this: {what}"))
}

/// A picture of these dimensions, in a format.
pub(super) fn picture(format: image::ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let shade = |x: u32, y: u32| image::Rgb([(x * 7) as u8, (y * 5) as u8, ((x ^ y) * 3) as u8]);
    let picture = image::RgbImage::from_fn(width, height, shade);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A photograph of 400 × 300 pixels.
pub(super) fn photograph() -> Vec<u8> {
    picture(image::ImageFormat::Jpeg, 400, 300)
}

pub(super) fn user(number: u64) -> UserId {
    tintype_api::testkit::user(number)
}
