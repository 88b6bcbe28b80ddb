//! What is derived: popularity and the search index, and the check of both.

use tintype_api::{Drift, Event, Stamp, UserId};
use tintype_platform::sqlite::{Sql, params};

use crate::site::Site;

async fn publish(site: &Site, event: Event) {
    let record = event.record(Stamp::made_by(&site.bench.ids)).unwrap();
    site.bench.publish(record).await;
    site.bus.drained().await.unwrap();
}

#[tokio::test]
async fn popularity_follows_the_graph() {
    let site = Site::start().await;
    let (anna, _) = site.newcomer("anna").await;
    let (ben, _) = site.newcomer("ben").await;
    let drift = async || site.service.check(false).await.unwrap();
    assert_eq!(drift().await, []);
    site.graph.ties.follow(ben, anna, true);
    let off = Drift { counter: "popularity", of: anna.get(), stored: 0, counted: 1 };
    assert_eq!(drift().await, [off]);
    publish(&site, Event::FollowAccepted { follower: ben, followee: anna }).await;
    assert_eq!(drift().await, []);
    site.graph.ties.follow(ben, anna, false);
    publish(&site, Event::Unfollowed { follower: ben, followee: anna }).await;
    assert_eq!(drift().await, []);
    // Somebody who is gone is nobody's trouble.
    let gone = UserId::new(7).unwrap();
    publish(&site, Event::Unfollowed { follower: ben, followee: gone }).await;
    assert_eq!(drift().await, []);
}

#[tokio::test]
async fn a_check_finds_and_repairs_what_is_wrong() {
    let site = Site::start().await;
    let (anna, _) = site.newcomer("anna").await;
    let (ben, _) = site.newcomer("ben").await;
    let (zoe, _) = site.newcomer("zoe").await;
    site.bench
        .sqlite()
        .write(move |write| {
            write.sql("UPDATE accounts SET followers = 9 WHERE id = $1")?.execute([anna])?;
            write
                .sql("UPDATE accounts SET full_name = 'Genoveva' WHERE id = $1")?
                .execute([anna])?;
            write.sql("DELETE FROM account_search WHERE rowid = $1")?.execute([ben])?;
            write
                .sql("UPDATE account_search SET text = 'nonsense' WHERE rowid = $1")?
                .execute([zoe])?;
            write
                .sql("INSERT INTO account_search (rowid, text) VALUES ($1, $2)")?
                .execute(params![7, "nobody"])?;
            Ok(())
        })
        .await
        .unwrap();
    site.service.forget_caches();
    let index = |of: u64, stored, counted| Drift { counter: "search_index", of, stored, counted };
    let wrong = [
        Drift { counter: "popularity", of: anna.get(), stored: 9, counted: 0 },
        index(anna.get(), 0, 1),
        index(ben.get(), 0, 1),
        index(zoe.get(), 0, 1),
        index(7, 1, 0),
    ];
    assert_eq!(site.service.check(false).await.unwrap(), wrong);
    assert_eq!(site.service.check(true).await.unwrap(), wrong);
    assert_eq!(site.service.check(false).await.unwrap(), []);
    for (query, found) in [("enovev", "anna"), ("oe", "zoe"), ("ben", "ben")] {
        let answer = site.get(&format!("/api/users?q={query}"), "").await;
        assert_eq!(answer.body[0]["username"], found);
    }
}
