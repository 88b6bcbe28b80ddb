//! Somebody's browser, with a profile of its own: what people can do with one, and see.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::driver::{Session, flags};
use crate::site::{PASSWORD, Person, Site};

/// How long a test waits for what is to happen by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// How the driver names an element in its answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Browsers that run at once: each is half a dozen processes.
static SEATS: Semaphore = Semaphore::const_new(2);

/// Whether the pages' scripts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// Ends when dropped.
pub(crate) struct Browser {
    session: Session,
    origin: String,
    _profile: TempDir,
    _seat: Option<SemaphorePermit<'static>>,
}

/// A message that a page has left in the console.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) level: String,
    pub(crate) text: String,
}

impl Browser {
    /// A browser of somebody who has not been here before.
    pub(crate) async fn new(site: &Site) -> Self {
        let seat = SEATS.acquire().await.unwrap();
        Self::start(site, Scripts::On, Some(seat)).await
    }

    /// Two of them. Whoever needs two takes them at once: one each, two tests would wait for
    /// each other.
    pub(crate) async fn pair(site: &Site, scripts: Scripts) -> [Self; 2] {
        let seats = SEATS.acquire_many(2).await.unwrap();
        let one = Self::start(site, scripts, Some(seats)).await;
        [one, Self::start(site, scripts, None).await]
    }

