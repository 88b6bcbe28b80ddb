//! The search for people, in `/api` and `/v1`.

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::UserId;
use tintype_api::graph::FollowStatus;
use tintype_api::{Event, Stamp};

use crate::site::{Answer, Site};

/// Adds people as a trusted backend does; how many follow each is told by events.
async fn people(site: &Site, people: &[(&str, Option<&str>, u64)]) -> Vec<UserId> {
    let mut ids = Vec::new();
    for (username, full_name, _) in people {
        let body = json!({
            "username": username, "email": format!("{username}@example.com"),
            "display_name": full_name,
        });
        let answer = site.keyed(Method::POST, "/v1/users", "", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        ids.push(serde_json::from_value(answer.body["id"].clone()).unwrap());
    }
    for ((_, _, followers), id) in people.iter().zip(&ids) {
        follow(site, *id, *followers).await;
    }
    ids
}

/// Lets `followers` strangers follow somebody, and waits until it is known.
async fn follow(site: &Site, followee: UserId, followers: u64) {
    for number in 0..followers {
        let follower = UserId::new(1_000_000 + number).unwrap();
        site.graph.ties.follow(follower, followee, true);
    }
    if followers > 0 {
        let follower = UserId::new(1_000_000).unwrap();
        let event = Event::Followed { follower, followee, status: FollowStatus::Accepted };
        let record = event.record(Stamp::made_by(&site.bench.ids)).unwrap();
        site.bench.publish(record).await;
        site.bus.drained().await.unwrap();
    }
}

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = if answer.body.is_array() { &answer.body } else { &answer.body["users"] };
    list.as_array().unwrap().iter().map(|card| card["username"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_best_match_comes_first_then_the_most_followed() {
    let site = Site::start().await;
    let ids = people(
        &site,
        &[
            ("joanna", None, 9),
            ("ann.b", None, 1),
            ("ann", None, 0),
            ("zoe", Some("Ánn Smith"), 3),
            ("smith", Some("Mary ANN"), 4),
            ("nobody", None, 50),
        ],
    )
    .await;
    let answer = site.get("/api/users?q=Ann", "").await;
    assert_eq!(names(&answer), ["ann", "zoe", "ann.b", "joanna", "smith"]);
    assert_eq!(
        answer.body[1],
        json!({
            "id": ids[3].to_string(), "username": "zoe", "full_name": "Ánn Smith",
            "profile_picture_url": null,
        })
    );
    assert_eq!(answer.link, None);
    assert_eq!(names(&site.get("/api/users?q=%20ANN%20smith", "").await), ["zoe"]);
    assert_eq!(names(&site.get("/api/users?q=nn", "").await).len(), 5);
    assert_eq!(names(&site.get("/api/users?q=xyz", "").await), [""; 0]);

    let trusted = site.keyed(Method::GET, "/v1/users/search?q=ann&limit=1", "", json!(null)).await;
    assert_eq!(trusted.body["has_more"], true);
    assert_eq!(
        trusted.body["users"],
        json!([{
            "id": ids[2], "username": "ann", "display_name": null, "avatar_url": null, "bio": null,
            "follower_count": 0, "following_count": 0, "post_count": 0,
            "created_at": "2026-01-01T00:00:00.000Z",
        }])
    );
    let cursor = trusted.body["next_cursor"].as_str().unwrap();
    let path = format!("/v1/users/search?q=ann&cursor={cursor}");
    let rest = site.keyed(Method::GET, &path, "", json!(null)).await;
    assert_eq!(names(&rest), ["zoe", "ann.b", "joanna", "smith"]);
    assert_eq!(rest.body["next_cursor"], Value::Null);
    assert_eq!(rest.body["has_more"], false);
}

#[tokio::test]
async fn a_search_text_is_never_a_pattern() {
    let site = Site::start().await;
    people(
        &site,
        &[("per_cent", Some("100% \"iron\" * it's"), 0), ("perxcent", Some("100 percent iron"), 0)],
    )
    .await;
    for (query, found) in [
        ("per_c", vec!["per_cent"]),
        ("r_c", vec!["per_cent"]),
        ("%25", vec!["per_cent"]),
        ("100%25", vec!["per_cent"]),
        ("%22iron", vec!["per_cent"]),
        ("t%27s", vec!["per_cent"]),
        ("*", vec!["per_cent"]),
        ("per%25", vec![]),
        ("per*", vec![]),
        ("p_r", vec![]),
        ("%22%22%22", vec![]),
        ("iron%20OR%20per", vec![]),
        ("per%00", vec![]),
        ("%0A", vec![]),
        ("per", vec!["per_cent", "perxcent"]),
    ] {
        let answer = site.get(&format!("/api/users?q={query}"), "").await;
        if query == "%0A" {
            assert_eq!((answer.status, answer.error()), (400, "Search query required"));
        } else {
            assert_eq!(names(&answer), found, "{query}");
        }
    }
    let long = format!("/api/users?q={}", "a".repeat(5000));
    assert_eq!(names(&site.get(&long, "").await), [""; 0]);
}

#[tokio::test]
async fn a_search_without_a_text_is_refused() {
    let site = Site::start().await;
    for path in ["/api/users", "/api/users?q=", "/api/users?q=%20%20", "/api/users?limit=5"] {
        let answer = site.get(path, "").await;
        assert_eq!((answer.status, answer.error()), (400, "Search query required"), "{path}");
    }
    let words = site.get("/api/users?q=ann&limit=ten", "").await;
    assert_eq!((words.status, words.error()), (400, "limit must be a whole number"));
    for cursor in ["x", "AAAA", "%00", &"A".repeat(10_000)] {
        let answer = site.get(&format!("/api/users?q=ann&cursor={cursor}"), "").await;
        assert_eq!((answer.status, answer.code()), (400, "broken_cursor"), "{cursor:.10}");
    }
    let trusted = site.keyed(Method::GET, "/v1/users/search", "", json!(null)).await;
    assert_eq!(trusted.status, 422);
    assert_eq!(
        trusted.body["detail"],
        json!([{"loc": ["query", "q"], "msg": "Search query required", "type": "missing"}])
    );
}

#[tokio::test]
async fn who_is_blocked_is_not_among_the_results() {
    let site = Site::start().await;
    let (anna, annas) = site.newcomer("anna").await;
    let (ben, bens) = site.newcomer("annabel").await;
    site.newcomer("annalena").await;
    site.graph.ties.block(anna, ben, true);
    let found = async |token: &str| {
        let answer = site.get("/api/users?q=anna&limit=2", token).await;
        (names(&answer).join(" "), answer.link.is_some())
    };
    assert_eq!(found("").await, ("anna annabel".to_owned(), true));
    assert_eq!(found(&annas).await, ("anna annalena".to_owned(), false));
    assert_eq!(found(&bens).await, ("annabel annalena".to_owned(), false));
}

#[tokio::test]
async fn pages_repeat_and_skip_nobody_while_popularity_changes() {
    let site = Site::start().await;
    let everybody: Vec<String> = (0..230).map(|number| format!("crowd{number:03}")).collect();
    let described: Vec<(&str, Option<&str>, u64)> =
        everybody.iter().map(|name| (name.as_str(), None, 0)).collect();
    let ids = people(&site, &described).await;
    let mut path = "/api/users?q=crowd&limit=40".to_owned();
    let mut seen: Vec<String> = Vec::new();
    let mut pages = 0;
    loop {
        let answer = site.get(&path, "").await;
        seen.extend(names(&answer).into_iter().map(str::to_owned));
        pages += 1;
        let Some(link) = answer.link else { break };
        path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
        if pages == 1 {
            // The last of all become the first.
            follow(&site, ids[150], 3).await;
            follow(&site, ids[199], 2).await;
        }
    }
    assert_eq!(pages, 6);
    seen.sort_unstable();
    assert_eq!(seen, everybody);
    let first = site.get("/api/users?q=crowd&limit=1", "").await;
    assert_eq!(names(&first), ["crowd150"]);
    // A cursor belongs to its search.
    let link = first.link.unwrap();
    let cursor = link.split_once("cursor=").unwrap().1.split_once('>').unwrap().0;
    let other = site.get(&format!("/api/users?q=crow&cursor={cursor}"), "").await;
    assert_eq!((other.status, other.code()), (400, "broken_cursor"));
}

#[tokio::test]
async fn a_very_common_text_still_finds_the_most_followed() {
    let site = Site::start().await;
    let accounts = (0..2500)
        .map(|number| {
            let mut account = crate::administration::seeded(&site, &format!("many{number:04}"));
            account.full_name = Some("One of the many".parse().unwrap());
            account
        })
        .collect();
    site.service.seed(accounts).await.unwrap();
    let star = site.service.find("many2499").await.unwrap().unwrap().card.id;
    follow(&site, star, 5).await;
    for query in ["many", "the%20many", "ny"] {
        let answer = site.get(&format!("/api/users?q={query}&limit=1"), "").await;
        assert_eq!(names(&answer), ["many2499"], "{query}");
    }
    assert_eq!(names(&site.get("/api/users?q=many1234", "").await), ["many1234"]);
}
