//! The routes over a real connection, in the three dialects.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::auth::Gate;
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, stack};

use crate::network::Network;

struct Site {
    network: Network,
    client: reqwest::Client,
    base: String,
}

/// ann (1), ben (2), eve (3) and kim (4), whose account is private.
async fn site() -> Site {
    let mut network = Network::new();
    for (number, name) in [(1, "ann"), (2, "ben"), (3, "eve")] {
        network.people.put(number, name, false);
    }
    network.people.put(4, "kim", true);
    let ground = Arc::new(Ground::new(&Config::defaults()));
    let accounts = network.people.clone();
    let gate = Gate { accounts, limits: ground.limits(), loopback: true };
    let (routes, _) = std::mem::take(&mut network.routes).split_for_parts();
    let router = stack(routes.layer(axum::Extension(gate)), &ground);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Site { network, client: reqwest::Client::new(), base }
}

impl Site {
    /// What is answered; `who` signs in by name, nobody when empty.
    async fn ask(&self, who: &str, method: Method, path: &str) -> (u16, Value) {
        self.send(who, method, path, None).await
    }

    async fn get(&self, who: &str, path: &str) -> (u16, Value) {
        self.ask(who, Method::GET, path).await
    }

    async fn post(&self, who: &str, path: &str) -> (u16, Value) {
        self.ask(who, Method::POST, path).await
    }

    async fn delete(&self, who: &str, path: &str) -> (u16, Value) {
        self.ask(who, Method::DELETE, path).await
    }

    async fn send(
        &self,
        who: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !who.is_empty() {
            request = request.bearer_auth(who);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let mut body: Value = response.json().await.unwrap();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("request_id");
        }
        (status, body)
    }
}

fn refused(status: u16, error: &str, code: &str) -> (u16, Value) {
    (status, json!({"error": error, "code": code}))
}

fn detail(status: u16, detail: &str, code: &str) -> (u16, Value) {
    (status, json!({"detail": detail, "code": code}))
}

fn card(id: &str, username: &str) -> Value {
    json!({"id": id, "username": username, "full_name": null, "profile_picture_url": null})
}

#[tokio::test]
async fn people_follow_by_name() {
    let site = site().await;
    let followed = (200, json!({"message": "Followed successfully", "status": "accepted"}));
    let gone = (200, json!({"message": "Unfollowed successfully", "status": "none"}));
    for _ in 0..2 {
        assert_eq!(site.post("ann", "/api/users/ben/follow").await, followed);
    }
    assert_eq!(site.post("eve", "/api/users/BEN/follow").await, followed);
    let asked = (200, json!({"message": "Follow request sent", "status": "pending"}));
    for _ in 0..2 {
        assert_eq!(site.post("ann", "/api/users/kim/follow").await, asked);
    }
    let fans = (200, json!([card("3", "eve"), card("1", "ann")]));
    assert_eq!(site.get("", "/api/users/ben/followers").await, fans);
    assert_eq!(site.get("ann", "/api/users/ann/following").await, (200, json!([card("2", "ben")])));
    for _ in 0..2 {
        assert_eq!(site.delete("ann", "/api/users/ben/follow").await, gone);
    }
    assert_eq!(site.get("", "/api/users/ben/followers").await, (200, json!([card("3", "eve")])));

    let unknown = refused(404, "User not found", "user_not_found");
    let own = refused(400, "Cannot follow yourself", "self_follow");
    assert_eq!(site.post("ann", "/api/users/ann/follow").await, own);
    assert_eq!(site.post("ann", "/api/users/nobody/follow").await, unknown);
    assert_eq!(site.delete("ann", "/api/users/nobody/follow").await, unknown);
    assert_eq!(site.get("", "/api/users/nobody/followers").await, unknown);
    assert_eq!(site.get("ann", "/api/users/%00/following").await, unknown);
    let private = refused(403, "This account is private", "private_account");
    assert_eq!(site.get("", "/api/users/kim/followers").await, private);
    assert_eq!(site.get("ann", "/api/users/kim/following").await, private);
    assert_eq!(site.post("", "/api/users/ben/follow").await.0, 401);
    assert_eq!(site.get("stranger", "/api/users/ben/followers").await.0, 401);
}

