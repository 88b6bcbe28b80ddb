//! What fails is said, and leaves nothing behind.

use std::sync::Arc;

use futures::future::join_all;
use tintype_platform::config::Config;
use tintype_platform::testkit::{self, Network, Proxy};

use super::stage::{Stage, eventually, photograph, picture, read, refusal};

#[tokio::test]
async fn a_store_that_is_down_keeps_nothing_and_comes_back() {
    let Some(settings) = testkit::s3() else { return };
    let proxy = Proxy::to(settings.endpoint.strip_prefix("http://").unwrap()).await;
    let endpoint = format!("http://{}", proxy.address());
    let stage = Stage::on(&tintype_platform::config::Media { endpoint, ..settings }, |_| ()).await;
    let (status, made) = stage.upload("ann", &photograph()).await;
    assert_eq!(status, 201, "{made}");
    proxy.set(Network::Down);
    let refused = refusal(stage.upload("ben", &photograph()).await);
    assert_eq!(refused, (503, "object_store_unavailable".to_owned()));
    let (status, _) = read(stage.fetch(&made["urls"]["small"]).await).await;
    assert_eq!(status, 503);
    assert!(stage.service().answers().await.is_err());
    // Deleting needs no store; the objects go when it is back.
    let id = made["id"].as_str().unwrap();
    assert_eq!(stage.delete("ann", &format!("/api/media/{id}")).await.0, 200);
    let bus = stage.bus().await;
    proxy.set(Network::Up);
    eventually("the store is back", async || stage.service().answers().await.ok()).await;
    bus.drained().await.unwrap();
    bus.stop().await;
    for who in ["ann", "ben"] {
        assert_eq!(stage.get(who, "/api/media/usage").await.1["files"], 0);
    }
    eventually("nothing is left", async || stage.stored().await.is_empty().then_some(())).await;
    assert_eq!((stage.spooled(), stage.events().await.len()), (0, 2));
    assert_eq!(stage.upload("ben", &photograph()).await.0, 201);
}

#[tokio::test]
async fn a_database_that_fails_keeps_nothing() {
    let stage = Stage::in_a_folder().await;
    stage
        .bench
        .sqlite()
        .write(|write| {
            Ok(write.execute_batch(
                "CREATE TRIGGER refuse BEFORE INSERT ON media
                 BEGIN SELECT raise(abort, 'on purpose'); END",
            )?)
        })
        .await
        .unwrap();
    assert_eq!(stage.upload("ann", &photograph()).await.0, 500);
    stage.assert_untouched().await;
}

#[tokio::test]
async fn a_full_queue_is_said() {
    let change = |settings: &mut crate::Settings| (settings.workers, settings.queue) = (1, 1);
    let stage = Arc::new(Stage::on(&Config::defaults().media, change).await);
    let file: Arc<[u8]> = picture(image::ImageFormat::Jpeg, 1200, 900).into();
    let people = ["ann", "ben", "eve"].into_iter().cycle().take(12);
    let uploads = people.map(|who| {
        let (stage, file) = (stage.clone(), file.clone());
        tokio::spawn(async move { stage.upload(who, &file).await })
    });
    let answers = join_all(uploads).await;
    let mut taken = 0;
    for answer in answers {
        let answer = answer.unwrap();
        if answer.0 == 201 {
            taken += 1;
        } else {
            assert_eq!(refusal(answer), (503, "media_busy".to_owned()));
        }
    }
    assert!((1..12).contains(&taken), "{taken} of 12 were taken");
    eventually("no file is left", async || (stage.spooled() == 0).then_some(())).await;
    assert_eq!(stage.stored().await.len(), 5 * taken);
}
