//! What the site answers. Whatever a test asks, an error must look as its dialect says.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// What is answered to `request`; `asked` names it in a failure.
    pub(crate) async fn of(asked: String, request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        let answer = Self { asked, status, headers, body };
        assert!(answer.header("x-request-id").is_some(), "no request id: {answer:?}");
        if status >= 400 {
            answer.assert_error();
        }
        answer
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn good(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.body);
        self.body
    }

    /// Asserts that this is an error with this status and sentence.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, sentence: &str) {
        let said = (self.status, self.sentence());
        assert_eq!(said, (status, Some(sentence)), "{}: {}", self.asked, self.body);
    }

    /// Asserts that this is a 404 which says no more than that there is nothing.
    #[track_caller]
    pub(crate) fn missing(&self) {
        let sentence = self.sentence().unwrap_or_default();
        let plain = sentence.contains("not found");
        assert!(self.status == 404 && plain, "{}: {} {}", self.asked, self.status, self.body);
    }

    /// The sentence of an error; none where fields are listed.
    pub(crate) fn sentence(&self) -> Option<&str> {
        self.body.get("error").or_else(|| self.body.get("detail"))?.as_str()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The path that the `Link` header names as the next page.
    pub(crate) fn next_link(&self) -> Option<String> {
        let link = self.header("link")?;
        let (path, relation) = link.split_once('>').unwrap();
        assert_eq!(relation, "; rel=\"next\"");
        Some(path.trim_start_matches('<').to_owned())
    }

    /// An error has the shape of its dialect and is never our fault.
    fn assert_error(&self) {
        let path = self.asked.split(' ').nth(1).unwrap();
        let has_details = path.starts_with("/api/v1") || path.starts_with("/v1");
        let says = if has_details { "detail" } else { "error" };
        let body = self.body.as_object().unwrap_or_else(|| panic!("no object: {self:?}"));
        let mut keys: Vec<&str> = body.keys().map(String::as_str).collect();
        keys.sort_unstable();
        let mut wanted = ["code", "request_id", says];
        wanted.sort_unstable();
        assert_eq!(keys, wanted, "{self:?}");
        assert_ne!(self.status, 500, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        // An answer that is given again names the request that it was given to first.
        if self.header("idempotency-replayed").is_none() {
            assert_eq!(self.header("x-request-id"), self.body["request_id"].as_str(), "{self:?}");
        }
        let is_word = |code: &str| {
            !code.is_empty()
                && code.bytes().all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b))
        };
        assert!(is_word(self.code()), "{self:?}");
        match self.status {
            401 => assert!(self.header("www-authenticate").is_some(), "{self:?}"),
            405 => assert!(self.header("allow").is_some(), "{self:?}"),
            429 | 503 => assert!(self.header("retry-after").is_some(), "{self:?}"),
            422 if self.body["detail"].is_array() => self.assert_fields(),
            _ => assert!(self.sentence().is_some_and(|text| !text.is_empty()), "{self:?}"),
        }
    }

    /// `{"loc":["body","caption"],"msg":"…","type":"…"}`, at least one.
    fn assert_fields(&self) {
        let fields = self.body["detail"].as_array().unwrap();
        assert!(!fields.is_empty(), "{self:?}");
        for field in fields {
            let place = field["loc"][0].as_str().unwrap_or_default();
            assert!(["body", "query", "path", "header"].contains(&place), "{self:?}");
            let is_text = |name: &str| field[name].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_text("msg") && is_text("type"), "{self:?}");
            assert_eq!(field.as_object().unwrap().len(), 3, "{self:?}");
        }
    }
}