#[tokio::test]
async fn lists_are_paged_by_the_link_header() {
    let site = site().await;
    for who in ["ann", "eve", "kim"] {
        site.post(who, "/api/users/ben/follow").await;
    }
    let mut path = "/api/users/ben/followers?limit=2".to_owned();
    let mut names = Vec::new();
    let mut requests = 0;
    loop {
        let response = site.client.get(format!("{}{path}", site.base)).send().await.unwrap();
        requests += 1;
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let people: Vec<Value> = response.json().await.unwrap();
        names.extend(people.iter().map(|person| person["username"].as_str().unwrap().to_owned()));
        let Some(link) = link else { break };
        let (next, rest) = link.trim_start_matches('<').split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        path = next.to_owned();
    }
    assert_eq!((names.join(" ").as_str(), requests), ("kim eve ann", 2));
    let (status, body) = site.get("", "/api/users/ben/followers?cursor=nonsense").await;
    assert_eq!((status, &body["code"]), (400, &json!("broken_cursor")));
    let (status, body) = site.get("", "/api/users/ben/followers?limit=many").await;
    assert_eq!((status, &body["error"]), (400, &json!("limit must be a whole number")));
    assert_eq!(site.get("", "/api/users/ben/followers?limit=0").await.1, json!([card("4", "kim")]));
}

#[tokio::test]
async fn requests_are_decided_by_name() {
    let site = site().await;
    for who in ["ann", "ben", "eve"] {
        site.post(who, "/api/users/kim/follow").await;
    }
    let waiting = json!([card("3", "eve"), card("2", "ben"), card("1", "ann")]);
    assert_eq!(site.get("kim", "/api/users/requests").await, (200, waiting));
    let decide = async |who: &str, action: Value| {
        let path = format!("/api/users/requests/{who}");
        site.send("kim", Method::POST, &path, Some(json!({"action": action}))).await
    };
    let accepted = (200, json!({"message": "Follow request accepted", "status": "accepted"}));
    let rejected = (200, json!({"message": "Follow request rejected", "status": "rejected"}));
    let none = refused(404, "Follow request not found", "request_not_found");
    assert_eq!(decide("ann", json!("accept")).await, accepted);
    assert_eq!(decide("ann", json!("accept")).await, none);
    assert_eq!(decide("ben", json!("reject")).await, rejected);
    assert_eq!(decide("nobody", json!("reject")).await.0, 404);
    let (status, body) = decide("eve", json!("perhaps")).await;
    assert_eq!((status, &body["error"]), (400, &json!("action must be one of: accept, reject")));
    assert_eq!(decide("eve", json!(7)).await.0, 400);
    assert_eq!(site.post("kim", "/api/users/requests/eve").await.0, 415);
    site.delete("eve", "/api/users/kim/follow").await;
    assert_eq!(site.get("kim", "/api/users/requests").await, (200, json!([])));
    assert_eq!(site.get("ann", "/api/users/kim/followers").await, (200, json!([card("1", "ann")])));
}

