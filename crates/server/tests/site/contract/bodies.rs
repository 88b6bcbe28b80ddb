//! What goes wrong before a route is even asked, for every route that is described.

use reqwest::Method;
use serde_json::{Value, json};

use super::Described;
use super::described::filled;
use crate::rig::{Answer, Person, Rig};

/// An operation with its path filled in for something that is there.
struct Operation {
    method: String,
    path: String,
    needs_token: bool,
    takes: Takes,
    needs_body: bool,
}

/// What kind of body an operation takes.
#[derive(PartialEq)]
enum Takes {
    Nothing,
    Json,
    /// A form, or a file.
    Else,
}

async fn operations(rig: &Rig, ann: &Person) -> Vec<Operation> {
    let api = Described::of(rig).await;
    let post = ann.posts("hello").await;
    let comment = ann.comments(&post, "hello").await;
    let described = api.operations().map(|(method, path, description)| {
        let parts: Vec<&str> = path
            .split('/')
            .filter(|step| step.starts_with('{'))
            .map(|step| match step {
                "{id}" if path.contains("comments/{id}") => &*comment,
                "{id}" if path.starts_with("/v1/users") => &*ann.id,
                "{id}" => &*post,
                "{username}" => &*ann.username,
                "{user_id}" | "{follower_id}" => &*ann.id,
                "{tag}" => "hello",
                "{part}" => "user",
                "{address}" | "{name}" | "{key}" => "none",
                other => panic!("{path} has an unknown part {other}"),
            })
            .collect();
        let schemes = description["security"].as_array().cloned().unwrap_or_default();
        let body = &description["requestBody"];
        Operation {
            path: filled(path, &parts),
            // This one asks for the token that it is to look at.
            needs_token: path == "/api/v1/auth/verify"
                || !schemes.is_empty() && schemes.iter().all(|way| way.get("bearer").is_some()),
            takes: match body {
                Value::Null => Takes::Nothing,
                body if body["content"]["application/json"].is_object() => Takes::Json,
                _ => Takes::Else,
            },
            needs_body: body["required"] == true && path != "/api/v1/auth/verify",
            method,
        }
    });
    described.collect()
}

impl Operation {
    /// What is answered to a body as it is.
    async fn send(&self, ann: &Person, content_type: Option<&str>, body: &[u8]) -> Answer {
        let mut request = ann.request(self.method.parse().unwrap(), &self.path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        Answer::of(format!("{} {}", self.method, self.path), request.body(body.to_vec())).await
    }
}

#[tokio::test]
async fn a_token_is_asked_for_where_the_description_says_so() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let operations = operations(&rig, &ann).await;
    assert!(operations.len() > 90, "the whole API is described: {}", operations.len());
    for operation in &operations {
        let Operation { method, path, needs_token, .. } = operation;
        let answer = rig.stranger.ask(method, path, None).await;
        assert_eq!(answer.status == 401, *needs_token, "{answer:?}");
        for token in ["", "nonsense"] {
            let answer = rig.stranger.with_token(token).ask(method, path, None).await;
            assert!(!*needs_token || answer.status == 401, "{answer:?}");
        }
    }
    rig.close().await;
}

#[tokio::test]
async fn a_body_must_be_json_and_not_too_large() {
    let rig = Rig::configured(|config| config.http.body_limit_kb = 16).await;
    let ann = rig.person("ann").await;
    let json = Some("application/json");
    let large = serde_json::to_vec(&json!({ "caption": "x".repeat(17 * 1024) })).unwrap();
    let operations = operations(&rig, &ann).await;
    let with_body: Vec<_> =
        operations.iter().filter(|operation| operation.takes == Takes::Json).collect();
    assert!(with_body.len() > 15, "{}", with_body.len());
    for operation in with_body {
        let malformed: [&[u8]; 5] = [b"{", b"nonsense", b"{\"a\":}", b"\"\0", b"{\"a\":\"\xff\"}"];
        for body in malformed {
            let answer = operation.send(&ann, json, body).await;
            assert_eq!((answer.status, answer.code()), (400, "malformed_json"), "{answer:?}");
        }
        for content_type in
            [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("nonsense")]
        {
            let answer = operation.send(&ann, content_type, b"{}").await;
            let wanted = (415, "unsupported_media_type");
            assert_eq!((answer.status, answer.code()), wanted, "{content_type:?}: {answer:?}");
        }
        let answer = operation.send(&ann, json, &large).await;
        assert_eq!((answer.status, answer.code()), (413, "body_too_large"), "{answer:?}");
        if operation.needs_body {
            let answer = operation.send(&ann, json, b"").await;
            assert_eq!((answer.status, answer.code()), (400, "malformed_json"), "{answer:?}");
        }
        // Of the wrong shape: refused or, where everything may be left out, nothing to do.
        for body in [
            "null",
            "7",
            "[]",
            "\"text\"",
            "{\"caption\":[1,{}]}",
            "{\"user_id\":{}}",
            "[[[[]]]]",
            "{}{}",
        ] {
            let answer = operation.send(&ann, json, body.as_bytes()).await;
            assert!(answer.status < 500, "{body}: {answer:?}");
            let is_object = body.starts_with('{') && body.len() > 4;
            assert!(is_object || [400, 422].contains(&answer.status), "{body}: {answer:?}");
        }
    }
    rig.close().await;
}

