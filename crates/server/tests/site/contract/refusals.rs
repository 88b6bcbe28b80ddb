//! What is not allowed, and how each dialect says so.

mod fields;
mod mesh;
mod public;
mod trusted;

use serde_json::{Value, json};

use crate::rig::{Person, Rig, Visitor};

/// Ann, whose second post nobody may comment on; Bob, who follows her; Cat, who is private.
struct World {
    rig: Rig,
    ann: Person,
    bob: Person,
    cat: Person,
    /// Two posts of Ann's.
    post: String,
    silent: String,
    /// A comment of hers under the first.
    comment: String,
}

impl World {
    async fn new() -> Self {
        let rig = Rig::new().await;
        let [ann, bob, cat] = rig.people(["ann", "bob", "cat"]).await;
        let (post, silent) = (ann.posts("hello").await, ann.posts("silence").await);
        let path = format!("/api/posts/{silent}");
        ann.put(&path, json!({ "commentsDisabled": true })).await.good(200);
        bob.follows(&ann).await;
        cat.is_private(true).await;
        let comment = ann.comments(&post, "first").await;
        Self { rig, ann, bob, cat, post, silent, comment }
    }

    /// Asserts that each of `requests` (`GET /path`, and a body unless it is null) is answered with
    /// this status, code and sentence. Where fields are named, the sentence is the first one's.
    async fn refused(
        &self,
        visitor: &Visitor,
        outcome: (u16, &str, &str),
        requests: impl IntoIterator<Item = (String, Value)>,
    ) {
        for (request, body) in requests {
            let (method, path) = request.split_once(' ').unwrap();
            let body = Some(body).filter(|body| !body.is_null());
            let answer = visitor.ask(method, path, body.clone()).await;
            let field = || answer.body["detail"][0]["msg"].as_str();
            let sentence = answer.sentence().or_else(field).unwrap_or_default();
            let said = (answer.status, answer.code(), sentence);
            assert_eq!(said, outcome, "{request} {body:?}");
        }
    }
}
