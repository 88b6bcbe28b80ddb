//! Who sees what, on every surface that reads or acts.

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::testkit::user;

use super::site::Site;

/// owen owns; fay follows him, sam is a stranger, bob is blocked by him, bea blocks him, and the
/// empty name is nobody.
const VIEWERS: [&str; 6] = ["owen", "fay", "sam", "bob", "bea", ""];

struct Scene {
    site: Site,
    post: String,
    comment: String,
    owner: u64,
}

/// A post of owen's with a comment of his own, liked by him.
async fn scene(is_private: bool) -> Scene {
    let site = Site::new().await;
    let people = &site.stage.people;
    let owen = people.put(1, "owen", is_private);
    for (number, name) in [(2, "fay"), (3, "sam"), (4, "bob"), (5, "bea")] {
        people.put(number, name, false);
    }
    site.stage.ties.follow(user(2), owen, true);
    site.stage.ties.block(owen, user(4), true);
    site.stage.ties.block(user(5), owen, true);
    let draft = json!({"caption": "#tag", "mediaUrls": ["https://a.example/x.jpg"]});
    let (status, post) = site.post("owen", "/api/posts", draft).await;
    assert_eq!(status, 201, "{post}");
    let post = post["id"].as_str().unwrap().to_owned();
    let path = format!("/api/posts/{post}/comments");
    let (status, comment) = site.post("owen", &path, json!({"content": "first"})).await;
    assert_eq!(status, 201, "{comment}");
    let comment = comment["id"].as_str().unwrap().to_owned();
    site.post("owen", &format!("/api/posts/{post}/like"), Value::Null).await;
    Scene { site, post, comment, owner: owen.get() }
}

impl Scene {
    /// Whether `viewer` sees the post, in the scene's world.
    fn sees(viewer: &str, is_private: bool) -> bool {
        match viewer {
            "owen" | "fay" => true,
            "sam" | "" => !is_private,
            _ => false,
        }
    }

    fn number(viewer: &str) -> Option<u64> {
        let at = VIEWERS.iter().position(|name| *name == viewer)?;
        (!viewer.is_empty()).then_some(at as u64 + 1)
    }

    /// As `viewer` would be named to the trusted dialect.
    fn acting(viewer: &str) -> String {
        Self::number(viewer).map_or_else(String::new, |number| format!("?user_id={number}"))
    }
}

#[tokio::test]
async fn one_post_and_everything_below_it() {
    for is_private in [false, true] {
        for hidden in [false, true] {
            let scene = scene(is_private).await;
            let Scene { site, post, comment, .. } = &scene;
            if hidden {
                let path = format!("/api/posts/{post}/hide");
                assert_eq!(site.post("owen", &path, Value::Null).await.0, 200);
            }
            for viewer in VIEWERS {
                let sees = Scene::sees(viewer, is_private) && (!hidden || viewer == "owen");
                let says = if sees { 200 } else { 404 };
                let about = format!("private {is_private}, hidden {hidden}, {viewer:?}");
                for path in [
                    format!("/api/posts/{post}"),
                    format!("/api/posts/{post}/likes"),
                    format!("/api/posts/{post}/comments"),
                    format!("/api/v1/posts/{post}"),
                    format!("/api/v1/posts/{post}/stats"),
                    format!("/api/v1/posts/{post}/comments"),
                ] {
                    assert_eq!(site.get(viewer, &path).await.0, says, "{about}: {path}");
                }
                for path in [format!("/v1/posts/{post}"), format!("/v1/posts/{post}/comments")] {
                    let path = format!("{path}{}", Scene::acting(viewer));
                    assert_eq!(site.get("", &path).await.0, says, "{about}: {path}");
                }
                if viewer.is_empty() {
                    continue;
                }
                for (method, path) in [
                    (Method::POST, format!("/api/posts/{post}/like")),
                    (Method::DELETE, format!("/api/posts/{post}/like")),
                    (Method::POST, format!("/api/posts/{post}/save")),
                    (Method::DELETE, format!("/api/posts/{post}/save")),
                    (Method::POST, format!("/api/v1/posts/{post}/like")),
                    (Method::DELETE, format!("/api/v1/posts/{post}/like")),
                    (Method::POST, format!("/api/comments/{comment}/like")),
                    (Method::DELETE, format!("/api/comments/{comment}/like")),
                    (Method::DELETE, format!("/v1/posts/{post}/like{}", Scene::acting(viewer))),
                ] {
                    let status = site.ask(viewer, method, &path, None).await.status();
                    assert_eq!(status, says, "{about}: {path}");
                }
                let created = if sees { 201 } else { 404 };
                let number = Scene::number(viewer);
                for (path, says) in [
                    (format!("/api/posts/{post}/comments"), created),
                    (format!("/api/v1/posts/{post}/comments"), created),
                    (format!("/v1/posts/{post}/comments"), created),
                    (format!("/v1/posts/{post}/like"), says),
                ] {
                    let body = json!({"content": "hello", "user_id": number});
                    assert_eq!(site.post(viewer, &path, body).await.0, says, "{about}: {path}");
                }
                let delete = format!("/api/comments/{comment}");
                let says = match viewer {
                    "owen" => continue,
                    _ if sees => 403,
                    _ => 404,
                };
                assert_eq!(site.delete(viewer, &delete).await.0, says, "{about}: {delete}");
                let edit = format!("/api/posts/{post}");
                assert_eq!(site.put(viewer, &edit, json!({"caption": "mine"})).await.0, 404);
                assert_eq!(site.delete(viewer, &edit).await.0, 404, "{about}");
                let hide = format!("/api/posts/{post}/hide");
                assert_eq!(site.post(viewer, &hide, Value::Null).await.0, 404, "{about}");
                assert_eq!(site.delete(viewer, &hide).await.0, 404, "{about}");
                assert_eq!(
                    site.delete("", &format!("/v1/posts/{post}{}", Scene::acting(viewer))).await.0,
                    404
                );
            }
        }
    }
}