#[tokio::test]
async fn who_is_blocked_is_not_there() {
    let site = site().await;
    site.post("ann", "/api/users/ben/follow").await;
    site.post("ben", "/api/users/ann/follow").await;
    site.post("eve", "/api/users/ann/follow").await;
    site.post("ben", "/api/users/eve/follow").await;
    site.post("ann", "/api/users/eve/follow").await;
    let done = (200, json!({"message": "Blocked successfully"}));
    for _ in 0..2 {
        assert_eq!(site.post("ann", "/api/users/ben/block").await, done);
    }
    let own = refused(400, "Cannot block yourself", "self_block");
    assert_eq!(site.post("ann", "/api/users/ann/block").await, own);
    let unknown = refused(404, "User not found", "user_not_found");
    for (who, whom) in [("ann", "ben"), ("ben", "ann")] {
        for path in ["followers", "following", "mutual"] {
            assert_eq!(
                site.get(who, &format!("/api/users/{whom}/{path}")).await,
                unknown,
                "{path}"
            );
        }
        for path in ["follow", "mute"] {
            let path = format!("/api/users/{whom}/{path}");
            assert_eq!(site.post(who, &path).await, unknown, "{path}");
            assert_eq!(site.delete(who, &path).await, unknown, "{path}");
        }
    }
    assert_eq!(site.post("ben", "/api/users/ann/block").await, unknown);
    assert_eq!(site.delete("ben", "/api/users/ann/block").await, unknown);
    assert_eq!(site.get("", "/api/users/ben/followers").await, (200, json!([])));
    let seen_by_ann = (200, json!([card("1", "ann")]));
    let seen_by_all = (200, json!([card("1", "ann"), card("2", "ben")]));
    assert_eq!(site.get("ann", "/api/users/eve/followers").await, seen_by_ann);
    assert_eq!(site.get("", "/api/users/eve/followers").await, seen_by_all);

    assert_eq!(site.get("ann", "/api/users/blocked").await, (200, json!([card("2", "ben")])));
    assert_eq!(site.get("ben", "/api/users/blocked").await, (200, json!([])));
    let undone = (200, json!({"message": "Unblocked successfully"}));
    for _ in 0..2 {
        assert_eq!(site.delete("ann", "/api/users/ben/block").await, undone);
    }
    assert_eq!(site.get("ben", "/api/users/ann/following").await.0, 200);
}

#[tokio::test]
async fn a_mute_is_known_to_nobody_else() {
    let site = site().await;
    site.post("ann", "/api/users/ben/follow").await;
    let before = site.get("ben", "/api/users/ben/followers").await;
    let muted = (200, json!({"message": "Muted successfully"}));
    for _ in 0..2 {
        assert_eq!(site.post("ann", "/api/users/ben/mute").await, muted);
    }
    assert_eq!(site.get("ben", "/api/users/ben/followers").await, before);
    assert_eq!(site.get("ann", "/api/users/muted").await, (200, json!([card("2", "ben")])));
    assert_eq!(site.get("ben", "/api/users/muted").await, (200, json!([])));
    let heard = (200, json!({"message": "Unmuted successfully"}));
    for _ in 0..2 {
        assert_eq!(site.delete("ann", "/api/users/ben/mute").await, heard);
    }
    assert_eq!(site.post("ann", "/api/users/ann/mute").await.0, 400);
}

#[tokio::test]
async fn friends_of_friends_are_suggested() {
    let site = site().await;
    site.post("ann", "/api/users/ben/follow").await;
    site.post("ben", "/api/users/eve/follow").await;
    site.post("ann", "/api/users/eve/follow").await;
    site.delete("ann", "/api/users/eve/follow").await;
    assert_eq!(site.get("ann", "/api/users/suggestions").await, (200, json!([card("3", "eve")])));
    let found = (200, json!({"suggestions": [3], "count": 1}));
    assert_eq!(site.get("ann", "/api/v1/graph/suggestions?limit=10").await, found);
    assert_eq!(site.get("", "/api/users/suggestions").await.0, 401);

    site.post("kim", "/api/users/ann/follow").await;
    site.post("kim", "/api/users/eve/follow").await;
    let both = (200, json!({"users": [card("4", "kim")], "count": 1}));
    assert_eq!(site.get("ann", "/api/users/eve/mutual").await, both);
    let both =
        (200, json!({"user_id": 1, "other_user_id": 3, "mutual_followers": [4], "count": 1}));
    assert_eq!(site.get("ann", "/api/v1/graph/mutual/3?limit=20").await, both);
}