#[tokio::test]
async fn a_route_that_needs_no_body_takes_an_empty_one_of_any_type() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    for operation in operations(&rig, &ann).await {
        let is_stream = operation.path == "/api/feed/stream";
        // These would end the token, or what the others need.
        let ends = operation.path.starts_with("/api/auth/") || operation.method == "DELETE";
        let takes_body = operation.takes != Takes::Nothing;
        if takes_body && operation.needs_body || is_stream || ends {
            continue;
        }
        for content_type in [None, Some("text/plain"), Some("application/json"), Some("nonsense")] {
            let answer = operation.send(&ann, content_type, b"").await;
            let fault = [400, 415, 422].contains(&answer.status) && is_about_the_body(&answer);
            assert!(!fault && answer.status < 500, "{content_type:?}: {answer:?}");
        }
    }
    rig.close().await;
}

fn is_about_the_body(answer: &Answer) -> bool {
    ["malformed_json", "unsupported_media_type"].contains(&answer.code())
        || answer.body["detail"][0]["loc"][0] == "body"
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_refused_in_every_dialect() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    for path in [
        "/nonsense",
        "/api/nonsense",
        "/api/v1/nonsense",
        "/v1/nonsense",
        "/api",
        "/v1",
        "/api/posts/1/nonsense",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let answer = ann.ask(method, path, None).await;
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{answer:?}");
        }
    }
    let operations = operations(&rig, &ann).await;
    for operation in &operations {
        let same_path = operations.iter().filter(|other| other.path == operation.path);
        let mut methods: Vec<&str> = same_path.map(|other| &*other.method).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if methods.contains(&method) {
                continue;
            }
            let answer = ann.ask(method, &operation.path, None).await;
            // `/api/users/me/follow` and the like are taken by another pattern.
            assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"), "{answer:?}");
            let mut allowed: Vec<&str> =
                answer.header("allow").unwrap().split(',').map(str::trim).collect();
            allowed.retain(|method| *method != "HEAD");
            allowed.sort_unstable();
            methods.sort_unstable();
            methods.dedup();
            assert_eq!(allowed, methods, "{answer:?}");
        }
    }
    rig.close().await;
}

/// Parts of a path that are no id, no name, or no text.
#[tokio::test]
async fn nonsense_in_a_path_or_a_query_is_the_callers_fault() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let api = Described::of(&rig).await;
    let nonsense = [
        "0",
        "-1",
        "1.5",
        "abc",
        "9007199254740993",
        "18446744073709551616",
        "%00",
        "%FF",
        "%2F",
        "..%2f",
        "%F0%9F%93%B7",
        "%20",
        "'%3B--",
    ];
    for (method, path, _) in api.operations() {
        let parts = path.split('/').filter(|step| step.starts_with('{')).count();
        if method != "GET" || path == "/api/feed/stream" {
            continue;
        }
        for word in nonsense {
            if parts > 0 {
                let filled = filled(path, &vec![word; parts]);
                let answer = ann.get(&filled).await;
                assert!(answer.status < 500, "{answer:?}");
            }
        }
        let path = filled(path, &vec!["7"; parts]);
        for query in [
            "cursor=%00",
            "cursor=%FF",
            "limit=",
            "offset=x",
            "page=x",
            "page_size=x",
            "order=upwards",
            "explain=perhaps",
            "limit=1&limit=2",
            "q=%00",
            "user_id=%20",
            "&&&",
            "%",
        ] {
            let answer = ann.get(&format!("{path}?{query}")).await;
            assert!(answer.status < 500, "{answer:?}");
        }
    }
    for (method, target) in [(Method::GET, "/api/feed?limit=x"), (Method::GET, "/api/feed?order=x")]
    {
        let answer = ann.ask(method.as_str(), target, None).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(ann.get("/api/feed?limit=").await.body["code"], Value::from("invalid"));
    rig.close().await;
}
