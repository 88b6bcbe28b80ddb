//! A browser without scripts: links, forms and cookies.

use std::collections::BTreeMap;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};

use crate::rig::{PASSWORD, Rig};

/// Somebody's browser.
pub(super) struct Browser {
    client: Client,
    base: String,
    cookies: BTreeMap<String, String>,
    /// The word that forms of the last page held.
    csrf: String,
}

/// What a browser was answered.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) html: String,
}

impl Page {
    /// Asserts that the page says this.
    pub(super) fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "{text:?} is not in:\n{}", self.html);
        self
    }

    /// Asserts that the page says nothing of this.
    pub(super) fn lacks(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{text:?} is in:\n{}", self.html);
        self
    }

    /// What stands between two texts, the first time.
    pub(super) fn between(&self, start: &str, end: &str) -> &str {
        let (_, rest) = self
            .html
            .split_once(start)
            .unwrap_or_else(|| panic!("{start:?} is not in:\n{}", self.html));
        rest.split_once(end).unwrap().0
    }
}

impl Browser {
    pub(super) fn at(rig: &Rig) -> Self {
        let request = rig.stranger.request(Method::GET, "/").build().unwrap();
        let base = request.url().origin().ascii_serialization();
        Self {
            client: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap(),
            base,
            cookies: BTreeMap::new(),
            csrf: String::new(),
        }
    }

    /// A browser of somebody who has joined by the form.
    pub(super) async fn joined(rig: &Rig, username: &str) -> Self {
        let mut browser = Self::at(rig);
        browser.get("/signup").await;
        let email = format!("{username}@example.com");
        let fields = [("username", username), ("email", &email), ("password", PASSWORD)];
        let page = browser.submit("/signup", &fields).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        // Forms are those of the session from now on.
        browser.get("/").await;
        browser
    }

    /// Follows a link.
    pub(super) async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// Bytes that a page is over the wire.
    pub(super) async fn weigh(&mut self, path: &str) -> usize {
        let request = self.client.get(format!("{}{path}", self.base));
        let request = request.header(ACCEPT, "text/html").header(COOKIE, self.cookie_header());
        let response = request.header(ACCEPT_ENCODING, "br, gzip").send().await.unwrap();
        assert!(response.headers().contains_key(CONTENT_ENCODING), "{path} is not compressed");
        response.bytes().await.unwrap().len()
    }

    /// Sends a form of the last page.
    pub(super) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("csrf", &csrf).extend_pairs(fields);
        self.post(action, body.finish()).await
    }

    /// Sends a form without the word that it holds.
    pub(super) async fn forge(&mut self, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.post(action, body.finish()).await
    }

    /// Sends a form with texts and then files, each a field and its content.
    pub(super) async fn upload(
        &mut self,
        action: &str,
        texts: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Page {
        const BOUNDARY: &str = "----a-boundary-of-ours";
        let mut body = Vec::new();
        let csrf = self.csrf.clone();
        for (name, text) in [("csrf", &*csrf)].iter().chain(texts) {
            let part = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
            );
            body.extend(part.into_bytes());
        }
        for (index, (name, content)) in files.iter().enumerate() {
            let head = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; \
                 filename=\"{index}.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n"
            );
            body.extend(head.into_bytes());
            body.extend_from_slice(content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let request = self.client.post(format!("{}{action}", self.base)).body(body);
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(request.header("content-type", content_type)).await
    }

    /// Goes where an answer leads.
    pub(super) async fn follow(&mut self, page: &Page) -> Page {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        let location = page.location.clone().unwrap();
        self.get(location.split('#').next().unwrap()).await
    }

    /// Sends forms from now on as another site would.
    pub(super) fn forget_the_word(&mut self) {
        self.csrf.clear();
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(super) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        cookies.collect::<Vec<_>>().join("; ")
    }

    async fn post(&mut self, action: &str, body: String) -> Page {
        let request = self.client.post(format!("{}{action}", self.base)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let request = request.header(ACCEPT, "text/html").header(COOKIE, self.cookie_header());
        let response = request.send().await.unwrap();
        self.keep_cookies(&response);
        let status = response.status();
        let headers = response.headers().clone();
        let location = headers.get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let page = Page { status, location, headers, html: response.text().await.unwrap() };
        if let Some((_, rest)) = page.html.split_once("data-csrf=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.csrf);
        }
        page
    }

    fn keep_cookies(&mut self, response: &Response) {
        for set in response.headers().get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Lax"), "{set}");
            let (pair, rest) = set.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