#[tokio::test]
async fn the_mesh_follows_by_number() {
    let site = site().await;
    let standing = |status: &str, message: &str| {
        (200, json!({"success": true, "status": status, "message": message}))
    };
    let follow =
        async |who: &str, id: u64| site.post(who, &format!("/api/v1/graph/follow/{id}")).await;
    assert_eq!(follow("ann", 2).await, standing("accepted", "Successfully followed user"));
    let already = detail(400, "You are already following this user", "already_following");
    assert_eq!(follow("ann", 2).await, already);
    assert_eq!(follow("ann", 4).await, standing("pending", "Follow request sent"));
    let waiting = detail(400, "Follow request already pending", "request_pending");
    assert_eq!(follow("ann", 4).await, waiting);
    let own = detail(400, "You cannot follow yourself", "self_follow");
    assert_eq!(follow("ann", 1).await, own);
    assert_eq!(follow("ann", 99).await, detail(404, "User not found", "user_not_found"));
    let (status, body) = site.post("ann", "/api/v1/graph/follow/ben").await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["path", "user_id"])));

    let unfollow =
        async |id: u64| site.delete("ann", &format!("/api/v1/graph/unfollow/{id}")).await;
    let done = |message: &str| (200, json!({"success": true, "message": message}));
    assert_eq!(unfollow(2).await, done("Successfully unfollowed user"));
    let not = detail(400, "You are not following this user", "not_following");
    assert_eq!(unfollow(2).await, not);
    assert_eq!(unfollow(4).await, done("Follow request withdrawn"));
    assert_eq!(unfollow(99).await.0, 404);
}

#[tokio::test]
async fn the_mesh_reads_lists_by_page_and_by_cursor() {
    let site = site().await;
    for who in ["ann", "eve", "kim"] {
        site.post(who, "/api/v1/graph/follow/2").await;
    }
    let start = "2026-01-01T00:00:00.000Z";
    let member = |id: u64| json!({"user_id": id, "created_at": start});
    let (status, mut first) = site.get("ann", "/api/v1/graph/followers/2?page_size=2").await;
    let cursor = first["next_cursor"].take();
    assert_eq!(status, 200);
    assert_eq!(
        first,
        json!({"followers": [member(4), member(3)], "total": 3, "page": 1, "page_size": 2,
               "has_more": true, "next_cursor": null})
    );
    let last = json!({"followers": [member(1)], "total": 3, "page": 2, "page_size": 2,
                      "has_more": false, "next_cursor": null});
    let by_page = site.get("ann", "/api/v1/graph/followers/2?page=2&page_size=2").await;
    assert_eq!(by_page, (200, last));
    let path = format!("/api/v1/graph/followers/2?limit=2&cursor={}", cursor.as_str().unwrap());
    assert_eq!(site.get("ann", &path).await.1["followers"], json!([member(1)]));
    let following = site.get("ben", "/api/v1/graph/following/1").await.1;
    assert_eq!((&following["following"], &following["total"]), (&json!([member(2)]), &json!(1)));
    let private = detail(403, "This account is private", "private_account");
    assert_eq!(site.get("ann", "/api/v1/graph/followers/4").await, private);
    assert_eq!(site.get("ann", "/api/v1/graph/followers/99").await.0, 404);
    assert_eq!(site.get("", "/api/v1/graph/followers/2").await.0, 401);
}