#[tokio::test]
async fn lists_of_posts() {
    for is_private in [false, true] {
        let scene = scene(is_private).await;
        let Scene { site, owner, .. } = &scene;
        for viewer in VIEWERS {
            let sees = Scene::sees(viewer, is_private);
            let about = format!("private {is_private}, {viewer:?}");
            let of_owner = match viewer {
                "bob" | "bea" => 404,
                _ if sees => 200,
                _ => 403,
            };
            let user_id =
                Scene::number(viewer).map_or(String::new(), |id| format!("&user_id={id}"));
            for (who, path) in [
                (viewer, format!("/api/posts/user/{owner}")),
                (viewer, format!("/api/v1/posts?user_id={owner}")),
                ("", format!("/v1/users/{owner}/posts?limit=5{user_id}")),
            ] {
                let (status, body) = site.get(who, &path).await;
                assert_eq!(status, of_owner, "{about}: {path} {body}");
                match status {
                    200 => {
                        assert_eq!(body["posts"].as_array().unwrap().len(), 1, "{about}: {path}");
                    }
                    403 => assert!(body.to_string().contains("This account is private"), "{body}"),
                    _ => assert!(body.to_string().contains("User not found"), "{body}"),
                }
            }
            for path in ["/api/posts/hashtag/tag", "/api/v1/posts?hashtag=tag"] {
                let (status, body) = site.get(viewer, path).await;
                let count = body["posts"].as_array().unwrap().len();
                assert_eq!((status, count), (200, usize::from(sees)), "{about}: {path}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_saved_while_it_could_be_seen() {
    let scene = scene(false).await;
    let Scene { site, post, owner, .. } = &scene;
    for who in ["owen", "fay", "sam"] {
        let path = format!("/api/posts/{post}/save");
        assert_eq!(site.post(who, &path, Value::Null).await.0, 200);
    }
    let saved = async |who: &str| {
        let (_, body) = site.get(who, "/api/posts/saved").await;
        body["posts"].as_array().unwrap().len()
    };
    assert_eq!((saved("owen").await, saved("fay").await, saved("sam").await), (1, 1, 1));
    site.stage.people.put(*owner, "owen", true);
    assert_eq!((saved("owen").await, saved("fay").await, saved("sam").await), (1, 1, 0));
    site.stage.ties.follow(user(2), user(*owner), false);
    assert_eq!((saved("owen").await, saved("fay").await, saved("sam").await), (1, 0, 0));
}

#[tokio::test]
async fn people_who_block_each_other_do_not_meet_under_a_third_ones_post() {
    let site = Site::new().await;
    for (number, name) in [(1, "owen"), (2, "bob"), (3, "bea"), (4, "gus")] {
        site.stage.people.put(number, name, false);
    }
    let draft = json!({"mediaUrls": ["https://a.example/x.jpg"]});
    let (_, post) = site.post("owen", "/api/posts", draft).await;
    let post = post["id"].as_str().unwrap().to_owned();
    let mut comments = Vec::new();
    for who in ["bob", "bea", "gus"] {
        site.post(who, &format!("/api/posts/{post}/like"), Value::Null).await;
        let path = format!("/api/posts/{post}/comments");
        let (_, comment) = site.post(who, &path, json!({"content": who})).await;
        comments.push(comment["id"].as_str().unwrap().to_owned());
    }
    site.stage.ties.block(user(2), user(3), true);
    site.stage.people.remove(user(4));
    for (viewer, seen) in
        [("bob", &["bob"][..]), ("bea", &["bea"]), ("owen", &["bea", "bob"]), ("", &["bea", "bob"])]
    {
        let (_, likes) = site.get(viewer, &format!("/api/posts/{post}/likes")).await;
        let likers: Vec<_> =
            likes.as_array().unwrap().iter().map(|like| like["username"].clone()).collect();
        assert_eq!(likers, seen, "{viewer}");
        let (_, page) = site.get(viewer, &format!("/api/posts/{post}/comments")).await;
        let said: Vec<_> = page["comments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|said| said["content"].clone())
            .collect();
        assert_eq!(said, seen, "{viewer}");
    }
    let of_bob = format!("/api/comments/{}", comments[0]);
    assert_eq!(site.post("bea", &format!("{of_bob}/like"), Value::Null).await.0, 404);
    assert_eq!(site.delete("bea", &of_bob).await.0, 404);
    assert_eq!(site.delete("owen", &of_bob).await.0, 200);
}
