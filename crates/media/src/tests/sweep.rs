//! What a crash, or somebody's hand, has left behind.

use bytes::Bytes;
use serde_json::{Value, json};
use tintype_api::media::MediaRef;
use tintype_api::{Media, PostId};
use tintype_platform::Clock;
use tintype_platform::clock::SystemClock;

use super::stage::{Stage, on_every_store, photograph, user};
use crate::names::{Kind, Stem, Token};
use crate::{Sweep, Swept};

on_every_store! { what_should_not_be_there_goes }

const HOUR: i64 = 60 * 60 * 1000;

async fn what_should_not_be_there_goes(stage: Stage) {
    // The store goes by the system's clock.
    stage.bench.clock.set(SystemClock.now());
    let upload = async |who: &str| {
        let (_, made) = stage.upload(who, &photograph()).await;
        (made["id"].as_str().unwrap().parse().unwrap(), made)
    };
    let (_, whole) = upload("ann").await;
    let (used, used_made) = upload("ann").await;
    let (_, incomplete) = upload("ben").await;
    let post = PostId::made_by(&stage.bench.ids);
    stage.service().attach(user(1), post, vec![MediaRef::Id(used)]).await.unwrap();
    let (_, announced) =
        stage.post("ann", "/api/media/presigned-url", json!({"contentType": "image/png"})).await;
    let put = async |name: &str| {
        stage.objects.put(&name.parse().unwrap(), Bytes::from_static(b"12345"), "x").await.unwrap();
    };
    put(announced["objectName"].as_str().unwrap()).await;
    let token = Token::new().unwrap();
    let orphan = Stem { kind: Kind::Image, owner: user(1), token };
    for orphan in [format!("{orphan}_small.jpg"), format!("{orphan}_large.jpg"), token.pending()] {
        put(&orphan).await;
    }
    put("somebody/elses.txt").await;
    let missing = incomplete["urls"]["small"].as_str().unwrap().strip_prefix("/media/").unwrap();
    stage.objects.delete(&[missing.parse().unwrap()]).await.unwrap();

    // Nothing is old enough to be sure of it.
    let look = Sweep { dry_run: true };
    let found = stage.service().sweep(look).await.unwrap();
    assert_eq!((found.objects, found.orphans, found.expired, found.stale_uses), (19, 0, 0, 0));
    assert_eq!((found.foreign, found.incomplete.len()), (1, 1));
    assert_eq!(found.incomplete[0].missing, 1);
    let unchanged = stage.stored().await;

    stage.bench.clock.advance_millis(2 * HOUR + 60_000);
    let wanted = Swept {
        objects: 19,
        orphans: 3,
        orphan_bytes: 15,
        expired: 1,
        stale_uses: 1,
        foreign: 1,
        ..found
    };
    assert_eq!(stage.service().sweep(look).await.unwrap(), wanted);
    assert_eq!(stage.stored().await, unchanged);

    let swept = stage.service().sweep(Sweep::default()).await.unwrap();
    assert_eq!(swept, wanted);
    stage.settle().await;
    let (_, gone) =
        stage.get("ann", &format!("/api/media/{}", used_made["id"].as_str().unwrap())).await;
    assert_eq!(gone["code"], "media_not_found");
    assert_eq!(stage.fetch(&whole["urls"]["large"]).await.status(), 200);
    let again = stage.service().sweep(Sweep::default()).await.unwrap();
    let left = Swept { objects: 10, foreign: 1, incomplete: wanted.incomplete, ..Swept::default() };
    assert_eq!(again, left);
    assert_eq!(stage.service().check(false).await.unwrap(), []);
    assert_eq!(serde_json::to_value(&again).unwrap()["orphans"], Value::from(0));
}