#[tokio::test]
async fn the_mesh_tells_how_two_stand() {
    let site = site().await;
    let word = async |who: &str, id: u64| {
        let (_, body) = site.get(who, &format!("/api/v1/graph/relationship/{id}")).await;
        body["relationship"].as_str().unwrap().to_owned()
    };
    assert_eq!(word("ann", 2).await, "none");
    site.post("ann", "/api/v1/graph/follow/2").await;
    assert_eq!(
        (word("ann", 2).await, word("ben", 1).await),
        ("following".into(), "followed_by".into())
    );
    site.post("ben", "/api/v1/graph/follow/1").await;
    assert_eq!(
        site.get("ann", "/api/v1/graph/relationship/2").await,
        (
            200,
            json!({"user_id": 1, "target_user_id": 2, "relationship": "mutual",
                   "is_following": true, "is_followed_by": true, "is_mutual": true,
                   "is_pending": false, "is_requested": false})
        )
    );
    site.post("ann", "/api/v1/graph/follow/4").await;
    assert_eq!(
        (word("ann", 4).await, word("kim", 1).await),
        ("pending".into(), "requested".into())
    );

    let stats = |id: u64, followers: u64, following: u64, pending: u64| {
        json!({"user_id": id, "follower_count": followers, "following_count": following,
               "pending_requests_count": pending})
    };
    assert_eq!(site.get("ann", "/api/v1/graph/stats/1").await.1, stats(1, 1, 1, 0));
    assert_eq!(site.get("kim", "/api/v1/graph/stats/4").await.1, stats(4, 0, 0, 1));
    assert_eq!(site.get("ann", "/api/v1/graph/stats/4").await.1, stats(4, 0, 0, 0));
    site.network
        .graph
        .block(tintype_api::testkit::user(2), tintype_api::testkit::user(3))
        .await
        .unwrap();
    for path in ["relationship/2", "stats/2", "mutual/2", "followers/2", "following/2"] {
        assert_eq!(site.get("eve", &format!("/api/v1/graph/{path}")).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn the_mesh_decides_requests() {
    let site = site().await;
    for who in ["ann", "ben"] {
        site.post(who, "/api/v1/graph/follow/4").await;
    }
    let (_, waiting) = site.get("kim", "/api/v1/graph/requests/pending?page=1&page_size=20").await;
    assert_eq!(waiting["requests"][0]["user_id"], 2);
    assert_eq!((&waiting["total"], &waiting["has_more"]), (&json!(2), &json!(false)));
    let decide = async |id: u64, action: &str| {
        let path = format!("/api/v1/graph/requests/{id}");
        site.send("kim", Method::POST, &path, Some(json!({"action": action}))).await
    };
    let accepted = json!({"success": true, "status": "accepted",
                          "message": "Follow request accepted"});
    assert_eq!(decide(1, "accept").await, (200, accepted));
    assert_eq!(decide(2, "reject").await.0, 200);
    let none = detail(404, "Follow request not found", "request_not_found");
    assert_eq!(decide(2, "reject").await, none);
    let (status, body) = decide(2, "maybe").await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["body", "action"])));
}

#[tokio::test]
async fn a_backend_acts_for_its_users() {
    let site = site().await;
    let follow = async |follower: Value, followee: Value| {
        let body = json!({"follower_id": follower, "followee_id": followee});
        site.send("", Method::POST, "/v1/follow", Some(body)).await
    };
    let standing =
        |status: &str, count: u64| (200, json!({"status": status, "follower_count": count}));
    assert_eq!(follow(json!(1), json!("2")).await, standing("followed", 1));
    assert_eq!(follow(json!(1), json!(2)).await, standing("already_following", 1));
    assert_eq!(follow(json!(1), json!(4)).await, standing("requested", 0));
    assert_eq!(follow(json!(1), json!(4)).await, standing("requested", 0));
    let own = detail(400, "Cannot follow yourself", "self_follow");
    assert_eq!(follow(json!(1), json!(1)).await, own);
    let unknown = detail(404, "User not found", "user_not_found");
    assert_eq!(follow(json!(99), json!(1)).await, unknown);
    assert_eq!(follow(json!(1), json!(99)).await, unknown);
    assert_eq!(follow(json!("x"), json!(1)).await.0, 422);

    let ann = json!({"id": 1, "username": "ann", "display_name": null, "avatar_url": null});
    let fans = json!({"followers": [ann], "next_cursor": null, "has_more": false});
    assert_eq!(site.get("", "/v1/users/2/followers").await, (200, fans));
    let (_, following) = site.get("", "/v1/users/1/following?limit=1").await;
    assert_eq!(following["following"][0]["username"], "ben");
    assert_eq!(site.get("", "/v1/users/4/followers").await.0, 403);
    for viewer in ["viewer_id", "user_id"] {
        let path = format!("/v1/users/4/followers?{viewer}=4");
        assert_eq!(site.get("", &path).await.0, 200, "{path}");
    }
    assert_eq!(site.get("", "/v1/users/99/followers").await, unknown);

    let gone = "/v1/follow?follower_id=1&followee_id=2";
    assert_eq!(site.delete("", gone).await, standing("unfollowed", 0));
    assert_eq!(site.delete("", gone).await, standing("not_following", 0));
    let (status, body) = site.delete("", "/v1/follow?follower_id=1").await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["query", "followee_id"])));
}

#[tokio::test]
async fn every_operation_is_described_once() {
    let network = Network::new();
    let (_, description) = network.routes.split_for_parts();
    let description = serde_json::to_value(&description).unwrap();
    let mut names = Vec::new();
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(operation["summary"].is_string(), "{operation}");
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), all), (28, 28));
}