    async fn start(site: &Site, scripts: Scripts, seat: Option<SemaphorePermit<'static>>) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut prefs = json!({ "credentials_enable_service": false });
        if scripts == Scripts::Off {
            prefs["profile.managed_default_content_settings.javascript"] = 2.into();
        }
        let args = flags(profile.path().as_os_str());
        let session = Session::open(json!({ "args": args, "prefs": prefs })).await;
        let origin = site.origin.clone();
        let browser = Self { session, origin, _profile: profile, _seat: seat };
        browser.size(1280, 900).await;
        // A page does not tell whether it listens already.
        browser
            .before_pages(
                "globalThis.EventSource = class extends EventSource {
                    constructor(...of) { super(...of); globalThis.stream = this; }
                };",
            )
            .await;
        browser
    }

    /// Opens a page of the site and waits until it is loaded.
    pub(crate) async fn go(&self, path: &str) {
        self.open(&format!("{}{path}", self.origin)).await;
    }

    /// Opens any address.
    pub(crate) async fn open(&self, url: &str) {
        self.session.say("url", json!({ "url": url })).await.unwrap();
    }

    /// Fills in the form and joins.
    pub(crate) async fn join(&self, username: &str) {
        self.go("/signup").await;
        self.fill("#username", username).await;
        self.fill("#email", &format!("{username}@tintype.example")).await;
        self.fill("#password", PASSWORD).await;
        self.click("#signup button").await;
        self.until("document.body.classList.contains('signed-in')").await;
    }

    /// Signs somebody in without a form.
    pub(crate) async fn be(&self, person: &Person) {
        let cookie = json!({
            "name": "tintype_session", "value": person.token, "url": self.origin,
            "httpOnly": true, "sameSite": "Lax",
        });
        let kept = self.tell("Network.setCookie", cookie).await;
        assert_eq!(kept["success"], true);
    }

    /// Waits until an expression is true of the page, and answers its value.
    pub(crate) async fn until(&self, condition: &str) -> Value {
        let mut why = String::new();
        let asking = async {
            loop {
                match self.run(&format!("return ({condition}) || null")).await {
                    Ok(Value::Null) => why.clear(),
                    Ok(value) => return value,
                    // The page may be on its way out.
                    Err(error) => why = error,
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        if let Ok(value) = tokio::time::timeout(PATIENCE, asking).await {
            return value;
        }
        panic!("waited in vain for this: {condition} {why}\n{}", self.seen().await)
    }

    /// Waits until the page says this.
    pub(crate) async fn says(&self, text: &str) {
        self.until(&format!("document.body.innerText.includes({})", json!(text))).await;
    }

    /// Waits until there is an element.
    pub(crate) async fn shows(&self, css: &str) {
        self.until(&format!("document.querySelector({})?.checkVisibility()", json!(css))).await;
    }

    /// Waits until there is no such element any more.
    pub(crate) async fn lacks(&self, css: &str) {
        let css = json!(css);
        self.until(&format!("!document.querySelector({css})?.checkVisibility()")).await;
    }

    /// Waits until the page is the one at `path`.
    pub(crate) async fn is_at(&self, path: &str) {
        let path = json!(path);
        self.until(&format!("document.readyState === 'complete' && location.pathname === {path}"))
            .await;
    }

    /// Waits until every picture that is on the screen is there. In a carousel that is the first.
    pub(crate) async fn sees_its_pictures(&self) {
        self.until(
            "[...document.images].every((image) => {
                const box = image.getBoundingClientRect();
                const isAway = box.top > innerHeight || box.bottom < 0;
                return isAway || image.complete || image.closest('.slide:not(:first-child)');
            })",
        )
        .await;
    }

    /// Runs a script in the page and answers what it returns.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.run(script).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    async fn run(&self, script: &str) -> Result<Value, String> {
        self.session.say("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Clicks on the first of these elements, once it can be clicked on.
    pub(crate) async fn click(&self, css: &str) {
        self.on(css, "click", json!({})).await;
    }

    /// Types into a field, replacing what is there.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.on(css, "clear", json!({})).await;
        self.on(css, "value", json!({ "text": text })).await;
    }

    /// Chooses files in a field for them.
    pub(crate) async fn choose(&self, css: &str, files: &[&Path]) {
        let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
        self.on(css, "value", json!({ "text": files.join("\n") })).await;
    }

    /// Does something to an element as soon as the browser lets one.
    async fn on(&self, css: &str, deed: &str, body: Value) {
        let mut why = String::new();
        let trying = async {
            loop {
                let wanted = json!({ "using": "css selector", "value": css });
                let found = self.session.say("element", wanted).await;
                let done = match found {
                    Ok(element) => {
                        let id = element[ELEMENT].as_str().unwrap();
                        self.session.say(&format!("element/{id}/{deed}"), body.clone()).await
                    }
                    Err(error) => Err(error),
                };
                match done {
                    Ok(_) => return,
                    Err(error) => why = error,
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        let is_done = tokio::time::timeout(PATIENCE, trying).await.is_ok();
        assert!(is_done, "no {deed} on {css}: {why}\n{}", self.seen().await);
    }

    /// Presses keys, one after the other, wherever the focus is. What is on none is written as
    /// the driver does: `\u{e004}` is the tabulator.
    pub(crate) async fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            let key = key.to_string();
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        });
        let strokes: Vec<Value> = strokes.collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.session.say("actions", actions).await.unwrap();
    }

    /// Taps twice on the middle of an element.
    pub(crate) async fn tap_twice(&self, css: &str) {
        let middle = self
            .until(&format!(
                "(() => {{
                    const element = document.querySelector({});
                    element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                    const box = element.getBoundingClientRect();
                    return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round);
                }})()",
                json!(css)
            ))
            .await;
        let mut deeds =
            vec![json!({ "type": "pointerMove", "duration": 0, "x": middle[0], "y": middle[1] })];
        for _ in 0..2 {
            deeds.push(json!({ "type": "pointerDown", "button": 0 }));
            deeds.push(json!({ "type": "pointerUp", "button": 0 }));
        }
        let pointer = json!({ "type": "pointer", "id": "finger", "actions": deeds,
            "parameters": { "pointerType": "touch" } });
        self.session.say("actions", json!({ "actions": [pointer] })).await.unwrap();
    }

    /// Makes the page as large as a screen of this size shows it.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let screen = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.tell("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Prefers what a system may prefer, such as `("prefers-color-scheme", "dark")`.
    pub(crate) async fn prefers(&self, features: &[(&str, &str)]) {
        let feature = |&(name, value): &(&str, &str)| json!({ "name": name, "value": value });
        let features: Vec<Value> = features.iter().map(feature).collect();
        self.tell("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Runs a script in every page from now on, before anything of the page's own.
    pub(crate) async fn before_pages(&self, script: &str) {
        self.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Says something to the browser in a language of its own, the `DevTools`'.
    pub(crate) async fn tell(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.session.say("goog/cdp/execute", body).await.unwrap()
    }

    /// What the page looks like, as a PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        let picture = self.session.read("screenshot").await.unwrap();
        STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// The messages in the console since this was asked the last time.
    pub(crate) async fn console(&self) -> Vec<Message> {
        let log = self.session.say("se/log", json!({ "type": "browser" })).await.unwrap();
        let message = |entry: &Value| Message {
            level: entry["level"].as_str().unwrap().to_owned(),
            text: entry["message"].as_str().unwrap().to_owned(),
        };
        log.as_array().unwrap().iter().map(message).collect()
    }

    /// Asserts that no page has complained, but of answers with the statuses `but`.
    pub(crate) async fn assert_quiet(&self, but: &[u16]) {
        let is_meant = |message: &Message| {
            but.iter().any(|status| message.text.contains(&format!("a status of {status} ")))
        };
        let mut log = self.console().await;
        log.retain(|message| !is_meant(message));
        assert!(log.is_empty(), "{log:#?}");
    }

    /// What somebody would tell who looked at the screen, for a failure.
    async fn seen(&self) -> String {
        let seen = self.run("return location.href + '\\n' + document.body.innerText").await;
        let seen = match seen {
            Ok(text) => text.as_str().unwrap_or_default().chars().take(3000).collect(),
            Err(error) => error,
        };
        let log = self.session.say("se/log", json!({ "type": "browser" })).await;
        format!("at {seen}\nconsole: {log:?}")
    }
}
