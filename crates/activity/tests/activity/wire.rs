//! The routes over a real connection.

use std::sync::Arc;

use serde_json::{Value, json};
use tintype_api::auth::Gate;
use tintype_api::{Event, PostId};
use tintype_platform::config::Config;
use tintype_platform::http::{Ground, stack};

use crate::network::Network;

async fn serve(network: &mut Network) -> String {
    let ground = Arc::new(Ground::new(&Config::defaults()));
    let accounts = network.people.clone();
    let gate = Gate { accounts, limits: ground.limits(), loopback: true };
    let (routes, _) = std::mem::take(&mut network.routes).split_for_parts();
    let router = stack(routes.layer(axum::Extension(gate)), &ground);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

#[tokio::test]
async fn people_read_what_happened_and_mark_it_as_seen() {
    let mut network = Network::new();
    let [ann, ben, eve] = network.crowd();
    let base = serve(&mut network).await;
    let client = reqwest::Client::new();
    let post = PostId::new(1000).unwrap();
    let liked = |user| Event::PostLiked { post, author: ann, user };
    network.happen(&[liked(ben), liked(eve)]).await;
    let get = async |query: &str| -> (u16, Value) {
        let request = client.get(format!("{base}/api/feed/activity{query}")).bearer_auth("name1");
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    };
    let (status, mut page) = get("?limit=1").await;
    assert_eq!(status, 200);
    let id = page["activities"][0]["id"].take();
    assert!(id.as_str().unwrap().parse::<u64>().is_ok());
    let cursor = page["nextCursor"].take();
    assert_eq!(
        page,
        json!({
            "activities": [{
                "id": null, "type": "like", "actorId": "3",
                "actor": {"id": "3", "username": "name3", "full_name": null,
                          "profile_picture_url": null},
                "targetId": "1000", "targetType": "post", "metadata": {},
                "createdAt": "2026-01-01T00:00:00.000Z", "read": false
            }],
            "nextCursor": null, "unreadCount": 2
        })
    );
    let (_, last) = get(&format!("?limit=1&cursor={}", cursor.as_str().unwrap())).await;
    assert_eq!(last["activities"][0]["actorId"], "2");
    assert_eq!(last["nextCursor"], Value::Null);
    let (status, broken) = get("?cursor=x").await;
    assert_eq!((status, &broken["code"]), (400, &json!("broken_cursor")));

    // The body is optional: none at all, or any.
    for body in [None, Some(json!({}))] {
        let mut request =
            client.post(format!("{base}/api/feed/activity/read")).bearer_auth("name1");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer, json!({"message": "Activity marked as read", "unreadCount": 0}));
    }
    let (_, page) = get("").await;
    assert_eq!(page["unreadCount"], 0);
    assert_eq!(page["activities"][1]["read"], true);
    let stranger = client.get(format!("{base}/api/feed/activity")).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}
