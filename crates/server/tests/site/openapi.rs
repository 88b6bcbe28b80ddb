//! The API's description: whole, and true of what is served.

use std::collections::BTreeSet;

use crate::contract::Described;
use crate::rig::Rig;

/// The routes of the contract, apart from the discovery of services.
const ROUTES: [&str; 103] = [
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/logout",
    "POST /api/auth/refresh",
    "PUT /api/auth/password",
    "GET /api/users/me",
    "PUT /api/users/me",
    "DELETE /api/users/me",
    "GET /api/users/{username}",
    "POST /api/users/{username}/follow",
    "DELETE /api/users/{username}/follow",
    "GET /api/users/{username}/followers",
    "GET /api/users/{username}/following",
    "GET /api/users",
    "GET /api/users/suggestions",
    "GET /api/users/requests",
    "POST /api/users/requests/{username}",
    "POST /api/users/{username}/block",
    "DELETE /api/users/{username}/block",
    "POST /api/users/{username}/mute",
    "DELETE /api/users/{username}/mute",
    "POST /api/posts",
    "GET /api/posts/{id}",
    "PUT /api/posts/{id}",
    "DELETE /api/posts/{id}",
    "GET /api/posts/user/{user_id}",
    "GET /api/posts/hashtag/{tag}",
    "POST /api/posts/{id}/like",
    "DELETE /api/posts/{id}/like",
    "GET /api/posts/{id}/likes",
    "POST /api/posts/{id}/save",
    "DELETE /api/posts/{id}/save",
    "GET /api/posts/saved",
    "POST /api/posts/{id}/comments",
    "GET /api/posts/{id}/comments",
    "DELETE /api/comments/{id}",
    "POST /api/comments/{id}/like",
    "DELETE /api/comments/{id}/like",
    "POST /api/media/upload",
    "POST /api/media/upload/multiple",
    "POST /api/media/profile-picture",
    "DELETE /api/media/profile-picture",
    "POST /api/media/presigned-url",
    "POST /api/media/{id}/complete",
    "GET /api/media/{id}",
    "PUT /api/media/{id}",
    "DELETE /api/media/{id}",
    "GET /api/media/usage",
    "GET /media/{name}",
    "PUT /media/put/{address}",
    "GET /api/feed",
    "GET /api/feed/explore",
    "POST /api/feed/refresh",
    "GET /api/feed/stats",
    "GET /api/feed/activity",
    "GET /api/feed/stream",
    "GET /api/operations/{key}",
    "POST /api/v1/graph/follow/{user_id}",
    "DELETE /api/v1/graph/unfollow/{user_id}",
    "GET /api/v1/graph/followers/{user_id}",
    "GET /api/v1/graph/following/{user_id}",
    "GET /api/v1/graph/relationship/{user_id}",
    "GET /api/v1/graph/stats/{user_id}",
    "GET /api/v1/graph/requests/pending",
    "POST /api/v1/graph/requests/{follower_id}",
    "GET /api/v1/graph/mutual/{user_id}",
    "GET /api/v1/graph/suggestions",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/login",
    "GET /api/v1/auth/me",
    "POST /api/v1/auth/verify",
    "POST /api/v1/posts",
    "GET /api/v1/posts",
    "GET /api/v1/posts/{id}",
    "PUT /api/v1/posts/{id}",
    "DELETE /api/v1/posts/{id}",
    "POST /api/v1/posts/{id}/like",
    "DELETE /api/v1/posts/{id}/like",
    "POST /api/v1/posts/{id}/comments",
    "GET /api/v1/posts/{id}/comments",
    "GET /api/v1/posts/{id}/stats",
    "GET /api/v1/feed",
    "POST /api/v1/feed/refresh",
    "GET /api/v1/feed/stats",
    "POST /v1/users",
    "GET /v1/users/{id}",
    "GET /v1/users/search",
    "GET /v1/users/{id}/posts",
    "GET /v1/users/{id}/followers",
    "GET /v1/users/{id}/following",
    "POST /v1/posts",
    "GET /v1/posts/{id}",
    "DELETE /v1/posts/{id}",
    "POST /v1/posts/{id}/like",
    "DELETE /v1/posts/{id}/like",
    "POST /v1/follow",
    "DELETE /v1/follow",
    "POST /v1/posts/{id}/comments",
    "GET /v1/posts/{id}/comments",
    "DELETE /v1/comments/{id}",
    "GET /v1/feed",
    "GET /health",
    "GET /health/{part}",
];

#[tokio::test]
async fn the_description_is_whole() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    assert!(api.document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(api.document["info"]["version"].is_string());
    let described: BTreeSet<String> =
        api.operations().map(|(method, path, _)| format!("{method} {path}")).collect();
    let missing: Vec<_> = ROUTES.iter().filter(|route| !described.contains(**route)).collect();
    assert!(missing.is_empty(), "{missing:#?}");

    let mut ids = BTreeSet::new();
    for (method, path, operation) in api.operations() {
        let what = format!("{method} {path}");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.len() > 5, "{what} has no summary");
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        assert!(!id.is_empty() && ids.insert(id.clone()), "{what}: {id:?} is not its own");
        let responses = operation["responses"].as_object().unwrap();
        // Whatever waits will be answered otherwise.
        let good = responses.keys().filter(|status| status.starts_with('2') && *status != "202");
        assert_eq!(good.count(), 1, "{what} says what is answered when all is well");
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{what}: {status}");
        }
        // Every part of the path is described, and nothing that is not there.
        let mut wanted: Vec<&str> =
            path.split('/').filter_map(|step| step.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut named: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        wanted.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, wanted, "{what}");
    }
    assert_references(&api.document, &api.document);
    rig.close().await;
}

/// Every reference leads somewhere.
fn assert_references(document: &serde_json::Value, part: &serde_json::Value) {
    match part {
        serde_json::Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(serde_json::Value::as_str) {
                assert!(
                    document.pointer(reference.trim_start_matches('#')).is_some(),
                    "{reference}"
                );
            }
            for part in fields.values() {
                assert_references(document, part);
            }
        }
        serde_json::Value::Array(items) => {
            for part in items {
                assert_references(document, part);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_described_route_is_served() {
    let rig = Rig::new().await;
    let api = Described::of(&rig).await;
    for (method, path, _) in api.operations() {
        let path = path.split('/').map(|step| if step.starts_with('{') { "7" } else { step });
        let path = path.collect::<Vec<_>>().join("/");
        let answer = rig.stranger.ask(&method, &path, None).await;
        let unknown = answer.sentence() == Some("There is nothing at this address");
        assert!(!unknown && answer.status != 405, "{answer:?}");
    }
    rig.close().await;
}

#[tokio::test]
async fn the_pages_to_read_it_in_need_nothing_from_elsewhere() {
    let rig = Rig::new().await;
    for path in ["/docs", "/redoc"] {
        let answer = rig.stranger.get(path).await;
        assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{answer:?}");
        let html = answer.good(200);
        let html = html.as_str().unwrap();
        for link in html.split("src=\"").chain(html.split("href=\"")).skip(1) {
            let link = link.split('"').next().unwrap();
            assert!(!link.contains("//"), "{path} asks for {link}");
        }
    }
    rig.close().await;
}
